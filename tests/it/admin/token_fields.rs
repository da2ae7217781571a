//! Wrong fields of tokens are named, all at once; nothing is changed by them, and nothing set that cannot be.

use serde_json::{Map, Value, json};

use super::{get, names, post, refused, started};
use crate::support::client::Request;

#[tokio::test]
async fn each_wrong_field_of_a_token_is_named() {
    let gateway = started(&[]).await;
    let made = post(&gateway, "/tokens", &json!({"name": "t"})).await;
    let id = made["token"]["id"].as_str().unwrap();
    let large: Map<String, Value> = [("k".to_owned(), json!("x".repeat(16 << 10)))].into_iter().collect();
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(201))),
        ("name", json!(7)),
        ("enabled", json!("yes")),
        ("enabled", Value::Null),
        ("expiresAt", json!("2020-01-01")),
        ("expiresAt", json!("soon")),
        ("expiresAt", json!("2999-02-30")),
        ("expiresAt", json!(1_767_225_600)),
        ("expiresAt", json!("99999-01-01T00:00:00Z")),
        ("expiresAt", json!("9999-12-31")),
        ("allowedModels", json!("m")),
        ("allowedModels", json!(vec!["m"; 4097])),
        ("allowedIPs", json!({"a": 1})),
        ("allowedIPs", json!(vec!["::1"; 4097])),
        ("rateLimit", json!(-1)),
        ("rateLimit", json!(1.5)),
        ("rateLimit", json!("60")),
        ("rateLimit", json!(1_000_001)),
        ("tokensPerMinute", json!(-1)),
        ("tokensPerMinute", json!(1_000_000_001)),
        ("quotaLimit", json!(-1)),
        ("quotaLimit", json!(1_000_000_000_000_001_i64)),
        ("quotaLimit", json!(9_223_372_036_854_775_808_u64)),
        ("quotaLimit", json!(1e30)),
        ("maxConcurrent", json!(-1)),
        ("maxConcurrent", json!(true)),
        ("allowClientOptions", json!("true")),
        ("capture", json!("yes")),
        ("note", json!("a\u{7}")),
        ("note", json!("x".repeat(4097))),
        ("metadata", json!([])),
        ("metadata", json!("a")),
        ("metadata", Value::Object(large)),
    ] {
        for (method, path) in [("POST", "/tokens".to_owned()), ("PUT", format!("/tokens/{id}"))] {
            let error = refused(&gateway, 400, method, &path, &json!({field: value})).await;
            assert_eq!(names(&error["fields"]), [field], "{error}");
            assert!(error["error"].as_str().unwrap().contains(field), "{error}");
            assert_eq!(error["code"], "invalid_request");
        }
    }
    let revision = json!({"revision": "1"});
    let error = refused(&gateway, 400, "PUT", &format!("/tokens/{id}"), &revision).await;
    assert_eq!(names(&error["fields"]), ["revision"], "{error}");
    let listed = get(&gateway, "/tokens").await;
    assert_eq!(
        (listed["tokens"][0]["revision"].as_i64(), listed["summary"]["total"].as_i64()),
        (Some(1), Some(1))
    );
}

#[tokio::test]
async fn all_mistakes_come_at_once_and_items_by_their_place() {
    let gateway = started(&[]).await;
    let body = json!({
        "name": "", "quotaLimit": -1, "allowedModels": ["ok", " ", "a\u{7}"],
        "allowedIPs": ["10.0.0.0/8", "", "10.0.0.0/33", "::/129", "host.example", "10.0.0.1-10.0.0.9", "10.0.0.0/-1"],
    });
    let error = refused(&gateway, 400, "POST", "/tokens", &body).await;
    let expected = [
        "allowedIPs[1]",
        "allowedIPs[2]",
        "allowedIPs[3]",
        "allowedIPs[4]",
        "allowedIPs[5]",
        "allowedIPs[6]",
        "allowedModels[1]",
        "allowedModels[2]",
        "name",
        "quotaLimit",
    ];
    assert_eq!(names(&error["fields"]), expected, "{error}");
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 0);
}

#[tokio::test]
async fn numbers_that_no_number_holds_are_refused() {
    let gateway = started(&[]).await;
    for text in ["1e400", "-1e400", "9223372036854775808", "1e19", "NaN", "0x10", "1_000", "\"9\""] {
        let request = Request::new("POST", "/admin/api/tokens")
            .header("authorization", super::PASSWORD)
            .body(format!("{{\"name\":\"t\",\"quotaLimit\":{text}}}"));
        let reply = gateway.send(&request).await;
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("invalid_request")), "{text}");
    }
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 0);
}

