//! Tokens: which are taken, how they are shown, what they may ask for, and that changes are followed.

use std::time::Duration;

use ollama2openai::store::{By, Conflict, NewToken, Store, StoreError, TokenChange, TokenQuery, TokenText};
use serde_json::json;

use super::{CHAT, ask, gateway, token, told, with};
use crate::support::client::Request;
use crate::support::ollama::chat;
use crate::support::wait::{pause, within};

const PASSWORD: &str = "the-password-of-the-tests";

#[tokio::test]
async fn each_state_of_a_token_has_its_answer() {
    let off = NewToken { enabled: false, ..token("off") };
    let old = NewToken { expires_at: Some("2020-01-01T00:00:00Z".to_owned()), ..token("old") };
    let soon = NewToken { expires_at: Some("2999-01-01T00:00:00Z".to_owned()), ..token("soon") };
    let far = NewToken { ips: vec!["192.0.2.0/24".to_owned()], ..token("far") };
    let near = NewToken { ips: vec!["192.0.2.0/24".to_owned(), "127.0.0.0/8".to_owned()], ..token("near") };
    let (fake, gateway) = gateway(&[("API_TOKEN", "legacy")], &[off, old, soon, far, near]).await;
    for (text, status, code) in [
        ("off", 401, "token_disabled"),
        ("old", 401, "token_expired"),
        ("far", 403, "ip_not_allowed"),
        ("nothing", 401, "invalid_api_key"),
        ("soon", 200, ""),
        ("near", 200, ""),
        ("legacy", 200, ""),
        ("legac", 401, "invalid_api_key"),
    ] {
        let reply = gateway.send(&ask(text)).await;
        assert_eq!(told(&reply), (status, code.to_owned()), "{text}");
        if code == "invalid_api_key" {
            let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("Incorrect API key provided"), "clients look for this: {message}");
        }
    }
    let none = gateway.send(&Request::post(CHAT, &chat(false))).await;
    assert_eq!(told(&none), (401, "missing_api_key".to_owned()));
    assert_eq!(fake.log.of("/api/chat").len(), 3, "only what was let in reached Ollama");
}

#[tokio::test]
async fn a_refusal_names_its_token_in_the_books() {
    let off = NewToken { enabled: false, ..token("off") };
    let old = NewToken { expires_at: Some("2020-01-01T00:00:00Z".to_owned()), ..token("old") };
    let far = NewToken { ips: vec!["192.0.2.0/24".to_owned()], ..token("far") };
    let other = NewToken { models: vec!["other".to_owned()], ..token("other") };
    let slow = NewToken { rate_limit: Some(1), ..token("slow") };
    let thrifty = NewToken { tokens_per_minute: Some(1), ..token("thrifty") };
    let env = [("ADMIN_PASSWORD", PASSWORD), ("API_TOKEN", "legacy")];
    let (_fake, gateway) = gateway(&env, &[off, old, far, other, slow, thrifty]).await;
    let refused = [
        ("off", "token_disabled", "off"),
        ("old", "token_expired", "old"),
        ("far", "ip_not_allowed", "far"),
        ("other", "model_not_allowed", "other"),
        ("slow", "", "slow"),
        ("slow", "rate_limit_token", "slow"),
        ("thrifty", "", "thrifty"),
        ("thrifty", "tokens_per_minute", "thrifty"),
        ("nothing", "invalid_api_key", ""),
    ];
    for (text, ..) in refused {
        gateway.send(&ask(text)).await;
    }
    let admin = async |path: &str| {
        let request = Request::get(&format!("/admin/api{path}"));
        gateway.send(&with(request, PASSWORD)).await.json()
    };
    let mut records = admin("/logs?type=request").await["logs"].as_array().expect("a list").clone();
    records.reverse();
    assert_eq!(records.len(), refused.len());
    let text = |record: &serde_json::Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    for (record, (shown, kind, name)) in records.iter().zip(refused) {
        let told = (text(record, "errorKind"), text(record, "tokenName"));
        assert_eq!(told, (kind.to_owned(), name.to_owned()), "{shown}: {record}");
    }
    let page = with(Request::get("/metrics"), PASSWORD);
    let page = gateway.send(&page).await.text();
    for (name, count) in [("off", 1), ("old", 1), ("slow", 2)] {
        let is_told = page.lines().any(|line| {
            line.starts_with("ollama2openai_token_requests_total{")
                && line.contains(&format!("name=\"{name}\""))
                && line.ends_with(&format!(" {count}"))
        });
        assert!(is_told, "{name}: {page}");
    }
    for (record, used) in [(&records[0], 1), (&records[5], 2)] {
        let usage = admin(&format!("/tokens/{}/usage", text(record, "tokenId"))).await["usage"].take();
        let days = usage.as_object().expect("days").values();
        let requests: u64 = days.filter_map(|day| day["requests"].as_u64()).sum();
        assert_eq!(requests, used, "{usage}");
    }
}

