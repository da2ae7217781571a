//! `/admin/api/dashboard` and `/admin/api/stats`: sums of what was used, imported or counted here.

use jiff::{Timestamp, tz::TimeZone};
use ollama2openai::fake::{Fake, Request as Seen, Script};
use serde_json::{Value, json};

use super::{CHAT, call, get, has, names, post, started};
use crate::support::Gateway;
use crate::support::ollama::{chat, ollama, says, whole};

fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

/// A gateway whose key has served two chats, and breaks off streams.
async fn used() -> (Gateway, String, Fake) {
    let fake = ollama(|request: &Seen| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says("Hi")]),
        false => whole("Hi"),
    })
    .await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let added = post(&gateway, "/keys", &json!({"key": fake.url()})).await;
    for _ in 0..2 {
        super::who(&gateway).await;
    }
    (gateway, added["key"]["id"].as_str().unwrap().to_owned(), fake)
}

#[tokio::test]
async fn the_dashboard_has_the_fields_of_the_node_program() {
    let (gateway, _, _fake) = used().await;
    post(&gateway, "/tokens", &json!({"name": "off", "enabled": false})).await;
    let told = get(&gateway, "/dashboard").await;
    let members = ["accessControl", "cache", "channels", "keys", "metrics", "rateLimiter", "tokens", "usage"];
    has(&told, &members);
    assert_eq!((&told["keys"]["total"], &told["keys"]["totalRequests"]), (&json!(1), &json!(2)), "{told}");
    assert_eq!(told["channels"], json!({"total": 0, "enabled": 0, "healthy": 0, "disabled": 0}));
    assert_eq!(told["tokens"], json!({"total": 1, "enabled": 0, "disabled": 1, "expired": 0}));
    has(&told["cache"], &["enabled", "embeddings", "chat", "totalItems"]);
    has(&told["rateLimiter"], &["global", "ip", "token"]);
    assert_eq!(told["accessControl"], json!({"mode": "disabled"}));
    assert!(told["metrics"]["uptime"].is_u64(), "{told}");
    if cfg!(target_os = "linux") {
        assert!(told["metrics"]["memory"]["rss"].as_u64().is_some_and(|rss| rss > 1), "{told}");
    }
    for (member, value) in [("requests", 2), ("activeConnections", 0), ("activeStreams", 0)] {
        assert_eq!(told["metrics"][member], value, "{member}: {told}");
    }
    has(
        &get(&gateway, "/settings").await["metrics"],
        &["uptime", "requests", "activeConnections", "activeStreams"],
    );
}

#[tokio::test]
async fn the_dashboard_sums_the_last_eight_days() {
    let (gateway, _, _fake) = used().await;
    let day = |before: i64| {
        let time = Timestamp::now() - jiff::SignedDuration::from_hours(24 * before);
        time.to_zoned(TimeZone::UTC).date().to_string()
    };
    let one = json!({"requests": 3, "promptTokens": 30, "completionTokens": 12});
    let old = json!({"tokens": [{"id": "t1", "name": "t1", "token": "sk-o2o-of-the-node-program-1234567890"}],
        "usageStats": {"t1": {day(0): one, day(7): one, day(8): one}}});
    post(&gateway, "/import?apply=true", &json!({"files": {"tokens.json": old}})).await;
    let usage = get(&gateway, "/dashboard").await["usage"].take();
    let days: Vec<_> = [day(7), today()].into();
    assert_eq!(names(&usage), days.iter().map(String::as_str).collect::<Vec<_>>(), "{usage}");
    assert_eq!(
        usage[day(7)],
        json!({"requests": 3, "promptTokens": 30, "completionTokens": 12, "cachedTokens": 0})
    );
    let now = &usage[today()];
    assert_eq!(now["requests"], 5, "imported ones and the two of here: {usage}");
    assert!(now["promptTokens"].as_i64() > Some(30) && now["completionTokens"].as_i64() > Some(12), "{now}");
}

#[tokio::test]
async fn stats_tell_by_day_what_backends_did_here() {
    let (gateway, id, _fake) = used().await;
    let was = get(&gateway, "/stats?days=1").await["stats"].take();
    let done = &was[today()][&id];
    assert_eq!((&done["success"], &done["fail"]), (&json!(2), &json!(0)), "{was}");
    assert!(done["tokens"].as_i64() > Some(0) && done.get("imported").is_none(), "{was}");
    let cut = gateway.post(CHAT, &chat(true)).await;
    assert!(cut.text().contains("error"), "{}", cut.text());
    let file = json!({today(): {&id: {"success": 31, "fail": 1, "tokens": 4410}}});
    post(&gateway, "/import?apply=true", &json!({"files": {"stats.json": file}})).await;
    let now = get(&gateway, "/stats").await["stats"].take();
    let both = &now[today()][&id];
    assert_eq!((&both["success"], &both["fail"], &both["imported"]), (&json!(33), &json!(2), &json!(true)));
    assert!(both["tokens"].as_i64() > done["tokens"].as_i64().map(|tokens| tokens + 4410), "{now}");
    let nobody = call(&gateway, "GET", "/stats?days=0", &Value::Null).await;
    assert_eq!(nobody.status, 400);
}

#[tokio::test]
async fn the_backend_that_serves_where_nothing_is_configured_counts() {
    let fake = super::well("Hi").await;
    let gateway = started(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    for _ in 0..2 {
        super::who(&gateway).await;
    }
    let told = get(&gateway, "/stats").await;
    let tokens = &told["stats"][today()]["implicit"]["tokens"];
    assert_eq!(told["stats"][today()]["implicit"]["success"], 2, "{told}");
    assert_eq!((&told["summary"]["totalRequests"], &told["summary"]["totalTokens"]), (&json!(2), tokens));
    assert!(tokens.as_i64() > Some(0), "{told}");
    assert_eq!(told["summary"], get(&gateway, "/dashboard").await["keys"]);
    post(&gateway, "/keys", &json!({"key": fake.url()})).await;
    let told = get(&gateway, "/stats").await;
    assert_eq!(told["summary"]["totalRequests"], 0, "now the keys alone: {told}");
}
