//! A socket that outlives the gateway: no connection is refused while one version takes the place of another.

use std::time::Duration;

use tokio::process::Command;

use super::load::{Refused, finish, requests, streams};
use super::{CHAT, NOBODY, env, on_socket, streaming};
use crate::support::client;
use crate::support::ollama::{chat, whole};
use crate::support::running::{PROGRAM, started};
use crate::support::wait::{pause, until, within};

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn systemd_starts_it_at_the_first_connection() {
    let fake = crate::support::ollama::ollama(|_| whole("Hi")).await;
    let home = tempfile::tempdir().unwrap();
    let port = free_port();
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let mut command = Command::new("systemd-socket-activate");
    command.arg("-l").arg(addr.to_string()).current_dir(home.path());
    for (name, value) in env(home.path(), &[("OLLAMA_BASE_URL", &fake.url()), ("PORT", "1")]) {
        command.arg("-E").arg(format!("{name}={value}"));
    }
    command.arg(PROGRAM);
    let mut gateway = started(command);
    within("it listens", async {
        while std::net::TcpStream::connect(addr).is_err() {
            pause(Duration::from_millis(20)).await;
        }
    })
    .await;
    let reply = client::post_json(addr, CHAT, &chat(false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(gateway.addr().await, addr);
    assert!(gateway.printed().await.contains("on a socket that was passed; HOST and PORT are not used"));
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn what_is_no_socket_of_tcp_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", PROGRAM]);
    command.current_dir(home.path()).envs(env(home.path(), &[NOBODY]));
    let (code, log) = started(command).exited().await;
    assert_eq!(code, 1);
    assert!(log.contains("error: LISTEN_FDS: only sockets of TCP can be served"), "{log}");
}

#[tokio::test]
async fn a_new_version_on_the_same_socket_drops_nothing() {
    const STREAMS: usize = 50;
    const PIECES: usize = 40;
    let fake = streaming(PIECES, 50).await;
    let home = tempfile::tempdir().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    let env = env(home.path(), &[("OLLAMA_BASE_URL", &fake.url()), ("LOG_LEVEL", "warn")]);
    let start = || started(on_socket(home.path(), &env, &socket));
    let mut old = start();
    assert_eq!(old.addr().await, addr);
    let running = streams(addr, STREAMS).await;
    let load = requests(addr, Duration::from_secs(3), Refused::Fails);
    let readers: Vec<_> = running.into_iter().map(|stream| finish(stream, PIECES)).collect();
    until("the load has begun", || fake.log.of("/api/chat").len() > STREAMS + 20).await;
    old.signal("TERM");
    let mut new = start();
    assert_eq!(new.addr().await, addr);
    for reader in readers {
        reader.value().await;
    }
    let (code, log) = old.exited().await;
    assert_eq!((code, log.as_str()), (0, ""));
    let told = load.value().await;
    assert!(told.failures.is_empty(), "{:?}", told.failures);
    assert!(told.served > 100, "{} requests", told.served);
    println!("on one socket: {STREAMS} streams and {} requests, none failed", told.served);
    new.signal("TERM");
    assert_eq!(new.exited().await.0, 0);
    assert_eq!(super::restart::counted(home.path()).await, i64::try_from(STREAMS + told.served).unwrap());
}
