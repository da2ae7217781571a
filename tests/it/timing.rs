//! `Server-Timing`: where the time of a request has gone, as its client is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ollama2openai::config::Secret;
use ollama2openai::fake::{Fake, Script, Seen};
use ollama2openai::store::NewKey;
use serde_json::json;

use crate::support::Gateway;
use crate::support::http::Headers;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::{beside, until};

const CHAT: &str = "/v1/chat/completions";

/// Queue, upstream and own time in milliseconds.
fn timing(headers: &Headers) -> [f64; 3] {
    let told = headers.get("server-timing").expect("the header is there");
    let mut parts = told.split(", ");
    let times = ["queue", "upstream", "own"].map(|name| {
        let part = parts.next().and_then(|part| part.strip_prefix(name)?.strip_prefix(";dur="));
        part.unwrap_or_else(|| panic!("{name} in {told}")).parse().unwrap()
    });
    assert_eq!(parts.next(), None, "{told}");
    let exposed = headers.get("access-control-expose-headers").unwrap();
    assert!(exposed.contains("server-timing") && headers.get("timing-allow-origin") == Some("*"));
    times
}

/// What a whole reply tells, and what its client has measured.
async fn timed(addr: SocketAddr) -> ([f64; 3], f64) {
    let began = Instant::now();
    let reply = crate::support::client::post_json(addr, CHAT, &chat(false)).await;
    (timing(&reply.headers), began.elapsed().as_secs_f64() * 1e3)
}

#[tokio::test]
async fn the_waiting_and_the_backend_are_told_apart() {
    let fake = ollama(|_| whole("hi").after(Duration::from_millis(150))).await;
    let key = NewKey { max_concurrent: 1, ..NewKey::new("one", fake.url(), Secret::new("")) };
    let gateway = Gateway::with_rows(&[("SERVER_TIMING", "true")], &[], &[key]).await;
    let addr = gateway.addr;
    let first = beside(timed(addr));
    let asked = |seen: &[Seen]| seen.iter().any(|seen| seen.request.path == "/api/chat");
    assert!(fake.log.wait_until(Duration::from_secs(10), asked).await);
    let second = beside(timed(addr));
    until("one waits", || gateway.waiting() == 1).await;
    let ([queue, upstream, own], _) = first.value().await;
    assert!(queue == 0.0 && upstream >= 150.0 && own < upstream, "{queue} {upstream} {own}");
    let ([queue, upstream, own], elapsed) = second.value().await;
    assert!(queue > 0.0 && upstream >= 150.0 && own < upstream, "{queue} {upstream} {own}");
    assert!(queue + upstream + own <= elapsed + 0.2, "{queue} {upstream} {own} of {elapsed}");
}

#[tokio::test]
async fn a_stream_tells_the_time_to_its_first_content() {
    let fake = ollama(|_| {
        let body = vec![pause_ms(60), line(&says("He")), pause_ms(300), line(&done())];
        Script::streamed("application/x-ndjson", body)
    })
    .await;
    let env = [("OLLAMA_BASE_URL", fake.url()), ("SERVER_TIMING", "1".to_owned())];
    let gateway = Gateway::start(&env.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let reply = gateway.post(CHAT, &chat(true)).await;
    let [queue, upstream, own] = timing(&reply.headers);
    assert!(queue == 0.0 && upstream >= 60.0 && own < 300.0, "{queue} {upstream} {own}");
}

#[tokio::test]
async fn refusals_are_the_gateways_own_time() {
    let gateway = Gateway::start(&[("SERVER_TIMING", "true"), ("API_TOKEN", "sk-x")]).await;
    let refused = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((refused.status, timing(&refused.headers)[..2].iter().sum::<f64>()), (401, 0.0));
    let invalid = crate::support::client::Request::post(CHAT, &json!({})).header("x-api-key", "sk-x");
    let invalid = gateway.send(&invalid).await;
    assert_eq!((invalid.status, timing(&invalid.headers)[..2].iter().sum::<f64>()), (400, 0.0));
    let untimed = Gateway::start(&[("API_TOKEN", "sk-x")]).await.post(CHAT, &chat(false)).await;
    assert_eq!((untimed.header("server-timing"), untimed.header("timing-allow-origin")), (None, None));
}

#[tokio::test]
async fn asking_what_a_model_can_do_is_the_backends_time() {
    let fake = Fake::start(
        ([127, 0, 0, 1], 0).into(),
        Arc::new(|request| match request.path.as_str() {
            "/api/show" => Script::json(200, &json!({"capabilities": ["completion", "tools"]}))
                .after(Duration::from_millis(200)),
            "/api/chat" => whole("hi"),
            _ => Script::json(200, &json!({"version": "0.33.0", "models": [{"name": "m"}]})),
        }),
    )
    .await
    .unwrap();
    let env = [("OLLAMA_BASE_URL", fake.url()), ("SERVER_TIMING", "true".to_owned())];
    let gateway = Gateway::start(&env.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let mut body = chat(false);
    body["tools"] = json!([{"type": "function", "function": {"name": "look", "parameters": {}}}]);
    let reply = gateway.post(CHAT, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let [_, upstream, own] = timing(&reply.headers);
    assert!(upstream >= 200.0 && own < 200.0, "{upstream} {own}");
}
