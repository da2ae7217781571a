//! `GET /admin/api/dashboard?range=…`: all of it is of the same stretch of time.

use std::time::Duration;

use jiff::Timestamp;
use ollama2openai::store::{ErrorCount, Histogram, Store, UsageCounts, UsageKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PASSWORD, get, refused};
use crate::support::Gateway;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// So many requests of an outcome that ended so long ago, in seconds.
async fn store_use(store: &Store, ago: i64, outcome: &'static str, requests: i64) {
    let second = Timestamp::now().as_second() - ago;
    let minute = second - second.rem_euclid(MINUTE);
    let key = UsageKey { minute, token: "alice", model: "m", channel: "c", backend: "b", outcome };
    let mut latency = Histogram::default();
    (0..requests).for_each(|_| latency.count(Duration::from_millis(300)));
    let counts = UsageCounts {
        requests,
        prompt_tokens: 2 * requests,
        latency,
        first: latency,
        ..UsageCounts::default()
    };
    let error = ErrorCount { minute, kind: "upstream_error", requests };
    let errors = if outcome == "ok" { &[][..] } else { &[error] };
    store.add_usage(&[(key, counts)], errors, &[]).await.unwrap();
}

/// A gateway behind which is: 1 good request of now, 2 bad ones of half an hour ago, and 4, 8 and 16 good ones of 5
/// hours, 3 days and 20 days ago.
async fn used() -> Gateway {
    let home = TempDir::new().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    store_use(&store, 0, "ok", 1).await;
    store_use(&store, 30 * MINUTE, "upstream_status", 2).await;
    for (ago, requests) in [(5 * HOUR, 4), (3 * DAY, 8), (20 * DAY, 16)] {
        store_use(&store, ago, "ok", requests).await;
    }
    store.close().await;
    Gateway::start_in(home, &[("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")]).await
}

fn sum<'v>(parts: impl IntoIterator<Item = &'v Value>) -> i64 {
    parts.into_iter().filter_map(|part| part["requests"].as_i64()).sum()
}

#[tokio::test]
async fn every_part_of_a_range_is_of_the_same_stretch() {
    let gateway = used().await;
    for (name, pieces, seconds, good) in
        [("1h", 60, MINUTE, 1), ("24h", 24, HOUR, 5), ("7d", 0, HOUR, 13), ("30d", 30, DAY, 29)]
    {
        let range = get(&gateway, &format!("/dashboard?range={name}")).await["range"].take();
        let series = range["series"].as_array().unwrap();
        // A week begins with a day, and its last day is not over.
        let is_whole =
            if name == "7d" { (145..=168).contains(&series.len()) } else { series.len() == pieces };
        assert!(is_whole && range["pieceSeconds"] == seconds, "{name}: {}", series.len());
        assert_eq!((&range["name"], &range["start"]), (&json!(name), &series[0]["start"]));
        let all = good + 2;
        assert_eq!(
            (&range["totals"]["requests"], &range["totals"]["failed"]),
            (&json!(all), &json!(2)),
            "{name}"
        );
        assert_eq!(sum(series), all, "{name}");
        assert_eq!(range["outcomes"], json!({"ok": good, "upstream_status": 2}), "{name}");
        assert_eq!(range["errors"], json!({"upstream_error": 2}), "{name}");
        let by_piece =
            |word: &str| -> i64 { series.iter().filter_map(|piece| piece["outcomes"][word].as_i64()).sum() };
        assert_eq!((by_piece("ok"), by_piece("upstream_status")), (good, 2), "{name}");
        let is_told = |piece: &&Value| {
            piece["requests"]
                != piece["outcomes"].as_object().unwrap().values().filter_map(Value::as_i64).sum::<i64>()
        };
        assert_eq!(series.iter().find(is_told), None, "{name}: of each piece the outcomes are all requests");
        for (part, field, id) in [
            ("byModel", "model", "m"),
            ("byToken", "id", "alice"),
            ("byBackend", "id", "b"),
            ("byChannel", "id", "c"),
        ] {
            let top = &range[part]["top"];
            assert_eq!((&top[0][field], &top[0]["requests"]), (&json!(id), &json!(all)), "{name} {part}");
            assert_eq!(
                (&top[0]["failed"], &range[part]["rest"]["requests"]),
                (&json!(2), &json!(0)),
                "{name} {part}"
            );
            assert_eq!(top[0]["latency"], range["latency"], "{name} {part}: of those that went well alone");
        }
        assert!(
            range["firstToken"]["p99"].as_i64().is_some_and(|millis| (200..=400).contains(&millis)),
            "{range}"
        );
    }
    assert_eq!(get(&gateway, "/dashboard").await.get("range"), None);
    refused(&gateway, 400, "GET", "/dashboard?range=2h", &Value::Null).await;
}

#[tokio::test]
async fn each_range_is_told_beside_the_stretch_before_it() {
    let home = TempDir::new().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let before = [("1h", 90 * MINUTE, 3), ("24h", 30 * HOUR, 5), ("7d", 10 * DAY, 7), ("30d", 40 * DAY, 9)];
    for (_, ago, requests) in before {
        store_use(&store, ago, "ok", requests).await;
    }
    store.close().await;
    let gateway = Gateway::start_in(home, &[("ADMIN_PASSWORD", PASSWORD)]).await;
    for (name, ago, requests) in before {
        let range = get(&gateway, &format!("/dashboard?range={name}")).await["range"].take();
        let previous = &range["previous"];
        assert_eq!(previous["totals"]["requests"], requests, "{name}: {previous}");
        for times in ["latency", "firstToken"] {
            assert!(previous[times]["p95"].as_i64().is_some(), "{name}: {previous}");
        }
        let moment = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
        let now = Timestamp::now().as_second();
        assert!(moment(&previous["start"]) <= now - ago, "{name}: {previous}");
        assert!(moment(&range["start"]) > now - ago, "{name}: {range}");
    }
}
