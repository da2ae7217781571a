//! What went wrong before another backend has served, or after another one has failed.

use ollama2openai::config::Secret;
use ollama2openai::fake::{Fake, Script};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::{Value, json};

use super::{PASSWORD, ask, call, found, get, upstream};
use crate::support::Gateway;
use crate::support::ollama::ollama;

/// Two backends: the first one, in a channel, has lost its disk; the other one serves all but the model `broken`.
async fn fleet() -> (Gateway, [Fake; 2]) {
    let lost = ollama(|_| Script::json(500, &json!({"error": "the Disk of gpu-1 is lost"}))).await;
    let good = upstream().await;
    let backends = vec![NewBackend::new("gpu-1", lost.url(), Secret::new(""))];
    let room = NewChannel { backends, priority: 9, ..NewChannel::new("room", lost.url()) };
    let key = NewKey::new("gpu-2", good.url(), Secret::new(""));
    let gateway = Gateway::with_rows(&[("ADMIN_PASSWORD", PASSWORD)], &[room], &[key]).await;
    (gateway, [lost, good])
}

#[tokio::test]
async fn the_first_cause_is_found_and_told() {
    let (gateway, _fakes) = fleet().await;
    assert_eq!(ask(&gateway, "m", "", false).await, 200);
    assert_eq!(ask(&gateway, "broken", "", false).await, 502);
    assert_eq!(found(&gateway, "text=disk%20of%20gpu-1").await.len(), 2, "in an attempt");
    let last = found(&gateway, "text=of%20MODEL%20x").await;
    assert_eq!(last.len(), 1);
    assert!(found(&gateway, "text=is%20found%20nowhere").await.is_empty());
    assert_eq!((&last[0]["backend"], &last[0]["backendName"]), (&json!("gpu-2"), &json!("gpu-2")));
    assert_eq!(last[0].get("channelName"), None, "a key has no channel");
    let table = call(&gateway, "GET", "/logs/export?format=csv&outcome=ok", &Value::Null).await.text();
    let head: Vec<_> = table.lines().next().unwrap().split(',').collect();
    assert_eq!(head.last(), Some(&"attempts"));
    assert!(
        table.contains("gpu-1 upstream_status 500 after ") && table.contains("the Disk of gpu-1"),
        "{table}"
    );
}

#[tokio::test]
async fn a_backend_is_a_backend_and_its_channel_a_channel() {
    let good = upstream().await;
    let backends = vec![NewBackend::new("gpu-1", good.url(), Secret::new(""))];
    let room = NewChannel { backends, ..NewChannel::new("room", good.url()) };
    let gateway = Gateway::with_rows(&[("ADMIN_PASSWORD", PASSWORD)], &[room], &[]).await;
    ask(&gateway, "m", "", false).await;
    for query in ["", "backend=gpu-1", "channel=room"] {
        let records = found(&gateway, query).await;
        assert_eq!(records.len(), 1, "{query}");
        assert_eq!(
            (&records[0]["backend"], &records[0]["backendName"], &records[0]["channelName"]),
            (&json!("gpu-1"), &json!("gpu-1"), &json!("room")),
            "{records:#?}"
        );
    }
    for query in ["backend=room", "channel=gpu-1"] {
        let told = get(&gateway, &format!("/logs?type=request&{query}")).await;
        assert_eq!(told["logs"], json!([]), "{query}");
        let warning = told["warnings"][0].as_str().expect("it says why");
        assert!(warning.starts_with("there is no ") && warning.ends_with(" now"), "{warning}");
    }
}
