//! How long backends may take, who serves, and what happens when one fails.

use std::time::Duration;

use ollama2openai::fake::{End, Fake, Script};
use serde_json::{Value, json};

use super::super::{channel, who};
use super::{CHAT, save, started, well};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::until;

/// An upstream that never answers.
async fn hanging() -> Fake {
    ollama(|_| Script::silent(End::Hang)).await
}

async fn before(fake: &Fake) -> Gateway {
    started(&[("OLLAMA_BASE_URL", &fake.url())]).await
}

/// The status and code of a chat.
async fn asked(gateway: &Gateway, stream: bool) -> (u16, Value) {
    let reply = gateway.post(CHAT, &chat(stream)).await;
    (reply.status, if reply.status == 200 { Value::Null } else { reply.json()["error"]["code"].clone() })
}

/// The code of the error in a stream.
async fn error_of_stream(gateway: &Gateway) -> Value {
    let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
    assert!(blocks.last().unwrap().is_done());
    blocks[blocks.len() - 2].json()["error"]["code"].clone()
}

#[tokio::test]
async fn the_wait_for_a_head_and_for_a_whole_reply() {
    let fake = hanging().await;
    let gateway = before(&fake).await;
    let timed_out = (504, json!("upstream_timeout"));
    save(&gateway, "REQUEST_TIMEOUT", "200ms").await;
    assert_eq!(asked(&gateway, true).await, timed_out);
    save(&gateway, "WHOLE_TIMEOUT", "200ms").await;
    assert_eq!(asked(&gateway, false).await, timed_out);
    save(&gateway, "REQUEST_TIMEOUT", Value::Null).await;
    save(&gateway, "TOTAL_TIMEOUT", "200ms").await;
    assert_eq!(asked(&gateway, true).await.0, 504);
}

#[tokio::test]
async fn the_silence_within_a_stream_and_its_whole_length() {
    let stalls = || Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang);
    let fake = ollama(move |_| stalls()).await;
    let gateway = before(&fake).await;
    save(&gateway, "STREAM_IDLE_TIMEOUT", "200ms").await;
    assert_eq!(error_of_stream(&gateway).await, "upstream_timeout");
    save(&gateway, "STREAM_IDLE_TIMEOUT", Value::Null).await;
    save(&gateway, "TOTAL_TIMEOUT", 300).await;
    assert_eq!(error_of_stream(&gateway).await, "upstream_timeout");
}

#[tokio::test]
async fn the_wait_for_a_connection() {
    // A listener whose queue is full answers no further connection: it neither accepts nor refuses.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut full = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(100)) {
        full.push(stream);
    }
    let url = format!("http://{addr}");
    let gateway = started(&[("OLLAMA_BASE_URL", &url), ("HEALTH_CHECK_INTERVAL", "0")]).await;
    save(&gateway, "CONNECT_TIMEOUT", "200ms").await;
    assert_eq!(asked(&gateway, false).await, (502, json!("upstream_unreachable")));
}

#[tokio::test]
async fn the_longest_line() {
    let long = Script::ndjson([&says(&"x".repeat(5000)), &done()]);
    let fake = ollama(move |_| long.clone()).await;
    let gateway = before(&fake).await;
    assert_eq!(asked(&gateway, true).await.0, 200);
    save(&gateway, "MAX_LINE_BYTES", "4KiB").await;
    assert_eq!(asked(&gateway, true).await.0, 502);
}

#[tokio::test]
async fn the_pace_of_comments() {
    let late = Script::ndjson([&says("Hi"), &done()]).after(Duration::from_millis(700));
    let fake = ollama(move |_| late.clone()).await;
    let gateway = before(&fake).await;
    let comments = async || {
        let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
        blocks.iter().filter(|block| block.data.is_none()).count()
    };
    assert_eq!(comments().await, 0);
    save(&gateway, "SSE_HEARTBEAT", 100).await;
    assert!(comments().await > 1);
}