#[tokio::test]
async fn what_cannot_be_set_is_a_warning_and_never_assigned() {
    let gateway = started(&[("ALLOW_ANONYMOUS", "false")]).await;
    let body = json!({
        "name": "t", "id": "mine", "token": "sk-chosen", "hash": "00", "tokenHash": "00", "role": "admin",
        "quotaUsed": -5, "totalRequests": -1, "totalTokens": 9, "lastUsed": "x", "createdAt": "2020-01-01",
        "weak": true, "status": "enabled", "usage": {}, "Note": "n",
    });
    let made = post(&gateway, "/tokens", &body).await;
    let id = made["token"]["id"].as_str().unwrap();
    let changed = super::done_by(&gateway, "PUT", &format!("/tokens/{id}"), &body).await;
    for answer in [&made, &changed] {
        let warnings: Vec<&str> =
            answer["warnings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(warnings.len(), body.as_object().unwrap().len() - 1, "{warnings:?}");
        assert!(warnings.contains(&"Note is no field; did you mean note?"), "{warnings:?}");
        let token = &answer["token"];
        assert_ne!(token["id"], "mine");
        for (name, value) in [
            ("quotaUsed", json!(0)),
            ("totalRequests", json!(0)),
            ("weak", json!(false)),
            ("allowedModels", json!([])),
        ] {
            assert_eq!(token[name], value, "{name}");
        }
        assert!(token["token"].as_str().unwrap().starts_with("sk-o2o-"));
    }
    assert_eq!(made["token"]["createdAt"], changed["token"]["createdAt"]);
}

#[tokio::test]
async fn an_expiry_that_is_over_may_stay_but_not_come() {
    let gateway = started(&[]).await;
    let old = ollama2openai::store::NewToken {
        expires_at: Some("2020-01-01T00:00:00Z".to_owned()),
        ..ollama2openai::store::NewToken::new("old", ollama2openai::config::TokenHash::of(b"old"), "", "")
    };
    let store = ollama2openai::store::Store::open(gateway.home(), None).await.unwrap();
    let id = store.create_tokens(&[old], &ollama2openai::store::By::cli()).await.unwrap()[0].id.clone();
    store.close().await;
    let path = format!("/tokens/{id}");
    let put = async |body: Value| super::call(&gateway, "PUT", &path, &body).await;
    // As a form sends all of its fields back.
    let kept = put(json!({"note": "late", "expiresAt": "2020-01-01T00:00:00.000Z"})).await;
    assert_eq!((kept.status, &kept.json()["token"]["status"]), (200, &json!("expired")));
    assert_eq!(put(json!({"expiresAt": "2020-01-02T00:00:00Z"})).await.status, 400);
    for (text, stored) in [
        (json!("2999-01-01"), json!("2999-01-01T00:00:00.000Z")),
        (json!("2999-01-01T10:00:00+02:00"), json!("2999-01-01T08:00:00.000Z")),
        (json!(""), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let now = put(json!({"expiresAt": text})).await.json();
        assert_eq!(
            (&now["token"]["expiresAt"], &now["token"]["status"]),
            (&stored, &json!("enabled")),
            "{now}"
        );
    }
}

#[tokio::test]
async fn a_right_with_a_slip_in_its_name_is_refused_when_something_is_made() {
    let gateway = started(&[]).await;
    for (given, meant) in [
        ("quota", "quotaLimit"),
        ("quota_limit", "quotaLimit"),
        ("quotaLmit", "quotaLimit"),
        ("expires", "expiresAt"),
        ("expires_at", "expiresAt"),
        ("expriesAt", "expiresAt"),
        ("models", "allowedModels"),
        ("allowedIps", "allowedIPs"),
        ("rpm", "rateLimit"),
        ("tpm", "tokensPerMinute"),
        ("maxConcurrency", "maxConcurrent"),
        ("disabled", "enabled"),
    ] {
        let error = refused(&gateway, 400, "POST", "/tokens", &json!({"name": "t", given: 1})).await;
        assert_eq!(error["fields"], json!({given: format!("is no field; did you mean {meant}?")}));
    }
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 0);
    for (path, body, near) in [
        ("/keys", json!({"key": "http://127.0.0.1:1/a", "maxConcurent": 1}), "maxConcurent"),
        ("/channels", json!({"baseUrl": "http://127.0.0.1:1", "rate_limit": 1}), "rate_limit"),
        ("/users", json!({"name": "u", "password": "a-longer-password", "must_change": true}), "must_change"),
        ("/admin-tokens", json!({"name": "s", "expires": "2999-01-01"}), "expires"),
    ] {
        let error = refused(&gateway, 400, "POST", path, &body).await;
        assert!(error["fields"][near].as_str().is_some_and(|told| told.contains("did you mean")), "{error}");
    }
    let made = post(&gateway, "/tokens", &json!({"nmae": "t", "quotaUsed": 1, "team": "a"})).await;
    assert_eq!(
        made["warnings"].as_array().map(Vec::len),
        Some(4),
        "what is no right is a warning, and what the first token closes: {made}"
    );
    let path = format!("/tokens/{}", made["token"]["id"].as_str().unwrap());
    let changed = super::done_by(&gateway, "PUT", &path, &json!({"quota": 5})).await;
    assert_eq!(changed["warnings"], json!(["quota is no field; did you mean quotaLimit?"]));
    assert!(changed["token"]["quotaLimit"].is_null());
    let copy = get(&gateway, "/tokens").await["tokens"][0].take();
    post(&gateway, "/tokens", &copy).await;
}

#[tokio::test]
async fn who_makes_the_first_token_is_told_what_it_closes() {
    let gateway = started(&[]).await;
    let first = post(&gateway, "/tokens", &json!({})).await;
    assert!(first["warnings"][0].as_str().unwrap().contains("everybody needs one"), "{first}");
    assert_eq!(post(&gateway, "/tokens", &json!({})).await["warnings"], json!(null));
    for env in [("API_TOKEN", "shared"), ("ALLOW_ANONYMOUS", "false")] {
        let gateway = started(&[env]).await;
        let first = post(&gateway, "/tokens", &json!({})).await;
        assert_eq!(first["warnings"], json!(null), "nobody came in without one");
    }
}
