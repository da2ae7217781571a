//! What is told of a backend is its own: not the time that others took, and each choice that it served.

use std::time::Duration;

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Fake, Script};
use ollama2openai::store::NewKey;
use serde_json::json;

use super::{CHAT, scrape};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};

const PASSWORD: (&str, &str) = ("ADMIN_PASSWORD", "the-password-of-the-tests");

fn key(name: &str, fake: &Fake, priority: i64) -> NewKey {
    NewKey { priority, ..NewKey::new(name, fake.url(), Secret::new("")) }
}

#[tokio::test]
async fn the_first_token_of_a_backend_leaves_out_what_was_before_it_was_asked() {
    const SLOW: Duration = Duration::from_millis(900);
    let bad = ollama(|_| Script::json(503, &json!({"error": "busy"})).after(SLOW)).await;
    let good = ollama(|_| Script::ndjson([&says("hi"), &done()])).await;
    let gateway = Gateway::with_rows(&[PASSWORD], &[], &[key("bad", &bad, 9), key("good", &good, 1)]).await;
    assert_eq!(gateway.post(CHAT, &chat(true)).await.status, 200);
    let page = scrape(&gateway).await;
    let of = |family: &str, labels: &[(&str, &str)]| page.sum(family, labels);
    assert_eq!(of("ollama2openai_backend_first_token_seconds_count", &[("name", "good")]), 1.0);
    let first = of("ollama2openai_backend_first_token_seconds_sum", &[]);
    assert!(first < SLOW.as_secs_f64() / 2.0, "{first}");
    assert!(
        of("gen_ai_server_time_to_first_token_seconds_sum", &[]) >= SLOW.as_secs_f64(),
        "from its arrival"
    );
    let request = Request::get("/admin/api/dashboard");
    let shown = gateway.send(&request.header("authorization", PASSWORD.1)).await.json();
    let millis = |of: &serde_json::Value| of["firstToken"]["p99"].as_u64().expect("there was one");
    let backend = &shown["byBackend"]["top"][0];
    assert_eq!(backend["name"], "good");
    assert!(millis(backend) < 400 && millis(&shown) >= 800, "{backend}: {}", shown["firstToken"]);
    assert!(millis(&shown["byModel"]["top"][0]) >= 800);
}

#[tokio::test]
async fn each_choice_is_an_attempt() {
    let (one, other) = (ollama(answer).await, ollama(answer).await);
    let gateway = Gateway::with_rows(&[PASSWORD], &[], &[key("one", &one, 1), key("other", &other, 1)]).await;
    for stream in [false, true] {
        let mut body = chat(stream);
        body["n"] = 4.into();
        assert_eq!(gateway.post(CHAT, &body).await.status, 200);
    }
    let page = scrape(&gateway).await;
    let request = |path| Request::get(path).header("authorization", PASSWORD.1);
    let keys = gateway.send(&request("/admin/api/keys")).await.json();
    let shown = gateway.send(&request("/admin/api/dashboard")).await.json();
    let find = |list: &serde_json::Value, name: &str| {
        list.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
    };
    let mut tokens = 0;
    for (name, fake) in [("one", &one), ("other", &other)] {
        let asked = fake.log.of("/api/chat").len();
        let key = find(&keys["keys"], name);
        assert_eq!(key["totalRequests"], asked, "each call is counted: {key}");
        let used = find(&shown["byBackend"]["top"], name);
        let used = ["promptTokens", "completionTokens"].map(|part| used[part].as_u64().unwrap_or_default());
        assert_eq!(key["totalTokens"], used[0] + used[1], "{name}: {key}");
        let told = page.sum("ollama2openai_backend_tokens_total", &[("name", name)]);
        assert_eq!(told, (used[0] + used[1]) as f64, "{name}");
        tokens += used[0] + used[1];
        assert!(asked > 0, "both serve");
        let sent = page.sum("ollama2openai_backend_attempts_total", &[("name", name), ("outcome", "ok")]);
        assert_eq!(sent, asked as f64, "{name}");
    }
    assert_eq!(tokens, 2 * (3 + 4 * 2), "a prompt counts once, however many choices there are");
    assert_eq!(page.sum("ollama2openai_backend_first_token_seconds_count", &[]), 4.0, "those of the stream");
}

fn answer(request: &ollama2openai::fake::Request) -> Script {
    match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says("hi"), &done()]),
        false => whole("hi"),
    }
}

#[tokio::test]
async fn a_choice_that_was_whole_is_not_blamed_for_another() {
    let good = ollama(|_| Script::ndjson([&says("hi"), &done()])).await;
    let breaks = ollama(|_| {
        let lines = vec![line(&says("hi")), pause_ms(300)];
        Script::streamed("application/x-ndjson", lines).ending(End::Close)
    })
    .await;
    let gateway = Gateway::with_rows(&[], &[], &[key("good", &good, 1), key("breaks", &breaks, 1)]).await;
    let mut body = chat(true);
    body["n"] = 2.into();
    gateway.post(CHAT, &body).await;
    let page = scrape(&gateway).await;
    let sent = |name, outcome| {
        page.sum("ollama2openai_backend_attempts_total", &[("name", name), ("outcome", outcome)])
    };
    assert_eq!((sent("good", "ok"), sent("breaks", "upstream_stream")), (1.0, 1.0));
    assert_eq!(page.sum("ollama2openai_backend_attempts_total", &[]), 2.0);
}
