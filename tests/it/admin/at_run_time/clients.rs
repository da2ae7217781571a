//! What clients may do, and what they are told.

use ollama2openai::access::Minted;
use ollama2openai::fake::{Fake, Script};
use ollama2openai::store::NewToken;
use serde_json::{Value, json};

use super::super::{call, has};
use super::{CHAT, PASSWORD, get, save, started, well};
use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};

fn token(text: &str) -> NewToken {
    let minted = Minted::of(text.to_owned());
    NewToken::new(text, minted.hash, minted.prefix, minted.last_four)
}

async fn with_tokens(fake: &Fake, tokens: &[NewToken]) -> Gateway {
    Gateway::with_tokens(&[("OLLAMA_BASE_URL", &fake.url()), ("ADMIN_PASSWORD", PASSWORD)], tokens).await
}

async fn as_token(gateway: &Gateway, text: &str, body: &Value) -> Response {
    gateway.send(&Request::post(CHAT, body).header("authorization", &format!("Bearer {text}"))).await
}

#[tokio::test]
async fn the_largest_body_and_the_admin_can_still_raise_it() {
    let fake = well("a").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let mut body = chat(false);
    body["user"] = "x".repeat(2000).into();
    assert_eq!(gateway.post(CHAT, &body).await.status, 200);
    save(&gateway, "MAX_BODY_BYTES", 1).await;
    assert_eq!(gateway.post(CHAT, &body).await.status, 413);
    save(&gateway, "MAX_BODY_BYTES", "64KiB").await;
    assert_eq!(gateway.post(CHAT, &body).await.status, 200);
    let large = json!({"IP_BLACKLIST": "x".repeat(100 << 10)});
    assert_eq!(call(&gateway, "POST", "/settings", &large).await.status, 413);
}

#[tokio::test]
async fn counts_in_streams_options_of_clients_and_anonymous_use() {
    let fake = well("a").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let usage = async || {
        let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
        blocks[blocks.len() - 2].json()["usage"]["total_tokens"].clone()
    };
    assert_eq!(usage().await, json!(null));
    save(&gateway, "STREAM_USAGE", "always").await;
    assert_eq!(usage().await, 5);
    let mut body = chat(false);
    body["num_ctx"] = 2048.into();
    let ignored = async || gateway.post(CHAT, &body).await.header("x-o2o-ignored").map(str::to_owned);
    assert_eq!(ignored().await, None);
    save(&gateway, "ALLOW_CLIENT_OPTIONS", false).await;
    assert_eq!(ignored().await.as_deref(), Some("num_ctx"));
    save(&gateway, "ALLOW_CLIENT_OPTIONS", Value::Null).await;
    assert_eq!(ignored().await, None);
    let is_timed = async || gateway.post(CHAT, &chat(false)).await.header("server-timing").is_some();
    assert!(!is_timed().await);
    save(&gateway, "SERVER_TIMING", true).await;
    assert!(is_timed().await);
    save(&gateway, "ALLOW_ANONYMOUS", false).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 401);
}

/// A limit of this kind is turned on, becomes tighter, begins anew with another window, and is turned off.
async fn limit(gateway: &Gateway, kind: &str, ask: impl AsyncFn() -> u16) {
    let set =
        async |part: &str, value: Value| save(gateway, &format!("RATE_LIMIT_{kind}_{part}"), value).await;
    set("WINDOW", json!("1h")).await;
    set("MAX", json!(2)).await;
    for _ in 0..3 {
        assert_eq!(ask().await, 200, "{kind} is off");
    }
    set("ENABLED", json!(true)).await;
    assert_eq!([ask().await, ask().await, ask().await], [200, 200, 429], "{kind}");
    set("MAX", json!(3)).await;
    assert_eq!([ask().await, ask().await], [200, 429], "what was counted stays");
    set("MAX", json!(1)).await;
    assert_eq!(ask().await, 429);
    set("WINDOW", json!("2h")).await;
    assert_eq!([ask().await, ask().await], [200, 429], "another window begins empty");
    set("ENABLED", json!(false)).await;
    assert_eq!([ask().await, ask().await], [200, 200]);
}

