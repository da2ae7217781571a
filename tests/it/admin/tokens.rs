//! `/admin/api/tokens`: each call, and what a token made by it may do from then on.

use ollama2openai::fake::Fake;
use ollama2openai::store::{Store, TokenUse, Totals};
use serde_json::{Value, json};

use super::{CHAT, call, done_by, get, names, post, refused, started, well};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::chat;

const FIELDS: [&str; 25] = [
    "allowClientOptions",
    "allowedIPs",
    "allowedModels",
    "capture",
    "createdAt",
    "enabled",
    "expiresAt",
    "failedRequests",
    "id",
    "lastUsed",
    "maxConcurrent",
    "metadata",
    "name",
    "note",
    "quotaLimit",
    "quotaResetAt",
    "quotaUsed",
    "rateLimit",
    "revision",
    "status",
    "token",
    "tokensPerMinute",
    "totalRequests",
    "totalTokens",
    "weak",
];

/// A gateway in front of an Ollama that answers.
async fn serving() -> (Fake, Gateway) {
    let fake = well("Hi").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    (fake, gateway)
}

/// A token is made; its path below the API, and its text.
async fn made(gateway: &Gateway, body: &Value) -> (String, String) {
    let token = post(gateway, "/tokens", body).await["token"].take();
    (format!("/tokens/{}", token["id"].as_str().unwrap()), token["token"].as_str().unwrap().to_owned())
}

/// Status and code of a chat with this token.
async fn asks(gateway: &Gateway, text: &str, model: &str) -> (u16, String) {
    let mut body = chat(false);
    body["model"] = model.into();
    let request = Request::post(CHAT, &body).header("authorization", &format!("Bearer {text}"));
    let reply = gateway.send(&request).await;
    let code = match reply.status {
        200 => String::new(),
        _ => reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned(),
    };
    (reply.status, code)
}

#[tokio::test]
async fn a_token_lives_from_making_to_deleting() {
    let (_fake, gateway) = serving().await;
    let answer = post(&gateway, "/tokens", &Value::Null).await;
    assert_eq!(names(&answer), ["success", "token", "warnings"], "it is the first");
    let token = &answer["token"];
    assert_eq!(names(token), FIELDS);
    let text = token["token"].as_str().unwrap();
    let digits = text.strip_prefix("sk-o2o-").unwrap();
    assert!(digits.len() == 48 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "its form");
    assert_eq!(
        (&token["name"], &token["enabled"], &token["weak"]),
        (&json!("API Token"), &json!(true), &json!(false))
    );
    for none in ["expiresAt", "rateLimit", "tokensPerMinute", "quotaLimit", "quotaResetAt", "lastUsed"] {
        assert!(token[none].is_null(), "{none}");
    }
    for (empty, value) in [("allowedModels", json!([])), ("allowedIPs", json!([])), ("metadata", json!({}))] {
        assert_eq!(token[empty], value);
    }
    let listed = get(&gateway, "/tokens").await;
    assert_eq!(names(&listed), ["summary", "tokens"]);
    assert_eq!(listed["summary"], json!({"total": 1, "enabled": 1, "disabled": 0, "expired": 0}));
    let masked = format!("{}****{}", &text[..10], &text[text.len() - 4..]);
    let mut expected = token.clone();
    expected["token"] = masked.into();
    assert_eq!(listed["tokens"], json!([expected]));
    let path = format!("/tokens/{}", token["id"].as_str().unwrap());
    let deleted = done_by(&gateway, "DELETE", &path, &Value::Null).await;
    assert_eq!(deleted, json!({"success": true}));
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 0);
    for (method, path) in [
        ("DELETE", path.clone()),
        ("PUT", path.clone()),
        ("POST", format!("{path}/regenerate")),
        ("POST", format!("{path}/reset-quota")),
    ] {
        let error = refused(&gateway, 404, method, &path, &json!({})).await;
        assert_eq!((&error["error"], &error["code"]), (&json!("Token not found"), &json!("not_found")));
    }
    assert_eq!(asks(&gateway, text, "m").await, (401, "invalid_api_key".to_owned()));
}

