//! What is known of a key: whether it has ever answered, how fast, and its last error; and forgetting the latter.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{call, done_by, get, post, refused, started, well, who};
use crate::support::Gateway;

async fn key(gateway: &Gateway, path: &str) -> Value {
    get(gateway, path).await["key"].take()
}

/// The path of a new key, of a port where nobody listens.
async fn refusing(gateway: &Gateway, port: u16) -> String {
    let new = json!({"key": format!("http://127.0.0.1:{port}"), "name": format!("port {port}")});
    let made = post(gateway, "/keys", &new).await;
    format!("/keys/{}", made["key"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn who_has_never_answered_is_not_known_to_be_up() {
    let fake = well("a").await;
    let gateway = started(&[("HEALTH_CHECK_INTERVAL", "0")]).await;
    let path = refusing(&gateway, 1).await;
    post(&gateway, &format!("{path}/check"), &Value::Null).await;
    let shown = key(&gateway, &path).await;
    assert_eq!(shown["state"], "unknown", "one refused connection takes nobody down: {shown}");
    let states = get(&gateway, "/dashboard").await["backends"]["states"].take();
    assert_eq!((&states["unknown"], &states["up"]), (&json!(1), &json!(0)), "{states}");
    done_by(&gateway, "DELETE", &path, &Value::Null).await;
    let made = post(&gateway, "/keys", &json!({"key": fake.url()})).await;
    assert_eq!((&made["key"]["state"], &made["key"]["latencyMs"]), (&json!("unknown"), &Value::Null));
    assert_eq!(who(&gateway).await, "a");
    let path = format!("/keys/{}", made["key"]["id"].as_str().unwrap());
    let shown = key(&gateway, &path).await;
    assert_eq!(shown["state"], "up", "it has served: {shown}");
    assert!(shown["latencyMs"].as_u64().is_some_and(|ms| ms < 60_000), "{shown}");
}

#[tokio::test]
async fn one_key_is_taken_for_well_again() {
    let gateway = started(&[("HEALTH_CHECK_INTERVAL", "0")]).await;
    let (path, other) = (refusing(&gateway, 1).await, refusing(&gateway, 2).await);
    let before = Timestamp::now() - SignedDuration::from_secs(1);
    for _ in 0..3 {
        post(&gateway, "/keys/check", &Value::Null).await;
    }
    let shown = key(&gateway, &path).await;
    assert_eq!((&shown["state"], &shown["healthy"]), (&json!("down"), &json!(false)));
    let at: Timestamp = shown["lastErrorAt"].as_str().unwrap().parse().unwrap();
    assert!(at >= before && at <= Timestamp::now(), "{shown}");
    let reset = post(&gateway, &format!("{path}/reset-health"), &Value::Null).await;
    assert_eq!((&reset["success"], &reset["key"]["healthy"]), (&json!(true), &json!(true)), "{reset}");
    assert_eq!((&reset["key"]["lastError"], &reset["key"]["lastErrorAt"]), (&Value::Null, &Value::Null));
    assert_eq!(key(&gateway, &other).await["state"], "down", "the other one stays as it is");
    let entry = get(&gateway, "/audit?limit=1").await["entries"][0].take();
    assert_eq!((&entry["action"], &entry["name"]), (&json!("key.reset_health"), &json!("port 1")));
    let one = get(&gateway, &format!("/audit/{}", entry["id"].as_str().unwrap())).await;
    assert_eq!(one, json!({"entry": entry}));
    refused(&gateway, 404, "GET", "/audit/00000000-0000-7000-8000-000000000000", &Value::Null).await;
    assert_eq!(call(&gateway, "POST", "/keys/nobody/reset-health", &Value::Null).await.status, 404);
}
