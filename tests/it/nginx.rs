//! `deploy/nginx/ollama2openai.conf` in a real nginx, in front of the gateway. Addresses are put in, and TLS is left out.
//!
//! Not here: what the gateway itself makes of headers of proxies, which is in `access`.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ollama2openai::fake::{End, Fake, Script, Seen};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::process::{Child, Command};

use crate::support::Gateway;
use crate::support::admin::{self, PASSWORD};
use crate::support::client::{self, Request};
use crate::support::http::Connection;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::{Beside, beside, until, within};

const CHAT: &str = "/v1/chat/completions";
const TOKEN: &str = "sk-of-the-tests";
const CONF: &str = include_str!("../../deploy/nginx/ollama2openai.conf");
/// Ports of the gateways in the file; the second is a comment there.
const GATEWAYS: [&str; 2] = ["server 127.0.0.1:3000", "#server 127.0.0.1:3001"];

/// A running nginx: one process, which ends with this.
struct Nginx {
    addr: SocketAddr,
    /// Keeps the port from others. It does not listen, so that all connections are nginx's.
    _port: TcpSocket,
    _child: Child,
    _home: tempfile::TempDir,
}

/// The file, with these addresses in the places of its own.
fn site(home: &Path, addr: SocketAddr, gateways: &[SocketAddr]) -> String {
    let redirect = format!("listen unix:{}/80;", home.display());
    let mut places =
        vec![("listen 443 ssl http2;", format!("listen {addr} reuseport;")), ("listen 80;", redirect)];
    places.extend(GATEWAYS.into_iter().zip(gateways).map(|(place, addr)| (place, format!("server {addr}"))));
    let filled = places.iter().fold(CONF.to_owned(), |text, (place, filling)| {
        assert_eq!(text.matches(place).count(), 1, "{place:?} in the file");
        text.replace(place, filling)
    });
    let is_left_out = |line: &&str| !line.contains("listen [::]") && !line.contains("ssl_certificate");
    filled.lines().filter(is_left_out).map(|line| format!("{line}\n")).collect()
}

/// What Debian has around a site.
fn all(home: &Path) -> String {
    let dir = home.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.map(|name| format!("{name}_temp_path {dir}/{name};\n")).concat();
    format!(
        "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
        events {{ }}
        http {{ access_log off; {temporary} include {dir}/site.conf; }}"
    )
}

impl Nginx {
    async fn before(gateways: &[SocketAddr]) -> Nginx {
        let home = tempfile::tempdir().unwrap();
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseport(true).unwrap();
        port.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let addr = port.local_addr().unwrap();
        std::fs::write(home.path().join("site.conf"), site(home.path(), addr, gateways)).unwrap();
        let file = home.path().join("nginx.conf");
        std::fs::write(&file, all(home.path())).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(home.path()).arg("-c").arg(&file).kill_on_drop(true);
        let child = command.spawn().expect("nginx is installed: scripts/setup.sh does that");
        until("nginx listens", || std::net::TcpStream::connect(addr).is_ok()).await;
        Nginx { addr, _port: port, _child: child, _home: home }
    }
}

async fn gateway(fake: &Fake, env: &[(&str, &str)]) -> Gateway {
    let url = fake.url();
    let ours = [("OLLAMA_BASE_URL", url.as_str()), ("ADMIN_PASSWORD", PASSWORD)];
    Gateway::start(&[&ours, env].concat()).await
}

fn ask(stream: bool) -> Request {
    Request::post(CHAT, &chat(stream)).header("authorization", &format!("Bearer {TOKEN}"))
}

#[tokio::test]
async fn a_whole_reply_and_a_large_body_pass() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = gateway(&fake, &[("API_TOKEN", TOKEN), ("TRUST_PROXY", "loopback")]).await;
    let nginx = Nginx::before(&[gateway.addr]).await;
    let reply = client::send(nginx.addr, &ask(false)).await;
    assert_eq!(
        (reply.status, &reply.json()["choices"][0]["message"]["content"]),
        (200, &json!("Hi")),
        "{}",
        reply.text()
    );
    let text = "word ".repeat(1 << 20);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    let reply = client::send(nginx.addr, &ask(false).body(body.to_string())).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let sent = fake.log.of("/api/chat").last().unwrap().request.json().unwrap();
    assert_eq!(sent["messages"][0]["content"].as_str().map(str::len), Some(text.len()));
}

