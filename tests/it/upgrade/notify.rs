//! What a service manager is told.

use std::time::Duration;

use tokio::net::UnixDatagram;

use super::{CHAT, env};
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, ollama, says};
use crate::support::running::serve;
use crate::support::wait::within;
use ollama2openai::fake::{End, Script};

/// The first message that holds a text.
async fn message(socket: &UnixDatagram, wanted: &str) -> String {
    within(wanted, async {
        let mut buffer = [0; 4096];
        loop {
            let size = socket.recv(&mut buffer).await.unwrap();
            let message = String::from_utf8_lossy(&buffer[..size]).into_owned();
            if message.contains(wanted) {
                return message;
            }
        }
    })
    .await
}

#[tokio::test]
async fn it_is_told_of_every_phase() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang)).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let url = fake.url();
    let more = [
        ("OLLAMA_BASE_URL", url.as_str()),
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "400000"),
        ("DRAIN_TIMEOUT", "700ms"),
    ];
    let mut gateway = serve(home.path(), &env(home.path(), &more));
    let addr = gateway.addr().await;
    message(&socket, "READY=1").await;
    let status = message(&socket, "STATUS=").await;
    assert!(status.contains(&format!("listening on http://{addr}, 1 of 1 backends answer")), "{status}");
    for _ in 0..3 {
        message(&socket, "WATCHDOG=1").await;
    }
    let mut stream = client::open(addr, &Request::post(CHAT, &chat(true))).await;
    stream.next_data().await.unwrap();
    gateway.signal("HUP");
    assert!(message(&socket, "RELOADING=1").await.contains("MONOTONIC_USEC="));
    message(&socket, "READY=1").await;
    gateway.signal("TERM");
    assert!(message(&socket, "STOPPING=1").await.contains("STATUS=stopping"));
    message(&socket, "EXTEND_TIMEOUT_USEC=").await;
    message(&socket, "WATCHDOG=1").await;
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_backend_that_has_not_answered_is_not_counted() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let more = [super::NOBODY, ("NOTIFY_SOCKET", path.to_str().unwrap())];
    let gateway = serve(home.path(), &env(home.path(), &more));
    let status = message(&socket, "STATUS=listening").await;
    assert!(status.contains("0 of 1 backends answer"), "{status}");
    gateway.kill().await;
}

#[tokio::test]
async fn a_gateway_that_stands_still_gives_no_sign_of_life() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let more = [super::NOBODY, ("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "400000")];
    let gateway = serve(home.path(), &env(home.path(), &more));
    message(&socket, "WATCHDOG=1").await;
    // All threads at once: those of the runtime and of the database.
    gateway.signal("STOP");
    let silent = async {
        let mut buffer = [0; 4096];
        while tokio::time::timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.is_ok() {}
    };
    within("silence", silent).await;
    gateway.signal("CONT");
    message(&socket, "WATCHDOG=1").await;
    gateway.kill().await;
}
