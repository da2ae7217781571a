//! What is not asked again: the first backend's failure is the answer.

use ollama2openai::fake::{End, Script};
use serde_json::json;

use super::{CHAT, arrived, begin, calls, pair, status};
use crate::support::client::Response;
use crate::support::ollama::{chat, line, says};
use crate::support::wait::until;

async fn assert_final(script: fn() -> Script, stream: bool, env: &[(&str, &str)]) -> Response {
    let (bad, good, gateway) = pair(script, env).await;
    let reply = gateway.post(CHAT, &chat(stream)).await;
    assert_eq!((calls(&bad), calls(&good)), (1, 0), "{}", reply.text());
    assert!(!reply.text().contains("attempts"), "{}", reply.text());
    reply
}

async fn assert_refused(script: fn() -> Script, told: u16) {
    for stream in [false, true] {
        assert_eq!(assert_final(script, stream, &[]).await.status, told, "stream {stream}");
    }
}

#[tokio::test]
async fn no_retry_400() {
    assert_refused(|| status(400), 400).await;
}

#[tokio::test]
async fn no_retry_413() {
    assert_refused(|| status(413), 413).await;
}

#[tokio::test]
async fn no_retry_501() {
    assert_refused(|| status(501), 502).await;
}

#[tokio::test]
async fn no_retry_500_that_is_the_clients_fault() {
    assert_refused(|| Script::json(500, &json!({"error": "input length exceeds the context length"})), 400)
        .await;
}

#[tokio::test]
async fn no_retry_after_the_first_content() {
    for end in [End::Reset, End::Close] {
        let broken = match end {
            End::Reset => {
                || Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Reset)
            }
            _ => || Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Close),
        };
        let reply = assert_final(broken, true, &[]).await;
        assert!(reply.text().contains("He") && reply.text().contains("\"error\""), "{}", reply.text());
        assert!(reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
    }
    let idle = || Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang);
    let reply = assert_final(idle, true, &[("STREAM_IDLE_TIMEOUT", "150ms")]).await;
    assert!(reply.text().contains("upstream_timeout"), "{}", reply.text());
}

#[tokio::test]
async fn no_retry_of_a_whole_reply_that_takes_too_long() {
    let reply = assert_final(|| Script::silent(End::Hang), false, &[("WHOLE_TIMEOUT", "150ms")]).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (504, Some("upstream_timeout")));
}

#[tokio::test]
async fn no_retry_when_the_client_left() {
    for stream in [false, true] {
        let (bad, good, gateway) = pair(|| Script::silent(End::Hang), &[]).await;
        let connection = begin(&gateway, stream).await;
        arrived(&bad, 1).await;
        drop(connection);
        until("the upstream learns of it", || bad.log.all().iter().all(|seen| seen.closed_at.is_some()))
            .await;
        // Whoever asks next is served by the first in line, too: nobody's leaving is a fault of it.
        let next = begin(&gateway, stream).await;
        arrived(&bad, 2).await;
        drop(next);
        assert_eq!((calls(&bad), calls(&good)), (2, 0));
    }
}
