//! What is asked again of another backend, and what is not.

use std::time::Duration;

use ollama2openai::fake::{End, Fake, Framing, Piece, Script};
use serde_json::json;

use super::{CHAT, UNPROBED, calls, key, well, who};
use crate::support::Gateway;
use crate::support::client::Response;
use crate::support::ollama::{chat, line, ollama, says, whole};

/// The first backend answers by `script` and is of higher priority, the second is well.
async fn pair(script: fn() -> Script, env: &[(&str, &str)]) -> (Fake, Fake, Gateway) {
    let (bad, good) = (ollama(move |_| script()).await, well("good").await);
    let keys = [first(&bad.url()), key("good", &good.url())];
    let env: Vec<_> = env.iter().copied().chain([UNPROBED]).collect();
    let gateway = Gateway::with_rows(&env, &[], &keys).await;
    (bad, good, gateway)
}

fn first(url: &str) -> ollama2openai::store::NewKey {
    ollama2openai::store::NewKey { priority: 9, ..key("bad", url) }
}

/// Both kinds of reply come from the second backend after one call of the first each.
async fn assert_retried(script: fn() -> Script, streams: &[bool], env: &[(&str, &str)]) {
    for &stream in streams {
        let (bad, good, gateway) = pair(script, env).await;
        let reply = gateway.post(CHAT, &chat(stream)).await;
        assert_eq!(reply.status, 200, "stream {stream}: {}", reply.text());
        assert!(reply.text().contains("good") && !reply.text().contains("\"error\""), "{}", reply.text());
        assert_eq!((calls(&bad), calls(&good)), (1, 1), "stream {stream}");
    }
}

/// The first backend's failure is the answer.
async fn assert_final(script: fn() -> Script, stream: bool) -> Response {
    let (bad, good, gateway) = pair(script, &[]).await;
    let reply = gateway.post(CHAT, &chat(stream)).await;
    assert_eq!((calls(&bad), calls(&good)), (1, 0), "{}", reply.text());
    assert!(!reply.text().contains("attempts"), "{}", reply.text());
    reply
}

fn status(status: u16) -> Script {
    Script::json(status, &json!({"error": "boom"}))
}

const BOTH: &[bool] = &[false, true];

#[tokio::test]
async fn retry_connect_refused() {
    let good = well("good").await;
    let gateway =
        Gateway::with_rows(&[], &[], &[first("http://127.0.0.1:1"), key("good", &good.url())]).await;
    for stream in [false, true] {
        assert!(gateway.post(CHAT, &chat(stream)).await.text().contains("good"));
    }
    assert_eq!(calls(&good), 2);
}

#[tokio::test]
async fn retry_closed_before_headers() {
    assert_retried(|| Script::silent(End::Close), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_header_timeout_once() {
    // The limit of a whole reply is for all attempts together, so only a stream has time for another.
    let env = [("REQUEST_TIMEOUT", "150ms")];
    assert_retried(|| Script::silent(End::Hang), &[true], &env).await;
    let mut fakes = Vec::new();
    for _ in 0..3 {
        fakes.push(ollama(|_| Script::silent(End::Hang)).await);
    }
    let keys: Vec<_> = fakes.iter().map(|fake| key("slow", &fake.url())).collect();
    let gateway = Gateway::with_rows(&env, &[], &keys).await;
    let reply = gateway.post(CHAT, &chat(true)).await;
    assert_eq!((reply.status, fakes.iter().map(calls).sum::<usize>()), (504, 2), "{}", reply.text());
}

#[tokio::test]
async fn retry_reused_connection_that_died_is_the_same_backend_and_not_counted() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let one = ollama(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        1 => Script::silent(End::Close),
        _ => whole("one"),
    })
    .await;
    let other = well("other").await;
    let keys = [first(&one.url()), key("other", &other.url())];
    let gateway = Gateway::with_rows(&[("MAX_RETRIES", "0")], &[], &keys).await;
    assert_eq!((who(&gateway, "m").await, who(&gateway, "m").await), ("one".into(), "one".into()));
    assert_eq!((calls(&one), calls(&other)), (3, 0));
}

#[tokio::test]
async fn retry_401_403_429_502_503_and_a_dead_runner() {
    assert_retried(|| status(401), BOTH, &[]).await;
    assert_retried(|| status(403), BOTH, &[]).await;
    assert_retried(|| status(429), BOTH, &[]).await;
    assert_retried(|| status(502), BOTH, &[]).await;
    assert_retried(|| status(503), BOTH, &[]).await;
    let dead = || Script::json(500, &json!({"error": "llama runner process has terminated"}));
    assert_retried(dead, BOTH, &[]).await;
}

