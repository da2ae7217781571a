//! What the gateway knows of its backend: asked once, remembered, and never waited for longer than two seconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ollama2openai::fake::{End, Fake, Piece, Request, Script};
use serde_json::json;

use crate::support::Gateway;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn capabilities_are_asked_once_for_a_model() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [image]}]});
    for _ in 0..3 {
        let reply = gateway.post(CHAT, &body).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (400, &json!("model_not_supported")));
    }
    assert_eq!(fake.log.of("/api/show").len(), 1);
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    assert_eq!(fake.log.of("/api/show").len(), 1, "a request without images asks for nothing");
}

/// An Ollama that lists its model so many times, and says nothing at all to later questions for the list.
async fn lists(times: usize) -> (Fake, Gateway) {
    let asked = AtomicUsize::new(0);
    let handler = move |request: &Request| match request.path.as_str() {
        "/api/tags" if asked.fetch_add(1, Ordering::Relaxed) < times => {
            Script::json(200, &json!({"models": [{"name": "m:latest", "model": "m:latest"}]}))
        }
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        _ => Script::silent(End::Hang),
    };
    let fake = Fake::start(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(handler)).await.unwrap();
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    (fake, gateway)
}

#[tokio::test]
async fn the_last_list_stands_in_for_one_that_does_not_come() {
    let (_fake, gateway) = lists(1).await;
    for _ in 0..2 {
        let reply = gateway.get("/v1/models").await;
        assert_eq!((reply.status, &reply.json()["data"][0]["id"]), (200, &json!("m:latest")));
    }
    assert_eq!(gateway.get("/v1/models/m").await.status, 200);
}

#[tokio::test]
async fn a_list_that_never_came_is_not_waited_for() {
    let (_fake, gateway) = lists(0).await;
    let reply = gateway.get("/v1/models").await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (504, &json!("upstream_timeout")));
}

#[tokio::test]
async fn a_stream_whose_end_mark_comes_late_gives_its_connection_back() {
    let fake = ollama(|_| {
        let body: Vec<Piece> = vec![line(&says("Hi")), line(&done()), pause_ms(50)];
        Script::streamed("application/x-ndjson", body)
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    for count in 1..=5 {
        assert_eq!(gateway.post(CHAT, &chat(true)).await.status, 200);
        let ended =
            |seen: &[ollama2openai::fake::Seen]| seen.iter().filter(|seen| seen.ended).count() >= count;
        assert!(fake.log.wait_until(Duration::from_secs(5), ended).await);
    }
    let first = fake.log.of("/api/chat")[0].connection;
    let same = fake.log.of("/api/chat").iter().filter(|seen| seen.connection == first).count();
    assert!(same >= 4, "{same} of 5 streams used the first connection");
}

#[tokio::test]
async fn health_knows_at_once_what_a_request_found_out() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    gateway.look().await;
    assert_eq!(gateway.get("/health").await.json()["status"], "ok");
    fake.stop().await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 502);
    assert_eq!(gateway.get("/health").await.json()["status"], "degraded");
}

#[tokio::test]
async fn what_a_model_cannot_do_is_refused_before_it_is_asked() {
    let handler = |request: &Request| match request.path.as_str() {
        "/api/show" => Script::json(200, &json!({"capabilities": ["completion"]})),
        _ => whole("Hi"),
    };
    let fake = Fake::start(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(handler)).await.unwrap();
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let with = |field: &str, value: serde_json::Value| {
        let mut body = chat(false);
        body[field] = value;
        body
    };
    let tool = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    let wrong = [
        (CHAT, with("tools", tool.clone()), "tools"),
        (CHAT, with("reasoning_effort", json!("low")), "reasoning_effort"),
        (CHAT, with("think", json!(true)), "reasoning_effort"),
        ("/v1/embeddings", json!({"model": "m", "input": "a"}), "model"),
    ];
    for (path, body, param) in wrong {
        let reply = gateway.post(path, &body).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (400, &json!("model_not_supported")), "{body}");
        assert_eq!(error["param"], param, "{body}");
    }
    assert_eq!(fake.log.of("/api/chat").len() + fake.log.of("/api/embed").len(), 0);
    let mut harmless = with("tools", tool);
    harmless["tool_choice"] = json!("none");
    for body in [harmless, with("think", json!(false)), with("reasoning_effort", json!("none"))] {
        assert_eq!(gateway.post(CHAT, &body).await.status, 200, "{body}");
    }
}
