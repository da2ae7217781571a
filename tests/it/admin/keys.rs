//! `/admin/api/keys`: each call, with the fields that the Node program had.

use serde_json::{Value, json};

use super::{KEY, call, done_by, get, has, hides, post, refused, started, well};

const FIELDS: [&str; 21] = [
    "id",
    "key",
    "baseUrl",
    "name",
    "enabled",
    "healthy",
    "lastCheck",
    "lastError",
    "totalRequests",
    "failedRequests",
    "totalTokens",
    "lastUsed",
    "addedAt",
    "weight",
    "priority",
    "maxConcurrent",
    "currentConcurrent",
    "group",
    "models",
    "modelMapping",
    "tags",
];

#[tokio::test]
async fn a_key_lives_from_adding_to_deleting() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": KEY, "baseUrl": fake.url()})).await;
    assert_eq!(added["success"], true);
    let key = &added["key"];
    has(key, &FIELDS);
    assert_eq!((&key["key"], &key["name"]), (&json!("sk-fir***ast4"), &json!("sk-f...ast4")));
    assert_eq!(
        (&key["enabled"], &key["weight"], &key["state"]),
        (&json!(true), &json!(10), &json!("unknown"))
    );
    let id = key["id"].as_str().unwrap().to_owned();

    let listed = get(&gateway, "/keys").await;
    assert_eq!(listed["keys"][0]["id"], *id);
    let summary = json!({"total": 1, "enabled": 1, "healthy": 1, "disabled": 0, "unhealthy": 0,
        "totalRequests": 0, "totalTokens": 0});
    assert_eq!(listed["summary"], summary);

    let toggled = post(&gateway, &format!("/keys/{id}/toggle"), &Value::Null).await;
    assert_eq!(toggled["key"]["enabled"], false);
    assert_eq!(get(&gateway, "/keys").await["summary"]["disabled"], 1);
    let toggled = post(&gateway, &format!("/keys/{id}/toggle"), &Value::Null).await;
    assert_eq!(toggled["key"]["enabled"], true);

    let all = json!({"name": "mine", "priority": 3, "weight": 7, "maxConcurrent": 2, "models": ["m*"],
        "modelMapping": {"gpt-4": "m"}, "group": "eu", "tags": ["fast"]});
    let changed = done_by(&gateway, "PUT", &format!("/keys/{id}"), &all).await;
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(changed["key"][name], *value, "{name}");
    }
    for shown in [&added, &listed, &toggled, &changed] {
        hides(shown);
    }
    assert_eq!(
        done_by(&gateway, "DELETE", &format!("/keys/{id}"), &Value::Null).await,
        json!({"success": true})
    );
    for (method, path) in [("DELETE", ""), ("PUT", ""), ("POST", "/toggle"), ("POST", "/check")] {
        let lost = refused(&gateway, 404, method, &format!("/keys/{id}{path}"), &Value::Null).await;
        assert_eq!(lost, json!({"error": "Key not found", "code": "not_found"}));
    }
}

#[tokio::test]
async fn a_key_that_exists_is_a_conflict_that_shows_it() {
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": format!("http://gpu:11434|{KEY}")})).await;
    let again = json!({"key": KEY, "baseUrl": "http://gpu:11434/v1/"});
    let error = refused(&gateway, 409, "POST", "/keys", &again).await;
    assert_eq!((&error["error"], &error["code"]), (&json!("Key already exists"), &json!("exists")));
    assert_eq!((&error["key"]["id"], &error["key"]["duplicate"]), (&added["key"]["id"], &json!(true)));
    hides(&error);
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], 1);
}

