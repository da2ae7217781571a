//! `/admin/api/channels`: each call, with the fields that the Node program had.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    CHAT, Fake, KEY, Script, Seen, channel, chat, done_by, get, has, hides, post, refused, started, well, who,
};

const FIELDS: [&str; 20] = [
    "id",
    "name",
    "enabled",
    "priority",
    "baseUrl",
    "keys",
    "models",
    "modelMapping",
    "weight",
    "maxConcurrent",
    "currentConcurrent",
    "rateLimit",
    "healthy",
    "lastError",
    "createdAt",
    "totalRequests",
    "failedRequests",
    "totalTokens",
    "lastUsed",
    "tags",
];

#[tokio::test]
async fn a_channel_lives_from_making_to_deleting() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let all = json!({"name": "lab", "enabled": true, "priority": 5, "weight": 20, "models": ["m*", "gpt-4"],
        "modelMapping": {"gpt-4": "m"}, "maxConcurrent": 4, "rateLimit": 30, "tags": ["gpu"], "baseUrl": fake.url()});
    let mut body = all.clone();
    body["keys"] = json!([KEY, "short"]);
    let made = post(&gateway, "/channels", &body).await;
    let shown = &made["channel"];
    has(shown, &FIELDS);
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
    assert_eq!(shown["keys"], json!(["sk-fir***ast4", "sh***"]));
    assert!(made["warnings"].is_null(), "{made}");
    let backend = &shown["backends"][0];
    has(backend, &["id", "key", "baseUrl", "state", "currentConcurrent", "inventory", "totalRequests"]);
    hides(&made);

    let listed = get(&gateway, "/channels").await;
    assert_eq!(listed["summary"], json!({"total": 1, "enabled": 1, "healthy": 1, "disabled": 0}));
    let path = format!("/channels/{}", shown["id"].as_str().unwrap());
    let changed =
        done_by(&gateway, "PUT", &path, &json!({"enabled": false, "weight": 0, "rateLimit": null})).await;
    let now = &changed["channel"];
    assert_eq!(
        (&now["enabled"], &now["weight"], &now["rateLimit"]),
        (&json!(false), &json!(10), &Value::Null)
    );
    assert_eq!((&now["name"], &now["keys"]), (&json!("lab"), &shown["keys"]), "what is not named stays");
    assert_eq!(done_by(&gateway, "DELETE", &path, &Value::Null).await, json!({"success": true}));
    for method in ["DELETE", "PUT"] {
        let lost = refused(&gateway, 404, method, &path, &Value::Null).await;
        assert_eq!(lost, json!({"error": "Channel not found", "code": "not_found"}));
    }
}

#[tokio::test]
async fn a_channel_without_anything_gets_the_defaults() {
    let gateway = started(&[("OLLAMA_BASE_URL", "http://127.0.0.1:1/api")]).await;
    for name in ["New Channel", "New Channel 2"] {
        let made = post(&gateway, "/channels", &Value::Null).await;
        let shown = &made["channel"];
        assert_eq!((&shown["name"], &shown["baseUrl"]), (&json!(name), &json!("http://127.0.0.1:1")));
        assert_eq!(
            (&shown["keys"], &shown["priority"], &shown["weight"]),
            (&json!([]), &json!(0), &json!(10))
        );
        assert_eq!(shown["backends"].as_array().map(Vec::len), Some(1), "a server that wants no key");
    }
}

#[tokio::test]
async fn a_channel_needs_an_address_or_a_key() {
    let gateway = started(&[("OLLAMA_BASE_URL", "")]).await;
    let wrong = json!({"name": "a", "baseURL": "http://127.0.0.1:1"});
    let error = refused(&gateway, 400, "POST", "/channels", &wrong).await;
    assert!(error["fields"]["baseUrl"].is_string(), "{error}");
    let body = json!({"keys": ["sk-cloud"], "basEurl": "http://127.0.0.1:1"});
    let error = refused(&gateway, 400, "POST", "/channels", &body).await;
    assert_eq!(error["fields"]["basEurl"], "is no field; did you mean baseUrl?");
    let made = post(&gateway, "/channels", &json!({"keys": ["sk-cloud"]})).await;
    assert_eq!(made["channel"]["baseUrl"], "https://ollama.com");
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let gateway = started(&[]).await;
    channel(&gateway, &json!({"name": "lab"})).await;
    let other = channel(&gateway, &json!({"name": "other"})).await;
    for (method, path) in [("POST", "/channels".to_owned()), ("PUT", format!("/channels/{other}"))] {
        let error = refused(&gateway, 409, method, &path, &json!({"name": "lab"})).await;
        assert_eq!((&error["code"], &error["fields"]["name"]), (&json!("exists"), &json!("exists")));
        assert!(error["error"].as_str().unwrap().contains("'lab'"), "{error}");
    }
    assert_eq!(get(&gateway, "/channels").await["summary"]["total"], 2);
}