#[tokio::test]
async fn limits_of_all_of_an_address_and_of_a_token() {
    let fake = well("a").await;
    let gateway = with_tokens(&fake, &[token("alice"), token("bob")]).await;
    let ask = async || as_token(&gateway, "alice", &chat(false)).await.status;
    for kind in ["GLOBAL", "IP", "TOKEN"] {
        limit(&gateway, kind, ask).await;
    }
    let limiter = &get(&gateway, "/settings").await["rateLimiter"];
    has(limiter, &["global", "ip", "token"]);
}

#[tokio::test]
async fn what_is_set_aside_of_a_quota() {
    let fake = well("a").await;
    let alice = NewToken { quota_limit: Some(1_000_000), ..token("alice") };
    let gateway = with_tokens(&fake, &[alice]).await;
    save(&gateway, "QUOTA_DEFAULT_COMPLETION", 77).await;
    assert_eq!(as_token(&gateway, "alice", &chat(false)).await.status, 200);
    let sent = fake.log.of("/api/chat")[0].request.json().unwrap();
    assert_eq!(sent["options"]["num_predict"], 77);
}

/// A cache of this kind is turned on and off, and its bounds change.
async fn cache(gateway: &Gateway, name: &str, ask: impl AsyncFn() -> Option<String>) {
    let told = async || ask().await.unwrap_or_default();
    let set = async |part: &str, value: Value| save(gateway, &format!("{name}{part}"), value).await;
    set("", json!(true)).await;
    assert_eq!([told().await, told().await], ["MISS", "HIT"], "{name}");
    set("_MAX_AGE", json!(1)).await;
    assert_eq!(told().await, "MISS", "what is kept is too old now");
    set("_MAX_AGE", json!("1h")).await;
    assert_eq!(told().await, "HIT", "what is kept stays");
    set("_MAX_SIZE", json!(0)).await;
    assert_eq!([told().await, told().await], ["", ""], "nothing may be kept");
    set("_MAX_SIZE", json!(3)).await;
    assert_eq!([told().await, told().await], ["MISS", "HIT"]);
    assert_eq!(
        get(gateway, "/cache").await[if name == "CACHE_CHAT" { "chat" } else { "embeddings" }]["maxSize"],
        3
    );
    set("", json!(false)).await;
    assert_eq!(told().await, "");
}

#[tokio::test]
async fn caches_and_whose_answers_they_give() {
    let fake = ollama(|request| match request.path.as_str() {
        "/api/embed" => Script::json(200, &json!({"embeddings": [[0.5]], "prompt_eval_count": 1})),
        _ => whole("Hi"),
    })
    .await;
    let gateway = with_tokens(&fake, &[token("alice"), token("bob")]).await;
    let kept =
        async |text: &str| as_token(&gateway, text, &chat(false)).await.header("x-cache").map(str::to_owned);
    cache(&gateway, "CACHE_CHAT", async || kept("alice").await).await;
    let input = json!({"model": "m", "input": "a"});
    let embedded = async || {
        let request = Request::post("/v1/embeddings", &input).header("authorization", "Bearer alice");
        gateway.send(&request).await.header("x-cache").map(str::to_owned)
    };
    cache(&gateway, "CACHE_EMBEDDINGS", embedded).await;
    save(&gateway, "CACHE_CHAT", true).await;
    save(&gateway, "CACHE_SCOPE", "shared").await;
    assert_eq!([kept("alice").await.unwrap(), kept("bob").await.unwrap()], ["MISS", "HIT"]);
    save(&gateway, "CACHE_SCOPE", "token").await;
    assert_eq!(kept("bob").await.unwrap(), "MISS");
}
