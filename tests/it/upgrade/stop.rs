//! Grace, the second signal, exit codes, and streams over HTTP/2.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ollama2openai::fake::{End, Fake, Script};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::{CHAT, env};
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, ollama, says, whole};
use crate::support::running::{self, PROGRAM, Running, serve};
use crate::support::wait::{beside, until, within};
use crate::support::{Gateway, sse};

/// An Ollama whose streams say one thing, and then nothing any more.
async fn hanging() -> Fake {
    ollama(|request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang),
        false => whole("Hi"),
    })
    .await
}

async fn started(
    home: &tempfile::TempDir,
    fake: &Fake,
    more: &[(&str, &str)],
) -> (Running, std::net::SocketAddr) {
    let url = fake.url();
    let both = [&[("OLLAMA_BASE_URL", url.as_str())], more].concat();
    let mut running = serve(home.path(), &env(home.path(), &both));
    let addr = running.addr().await;
    (running, addr)
}

#[tokio::test]
async fn in_the_grace_it_is_not_ready_and_serves() {
    let (fake, home) = (hanging().await, tempfile::tempdir().unwrap());
    let (mut gateway, addr) = started(&home, &fake, &[("SHUTDOWN_GRACE", "2s")]).await;
    assert_eq!(client::get(addr, "/readyz").await.status, 200);
    let begun = Instant::now();
    gateway.signal("TERM");
    gateway.line("stopping").await;
    let ready = client::get(addr, "/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert_eq!(client::get(addr, "/livez").await.status, 200);
    let reply = client::post_json(addr, CHAT, &chat(false)).await;
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")), "{}", reply.text());
    assert!(begun.elapsed() < Duration::from_secs(2), "the machine is too slow to tell");
    assert_eq!(gateway.exited().await.0, 0);
    assert!(begun.elapsed() >= Duration::from_secs(2), "the grace was kept");
}

#[tokio::test]
async fn a_second_signal_ends_all_within_two_seconds() {
    let (fake, home) = (hanging().await, tempfile::tempdir().unwrap());
    let slow = [("SHUTDOWN_GRACE", "10m"), ("DRAIN_TIMEOUT", "10m")];
    let (mut gateway, addr) = started(&home, &fake, &slow).await;
    let mut stream = client::open(addr, &Request::post(CHAT, &chat(true))).await;
    stream.next_data().await.unwrap();
    gateway.signal("TERM");
    gateway.line("stopping").await;
    let second = Instant::now();
    gateway.signal("INT");
    let rest = stream.rest().await;
    let told = rest.iter().filter(|block| block.data.is_some() && !block.is_done());
    assert!(told.clone().any(|block| block.json()["error"]["code"] == "shutting_down"), "{rest:?}");
    assert!(rest.last().unwrap().is_done());
    assert_eq!(gateway.exited().await.0, 0);
    assert!(second.elapsed() < Duration::from_secs(4), "two seconds, and the machine's own");
    assert_eq!(super::restart::counted(home.path()).await, 1);
}

#[tokio::test]
async fn what_cannot_be_stored_at_the_stop_is_told_and_exit_code_1() {
    let (fake, home) = (hanging().await, tempfile::tempdir().unwrap());
    let (gateway, addr) = started(&home, &fake, &[]).await;
    // From now on no usage can be written.
    let mut database = SqliteConnection::connect_with(
        &SqliteConnectOptions::new().filename(home.path().join("data/ollama2openai.db")),
    )
    .await
    .unwrap();
    let refuse = "CREATE TRIGGER refuses BEFORE INSERT ON usage_hourly BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(refuse).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    for _ in 0..3 {
        assert_eq!(client::post_json(addr, CHAT, &chat(false)).await.status, 200);
    }
    gateway.signal("TERM");
    let (code, log) = gateway.exited().await;
    assert_eq!(code, 1, "{log}");
    let lost = log.lines().find(|line| line.contains("what was counted since then is lost")).expect(&log);
    assert!(lost.contains("requests=3") && lost.contains("since=\"20"), "{lost}");
    assert!(log.contains("usage could not be written at the stop"), "{log}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_exit_code_1_and_a_mistake_2() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, log) = serve(home.path(), &env(home.path(), &[("PORT", &port)])).exited().await;
    assert!(code == 1 && log.contains("cannot listen on"), "{code}: {log}");
    let (code, log) = serve(home.path(), &env(home.path(), &[("SHUTDOWN_GRACE", "soon")])).exited().await;
    assert!(code == 2 && log.contains("SHUTDOWN_GRACE"), "{code}: {log}");
}

#[tokio::test]
async fn a_connection_that_waits_to_be_taken_is_served() {
    let (fake, home) = (hanging().await, tempfile::tempdir().unwrap());
    let (gateway, addr) = started(&home, &fake, &[]).await;
    // Connected, and silent until the gateway stops.
    let mut silent = client::connect(addr).await;
    gateway.signal("TERM");
    until("no more connections are taken", || std::net::TcpStream::connect(addr).is_err()).await;
    silent.send(&Request::post(CHAT, &chat(false)).bytes()).await.unwrap();
    let head = within("a head", silent.head(false)).await.unwrap();
    assert_eq!((head.status, head.headers.get("connection")), (200, Some("close")));
    drop(silent);
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_stream_over_http_2_is_told_at_the_deadline() {
    let fake = hanging().await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("DRAIN_TIMEOUT", "200ms")]).await;
    let stream = tokio::net::TcpStream::connect(gateway.addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let _connection = beside(connection);
    let request = hyper::Request::post(format!("http://127.0.0.1:{}{CHAT}", gateway.addr.port()))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(chat(true).to_string())))
        .unwrap();
    let reply = within("a reply", sender.send_request(request)).await.unwrap();
    assert_eq!(reply.status(), 200);
    let reading = beside(async move { reply.into_body().collect().await.unwrap().to_bytes() });
    let begun = Instant::now();
    assert!(!gateway.shutdown().await, "what was cut did not finish in time");
    assert!(begun.elapsed() < Duration::from_secs(3), "it was woken");
    let blocks = sse::blocks(&reading.value().await);
    assert!(blocks.last().unwrap().is_done(), "{blocks:?}");
    let errors = blocks.iter().filter(|block| block.data.is_some() && !block.is_done());
    assert!(errors.clone().any(|block| block.json()["error"]["code"] == "shutting_down"), "{blocks:?}");
}

#[tokio::test]
async fn a_full_standard_output_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", "exec \"$0\" >/dev/full", PROGRAM]);
    command.current_dir(home.path()).env_clear().envs(env(home.path(), &[super::NOBODY]));
    let mut gateway = running::started(command);
    gateway.line("standard output takes nothing").await;
    gateway.signal("TERM");
    let (code, log) = gateway.exited().await;
    assert!(code == 0 && !log.contains("standard output"), "{log}");
}
