//! What is asked again, and of whom: every rule with the calls that each backend got.

use std::time::Duration;

use ollama2openai::fake::{End, Framing, Piece, Script};
use ollama2openai::store::NewKey;
use serde_json::json;

use super::{CHAT, UNPROBED, calls, channel, count, first, key, pair, status, well, who};
use crate::support::Gateway;
use crate::support::ollama::{chat, ollama, whole};

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

/// So is it, and the first is left alone for a while; as the only one it is asked all the same.
async fn assert_cools(script: fn() -> Script, told: u16) {
    assert_retried(script, BOTH, &[]).await;
    let (bad, good, gateway) = pair(script, &[]).await;
    for _ in 0..8 {
        assert_eq!(who(&gateway, "m").await, "good");
    }
    assert_eq!((calls(&bad), calls(&good)), (1, 8));
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[key("only", &bad.url())]).await;
    for asked in 2..5 {
        assert_eq!(gateway.post(CHAT, &chat(false)).await.status, told);
        assert_eq!(calls(&bad), asked, "once for each request");
    }
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
    let env = [("REQUEST_TIMEOUT", "150ms"), UNPROBED];
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
async fn retry_401() {
    assert_cools(|| status(401), 502).await;
}

#[tokio::test]
async fn retry_403() {
    assert_cools(|| status(403), 502).await;
}

#[tokio::test]
async fn retry_429() {
    assert_cools(|| status(429).header("retry-after", "30"), 429).await;
    assert_cools(|| status(429), 429).await;
}

#[tokio::test]
async fn a_refused_credential_is_no_fault_of_its_backend() {
    // Five faults would take it down; with nobody else it is asked, and serves as soon as it may.
    let count = std::sync::atomic::AtomicUsize::new(0);
    let only = ollama(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0..7 => status(401),
        _ => whole("only"),
    })
    .await;
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[key("only", &only.url())]).await;
    for _ in 0..7 {
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["code"].as_str()),
            (502, Some("upstream_auth_error"))
        );
        assert!(!reply.text().contains("credential-only"), "{}", reply.text());
    }
    assert_eq!(who(&gateway, "m").await, "only");
}

#[tokio::test]
async fn retry_404_model() {
    let missing = || Script::json(404, &json!({"error": "model 'm' not found"}));
    assert_retried(missing, BOTH, &[]).await;
    for is_listed in [true, false] {
        let (bad, good, gateway) = pair(missing, &[]).await;
        if is_listed {
            assert_eq!(gateway.get("/v1/models").await.status, 200);
        }
        assert_eq!((who(&gateway, "m").await, who(&gateway, "m").await), ("good".into(), "good".into()));
        // The list is read anew, and goes on to lie: it is not believed.
        let again = |seen: &[ollama2openai::fake::Seen]| count(seen, "/api/tags") > usize::from(is_listed);
        assert!(bad.log.wait_until(Duration::from_secs(10), again).await, "listed before: {is_listed}");
        assert_eq!(who(&gateway, "m").await, "good");
        assert_eq!((calls(&bad), calls(&good)), (1, 3), "listed before: {is_listed}");
    }
}

#[tokio::test]
async fn retry_502() {
    assert_retried(|| status(502), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_503() {
    assert_retried(|| status(503), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_500_dead_runner_and_failed_load() {
    let dead = || Script::json(500, &json!({"error": "llama runner process has terminated: exit status 2"}));
    assert_retried(dead, BOTH, &[]).await;
    let load = || {
        Script::json(500, &json!({"error": "model failed to load, this may be due to resource limitations"}))
    };
    assert_retried(load, BOTH, &[]).await;
}

#[tokio::test]
async fn retry_reply_cut() {
    let cut = || Script { framing: Framing::Length(Some(10_000)), ..whole("x") }.ending(End::Close);
    assert_retried(cut, &[false], &[]).await;
    let head_only = || Script::streamed("application/x-ndjson", Vec::new()).ending(End::Reset);
    assert_retried(head_only, &[true], &[]).await;
}

#[tokio::test]
async fn retry_unparsable() {
    assert_retried(|| Script::text(200, "<html>\n"), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_ended_without_done() {
    let not_done = || Script::json(200, &json!({"model": "m", "message": {"content": "x"}, "done": false}));
    assert_retried(not_done, &[false], &[]).await;
    assert_retried(|| Script::streamed("application/x-ndjson", Vec::new()), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_idle_before_content() {
    let idle = || Script::streamed("application/x-ndjson", vec![Piece::Bytes("\n".into())]).ending(End::Hang);
    assert_retried(idle, BOTH, &[("STREAM_IDLE_TIMEOUT", "150ms")]).await;
}

#[tokio::test]
async fn retry_error_line_before_content() {
    assert_retried(|| Script::ndjson([&json!({"error": "boom"})]), BOTH, &[]).await;
}

#[tokio::test]
async fn retry_after_a_heartbeat_is_the_same_stream() {
    let late = || status(503).after(Duration::from_millis(400));
    let (bad, good, gateway) = pair(late, &[("SSE_HEARTBEAT", "100ms")]).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    assert!(stream.next().await.unwrap().data.is_none(), "a comment comes first");
    let rest = stream.rest().await;
    let text: String = rest.iter().filter_map(|block| block.data.clone()).collect();
    assert!(text.contains("good") && !text.contains("\"error\"") && text.ends_with("[DONE]"), "{text}");
    assert_eq!((calls(&bad), calls(&good)), (1, 1));
}

#[tokio::test]
async fn a_channel_that_fails_is_stood_in_for_by_the_pool() {
    let (bad, good) = (ollama(|_| status(502)).await, well("good").await);
    let gateway =
        Gateway::with_rows(&[UNPROBED], &[channel("bad", &bad.url())], &[key("good", &good.url())]).await;
    assert_eq!(who(&gateway, "m").await, "good");
    assert_eq!((calls(&bad), calls(&good)), (1, 1));
}

#[tokio::test]
async fn a_model_that_nobody_lists_is_asked_for_once() {
    let missing =
        |_: &ollama2openai::fake::Request| Script::json(404, &json!({"error": "model 'x' not found"}));
    let (one, other) = (ollama(missing).await, ollama(missing).await);
    let keys = [NewKey { priority: 9, ..key("one", &one.url()) }, key("other", &other.url())];
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &keys).await;
    assert_eq!(gateway.get("/v1/models").await.status, 200);
    let mut body = chat(false);
    body["model"] = json!("x");
    let reply = gateway.post(CHAT, &body).await;
    assert_eq!((reply.status, calls(&one), calls(&other)), (404, 1, 0), "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "model_not_found");
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
    let gateway = Gateway::with_rows(&[("MAX_RETRIES", "0"), UNPROBED], &[], &keys).await;
    assert_eq!((who(&gateway, "m").await, who(&gateway, "m").await), ("one".into(), "one".into()));
    assert_eq!((calls(&one), calls(&other)), (3, 0));
}

#[tokio::test]
async fn retry_redirect_which_is_not_followed() {
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
            let tried = attempts.min(backends);
            let plural = if tried == 1 { "" } else { "s" };
            let told =
                format!("boom ({attempts} attempts on {tried} backend{plural} failed; this is the last one)");
            assert_eq!(text.contains(&told), attempts > 1, "{text}");
            assert!(!text.contains("127.0.0.1") && !text.contains("http"), "{text}");
            assert!(!text.contains("credential"), "{text}");
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
