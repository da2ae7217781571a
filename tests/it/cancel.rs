//! A client that leaves ends the upstream's work, whatever state the request is in.

use std::time::{Duration, Instant};

use ollama2openai::fake::{End, Fake, Script};

use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, ollama, says};

const CHAT: &str = "/v1/chat/completions";

/// Waits until every upstream call was closed and prints how long the slowest took.
async fn assert_closed(fake: &Fake, left: Instant, what: &str) {
    let all_closed = |seen: &[ollama2openai::fake::Seen]| {
        seen.iter().filter(|seen| seen.request.path == "/api/chat").all(|seen| seen.closed_at.is_some())
    };
    assert!(
        fake.log.wait_until(Duration::from_secs(5), all_closed).await,
        "{what}: the upstream still works"
    );
    let slowest = fake.log.of("/api/chat").into_iter().filter_map(|seen| seen.closed_at).max().unwrap();
    println!("{what}: upstream closed after {:?}", slowest.saturating_duration_since(left));
}

async fn wait_for_calls(fake: &Fake, count: usize) {
    let arrived = |seen: &[ollama2openai::fake::Seen]| {
        seen.iter().filter(|seen| seen.request.path == "/api/chat").count() >= count
    };
    assert!(
        fake.log.wait_until(Duration::from_secs(5), arrived).await,
        "the calls did not reach the upstream"
    );
}

#[tokio::test]
async fn leaving_a_stream_closes_the_upstream() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("H"))]).ending(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let left = Instant::now();
    drop(stream);
    assert_closed(&fake, left, "in a stream").await;
}

#[tokio::test]
async fn leaving_while_nothing_has_come_closes_the_upstream() {
    let fake = ollama(|_| Script::silent(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("SSE_HEARTBEAT", "200ms")]).await;
    for (nth, stream) in [false, true].into_iter().enumerate() {
        let mut connection = client::connect(gateway.addr).await;
        connection.send(&Request::post(CHAT, &chat(stream)).bytes()).await.unwrap();
        wait_for_calls(&fake, nth + 1).await;
        let left = Instant::now();
        drop(connection);
        assert_closed(&fake, left, if stream { "a stream before its head" } else { "a whole reply" }).await;
    }
    // and once more after the heartbeat has sent the head
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    assert!(stream.next().await.unwrap().data.is_none(), "a comment comes first");
    let left = Instant::now();
    drop(stream);
    assert_closed(&fake, left, "a stream that waits").await;
}

#[tokio::test]
async fn leaving_ends_all_calls_of_a_request_with_several_choices() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("H"))]).ending(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let mut body = chat(true);
    body["n"] = 4.into();
    let mut stream = gateway.stream(CHAT, &body).await;
    stream.next_data().await.unwrap();
    wait_for_calls(&fake, 4).await;
    let left = Instant::now();
    drop(stream);
    assert_closed(&fake, left, "four choices").await;
}

#[tokio::test]
async fn one_failing_choice_ends_the_others() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let fake = ollama(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        2 => Script::json(500, &serde_json::json!({"error": "boom"})),
        _ => Script::silent(End::Hang),
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("MAX_RETRIES", "0")]).await;
    let mut body = chat(false);
    body["n"] = 3.into();
    let reply = gateway.post(CHAT, &body).await;
    assert_eq!(
        (reply.status, reply.json()["error"]["message"].as_str()),
        (502, Some("boom (1 attempt on 1 backend)"))
    );
    let hanging_closed = |seen: &[ollama2openai::fake::Seen]| {
        seen.iter().filter(|seen| seen.request.path == "/api/chat" && seen.closed_at.is_some()).count() == 2
    };
    assert!(fake.log.wait_until(Duration::from_secs(5), hanging_closed).await);
}

#[tokio::test]
async fn the_first_choice_is_sent_while_the_second_still_waits_for_its_slot() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let fake = ollama(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => Script::ndjson([&says("first"), &crate::support::ollama::done()]),
        _ => Script::silent(End::Hang),
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let mut body = chat(true);
    body["n"] = 2.into();
    let mut stream = gateway.stream(CHAT, &body).await;
    let mut said = String::new();
    while said != "first" {
        let block = stream.next_data().await.expect("the first choice's text comes before the stream ends");
        said.push_str(block.json()["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
}