#[tokio::test]
async fn masks_keep_their_keys_in_any_order_and_new_ones_are_added() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let body = json!({"name": "c", "baseUrl": fake.url(), "keys": [KEY, "second-key-of-it"]});
    let made = post(&gateway, "/channels", &body).await;
    let shown = &made["channel"];
    let path = format!("/channels/{}", shown["id"].as_str().unwrap());
    let keys = json!([shown["keys"][1], "third-key-of-the-channel", shown["keys"][0]]);
    let changed = done_by(&gateway, "PUT", &path, &json!({"keys": keys})).await;
    assert_eq!(changed["channel"]["keys"], json!(["second***f-it", "third-***nnel", "sk-fir***ast4"]));
    assert_eq!(changed["channel"]["backends"][2]["id"], shown["backends"][0]["id"], "the same backend");
    for _ in 0..3 {
        who(&gateway).await;
    }
    let mut sent: Vec<_> = fake
        .log
        .of("/api/chat")
        .iter()
        .map(|seen| seen.request.header("authorization").unwrap().to_owned())
        .collect();
    sent.sort();
    assert_eq!(
        sent,
        [
            "Bearer second-key-of-it".to_owned(),
            format!("Bearer {KEY}"),
            "Bearer third-key-of-the-channel".to_owned()
        ]
    );
    let strange = refused(&gateway, 400, "PUT", &path, &json!({"keys": ["sk-oth***ther"]})).await;
    assert!(strange["fields"]["keys[0]"].as_str().unwrap().contains("mask"), "{strange}");
}

#[tokio::test]
async fn a_changed_address_needs_the_keys_again() {
    let (old, new) = (well("old").await, well("new").await);
    let gateway = started(&[]).await;
    let with_key = channel(&gateway, &json!({"name": "c", "baseUrl": old.url(), "keys": [KEY]})).await;
    let path = format!("/channels/{with_key}");
    let error = refused(&gateway, 400, "PUT", &path, &json!({"baseUrl": new.url()})).await;
    assert!(error["fields"]["keys"].as_str().unwrap().contains("entered again"), "{error}");
    let masked = json!({"baseUrl": new.url(), "keys": ["sk-fir***ast4"]});
    refused(&gateway, 400, "PUT", &path, &masked).await;
    assert_eq!(who(&gateway).await, "old");
    done_by(&gateway, "PUT", &path, &json!({"baseUrl": new.url(), "keys": ["another-key"]})).await;
    assert_eq!(who(&gateway).await, "new");
    assert!(
        new.log
            .all()
            .iter()
            .all(|seen| seen.request.header("authorization") != Some(&format!("Bearer {KEY}")))
    );
    done_by(&gateway, "DELETE", &path, &Value::Null).await;

    let keyless = channel(&gateway, &json!({"name": "d", "baseUrl": old.url()})).await;
    done_by(&gateway, "PUT", &format!("/channels/{keyless}"), &json!({"baseUrl": new.url()})).await;
    assert_eq!(who(&gateway).await, "new", "there is no key that could go astray");
}

#[tokio::test]
async fn an_old_revision_is_a_conflict() {
    let gateway = started(&[]).await;
    let made = post(&gateway, "/channels", &json!({"name": "c"})).await;
    let (path, revision) =
        (format!("/channels/{}", made["channel"]["id"].as_str().unwrap()), &made["channel"]["revision"]);
    done_by(&gateway, "PUT", &path, &json!({"priority": 1, "revision": revision})).await;
    let error = refused(&gateway, 409, "PUT", &path, &json!({"priority": 2, "revision": revision})).await;
    assert_eq!(error["code"], "changed_meanwhile");
    assert_eq!(get(&gateway, "/channels").await["channels"][0]["priority"], 1);
}

#[tokio::test]
async fn checks_look_at_enabled_channels() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    channel(&gateway, &json!({"name": "here", "baseUrl": fake.url()})).await;
    channel(&gateway, &json!({"name": "nowhere", "baseUrl": "http://127.0.0.1:1"})).await;
    channel(&gateway, &json!({"name": "off", "baseUrl": "http://127.0.0.1:1", "enabled": false})).await;
    let mut checked = Value::Null;
    for _ in 0..3 {
        checked = post(&gateway, "/channels/check", &Value::Null).await;
        let results = checked["results"].as_array().unwrap().iter();
        let results: Vec<_> =
            results.map(|one| (one["name"].as_str().unwrap(), one["healthy"].as_bool().unwrap())).collect();
        assert_eq!(results, [("here", true), ("nowhere", false)], "the first look says it already");
    }
    assert_eq!(checked["channels"].as_array().map(Vec::len), Some(3));
    assert!(checked["channels"][1]["lastError"].as_str().unwrap().contains("refused"), "{checked}");
    assert_eq!(get(&gateway, "/channels").await["summary"]["healthy"], 1);
    assert_eq!(post(&gateway, "/channels/reset-health", &Value::Null).await, json!({"success": true}));
    assert_eq!(get(&gateway, "/channels").await["summary"]["healthy"], 2);
}

