//! A disk that is full: changes are refused with a reason, requests go on.

use std::path::Path;

use serde_json::json;

use super::{PASSWORD, call, get, refused, well, who};
use crate::support::Gateway;
use crate::support::child;

async fn fill_up(dir: &Path, ballast: &Path) {
    let fake = well("still here").await;
    let (url, data) = (fake.url(), dir.to_string_lossy().into_owned());
    let env = [("ADMIN_PASSWORD", PASSWORD), ("DATA_DIR", data.as_str())];
    let gateway = Gateway::start(&env).await;
    let key = |number: usize| json!({"key": format!("{url}|{number}{}", "x".repeat(4000))});
    let mut stored = 0;
    while call(&gateway, "POST", "/keys", &key(stored)).await.status == 200 {
        stored += 1;
        assert!(stored < 1000, "it is never full");
    }
    let error = refused(&gateway, 507, "POST", "/keys", &key(stored)).await;
    assert_eq!(error["code"], "disk_full");
    assert!(error["error"].as_str().unwrap().contains("free some space"), "{error}");
    refused(
        &gateway,
        507,
        "POST",
        "/channels",
        &json!({"name": "x".repeat(200), "baseUrl": url, "tags": ["y".repeat(4000)]}),
    )
    .await;
    for _ in 0..20 {
        assert_eq!(who(&gateway).await, "still here");
    }
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], stored, "reading goes on");

    std::fs::remove_file(ballast).unwrap();
    assert_eq!(call(&gateway, "POST", "/keys", &key(stored)).await.status, 200);
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], stored + 1);
    assert!(gateway.shutdown().await);
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_serves_requests() {
    child::on_small_disk("admin::disk::a_full_disk_refuses_changes_and_serves_requests", fill_up).await;
}