#[tokio::test]
async fn every_field_is_kept_and_changed() {
    let (_fake, gateway) = serving().await;
    let body = json!({
        "name": "ci", "enabled": false, "expiresAt": "2999-12-31T22:59:00+01:00", "allowedModels": ["llama*", "m"],
        "allowedIPs": [" 10.0.0.0/8", "2001:db8::/32", "::1"], "rateLimit": 30, "tokensPerMinute": 90_000,
        "quotaLimit": 1_000_000_000_000_000_i64, "maxConcurrent": 3, "allowClientOptions": true, "capture": true,
        "note": "for the\nnight shift", "metadata": {"team": "a", "n": [1, null]},
    });
    let token = post(&gateway, "/tokens", &body).await["token"].take();
    let mut expected = body.clone();
    expected["expiresAt"] = "2999-12-31T21:59:00.000Z".into();
    expected["allowedIPs"][0] = "10.0.0.0/8".into();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&token[name], value, "{name}");
    }
    assert_eq!((&token["status"], &token["quotaUsed"]), (&json!("disabled"), &json!(0)));
    assert!(token["quotaResetAt"].as_str().unwrap().ends_with("-01T00:00:00.000Z"), "{token}");
    let path = format!("/tokens/{}", token["id"].as_str().unwrap());
    let now = done_by(&gateway, "PUT", &path, &json!({"note": null, "rateLimit": 5})).await["token"].take();
    assert_eq!((&now["note"], &now["rateLimit"], &now["revision"]), (&json!(""), &json!(5), &json!(2)));
    assert_eq!((&now["metadata"], &now["allowedIPs"]), (&token["metadata"], &token["allowedIPs"]));
    let cleared = json!({
        "expiresAt": null, "rateLimit": null, "tokensPerMinute": 0, "quotaLimit": null, "allowedModels": null,
        "allowedIPs": [], "maxConcurrent": null, "metadata": null, "enabled": true, "allowClientOptions": false,
        "capture": false,
    });
    let now = done_by(&gateway, "PUT", &path, &cleared).await["token"].take();
    for none in ["expiresAt", "rateLimit", "tokensPerMinute", "quotaLimit", "quotaResetAt"] {
        assert!(now[none].is_null(), "{none}: {now}");
    }
    for (name, value) in [
        ("allowedModels", json!([])),
        ("allowedIPs", json!([])),
        ("maxConcurrent", json!(0)),
        ("metadata", json!({})),
    ] {
        assert_eq!(now[name], value, "{name}");
    }
    assert_eq!((&now["enabled"], &now["status"]), (&json!(true), &json!("enabled")));
}

#[tokio::test]
async fn a_token_asks_for_what_it_may_from_its_answer_on() {
    let (fake, gateway) = serving().await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200, "without any token this machine may call");
    let (models, text) = made(&gateway, &json!({"allowedModels": ["m"]})).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 401);
    assert_eq!(asks(&gateway, &text, "m").await.0, 200);
    assert_eq!(asks(&gateway, &text, "other").await, (403, "model_not_allowed".to_owned()));
    done_by(&gateway, "PUT", &models, &json!({"allowedModels": ["o*"]})).await;
    assert_eq!(asks(&gateway, &text, "m").await, (403, "model_not_allowed".to_owned()));
    assert_ne!(asks(&gateway, &text, "other").await.1, "model_not_allowed");

    let (path, text) = made(&gateway, &json!({"allowedIPs": ["192.0.2.0/24"]})).await;
    assert_eq!(asks(&gateway, &text, "m").await, (403, "ip_not_allowed".to_owned()));
    done_by(&gateway, "PUT", &path, &json!({"allowedIPs": ["192.0.2.0/24", "127.0.0.1"]})).await;
    assert_eq!(asks(&gateway, &text, "m").await.0, 200);
    done_by(&gateway, "PUT", &path, &json!({"enabled": false})).await;
    assert_eq!(asks(&gateway, &text, "m").await, (401, "token_disabled".to_owned()));
    done_by(&gateway, "PUT", &path, &json!({"enabled": true})).await;
    assert_eq!(asks(&gateway, &text, "m").await.0, 200);
    done_by(&gateway, "DELETE", &path, &Value::Null).await;
    assert_eq!(asks(&gateway, &text, "m").await, (401, "invalid_api_key".to_owned()));
    let served = fake.log.of("/api/chat").iter().filter(|seen| seen.request.model() == "m").count();
    assert_eq!(served, 4, "nothing that was refused reached Ollama");
}