#[tokio::test]
async fn a_check_looks_at_one_channel_that_is_off_too() {
    let (fake, other) = (well("a").await, well("b").await);
    let gateway = started(&[]).await;
    let keys = json!(["http://127.0.0.1:1", fake.url()]);
    let new = json!({"name": "here", "baseUrl": fake.url(), "keys": keys, "enabled": false});
    let here = channel(&gateway, &new).await;
    channel(&gateway, &json!({"name": "other", "baseUrl": other.url()})).await;
    let before = other.log.all().len();
    let path = format!("/channels/{here}/check");
    let checked = post(&gateway, &path, &Value::Null).await;
    let backends = &checked["channel"]["backends"];
    assert_eq!(checked["channel"]["healthy"], true, "{checked}");
    assert!(backends[0]["lastError"].as_str().unwrap().contains("refused"), "{checked}");
    assert_eq!(backends[1]["inventory"]["models"], json!(["m:latest"]), "{checked}");
    assert_eq!(other.log.all().len(), before, "no other is asked");
    assert!(
        fake.log.of("/api/chat").is_empty() && fake.log.of("/api/generate").is_empty(),
        "it loads nothing"
    );

    for _ in 0..3 {
        post(&gateway, &path, &Value::Null).await;
    }
    let state = |shown: &Value| shown["channel"]["backends"][0]["state"].clone();
    assert_eq!(state(&get(&gateway, &format!("/channels/{here}")).await), "down");
    let reset = post(&gateway, &format!("/channels/{here}/reset-health"), &Value::Null).await;
    assert_eq!(state(&reset), "unknown", "it has never answered");
    let entry = get(&gateway, "/audit?limit=1").await["entries"][0].clone();
    assert_eq!(
        (&entry["action"], &entry["objectId"]),
        (&json!("channel.reset_health"), &json!(here)),
        "{entry}"
    );
    for what in ["check", "reset-health"] {
        refused(&gateway, 404, "POST", &format!("/channels/none/{what}"), &Value::Null).await;
    }
}

#[tokio::test]
async fn a_preview_looks_and_stores_nothing() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let body = json!({"baseUrl": fake.url(), "keys": [KEY, "http://127.0.0.1:1"]});
    let found = post(&gateway, "/channels/preview", &body).await;
    hides(&found);
    let well = json!({"baseUrl": found["backends"][0]["baseUrl"], "key": found["backends"][0]["key"], "healthy": true,
        "version": "0.33.0", "models": ["m:latest"], "error": null});
    assert_eq!(found["backends"][0], well);
    let ill = &found["backends"][1];
    assert_eq!((&ill["healthy"], &ill["models"]), (&json!(false), &Value::Null), "{found}");
    assert!(ill["error"].as_str().unwrap().contains("refused"), "{found}");
    assert!(
        fake.log.of("/api/chat").is_empty() && fake.log.of("/api/generate").is_empty(),
        "it loads nothing"
    );
    assert_eq!(get(&gateway, "/channels").await["summary"]["total"], 0);
    let wrong = refused(&gateway, 400, "POST", "/channels/preview", &json!({"keys": ["sk-a***b"]})).await;
    assert!(wrong["fields"]["keys[0]"].as_str().unwrap().contains("mask"), "{wrong}");
}

#[tokio::test]
async fn a_web_server_is_no_ollama() {
    let page = |_: &Seen| Script::whole(200, "text/html", "<!doctype html><p>It works!");
    let other = |_: &Seen| Script::json(200, &json!({"status": "ok"}));
    let web = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(page)).await.unwrap();
    let api = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(other)).await.unwrap();
    let gateway = started(&[]).await;
    for upstream in [&web, &api] {
        let path = format!(
            "/channels/{}",
            channel(&gateway, &json!({"name": "c", "baseUrl": upstream.url()})).await
        );
        let checked = post(&gateway, "/channels/check", &Value::Null).await;
        assert_eq!(checked["results"][0]["healthy"], false, "{checked}");
        let error = checked["channels"][0]["lastError"].as_str().unwrap();
        assert!(error.contains("is it an Ollama?"), "{error}");
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!(reply.status, 502, "{}", reply.text());
        done_by(&gateway, "DELETE", &path, &Value::Null).await;
    }
    let key = post(&gateway, "/keys", &json!({"key": format!("{}|k", web.url())})).await;
    let path = format!("/keys/{}/check", key["key"]["id"].as_str().unwrap());
    assert_eq!(post(&gateway, &path, &Value::Null).await["key"]["healthy"], false);
}
