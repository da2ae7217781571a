//! Settings as the admin API shows them: the Node program's fields, and a row for every setting. No secret is shown.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::config::{Config, Kind, Loaded, Rate, Row, Setting, Standing, Unit, Zero, items, settings};
use crate::snapshot::Snapshot;

/// Everything.
pub(super) fn all(configured: &Loaded, now: &Standing, snapshot: &Snapshot) -> Value {
    let rows = settings().iter().zip(&configured.origins).zip(&now.rows);
    let rows: Vec<_> = rows.map(|((setting, configured), now)| row(setting, configured, now)).collect();
    let ignored = now.ignored.iter();
    let ignored = ignored.map(|bad| json!({"name": bad.name, "value": bad.value, "message": bad.message}));
    json!({
        "accessControl": access_control(now),
        "rateLimiter": rate_limiter(snapshot),
        "version": env!("CARGO_PKG_VERSION"),
        "env": env(now),
        "settings": rows,
        "ignored": ignored.collect::<Vec<_>>(),
        "warnings": now.warnings,
    })
}

/// The rules of addresses.
pub(super) fn access_control(now: &Standing) -> Value {
    let list = |name: &str| items(&now.row(name).value).map(str::to_owned).collect::<Vec<_>>();
    json!({
        "mode": now.row("IP_ACCESS_MODE").value.to_ascii_lowercase(),
        "whitelist": list("IP_WHITELIST"),
        "blacklist": list("IP_BLACKLIST"),
    })
}

/// Limits of requests, and how many have made some lately; of those by token what one has without a rate of its own.
pub(super) fn rate_limiter(snapshot: &Snapshot) -> Value {
    let (limits, now) = (&snapshot.limits, Instant::now());
    let active = |length: Duration, max: u64, keys: usize| json!({"windowMs": millis(length), "maxRequests": max, "activeKeys": keys});
    let off = || json!("disabled");
    let global = limits.global.as_ref().map(|shared| {
        let is_used = shared.window.look(u64::MAX, now).remaining < u64::MAX;
        active(shared.length(), shared.max, usize::from(is_used))
    });
    let of_tokens = |Rate { max, window }| active(window, max, snapshot.tokens.active(now));
    let token = limits.token.map(of_tokens);
    let ip = limits.address.as_ref().map(|shared| active(shared.length(), shared.max, shared.window.len()));
    json!({
        "global": global.unwrap_or_else(off),
        "ip": ip.unwrap_or_else(off),
        "token": token.unwrap_or_else(off),
    })
}

/// The Node program's texts of a few variables.
fn env(now: &Standing) -> Value {
    let Config { listen, upstream, routing, caches, log, .. } = &now.config;
    let log_to_file = settings().iter().find(|row| row.name == "LOG_TO_FILE");
    let is_on = log_to_file.is_some_and(|setting| setting.is_same(&now.row(setting.name).value, "true"));
    json!({
        "port": listen.port.to_string(),
        "connectTimeout": millis(upstream.connect_timeout).to_string(),
        "requestTimeout": millis(upstream.request_timeout).to_string(),
        "maxRetries": routing.max_retries.to_string(),
        "logLevel": log.level.as_str(),
        "logToFile": is_on.to_string(),
        "healthCheckInterval": routing.health_interval.unwrap_or_default().as_secs().to_string(),
        "cacheEmbeddings": caches.embeddings.is_on,
        "cacheChat": caches.chat.is_on,
    })
}

fn row(setting: &Setting, configured: &Row, now: &Row) -> Value {
    let mut shown = json!({
        "name": setting.key(), "env": setting.name, "group": setting.group.title(),
        "value": value(setting, now), "origin": now.origin,
        "configured": value(setting, configured), "configuredOrigin": configured.origin,
        "default": (!setting.is_secret()).then_some(setting.default).filter(|text| !text.is_empty()),
        "changeable": setting.may_change().is_ok(), "help": setting.help, "allowed": setting.allowed(),
    });
    if setting.is_secret() {
        shown["isSet"] = (!now.value.is_empty()).into();
    }
    if setting.default.is_empty() {
        shown["unset"] = setting.unset.into();
    }
    if !now.note.is_empty() {
        shown["note"] = now.note.as_str().into();
    }
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(kind(&setting.kind));
    }
    shown
}

/// A text as it is written; nothing for a secret, and for what is unset.
fn value(setting: &Setting, row: &Row) -> Option<String> {
    Some(row.value.clone()).filter(|text| !(text.is_empty() || setting.is_secret()))
}

fn kind(kind: &Kind) -> Map<String, Value> {
    let shown = match kind {
        Kind::Switch => json!({"kind": "switch"}),
        Kind::Integer { min, max } => json!({"kind": "integer", "min": min, "max": max}),
        Kind::Bytes { min, max } => json!({"kind": "bytes", "min": min, "max": max}),
        Kind::Duration { unit, min, max, zero } => json!({
            "kind": "duration", "min": millis(*min), "max": millis(*max), "zero": *zero != Zero::Refused,
            "unit": match unit { Unit::Milliseconds => "ms", Unit::Seconds => "s" },
        }),
        Kind::Choice(words) => json!({"kind": "choice", "choices": words}),
        Kind::Text { .. } => json!({"kind": "text"}),
        Kind::List { .. } => json!({"kind": "list"}),
        Kind::Secret | Kind::Key | Kind::Headers => json!({"kind": "secret"}),
    };
    match shown {
        Value::Object(shown) => shown,
        _ => Map::new(),
    }
}

/// How a setting differs between two moments; `None` when it does not.
pub(super) fn change(before: &Row, now: &Row) -> Option<Value> {
    let at =
        |row: &Row| json!({"value": Some(&row.value).filter(|text| !text.is_empty()), "origin": row.origin});
    let is_same = before.value == now.value && before.origin == now.origin;
    let name = now.name.to_ascii_lowercase();
    (!is_same).then(|| json!({"name": name, "env": now.name, "before": at(before), "after": at(now)}))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