#[tokio::test]
async fn another_text_ends_the_old_one_at_once() {
    let (_fake, gateway) = serving().await;
    let (path, old) = made(&gateway, &json!({"name": "ci", "allowedModels": ["m"]})).await;
    let stale = json!({"revision": 7});
    refused(&gateway, 409, "POST", &format!("{path}/regenerate"), &stale).await;
    assert_eq!(asks(&gateway, &old, "m").await.0, 200, "what was refused changed nothing");
    let token = post(&gateway, &format!("{path}/regenerate"), &Value::Null).await["token"].take();
    let new = token["token"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!((&token["name"], &token["revision"]), (&json!("ci"), &json!(2)));
    assert_eq!(asks(&gateway, &old, "m").await, (401, "invalid_api_key".to_owned()));
    assert_eq!(asks(&gateway, new, "m").await.0, 200);
    assert_eq!(asks(&gateway, new, "other").await.0, 403, "its rules stay");
}

#[tokio::test]
async fn the_second_of_two_writers_is_told() {
    let gateway = started(&[]).await;
    let (path, _) = made(&gateway, &json!({"name": "one"})).await;
    done_by(&gateway, "PUT", &path, &json!({"name": "two", "revision": 1})).await;
    let error = refused(&gateway, 409, "PUT", &path, &json!({"name": "three", "revision": 1})).await;
    assert_eq!(error["code"], "changed_meanwhile");
    let with = async |given: &str, body: &Value| {
        let request = Request::new("PUT", &format!("/admin/api{path}"))
            .header("authorization", super::PASSWORD)
            .header("if-match", given)
            .body(body.to_string());
        gateway.send(&request).await
    };
    assert_eq!(with("\"1\"", &json!({"name": "three"})).await.status, 409);
    for bad in ["soon", "\"3\""] {
        let reply = with(bad, &json!({"name": "three", "revision": 2})).await;
        assert_eq!((reply.status, names(&reply.json()["fields"])), (400, vec!["If-Match"]), "{bad}");
    }
    assert_eq!(get(&gateway, "/tokens").await["tokens"][0]["name"], "two");
    for (given, revision) in [("\"2\"", 3), ("3", 4), ("*", 5)] {
        let reply = with(given, &json!({"name": given})).await;
        assert_eq!((reply.status, &reply.json()["token"]["revision"]), (200, &json!(revision)), "{given}");
    }
}

#[tokio::test]
async fn what_was_used_of_a_quota_is_forgotten_on_demand() {
    let gateway = started(&[]).await;
    let (path, _) = made(&gateway, &json!({"quotaLimit": 100})).await;
    let id = path.strip_prefix("/tokens/").unwrap().to_owned();
    let store = Store::open(gateway.home(), None).await.unwrap();
    let used = async |month: String| {
        let used = TokenUse { totals: Totals::default(), quota: 60, month: Some(month) };
        store.add_usage(&[], &[], &[(id.as_str(), used)]).await.unwrap();
        get(&gateway, "/tokens").await["tokens"][0]["quotaUsed"].clone()
    };
    assert_eq!(used("2020-01-01".to_owned()).await, 0, "a month that is over does not count");
    let resets = get(&gateway, "/tokens").await["tokens"][0]["quotaResetAt"].as_str().unwrap().to_owned();
    let next: jiff::Timestamp = resets.parse().unwrap();
    let last = next.to_zoned(jiff::tz::TimeZone::UTC).date().yesterday().unwrap();
    assert_eq!(used(last.first_of_month().to_string()).await, 60);
    let token = post(&gateway, &format!("{path}/reset-quota"), &Value::Null).await["token"].take();
    assert_eq!((&token["quotaUsed"], &token["quotaResetAt"]), (&json!(0), &json!(resets)));
    assert_eq!(get(&gateway, "/tokens").await["tokens"][0]["quotaUsed"], 0);
    store.close().await;
}

#[tokio::test]
async fn many_are_changed_at_once() {
    let (_fake, gateway) = serving().await;
    let (first, text) = made(&gateway, &json!({"name": "a"})).await;
    let (second, _) = made(&gateway, &json!({"name": "b"})).await;
    made(&gateway, &json!({"name": "c"})).await;
    let ids: Vec<_> = [first, second].map(|path| path.replace("/tokens/", "")).into();
    let asked = [ids[0].clone(), "of-nobody".to_owned(), ids[1].clone(), ids[0].clone()];
    for (action, status) in [("disable", 401), ("enable", 200), ("disable", 401), ("delete", 401)] {
        let done = post(&gateway, "/tokens/bulk", &json!({"ids": asked, "action": action})).await;
        assert_eq!(done, json!({"success": true, "done": ids, "notFound": ["of-nobody"]}), "{action}");
        assert_eq!(asks(&gateway, &text, "m").await.0, status, "{action}");
    }
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 1);
    let many = vec!["x"; 1001];
    for (body, field) in [
        (json!({"ids": ["x"], "action": "promote"}), "action"),
        (json!({"ids": ["x"]}), "action"),
        (json!({"ids": [], "action": "delete"}), "ids"),
        (json!({"action": "delete"}), "ids"),
        (json!({"ids": "all", "action": "delete"}), "ids"),
        (json!({"ids": many, "action": "delete"}), "ids"),
    ] {
        let error = refused(&gateway, 400, "POST", "/tokens/bulk", &body).await;
        assert_eq!(names(&error["fields"]), [field], "{error}");
    }
    assert_eq!(get(&gateway, "/tokens").await["summary"]["total"], 1);
}

