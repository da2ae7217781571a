//! The admin API through the front door: who may call it, what each call answers, and when a change is in force.

mod access;
mod access_control;
mod aggregates;
mod at_run_time;
mod attention;
mod batch;
mod bulk;
mod channels;
mod dashboard;
mod disk;
mod fields;
mod in_force;
mod key_health;
mod keys;
mod logs;
mod models;
mod preview;
mod ranges;
mod revisions;
mod settings;
mod token_fields;
mod token_list;
mod tokens;

use ollama2openai::fake::{Fake, Request as Seen, Script};
use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::admin::{PASSWORD, call, done_by, get, post, refused};
use crate::support::client::Request;
use crate::support::ollama::{chat, done, ollama, says, whole};

const CHAT: &str = "/v1/chat/completions";
/// A credential whose middle must never be seen.
const KEY: &str = "sk-first6-SECRET-MIDDLE-last4";

/// A gateway with a password of its own and more settings.
async fn started(env: &[(&str, &str)]) -> Gateway {
    let ours = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")];
    Gateway::start(&[&ours, env].concat()).await
}

/// A channel is made, and its id given.
async fn channel(gateway: &Gateway, body: &Value) -> String {
    let made = post(gateway, "/channels", body).await;
    made["channel"]["id"].as_str().expect("a channel has an id").to_owned()
}

/// An Ollama that answers with its name.
async fn well(name: &'static str) -> Fake {
    ollama(move |request: &Seen| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says(name), &done()]),
        false => whole(name),
    })
    .await
}

/// Who answers a chat.
async fn who(gateway: &Gateway) -> String {
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}

/// The names of an object's members, sorted.
fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// `object` has all of these members.
#[track_caller]
fn has(object: &Value, wanted: &[&str]) {
    let names = names(object);
    for name in wanted {
        assert!(names.contains(name), "no {name} in {object}");
    }
}

/// No part of [`KEY`] that is not meant to be shown.
#[track_caller]
fn hides(shown: &Value) {
    assert!(!shown.to_string().contains("SECRET"), "{shown}");
}

#[tokio::test]
async fn caches_are_told_and_cleared() {
    let fake = well("a").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url()), ("CACHE_CHAT", "true")]).await;
    for _ in 0..2 {
        who(&gateway).await;
    }
    let report = get(&gateway, "/cache").await;
    has(&report, &["enabled", "embeddings", "chat", "totalItems"]);
    assert_eq!(report["enabled"], json!({"embeddings": true, "chat": true}));
    has(&report["chat"], &["hits", "misses", "evictions", "size", "maxSize", "hitRate"]);
    let chat = &report["chat"];
    assert_eq!((&chat["hits"], &chat["misses"], &chat["hitRate"]), (&json!(1), &json!(1), &json!("50.00%")));
    assert_eq!(report["totalItems"], 1);
    let cleared = done_by(&gateway, "DELETE", "/cache", &Value::Null).await;
    assert_eq!(cleared, json!({"success": true, "message": "All caches cleared"}));
    let report = get(&gateway, "/cache").await;
    assert_eq!((&report["totalItems"], &report["chat"]["hits"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn who_calls_is_told_from_where_and_of_which_version() {
    let gateway = started(&[("TRUST_PROXY", "loopback")]).await;
    let request = Request::get("/admin/api/me")
        .header("authorization", &format!("Bearer {PASSWORD}"))
        .header("x-forwarded-for", "192.0.2.7");
    let told = gateway.send(&request).await.json();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!((&told["address"], &told["version"]), (&json!("192.0.2.7"), &json!(version)), "{told}");
    assert_eq!(get(&gateway, "/me").await["address"], "127.0.0.1");
}