#[tokio::test]
async fn how_often_a_failure_is_tried_elsewhere() {
    let bad = ollama(|_| Script::json(500, &json!({"error": "boom"}))).await;
    let good = well("good").await;
    let gateway = started(&[]).await;
    channel(&gateway, &json!({"name": "bad", "baseUrl": bad.url(), "priority": 5})).await;
    channel(&gateway, &json!({"name": "good", "baseUrl": good.url()})).await;
    assert_eq!(who(&gateway).await, "good");
    save(&gateway, "MAX_RETRIES", 0).await;
    assert!(asked(&gateway, false).await.0 >= 500);
    save(&gateway, "MAX_RETRIES", 1).await;
    assert_eq!(who(&gateway).await, "good");
}

#[tokio::test]
async fn how_often_backends_are_looked_at() {
    let fake = well("a").await;
    let probes = || fake.log.of("/api/version").len();
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url()), ("HEALTH_CHECK_INTERVAL", "86400")]).await;
    until("the first look", || probes() == 1).await;
    save(&gateway, "HEALTH_CHECK_INTERVAL", 1).await;
    until("a shorter period", || probes() >= 3).await;
}

#[tokio::test]
async fn backends_that_nobody_looked_at_are_looked_at() {
    let fake = well("a").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url()), ("HEALTH_CHECK_INTERVAL", "0")]).await;
    save(&gateway, "HEALTH_CHECK_INTERVAL", 1).await;
    until("looks begin", || fake.log.of("/api/version").len() >= 2).await;
}

#[tokio::test]
async fn who_is_preferred_among_equals() {
    let slow = || Script::streamed("application/x-ndjson", vec![line(&says("x")), pause_ms(60_000)]);
    let name = |name: &'static str| async move {
        ollama(move |request| match request.json().is_some_and(|json| json["stream"] == true) {
            true => slow(),
            false => whole(name),
        })
        .await
    };
    let (a, b) = (name("a").await, name("b").await);
    let gateway = started(&[]).await;
    for fake in [&a, &b] {
        channel(&gateway, &json!({"name": fake.url(), "baseUrl": fake.url()})).await;
    }
    let mut running = gateway.stream(CHAT, &chat(true)).await;
    running.next_data().await.unwrap();
    let idle = if a.log.of("/api/chat").is_empty() { "a" } else { "b" };
    let asked = async || vec![who(&gateway).await, who(&gateway).await, who(&gateway).await];
    assert!(asked().await.iter().any(|name| name != idle), "turns go round");
    save(&gateway, "BALANCE", "least_busy").await;
    assert_eq!(asked().await, [idle; 3]);
}

#[tokio::test]
async fn how_many_wait_for_a_place_and_how_long() {
    let fake = hanging().await;
    let gateway = started(&[]).await;
    channel(&gateway, &json!({"name": "only", "baseUrl": fake.url(), "maxConcurrent": 1})).await;
    let mut running = client::connect(gateway.addr).await;
    running.send(&Request::post(CHAT, &chat(false)).bytes()).await.unwrap();
    until("the place is taken", || !fake.log.of("/api/chat").is_empty()).await;
    let overloaded = (503, json!("overloaded"));
    save(&gateway, "QUEUE_TIMEOUT", "50ms").await;
    assert_eq!(asked(&gateway, false).await, overloaded);
    save(&gateway, "QUEUE_TIMEOUT", Value::Null).await;
    save(&gateway, "MAX_QUEUE", 0).await;
    assert_eq!(asked(&gateway, false).await, overloaded);
}

#[tokio::test]
async fn how_long_connections_are_taken_at_a_stop() {
    let fake = hanging().await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url()), ("SHUTDOWN_GRACE", "10m")]).await;
    save(&gateway, "SHUTDOWN_GRACE", "50ms").await;
    assert!(gateway.shutdown().await, "nothing ran");
}

#[tokio::test]
async fn how_long_a_stop_waits() {
    let fake = hanging().await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url()), ("DRAIN_TIMEOUT", "10m")]).await;
    let mut running = client::connect(gateway.addr).await;
    running.send(&Request::post(CHAT, &chat(false)).bytes()).await.unwrap();
    until("it runs", || !fake.log.of("/api/chat").is_empty()).await;
    save(&gateway, "DRAIN_TIMEOUT", "50ms").await;
    assert!(!gateway.shutdown().await, "what ran was cut");
}