#[tokio::test]
async fn only_making_one_shows_its_text() {
    let (_fake, gateway) = serving().await;
    let (path, old) = made(&gateway, &json!({"name": "ci"})).await;
    let new = post(&gateway, &format!("{path}/regenerate"), &Value::Null).await["token"]["token"].clone();
    let new = new.as_str().unwrap();
    let id = path.replace("/tokens/", "");
    let mut answers = Vec::new();
    for (method, path, body) in [
        ("GET", "/tokens".to_owned(), Value::Null),
        ("GET", "/tokens?limit=1&search=ci".to_owned(), Value::Null),
        ("PUT", path.clone(), json!({"name": "x"})),
        ("PUT", path.clone(), json!({"expiresAt": new})),
        ("PUT", path.clone(), json!({"allowedIPs": [new]})),
        ("PUT", path.clone(), json!({"token": new})),
        ("POST", format!("{path}/reset-quota"), json!({})),
        ("POST", "/tokens/bulk".to_owned(), json!({"ids": [id], "action": "disable"})),
        ("DELETE", path.clone(), Value::Null),
    ] {
        answers.push(call(&gateway, method, &path, &body).await.text());
    }
    for path in ["/", "/health", "/v1/models"] {
        answers.push(gateway.get(path).await.text());
    }
    let hash = |text: &str| {
        let bytes = *ollama2openai::config::TokenHash::of(text.as_bytes()).as_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    for answer in answers {
        for text in [&old, new] {
            assert!(!answer.contains(&text[10..44]) && !answer.contains(&hash(text)), "{answer}");
        }
    }
    // Nor is it in a file.
    let mut files = 0;
    for entry in std::fs::read_dir(gateway.home()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(34).any(|part| part == &new.as_bytes()[10..44]), "{:?}", entry.path());
            files += 1;
        }
    }
    assert!(files > 0, "the database is a file");
}

#[tokio::test]
async fn use_is_told_by_days_and_a_spent_quota_opens_again() {
    let (_fake, gateway) = serving().await;
    let (path, text) = made(&gateway, &json!({})).await;
    for _ in 0..3 {
        assert_eq!(asks(&gateway, &text, "m").await.0, 200);
    }
    let used = get(&gateway, &format!("{path}/usage")).await["usage"].take();
    let days: Vec<&Value> = used.as_object().unwrap().values().collect();
    let sum = |name: &str| days.iter().filter_map(|day| day[name].as_i64()).sum::<i64>();
    let token = get(&gateway, "/tokens").await["tokens"][0].take();
    let tokens = sum("promptTokens") + sum("completionTokens");
    assert_eq!((sum("requests"), &token["totalRequests"]), (3, &json!(3)), "{used}");
    assert!(tokens > 0 && token["quotaUsed"] == tokens && token["totalTokens"] == tokens, "{used} {token}");
    assert!(token["lastUsed"].is_string(), "{token}");
    refused(&gateway, 404, "GET", "/tokens/of-nobody/usage?days=1", &Value::Null).await;
    for days in ["0", "367", "some"] {
        let error = refused(&gateway, 400, "GET", &format!("{path}/usage?days={days}"), &Value::Null).await;
        assert_eq!(names(&error["fields"]), ["days"], "{error}");
    }
    done_by(&gateway, "PUT", &path, &json!({"quotaLimit": tokens})).await;
    assert_eq!(asks(&gateway, &text, "m").await, (429, "insufficient_quota".to_owned()));
    let reset = post(&gateway, &format!("{path}/reset-quota"), &Value::Null).await["token"].take();
    assert_eq!(reset["quotaUsed"], 0);
    done_by(&gateway, "PUT", &path, &json!({"quotaLimit": 100_000})).await;
    assert_eq!(asks(&gateway, &text, "m").await.0, 200);
    let token = get(&gateway, "/tokens").await["tokens"][0].take();
    assert_eq!(token["quotaUsed"].as_i64(), Some(tokens / 3), "{token}");
}