#[tokio::test]
async fn retry_404_is_learnt() {
    let missing = || Script::json(404, &json!({"error": "model 'm' not found"}));
    for is_listed in [true, false] {
        let (bad, good, gateway) = pair(missing, &[]).await;
        if is_listed {
            assert_eq!(gateway.get("/v1/models").await.status, 200);
        }
        assert_eq!((who(&gateway, "m").await, who(&gateway, "m").await), ("good".into(), "good".into()));
        assert_eq!((calls(&bad), calls(&good)), (1, 2), "listed before: {is_listed}");
    }
}

#[tokio::test]
async fn retry_429_cools_the_backend() {
    let (bad, good, gateway) = pair(|| status(429).header("retry-after", "30"), &[]).await;
    for _ in 0..4 {
        assert_eq!(who(&gateway, "m").await, "good");
    }
    assert_eq!((calls(&bad), calls(&good)), (1, 4));
}

#[tokio::test]
async fn retry_broken_before_content() {
    let cut = || Script { framing: Framing::Length(Some(10_000)), ..whole("x") }.ending(End::Close);
    assert_retried(cut, &[false], &[]).await;
    assert_retried(|| Script::text(200, "<html>\n"), BOTH, &[]).await;
    let not_done = || Script::json(200, &json!({"model": "m", "message": {"content": "x"}, "done": false}));
    assert_retried(not_done, &[false], &[]).await;
    assert_retried(|| Script::streamed("application/x-ndjson", Vec::new()), BOTH, &[]).await;
    assert_retried(|| Script::ndjson([&json!({"error": "boom"})]), BOTH, &[]).await;
    let idle = || Script::streamed("application/x-ndjson", vec![Piece::Bytes("\n".into())]).ending(End::Hang);
    assert_retried(idle, &[true], &[("STREAM_IDLE_TIMEOUT", "150ms")]).await;
}

#[tokio::test]
async fn no_retry_of_the_clients_fault() {
    for (script, told) in [
        ((|| status(400)) as fn() -> Script, 400),
        (|| status(413), 413),
        (|| status(501), 502),
        (|| Script::json(500, &json!({"error": "input length exceeds the context length"})), 400),
    ] {
        assert_eq!(assert_final(script, false).await.status, told);
        assert_eq!(assert_final(script, true).await.status, told);
    }
}

#[tokio::test]
async fn no_retry_after_content() {
    let broken = || Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Reset);
    let reply = assert_final(broken, true).await;
    assert!(reply.text().contains("He") && reply.text().contains("\"error\""), "{}", reply.text());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let trap = well("trap").await;
    let location = format!("{}/api/chat", trap.url());
    let bad = ollama(move |_| Script::text(307, "").header("location", &location)).await;
    let good = well("good").await;
    let keys = [first(&bad.url()), key("good", &good.url())];
    let gateway = Gateway::with_rows(&[], &[], &keys).await;
    assert_eq!(who(&gateway, "m").await, "good");
    assert_eq!((calls(&bad), calls(&trap)), (1, 0));
}

#[tokio::test]
async fn max_retries_bounds_the_attempts_and_the_message_counts_them() {
    for (value, attempts) in [("0", 1), ("1", 2), ("2", 3)] {
        // One backend, and more backends than attempts.
        for backends in [1, 4] {
            let mut fakes = Vec::new();
            for _ in 0..backends {
                fakes.push(ollama(|_| status(502)).await);
            }
            let keys: Vec<_> = fakes.iter().map(|fake| key("bad", &fake.url())).collect();
            let gateway = Gateway::with_rows(&[("MAX_RETRIES", value)], &[], &keys).await;
            let reply = gateway.post(CHAT, &chat(false)).await;
            assert_eq!(reply.status, 502);
            assert_eq!(fakes.iter().map(calls).sum::<usize>(), attempts, "{backends} backends");
            assert!(backends == 1 || fakes.iter().all(|fake| calls(fake) <= 1), "each on another backend");
            let text = reply.text();
            assert_eq!(text.contains(&format!("{attempts} attempts")), attempts > 1, "{text}");
            assert!(!text.contains("127.0.0.1") && !text.contains("http"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_only_backend_is_asked_again_after_a_pause() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let only = ollama(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 | 1 => status(503),
        _ => whole("only"),
    })
    .await;
    let gateway = Gateway::with_rows(&[], &[], &[key("only", &only.url())]).await;
    assert_eq!(who(&gateway, "m").await, "only");
    let at: Vec<_> = only.log.of("/api/chat").iter().map(|seen| seen.arrived).collect();
    assert_eq!(at.len(), 3);
    assert!(at[1] - at[0] >= Duration::from_millis(25) && at[2] - at[1] >= Duration::from_millis(50));
}
