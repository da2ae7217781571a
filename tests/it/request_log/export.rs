//! The log as a file.

use ollama2openai::store::NewKey;
use serde_json::Value;

use super::{PASSWORD, ask, call, get, started, upstream};
use crate::support::Gateway;
use ollama2openai::config::Secret;

fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => cell.push(signs.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            sign => cell.push(sign),
        }
    }
    rows
}

#[tokio::test]
async fn json_lines_are_the_records_of_the_list() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    // More than one page of the export.
    for _ in 0..700 {
        ask(&gateway, "m", "", false).await;
    }
    ask(&gateway, "broken", "", false).await;
    let reply = call(&gateway, "GET", "/logs/export", &Value::Null).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/jsonl")));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"requests.jsonl\""));
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed = get(&gateway, "/logs?type=request&limit=0").await;
    assert_eq!(lines.len(), 701);
    assert_eq!(&lines, listed["logs"].as_array().unwrap());
    let some = call(&gateway, "GET", "/logs/export?outcome=upstream_status", &Value::Null).await;
    assert_eq!(some.text().lines().count(), 1, "filters hold");
    assert_eq!(call(&gateway, "GET", "/logs/export?format=pdf", &Value::Null).await.status, 400);
    assert_eq!(call(&gateway, "HEAD", "/logs/export", &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_table_is_safe_for_programs_that_calculate() {
    let fake = upstream().await;
    let key = NewKey::new("=SUM(A1)", fake.url(), Secret::new("k"));
    let gateway = Gateway::with_rows(&[("ADMIN_PASSWORD", PASSWORD)], &[], &[key]).await;
    for model in ["=1+1", "-2", "+3", "@x", "a,\"b\""] {
        ask(&gateway, model, "", false).await;
    }
    let reply = call(&gateway, "GET", "/logs/export?format=csv", &Value::Null).await;
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = reply.text();
    let rows = csv(&text);
    let column = |name: &str| {
        rows[0].iter().position(|one| one == name).unwrap_or_else(|| panic!("{name}: {:?}", rows[0]))
    };
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    let models: Vec<_> = rows[1..].iter().map(|row| row[column("model")].as_str()).collect();
    assert_eq!(models, ["a,\"b\"", "'@x", "'+3", "'-2", "'=1+1"]);
    assert_eq!(rows[1][column("backendName")], "'=SUM(A1)");
    assert_eq!(rows[1][column("status")], "200");
}