#[tokio::test]
async fn events_come_at_once_and_who_leaves_stops_the_work() {
    let fake = ollama(|request| {
        // The second is too small to be sent by itself where nginx holds a reply back.
        let lines = vec![line(&says("first")), pause_ms(50), line(&says("second"))];
        match request.model().as_str() {
            "hangs" => Script::streamed("application/x-ndjson", lines).ending(End::Hang),
            _ => Script::ndjson([&says("first"), &done()]),
        }
    })
    .await;
    let gateway = gateway(&fake, &[("API_TOKEN", TOKEN), ("TRUST_PROXY", "loopback")]).await;
    let nginx = Nginx::before(&[gateway.addr]).await;
    let whole = client::send(nginx.addr, &ask(true)).await;
    assert_eq!(whole.header("content-type"), Some("text/event-stream"));
    assert!(whole.complete && whole.blocks().last().unwrap().is_done());

    let mut body = chat(true);
    body["model"] = "hangs".into();
    let mut stream = client::open(nginx.addr, &ask(true).body(body.to_string())).await;
    assert_eq!(stream.next_data().await.unwrap().json()["choices"][0]["delta"]["role"], "assistant");
    for text in ["first", "second"] {
        assert_eq!(stream.next_data().await.unwrap().json()["choices"][0]["delta"]["content"], text);
    }
    drop(stream);
    let closed = |seen: &[Seen]| seen.iter().any(|seen| seen.closed_at.is_some());
    assert!(fake.log.wait_until(Duration::from_secs(5), closed).await, "the upstream still works");
}

/// The status of a chat that comes to nginx from this address of the machine.
async fn from(address: &str, nginx: &Nginx, request: &Request) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    let stream = within("to connect", socket.connect(nginx.addr)).await.unwrap();
    client::exchange(&mut Connection::over(stream), request).await.status
}

#[tokio::test]
async fn the_log_has_the_address_of_the_client() {
    let fake = ollama(|_| whole("Hi")).await;
    for (trust, address) in [("127.0.0.1", "127.0.0.9"), ("false", "127.0.0.1")] {
        let gateway = gateway(&fake, &[("API_TOKEN", TOKEN), ("TRUST_PROXY", trust)]).await;
        let nginx = Nginx::before(&[gateway.addr]).await;
        let forged = ask(false).header("x-forwarded-for", "203.0.113.7");
        assert_eq!(from("127.0.0.9", &nginx, &forged).await, 200);
        let told = admin::get(&gateway, "/logs?type=request").await;
        assert_eq!(told["logs"][0]["ip"], address, "TRUST_PROXY={trust}: {told}");
    }
}

#[tokio::test]
async fn who_comes_through_it_is_no_program_of_this_machine() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = gateway(&fake, &[]).await;
    let nginx = Nginx::before(&[gateway.addr]).await;
    let request = Request::post(CHAT, &chat(false));
    assert_eq!(client::send(nginx.addr, &request).await.status, 401);
    assert_eq!(gateway.send(&request).await.status, 200);
}

#[tokio::test]
async fn a_restart_of_one_of_two_refuses_nobody() {
    let fake = ollama(|_| whole("Hi")).await;
    let env = [("API_TOKEN", TOKEN), ("TRUST_PROXY", "loopback")];
    let [first, second] = [gateway(&fake, &env).await, gateway(&fake, &env).await];
    let nginx = Nginx::before(&[first.addr, second.addr]).await;
    let asking = |count: usize| async move {
        for _ in 0..count {
            let reply = client::send(nginx.addr, &ask(false)).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
    };
    asking(20).await;
    let meanwhile = beside(asking(200));
    assert!(first.shutdown().await);
    meanwhile.value().await;
    asking(20).await;
    assert_eq!(fake.log.of("/api/chat").len(), 240, "none was answered twice");
}

/// A process that dies with each request that it is sent.
async fn dying() -> (SocketAddr, Beside<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let dies = async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 4096]).await;
        }
    };
    (addr, beside(dies))
}

#[tokio::test]
async fn what_a_process_dies_of_goes_to_the_other_but_for_changes() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = gateway(&fake, &[("API_TOKEN", TOKEN)]).await;
    let (dying, _runs) = dying().await;
    let nginx = Nginx::before(&[dying, gateway.addr]).await;
    for _ in 0..4 {
        assert_eq!(client::send(nginx.addr, &ask(false)).await.status, 200);
    }
    let change = admin::request("POST", "/channels", &json!({"name": "c", "baseUrl": fake.url()}));
    let mut statuses =
        [client::send(nginx.addr, &change).await.status, client::send(nginx.addr, &change).await.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 502], "one went to each, and neither to both");
}

/// The page shows the file itself.
#[test]
fn the_page_shows_the_file() {
    let page = include_str!("../../docs/reverse-proxies.md");
    assert!(page.contains(&format!("```nginx\n{CONF}```")), "docs/reverse-proxies.md has another text");
}
