//! How long it is kept, and what becomes of it when the database is away.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ask, call, found, get, post, started, token, upstream};
use crate::accounts::sql;
use crate::support::{Gateway, admin, child};

#[tokio::test]
async fn it_is_cleared_by_an_admin_and_the_audit_says_so() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    for _ in 0..3 {
        ask(&gateway, "m", "", false).await;
    }
    assert_eq!(found(&gateway, "").await.len(), 3);
    let reply = call(&gateway, "DELETE", "/logs", &Value::Null).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"success": true})));
    assert!(found(&gateway, "").await.is_empty());
    let audit = get(&gateway, "/audit?action=log.clear").await;
    assert_eq!(audit["entries"].as_array().unwrap().len(), 1, "{audit:#}");
    ask(&gateway, "m", "", false).await;
    assert_eq!(found(&gateway, "").await[0]["seq"], 4, "no number is used twice");
}

#[tokio::test]
async fn rows_beyond_the_bound_go_and_a_start_later_all_that_stays_is_there() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    for _ in 0..30 {
        ask(&gateway, "m", "", false).await;
    }
    assert_eq!(found(&gateway, "").await.len(), 30);
    post(&gateway, "/settings", &json!({"LOG_MAX_ROWS": 10})).await;
    assert!(comes_to(&gateway, 10).await, "they go by themselves");
    let home = gateway.stopped().await;
    let url = fake.url();
    let env = [("ADMIN_PASSWORD", super::PASSWORD), ("OLLAMA_BASE_URL", url.as_str())];
    let gateway = Gateway::start_in(home, &env).await;
    let seqs: Vec<_> =
        found(&gateway, "").await.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (21..=30).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_that_are_too_old_go() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_RETENTION_DAYS", "0")]).await;
    // Rows that are written at once are as old as the latest of them.
    for rows in [15, 20] {
        while found(&gateway, "").await.len() < rows {
            ask(&gateway, "m", "", false).await;
        }
    }
    sql(&gateway, "UPDATE request_log_packs SET at = at - 5 * 86400000 WHERE seq <= 15").await;
    post(&gateway, "/settings", &json!({"LOG_RETENTION_DAYS": 3})).await;
    assert!(comes_to(&gateway, 5).await, "they go by themselves");
}

/// Whether the log comes to so many rows.
async fn comes_to(gateway: &Gateway, rows: usize) -> bool {
    let trimmed = async {
        while found(gateway, "").await.len() != rows {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), trimmed).await.is_ok()
}

async fn fill_up(dir: &Path, ballast: &Path) {
    let fake = upstream().await;
    let data = dir.to_string_lossy().into_owned();
    let gateway = started(&fake, &[("DATA_DIR", &data)]).await;
    let (_, text) = token(&gateway, "ann").await;
    let large =
        admin::request("POST", "/tokens", &json!({"name": "large", "metadata": {"x": "y".repeat(3000)}}));
    assert_eq!(ask(&gateway, "m", &text, false).await, 200);
    assert_eq!(found(&gateway, "").await.len(), 1);
    let (mut made, mut served) = (0, 1);
    while gateway.send(&large).await.status == 200 {
        made += 1;
        assert!(made < 1000, "it is never full");
    }
    let ledger = gateway.ledger();
    // Pages that are half empty are used up first.
    while ledger.journal.waiting_rows() < 100 {
        assert_eq!(ask(&gateway, "m", &text, false).await, 200);
        served += 1;
        ledger.tell();
        assert!(served < 20_000, "it is never full");
    }
    assert!(!found(&gateway, "").await.is_empty(), "reading goes on");
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(get(&gateway, "/logs?type=request&limit=0").await["logs"].as_array().unwrap().len(), served);
    assert_eq!(ledger.journal.dropped(), (0, 0));
}

#[tokio::test]
async fn a_full_disk_costs_no_request_and_no_row_that_has_room_in_memory() {
    child::on_small_disk(
        "request_log::keep::a_full_disk_costs_no_request_and_no_row_that_has_room_in_memory",
        fill_up,
    )
    .await;
}