#[tokio::test]
async fn a_token_is_shown_by_header_and_only_once() {
    let (_fake, gateway) = gateway(&[], &[token("alice"), token("bob")]).await;
    let bare = || Request::post(CHAT, &chat(false));
    for request in [
        ask("alice"),
        bare().header("authorization", "alice"),
        bare().header("authorization", "bEARER  alice "),
        bare().header("x-api-key", "alice"),
    ] {
        assert_eq!(gateway.send(&request).await.status, 200, "{request:?}");
    }
    for headers in [
        [("authorization", "Bearer alice"), ("Authorization", "Bearer bob")],
        [("authorization", "Bearer alice"), ("authorization", "Bearer alice")],
        [("x-api-key", "alice"), ("x-api-key", "bob")],
    ] {
        let request = headers.iter().fold(bare(), |request, (name, value)| request.and_header(name, value));
        assert_eq!(told(&gateway.send(&request).await), (401, "invalid_api_key".to_owned()), "{headers:?}");
    }
    for path in ["?token=alice", "?api_key=alice", "?key=alice", "?access_token=alice"] {
        let reply = gateway.send(&Request::post(&format!("{CHAT}{path}"), &chat(false))).await;
        assert_eq!(told(&reply), (401, "missing_api_key".to_owned()), "{path}: no secret in a URL");
    }
}