#[tokio::test]
async fn checks_ask_for_the_version_and_the_models() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let here = post(&gateway, "/keys", &json!({"key": format!("{}|{KEY}", fake.url())})).await;
    let nowhere = post(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1|k"})).await;
    let before = &here["key"];
    assert_eq!((&before["lastCheck"], &before["inventory"]["models"]), (&Value::Null, &Value::Null));

    let path = format!("/keys/{}/check", here["key"]["id"].as_str().unwrap());
    let checked = post(&gateway, &path, &Value::Null).await;
    let key = &checked["key"];
    assert_eq!((&key["healthy"], &key["inventory"]["version"]), (&json!(true), &json!("0.33.0")));
    assert_eq!(
        (&key["inventory"]["models"], &key["inventory"]["ageSeconds"]),
        (&json!(["m:latest"]), &json!(0))
    );
    assert!(key["lastCheck"].as_str().is_some_and(|time| time.ends_with('Z')), "{key}");
    assert!(
        fake.log.of("/api/chat").is_empty() && fake.log.of("/api/generate").is_empty(),
        "it loads nothing"
    );

    for _ in 0..3 {
        post(&gateway, "/keys/check", &Value::Null).await;
    }
    let listed = get(&gateway, "/keys").await;
    let lost =
        listed["keys"].as_array().unwrap().iter().find(|key| key["id"] == nowhere["key"]["id"]).unwrap();
    assert_eq!((&lost["healthy"], &lost["state"]), (&json!(false), &json!("down")));
    assert!(lost["lastError"].as_str().is_some_and(|error| error.contains("refused")), "{lost}");
    assert!(lost["lastCheck"].is_string() && lost["inventory"]["models"].is_null(), "in vain, too: {lost}");
    assert_eq!(listed["summary"]["unhealthy"], 1);
    hides(&listed);

    assert_eq!(post(&gateway, "/keys/reset-health", &Value::Null).await, json!({"success": true}));
    let listed = get(&gateway, "/keys").await;
    assert_eq!(listed["summary"]["healthy"], 2);
    assert!(listed["keys"].as_array().unwrap().iter().all(|key| key["lastError"].is_null()), "{listed}");
}

#[tokio::test]
async fn a_mask_that_comes_back_changes_nothing() {
    let fake = well("a").await;
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": KEY, "baseUrl": fake.url()})).await;
    let path = format!("/keys/{}", added["key"]["id"].as_str().unwrap());
    done_by(&gateway, "PUT", &path, &json!({"key": added["key"]["key"], "name": "renamed"})).await;
    let error = refused(&gateway, 400, "PUT", &path, &json!({"key": "sk-oth***er99"})).await;
    assert!(error["fields"]["key"].as_str().is_some_and(|told| told.contains("mask")), "{error}");
    super::who(&gateway).await;
    let seen = fake.log.of("/api/chat");
    assert_eq!(seen[0].request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
}

#[tokio::test]
async fn a_changed_address_needs_the_key_again() {
    let (old, new) = (well("old").await, well("new").await);
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": KEY, "baseUrl": old.url()})).await;
    let path = format!("/keys/{}", added["key"]["id"].as_str().unwrap());
    let moved = json!({"baseUrl": new.url()});
    let error = refused(&gateway, 400, "PUT", &path, &moved).await;
    assert!(error["fields"]["key"].as_str().is_some_and(|told| told.contains("entered again")), "{error}");
    let masked = json!({"baseUrl": new.url(), "key": added["key"]["key"]});
    refused(&gateway, 400, "PUT", &path, &masked).await;
    done_by(&gateway, "PUT", &path, &json!({"baseUrl": format!("{}/prefix", old.url())})).await;
    done_by(&gateway, "PUT", &path, &json!({"baseUrl": new.url(), "key": "another-key-of-it"})).await;
    assert_eq!(super::who(&gateway).await, "new");
    let seen = new.log.of("/api/chat");
    assert_eq!(seen[0].request.header("authorization"), Some("Bearer another-key-of-it"));
}

#[tokio::test]
async fn an_old_revision_is_a_conflict() {
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": KEY})).await;
    let (path, revision) =
        (format!("/keys/{}", added["key"]["id"].as_str().unwrap()), &added["key"]["revision"]);
    let first = json!({"name": "one", "revision": revision});
    let changed = done_by(&gateway, "PUT", &path, &first).await;
    assert_ne!(changed["key"]["revision"], *revision);
    let error = refused(&gateway, 409, "PUT", &path, &json!({"name": "two", "revision": revision})).await;
    assert_eq!(error["code"], "changed_meanwhile");
    assert_eq!(get(&gateway, "/keys").await["keys"][0]["name"], "one");
    done_by(&gateway, "PUT", &path, &json!({"name": "three"})).await;
}

#[tokio::test]
async fn all_keys_are_deleted_at_once_and_channels_stay() {
    let gateway = started(&[]).await;
    super::channel(&gateway, &json!({"name": "c", "baseUrl": "http://127.0.0.1:1"})).await;
    let text = json!({"keys": "one,two;three"});
    let added = post(&gateway, "/keys/batch", &text).await;
    assert_eq!(added["added"].as_array().map(Vec::len), Some(3));
    assert_eq!(call(&gateway, "DELETE", "/keys", &Value::Null).await.status, 200);
    assert_eq!(get(&gateway, "/keys").await["keys"], json!([]));
    assert_eq!(get(&gateway, "/channels").await["summary"]["total"], 1);
}
