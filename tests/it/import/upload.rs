//! `POST /admin/api/import`, and what is shown of imported counts.

use serde_json::{Value, json};

use super::{ALICE, hides, sample};
use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};

async fn call(gateway: &Gateway, path: &str, body: &Value) -> Response {
    let path = format!("/admin/api{path}");
    let request = if body.is_null() { Request::get(&path) } else { Request::post(&path, body) };
    let reply = gateway.send(&request.header("authorization", "Bearer the-password")).await;
    hides(&reply.text());
    reply
}

async fn started() -> Gateway {
    Gateway::start(&[("ADMIN_PASSWORD", "the-password"), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")]).await
}

/// How many keys the gateway has, and whether it serves somebody of this machine without a token, as it does until it
/// has one.
async fn known(gateway: &Gateway) -> (usize, bool) {
    let keys = call(gateway, "/keys", &Value::Null).await.json()["keys"].as_array().unwrap().len();
    (keys, gateway.get("/v1").await.status == 200)
}

#[tokio::test]
async fn files_are_taken_as_json_or_text_and_only_when_it_is_said() {
    let fake = ollama(|_| whole("from the old key")).await;
    let gateway = started().await;
    let keys: Value =
        serde_json::from_str(&sample("small/keys.json", &[("http://gpu-a:11434", &fake.url())])).unwrap();
    let body = json!({"files": {"keys.json": keys, "tokens.json": sample("small/tokens.json", &[]), "notes.txt": "x"},
        "aply": true});
    for path in ["/import", "/import?apply=false"] {
        let report = call(&gateway, path, &body).await.json();
        assert_eq!((&report["applied"], &report["summary"]["new"]), (&json!(false), &json!(2)), "{report}");
        assert_eq!(
            report["warnings"],
            json!(["files.notes.txt is no file of the Node program", "aply is no field that can be set"])
        );
    }
    assert_eq!(known(&gateway).await, (0, true));
    let report = call(&gateway, "/import?apply=true", &body).await.json();
    assert_eq!((&report["applied"], &report["summary"]["new"]), (&json!(true), &json!(2)), "{report}");
    let item = &report["items"][0];
    assert_eq!(
        (&item["file"], &item["fit"], &item["state"]),
        (&json!("keys.json"), &json!("exact"), &json!("new"))
    );
    assert_eq!(item["id"], "0f0c2f6e-52a0-4a51-8b5e-5a4f2f1f0a01");
    assert_eq!(report["plainSecrets"], json!(["keys.json", "tokens.json"]));
    let request = Request::post("/v1/chat/completions", &chat(false));
    let reply = gateway.send(&request.header("authorization", &format!("Bearer {ALICE}"))).await;
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "from the old key", "{}", reply.text());
    assert_eq!(known(&gateway).await, (1, false));
    let again = call(&gateway, "/import?apply=true", &body).await.json();
    assert_eq!((&again["summary"]["new"], &again["summary"]["present"]), (&json!(0), &json!(2)), "{again}");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let gateway = started().await;
    let keys = sample("small/keys.json", &[]);
    let damaged =
        json!({"files": {"keys.json": keys, "tokens.json": "{\"tokens\":[\n{\"id\":\"mArKeR\" 1}]}"}});
    let reply = call(&gateway, "/import?apply=true", &damaged).await;
    assert_eq!(reply.status, 400);
    let wrong = reply.json()["fields"]["files.tokens.json"].as_str().unwrap().to_owned();
    assert!(wrong.starts_with("is damaged in line 2: expected `,` or `}`"), "{wrong}");
    for (path, body, field) in [
        ("/import", json!({}), "files"),
        ("/import", json!({"files": {}}), "files"),
        ("/import", json!({"files": ["keys.json"]}), "files"),
        ("/import?apply=perhaps", json!({"files": {"keys.json": {}}}), "apply"),
    ] {
        let reply = call(&gateway, path, &body).await;
        assert!(reply.status == 400 && reply.json()["fields"][field].is_string(), "{body}: {}", reply.text());
    }
    assert_eq!(known(&gateway).await, (0, true));
}

#[tokio::test]
async fn every_odd_thing_of_the_samples_is_told_without_a_secret() {
    let gateway = started().await;
    let names =
        ["keys.json", "channels.json", "tokens.json", "stats.json", "access.json", "logs/audit.jsonl"];
    let mut files: serde_json::Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!(sample(&format!("full/data/{name}"), &[]))))
        .collect();
    files.insert(".env".to_owned(), json!(sample("full/env.txt", &[])));
    files.insert("requests.jsonl".to_owned(), json!(sample("full/data/logs/requests.jsonl", &[])));
    let report = call(&gateway, "/import?apply=true", &json!({"files": files})).await.json();
    let of = |file: &str| {
        let items = report["items"].as_array().unwrap().iter();
        items.filter(|item| item["file"] == file).count()
    };
    assert_eq!(
        (of("keys.json"), of("channels.json"), of("tokens.json"), of("stats.json")),
        (9, 4, 8, 1),
        "{report}"
    );
    assert_eq!((of("access.json"), of("logs/requests.jsonl"), of("logs/audit.jsonl")), (2, 1, 1), "{report}");
    assert_eq!(report["plainSecrets"], json!(["keys.json", "channels.json", "tokens.json", ".env"]));

    let stats = call(&gateway, "/stats?days=3660", &Value::Null).await.json();
    let day = &stats["stats"]["2026-01-09"]["5b0e8c1e-6a9e-4f1e-9d53-0f2f3a4b5c6d"];
    assert_eq!(*day, json!({"success": 31, "fail": 1, "tokens": 4410, "imported": true}));
    let day = &stats["stats"]["2026-01-08"]["5b0e8c1e-6a9e-4f1e-9d53-0f2f3a4b5c6d"];
    assert_eq!(*day, json!({"success": 0, "fail": 2, "tokens": 0, "imported": true}));
    assert_eq!((&stats["summary"]["total"], &stats["summary"]["totalRequests"]), (&json!(8), &json!(812)));
    assert!(stats["stats"].get("long ago").is_none());
    assert_eq!(call(&gateway, "/stats?days=1", &Value::Null).await.json()["stats"], json!({}));
    for days in ["0", "-1", "many", "99999999999999999999"] {
        let reply = call(&gateway, &format!("/stats?days={days}"), &Value::Null).await;
        assert!(reply.status == 400 && reply.json()["fields"]["days"].is_string(), "{}", reply.text());
    }
}