#[tokio::test]
async fn a_token_asks_only_for_its_models() {
    let limited = NewToken { models: vec!["m".to_owned(), "qwen*".to_owned()], ..token("limited") };
    let none = NewToken { models: vec!["other".to_owned()], ..token("none") };
    let (fake, gateway) = gateway(&[], &[limited, none]).await;
    let asks = async |text: &str, model: &str| {
        let mut body = chat(false);
        body["model"] = model.into();
        told(&gateway.send(&with(Request::post(CHAT, &body), text)).await)
    };
    for model in ["m", "M:latest", "qwen3:8b", "QWEN3"] {
        assert_eq!(asks("limited", model).await.0, 200, "{model}");
    }
    let count = fake.log.of("/api/chat").len();
    // Letters that look alike, blanks, and names that only begin like an allowed one.
    for model in
        ["ｍ", "m\u{200b}", "m ", "mm", "m:8b", "m/qwen3", "\u{0261}wen3", "llama3", "*", "other:latest"]
    {
        let refused = asks("limited", model).await;
        assert_eq!(refused, (403, "model_not_allowed".to_owned()), "{model:?}");
    }
    assert_eq!(fake.log.of("/api/chat").len(), count);
    let listed = async |text: &str| {
        let reply = gateway.send(&with(Request::get("/v1/models"), text)).await.json();
        reply["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((listed("limited").await, listed("none").await), (vec![json!("m:latest")], vec![]));
    for (text, status) in [("limited", 200), ("none", 403)] {
        let reply = gateway.send(&with(Request::get("/v1/models/m"), text)).await;
        assert_eq!(reply.status, status, "{text}");
    }
}

#[tokio::test]
async fn only_some_tokens_may_make_a_model_load() {
    let may = NewToken { allow_client_options: true, ..token("may") };
    let tokens = [may, token("may-not")];
    for (setting, passes) in [("", [true, false, true]), ("true", [true; 3]), ("false", [false; 3])] {
        let env = [("API_TOKEN", "legacy"), ("ALLOW_CLIENT_OPTIONS", setting)];
        let (fake, gateway) = gateway(&env, &tokens).await;
        let mut body = chat(false);
        body["num_ctx"] = 2048.into();
        for text in ["may", "may-not", "legacy"] {
            let reply = gateway.send(&with(Request::post(CHAT, &body), text)).await;
            assert_eq!(reply.status, 200);
        }
        let sent = fake.log.of("/api/chat");
        let got = sent.iter().map(|seen| seen.request.json().unwrap()["options"]["num_ctx"] == 2048);
        assert_eq!(got.collect::<Vec<_>>(), passes, "{setting}");
    }
}

#[tokio::test]
async fn answers_are_remembered_for_one_token_unless_they_are_shared() {
    for (scope, hits) in [("token", [false, true, false, false]), ("shared", [false, true, true, true])] {
        let env = [("CACHE_CHAT", "true"), ("CACHE_SCOPE", scope), ("API_TOKEN", "legacy")];
        let (_fake, gateway) = gateway(&env, &[token("alice"), token("bob")]).await;
        let mut got = Vec::new();
        for text in ["alice", "alice", "bob", "legacy"] {
            got.push(gateway.send(&ask(text)).await.header("x-cache") == Some("HIT"));
        }
        assert_eq!(got, hits, "{scope}");
    }
}

#[tokio::test]
async fn a_running_gateway_follows_changes_of_tokens() {
    let (_fake, gateway) = gateway(&[], &[token("alice")]).await;
    let store = Store::open(gateway.home(), None).await.unwrap();
    let status = async |text: &str| gateway.send(&ask(text)).await.status;
    let becomes = async |text: &str, wanted: u16| {
        let mut seen = 0;
        for _ in 0..200 {
            seen = status(text).await;
            if seen == wanted {
                break;
            }
            pause(Duration::from_millis(20)).await;
        }
        assert_eq!(seen, wanted, "{text}");
    };
    store.create_tokens(&[token("bob")], &By::cli()).await.unwrap();
    becomes("bob", 200).await;
    let id = store.tokens(&TokenQuery::default()).await.unwrap()[0].id.clone();
    let off = TokenChange { enabled: Some(false), ..TokenChange::default() };
    store.update_token(&id, &off, None, &By::cli()).await.unwrap();
    becomes("alice", 401).await;
    store.delete_token(&id, None, &By::cli()).await.unwrap();
    assert_eq!(status("bob").await, 200);
    store.close().await;
}

#[tokio::test]
async fn the_service_page_counts_tokens() {
    let off = NewToken { enabled: false, ..token("off") };
    let old = NewToken { expires_at: Some("2020-01-01T00:00:00Z".to_owned()), ..token("old") };
    let (_fake, gateway) = gateway(&[], &[off, old, token("alice")]).await;
    let counts = gateway.get("/").await.json()["tokens"].clone();
    assert_eq!(counts, json!({"total": 3, "enabled": 1, "disabled": 1, "expired": 1}));
}

#[tokio::test]
async fn a_token_with_a_new_text_is_the_same_token() {
    let alice = NewToken { rate_limit: Some(2), ..token("alice") };
    let (_fake, gateway) = gateway(&[], &[alice, token("bob")]).await;
    for _ in 0..2 {
        assert_eq!(gateway.send(&ask("alice")).await.status, 200);
    }
    let store = Store::open(gateway.home(), None).await.unwrap();
    let id = store.tokens(&TokenQuery::default()).await.unwrap()[0].id.clone();
    let text = |text: &str| {
        let NewToken { hash, prefix, last_four, .. } = token(text);
        TokenText { hash, prefix, last_four }
    };
    let taken = store.regenerate_token(&id, &text("bob"), None, &By::cli()).await.unwrap_err();
    assert!(matches!(taken, StoreError::Conflict(Conflict::Token)), "{taken:?}");
    let row = store.regenerate_token(&id, &text("anew"), Some(1), &By::cli()).await.unwrap();
    assert_eq!((row.revision, row.name.as_str()), (2, "alice"));
    store.close().await;
    let replaced = async {
        while gateway.send(&ask("alice")).await.status != 401 {
            pause(Duration::from_millis(20)).await;
        }
    };
    within("the old text is gone", replaced).await;
    let reply = gateway.send(&ask("anew")).await;
    assert_eq!(told(&reply), (429, "rate_limit_exceeded".to_owned()), "its limits go on");
}
