//! Many keys or channels at once, and the backup by download.

use ollama2openai::store::{Store, restore};
use serde_json::{Value, json};

use super::{KEY, call, channel, get, hides, post, refused, started};
use crate::support::Gateway;

async fn bulk(gateway: &Gateway, kind: &str, ids: &[&str], action: &str) -> Value {
    post(gateway, &format!("/{kind}/bulk"), &json!({"ids": ids, "action": action})).await
}

/// The newest `count` rows of the audit: what was done to which object.
async fn audited(gateway: &Gateway, count: usize) -> Vec<(String, String)> {
    let told = get(gateway, &format!("/audit?limit={count}")).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = told["entries"].as_array().unwrap().iter();
    let mut found: Vec<_> = entries.map(|entry| (text(&entry["action"]), text(&entry["objectId"]))).collect();
    found.sort();
    found
}

async fn enabled(gateway: &Gateway, kind: &str) -> (Value, Value) {
    let told = get(gateway, &format!("/{kind}")).await["summary"].take();
    (told["total"].clone(), told["enabled"].clone())
}

#[tokio::test]
async fn many_keys_or_channels_are_changed_at_once() {
    let gateway = started(&[]).await;
    let mut ids = [Vec::new(), Vec::new()];
    for name in ["a", "b", "c"] {
        let key = post(&gateway, "/keys", &json!({"key": format!("http://127.0.0.1:1|{KEY}{name}")})).await;
        ids[0].push(key["key"]["id"].as_str().unwrap().to_owned());
        ids[1].push(channel(&gateway, &json!({"name": name, "baseUrl": "http://127.0.0.1:1"})).await);
    }
    for ((kind, object), ids) in [("keys", "key"), ("channels", "channel")].into_iter().zip(&ids) {
        let [a, b, c] = [0, 1, 2].map(|at| ids[at].as_str());
        let told = bulk(&gateway, kind, &[a, b, a, "nobody"], "disable").await;
        assert_eq!(told, json!({"success": true, "done": [a, b], "notFound": ["nobody"]}));
        assert_eq!(enabled(&gateway, kind).await, (json!(3), json!(1)), "{kind}");
        let mut wanted = [a, b].map(|id| (format!("{object}.update"), id.to_owned()));
        wanted.sort();
        assert_eq!(audited(&gateway, 2).await, wanted);
        bulk(&gateway, kind, &[b], "enable").await;
        assert_eq!(enabled(&gateway, kind).await, (json!(3), json!(2)), "{kind}");
        assert_eq!(bulk(&gateway, kind, &[a, c], "delete").await["done"], json!([a, c]));
        assert_eq!(enabled(&gateway, kind).await, (json!(1), json!(1)), "{kind}");
        let mut wanted = [a, c].map(|id| (format!("{object}.delete"), id.to_owned()));
        wanted.sort();
        assert_eq!(audited(&gateway, 2).await, wanted);
    }
    let [key, channel] = [&ids[0][1], &ids[1][1]];
    assert_eq!(bulk(&gateway, "keys", &[channel], "delete").await["done"], json!([]), "no key");
    assert_eq!(bulk(&gateway, "channels", &[key], "delete").await["done"], json!([]), "no channel");
}

#[tokio::test]
async fn wrong_calls_for_many_name_the_field() {
    let gateway = started(&[]).await;
    let count = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let (many, more) = (count(1001), count(5000));
    for kind in ["keys", "channels", "tokens"] {
        for (body, field) in [
            (json!({"action": "delete"}), "ids"),
            (json!({"ids": [], "action": "delete"}), "ids"),
            (json!({"ids": many, "action": "delete"}), "ids"),
            (json!({"ids": more, "action": "delete"}), "ids"),
            (json!({"ids": ["a"], "action": "toggle"}), "action"),
            (json!({"ids": ["a"]}), "action"),
        ] {
            let error = refused(&gateway, 400, "POST", &format!("/{kind}/bulk"), &body).await;
            assert!(error["fields"][field].is_string(), "{kind}: {error}");
            assert!(!error.to_string().contains("4096"), "one limit is told: {error}");
        }
    }
}

#[tokio::test]
async fn a_backup_is_downloaded_and_can_be_restored() {
    let gateway = started(&[]).await;
    let added = post(&gateway, "/keys", &json!({"key": format!("http://127.0.0.1:1|{KEY}")})).await;
    let reply = call(&gateway, "POST", "/backup", &Value::Null).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/octet-stream")));
    let name = reply.header("content-disposition").unwrap_or_default();
    assert!(name.starts_with("attachment; filename=\"ollama2openai-") && name.ends_with(".db\""), "{name}");
    let newest = &get(&gateway, "/audit?limit=1").await["entries"][0];
    assert_eq!((&newest["action"], &newest["actor"]), (&json!("backup.download"), &json!("admin")));
    hides(newest);
    let is_middle = |window: &[u8]| window == b"SECRET-MIDDLE";
    assert!(!reply.body.windows(13).any(is_middle), "credentials are sealed");

    let data = gateway.home();
    let names = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with(".part")).collect();
    assert_eq!(left, [""; 0], "nothing is left behind");

    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("copy.db");
    std::fs::write(&file, &reply.body).unwrap();
    let folder = elsewhere.path().join("data");
    let restored = restore(&folder, &file, None, false).await.unwrap();
    assert_eq!((restored.backends, restored.with_key, restored.lost.len()), (1, false, 1));
    let store = Store::open(&folder, None).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!(added["key"]["id"], rows.backends[0].id.as_str());
    store.close().await;
}
