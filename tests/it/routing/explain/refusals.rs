//! What is explained where nobody would serve, held against what a client is told.

use ollama2openai::access::Minted;
use ollama2openai::store::{By, NewChannel, NewKey, NewToken, Store};
use serde_json::{Value, json};

use super::{CHAT, PASSWORD, UNPROBED, asked, explained, has, next, with};
use crate::routing::{arrived, begin, channel, hanging, key, well};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::chat;

/// Nobody would serve, and a client is told the same.
pub(super) async fn refused(gateway: &Gateway, body: &Value, query: &str, status: u16, code: &str) -> Value {
    let answer = explained(gateway, query).await;
    let reply = gateway.post(CHAT, body).await.json();
    let told = &answer["refusal"];
    assert_eq!((&answer["wouldServe"], &told["status"]), (&Value::Null, &json!(status)), "{answer:#}");
    assert_eq!((&told["code"], &reply["error"]["code"]), (&json!(code), &json!(code)), "{reply}");
    assert_eq!(told["message"], reply["error"]["message"]);
    answer
}

#[tokio::test]
async fn where_nobody_serves_it_tells_what_a_client_is_told() {
    let slow = hanging().await;
    let only = NewKey { max_concurrent: 1, models: vec!["m".to_owned()], ..key("only", &slow.url()) };
    for (env, after) in [(("MAX_QUEUE", "0"), 0), (("QUEUE_TIMEOUT", "200ms"), 1)] {
        let gateway = with(&[env], &[], std::slice::from_ref(&only)).await;
        let _busy = begin(&gateway, false).await;
        arrived(&slow, 1).await;
        let answer = refused(&gateway, &chat(false), "?model=m", 503, "overloaded").await;
        assert_eq!(answer["refusal"]["afterSeconds"], after, "{answer:#}");
        has(&answer, &[("only", "at_cap")]);
        slow.log.clear();
    }
    let gateway = with(&[], &[], &[only]).await;
    let other = json!({"model": "other", "messages": [{"role": "user", "content": "hi"}]});
    let answer = refused(&gateway, &other, "?model=other", 404, "model_not_found").await;
    assert_eq!(answer["tiers"], json!([]));
    has(&answer, &[("only", "model_not_in_list")]);
    let off = NewKey { enabled: false, ..key("off", &slow.url()) };
    let gateway = with(&[], &[], &[off]).await;
    refused(&gateway, &chat(false), "?model=m", 503, "no_backend").await;
    let empty = NewChannel { backends: Vec::new(), ..channel("empty", &slow.url()) };
    let gateway = with(&[], &[empty], &[]).await;
    refused(&gateway, &chat(false), "?model=m", 502, "upstream_unreachable").await;
}

/// A token whose id and text are its name.
fn token(name: &str) -> NewToken {
    let minted = Minted::of(name.to_owned());
    let new = NewToken::new(name, minted.hash, minted.prefix, minted.last_four);
    NewToken { id: Some(name.to_owned()), ..new }
}

#[tokio::test]
async fn a_token_is_judged_as_its_request_would_be() {
    let good = well("good").await;
    let url = good.url();
    let tokens = [
        NewToken { rate_limit: Some(2), quota_limit: Some(9000), ..token("fine") },
        NewToken { enabled: false, ..token("off") },
        NewToken { expires_at: Some("2020-01-01T00:00:00Z".to_owned()), ..token("old") },
        NewToken { models: vec!["other*".to_owned()], ..token("narrow") },
    ];
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    store.create_keys(&[key("good", &url)], &By::cli()).await.unwrap();
    store.create_tokens(&tokens, &By::cli()).await.unwrap();
    store.close().await;
    let gateway = Gateway::start_in(home, &[UNPROBED, PASSWORD]).await;
    for (id, verdict, status, code) in [
        ("off", "disabled", 401, "token_disabled"),
        ("old", "expired", 401, "token_expired"),
        ("narrow", "model_not_allowed", 403, "model_not_allowed"),
    ] {
        let answer = explained(&gateway, &format!("?model=m&token={id}")).await;
        assert_eq!((&answer["token"]["verdict"], &answer["token"]["id"]), (&json!(verdict), &json!(id)));
        let request = Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {id}"));
        let reply = gateway.send(&request).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)));
        let told = &answer["refusal"];
        assert_eq!((&told["status"], &told["code"]), (&json!(status), &json!(code)));
        assert_eq!(
            (&told["message"], &answer["wouldServe"]),
            (&reply.json()["error"]["message"], &Value::Null)
        );
        has(&answer, &[("good", "would_serve")]);
    }
    let left =
        |answer: &Value| [answer["token"]["requestsLeft"].clone(), answer["token"]["quotaLeft"].clone()];
    let answer = explained(&gateway, "?model=m&token=fine").await;
    assert_eq!((next(&answer), left(&answer)), ("good", [json!(2), json!(9000)]));
    assert_eq!(
        (&answer["token"]["verdict"], &answer["token"]["tokensLeft"]),
        (&json!("allowed"), &Value::Null)
    );
    for _ in 0..2 {
        let request = Request::post(CHAT, &chat(false)).header("authorization", "Bearer fine");
        assert_eq!(gateway.send(&request).await.status, 200);
    }
    let answer = explained(&gateway, "?model=m&token=fine").await;
    assert_eq!(left(&answer), [json!(0), json!(9000 - 2 * 5)]);
    assert!(answer["token"]["reason"].as_str().unwrap().contains("429"), "{answer:#}");
    assert_eq!(asked(&gateway, "?model=m&token=nobody").await.status, 404);
    assert!(next(&explained(&gateway, "?model=m").await) == "good", "without a token none is judged");
}

#[tokio::test]
async fn what_is_asked_must_make_sense() {
    let good = well("good").await;
    let gateway = with(&[("OLLAMA_BASE_URL", &good.url())], &[], &[]).await;
    let long = "m".repeat(1025);
    for (query, field) in [
        ("", "model"),
        ("?model=", "model"),
        ("?model=%20", "model"),
        ("?model=a%0Ab", "model"),
        (&format!("?model={long}"), "model"),
        ("?model=m&needs=vision,flight", "needs"),
    ] {
        let reply = asked(&gateway, query).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.json()["fields"][field].is_string(), "{}", reply.text());
    }
    // The bound is that of requests.
    for (length, status) in [(1024, 200), (1025, 400)] {
        let mut body = chat(false);
        body["model"] = json!("m".repeat(length));
        assert_eq!(gateway.post(CHAT, &body).await.status, status);
        assert_eq!(asked(&gateway, &format!("?model={}", "m".repeat(length))).await.status, status);
    }
    let answer = explained(&gateway, "?model=m").await;
    assert_eq!(answer["tiers"][0]["origin"], "environment");
    assert_eq!(answer["wouldServe"][0]["id"], "implicit");
}
