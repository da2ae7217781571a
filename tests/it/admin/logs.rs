//! `/admin/api/logs`: changes and imported records, in the form of the Node program.

use serde_json::{Value, json};

use super::{call, get, post, refused, started};
use crate::support::Gateway;
use crate::support::client::Request;

/// A gateway with old records of both kinds.
async fn with_old_logs() -> Gateway {
    let gateway = started(&[]).await;
    let request = r#"{"timestamp":"2026-01-09T08:00:00.000Z","type":"request","endpoint":"/v1/chat/completions","model":"gpt-4","stream":false,"tokens":17,"duration":842,"backend":"GPU room"}"#;
    let audit = r#"{"timestamp":"2026-01-09T09:00:00.000Z","type":"audit","action":"token.create","actor":"admin","tokenId":"c1","name":"alice"}"#;
    let files = json!({"files": {"requests.jsonl": request, "audit.jsonl": audit}});
    post(&gateway, "/import?apply=true", &files).await;
    gateway
}

fn actions(told: &Value) -> Vec<&str> {
    let logs = told["logs"].as_array().expect("there are logs").iter();
    logs.map(|log| log["action"].as_str().unwrap_or("request")).collect()
}

#[tokio::test]
async fn logs_are_the_audit_and_what_was_imported_newest_first() {
    let gateway = with_old_logs().await;
    let made = post(&gateway, "/tokens", &json!({"name": "bob"})).await;
    let told = get(&gateway, "/logs").await;
    assert_eq!(actions(&told), ["token.create", "import", "token.create", "request"], "{told}");
    let newest = &told["logs"][0];
    let wanted = json!({"timestamp": newest["timestamp"], "type": "audit", "action": "token.create",
        "actor": "admin", "tokenId": made["token"]["id"], "name": "bob"});
    assert_eq!(*newest, wanted);
    assert!(newest["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{newest}");
    let old = &told["logs"][3];
    let kept = json!([old["model"], old["tokens"], old["duration"], old["backend"], old["imported"]]);
    assert_eq!(kept, json!(["gpt-4", 17, 842, "GPU room", true]));

    assert_eq!(actions(&get(&gateway, "/logs?type=request").await), ["request"]);
    let told = get(&gateway, "/logs?type=audit&limit=2").await;
    assert_eq!(actions(&told), ["token.create", "import"]);
    assert_eq!(get(&gateway, "/logs?limit=0").await["logs"].as_array().map(Vec::len), Some(4));
    assert_eq!(get(&gateway, "/logs?level=warn").await["logs"], json!([]), "none of these is grave");
}

#[tokio::test]
async fn a_wrong_query_of_logs_is_named() {
    let gateway = started(&[]).await;
    for (query, field) in [
        ("type=secret", "type"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("level=loud", "level"),
        ("ip=zz", "ip"),
    ] {
        let error = refused(&gateway, 400, "GET", &format!("/logs?{query}"), &Value::Null).await;
        assert!(error["fields"][field].is_string(), "{query}: {error}");
    }
    let told = get(&gateway, "/logs?colour=red").await;
    assert!(told["warnings"][0].as_str().is_some_and(|told| told.contains("colour")), "{told}");
}

#[tokio::test]
async fn a_viewer_reads_requests_but_no_audit() {
    let gateway = with_old_logs().await;
    let made = post(&gateway, "/admin-tokens", &json!({"name": "eyes", "role": "viewer"})).await;
    let text = made["adminToken"]["token"].as_str().or(made["token"].as_str()).expect("it is told once");
    let see = async |path: &str| {
        let request = Request::get(&format!("/admin/api{path}"));
        gateway.send(&request.header("authorization", &format!("Bearer {text}"))).await
    };
    assert_eq!(actions(&see("/logs").await.json()), ["request"]);
    assert_eq!(actions(&see("/logs?type=request").await.json()), ["request"]);
    let refused = see("/logs?type=audit").await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("role_required")));
    assert_eq!(call(&gateway, "GET", "/logs?type=audit", &Value::Null).await.status, 200);
}