#[tokio::test]
async fn rules_that_would_shut_the_sender_out_are_refused_unless_they_are_confirmed() {
    let env = [("ADMIN_PASSWORD", "the-password"), ("TRUST_PROXY", "true"), ("ALLOW_ANONYMOUS", "true")];
    let gateway = Gateway::start(&env).await;
    let from = async |address: &str, path: &str, body: &Value| {
        let request = Request::post(&format!("/admin/api{path}"), body);
        let request =
            request.header("authorization", "Bearer the-password").header("x-forwarded-for", address);
        let reply = gateway.send(&request).await;
        (reply.status, reply.json())
    };
    let me = "203.0.113.9";
    let rules = json!({"mode": "whitelist", "whitelist": ["198.51.100.7"], "blacklist": []});
    let mut body = json!({"files": {"access.json": rules, "tokens.json": sample("small/tokens.json", &[])}});
    let (status, report) = from(me, "/import", &body).await;
    assert_eq!((status, &report["applied"]), (200, &json!(false)), "{report}");
    assert!(
        report["warnings"].to_string().contains("your own address, 203.0.113.9, is shut out"),
        "{report}"
    );
    assert_eq!(report["items"][1]["fit"], "approximate", "{report}");
    let (status, error) = from(me, "/import?apply=true", &body).await;
    assert_eq!(
        (status, &error["code"], &error["address"]),
        (409, &json!("would_lock_out"), &json!(me)),
        "{error}"
    );
    let tokens = call(&gateway, "/tokens", &Value::Null).await.json();
    assert_eq!(tokens["summary"]["total"], 0, "nothing was imported: {tokens}");
    body["confirm"] = true.into();
    let (status, report) = from(me, "/import?apply=true", &body).await;
    assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
    assert!(report["warnings"].to_string().contains("is shut out"), "{report}");
    assert_eq!(from(me, "/import", &body).await.0, 403);
    // What is saved already counts, and so the same rules are no danger to one who is inside.
    let (status, report) = from("198.51.100.7", "/import?apply=true", &body).await;
    assert_eq!((status, &report["warnings"]), (200, &json!([])), "{report}");
}
