//! What a collector has seen of requests, against the rows of the request log.

use std::collections::BTreeMap;

use serde_json::Value;

use super::books::{is_served, number, text};

/// An attribute as text; empty where it is not told.
fn attribute(span: &Value, key: &str) -> String {
    let found = span["attributes"].as_array().unwrap().iter().find(|one| one["key"] == key);
    let value = found.and_then(|one| one["value"].as_object()?.values().next());
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

fn of_kind(spans: &[Value], kind: u64) -> impl Iterator<Item = &Value> {
    spans.iter().filter(move |span| span["kind"] == kind)
}

/// Each request is one span, and each backend that was asked for it one below.
pub fn agree(spans: &[Value], rows: &[Value]) {
    let requests: BTreeMap<_, _> =
        of_kind(spans, 2).map(|span| (attribute(span, "o2o.request.id"), span)).collect();
    assert_eq!((requests.len(), of_kind(spans, 2).count()), (rows.len(), rows.len()));
    let mut calls: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for call in of_kind(spans, 3) {
        calls.entry(text(call, "parentSpanId")).or_default().push(call);
    }
    for row in rows {
        let span = requests.get(text(row, "id")).unwrap_or_else(|| panic!("no span of {row}"));
        request_agrees(span, row);
        calls_agree(calls.remove(text(span, "spanId")).unwrap_or_default(), row);
    }
    assert!(calls.is_empty(), "calls of no request: {calls:?}");
}

/// As it is written in spans: nothing for what went well.
fn error_type(outcome: &str) -> &str {
    if outcome == "ok" { "" } else { outcome }
}

fn request_agrees(span: &Value, row: &Value) {
    let told = |key: &str| attribute(span, key);
    let texts = [
        ("error.type", error_type(text(row, "outcome"))),
        ("http.route", text(row, "endpoint")),
        ("o2o.token.id", text(row, "tokenId")),
        ("o2o.usage.source", text(row, "usageSource")),
        ("o2o.backend.id", if is_served(row) { text(row, "backendId") } else { "" }),
        ("o2o.channel.id", if is_served(row) { text(row, "channelId") } else { "" }),
    ];
    for (key, known) in texts {
        assert_eq!(told(key), known, "{key}: {span}: {row}");
    }
    let numbers = [
        ("http.response.status_code", "status"),
        ("gen_ai.usage.input_tokens", "promptTokens"),
        ("gen_ai.usage.output_tokens", "completionTokens"),
        ("o2o.usage.cached_tokens", "cachedTokens"),
    ];
    for (key, member) in numbers {
        assert_eq!(told(key).parse().unwrap_or(0), number(row, member), "{key}: {span}: {row}");
    }
}

fn calls_agree(mut calls: Vec<&Value>, row: &Value) {
    calls.sort_by_key(|call| attribute(call, "o2o.attempt").parse::<u64>().unwrap());
    let told: Vec<_> =
        calls.iter().map(|call| (attribute(call, "o2o.backend.id"), attribute(call, "error.type"))).collect();
    let attempts = row["attempts"].as_array().into_iter().flatten();
    let mut known: Vec<_> = attempts
        .map(|one| (text(one, "backendId").to_owned(), error_type(text(one, "outcome")).to_owned()))
        .collect();
    if is_served(row) {
        known.push((text(row, "backendId").to_owned(), error_type(text(row, "outcome")).to_owned()));
    }
    assert_eq!(told, known, "{row}");
}
