//! Rows and live state as the admin API shows them: the seed's fields, and more. No credential is ever whole.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::keyline::mask;
use crate::config::Secret;
use crate::snapshot::{Registry, Target};
use crate::store::{BackendRow, ChannelRow, Rows, Totals};
use crate::upstream::health::State;

/// The credential of a row, masked; one that cannot be read says so.
#[must_use]
pub fn masked(row: &BackendRow) -> String {
    row.credential.as_ref().map_or_else(|_| "(lost)".to_owned(), |credential| mask(credential.expose()))
}

/// A credential as a channel lists it: masked, behind its address where that is not the channel's.
pub(super) fn member(row: &BackendRow, channel_base: &str) -> String {
    match row.base_url == channel_base {
        true => masked(row),
        false if row.credential.as_ref().is_ok_and(|credential| credential.expose().is_empty()) => {
            row.base_url.clone()
        }
        false => format!("{}|{}", row.base_url, masked(row)),
    }
}

/// A key of the pool.
pub(super) fn key(row: &BackendRow, registry: &Registry) -> Value {
    let mut shown = stored_key(row);
    shown.extend(live(registry.target(&row.id).as_deref()));
    Value::Object(shown)
}

/// What is stored of a key.
#[must_use]
pub fn stored_key(row: &BackendRow) -> Map<String, Value> {
    let mut shown = object(json!({
        "id": row.id, "key": masked(row), "baseUrl": row.base_url, "name": row.name, "enabled": row.enabled,
        "addedAt": row.added_at, "weight": row.weight, "priority": row.priority,
        "maxConcurrent": row.max_concurrent, "group": row.group, "models": row.models,
        "modelMapping": mapping(&row.model_mapping), "tags": row.tags, "revision": row.revision,
        "credentialLost": row.credential.as_ref().err().map(ToString::to_string),
    }));
    shown.extend(totals(&row.totals));
    shown
}

/// A channel with its backends.
pub(super) fn channel(row: &ChannelRow, members: &[&BackendRow], registry: &Registry) -> Value {
    let backends: Vec<Value> = members.iter().map(|member| backend(member, registry)).collect();
    let is_healthy = members.iter().any(|member| is_healthy(member, registry));
    let at = |backend: &&Value| backend["lastErrorAt"].as_str().map(str::to_owned);
    let failed = backends.iter().filter(|backend| backend["lastErrorAt"].is_string()).max_by_key(at);
    let mut shown = stored_channel(row, members);
    shown.extend(object(json!({
        "currentConcurrent": registry.channel_in_flight(&row.id), "healthy": is_healthy,
        "lastError": failed.map(|backend| &backend["lastError"]),
        "lastErrorAt": failed.map(|backend| &backend["lastErrorAt"]),
        "backends": backends,
    })));
    Value::Object(shown)
}

/// What is stored of a channel and its backends.
#[must_use]
pub fn stored_channel(row: &ChannelRow, members: &[&BackendRow]) -> Map<String, Value> {
    // A lone server that wants no credential is no key.
    let lone =
        |member: &BackendRow| member.credential == Ok(Secret::new("")) && member.base_url == row.base_url;
    let keys: Vec<_> = match members {
        [only] if lone(only) => Vec::new(),
        many => many.iter().map(|backend| member(backend, &row.base_url)).collect(),
    };
    let backends: Vec<_> = members.iter().map(|member| stored_backend(member)).collect();
    let mut shown = object(json!({
        "id": row.id, "name": row.name, "enabled": row.enabled, "priority": row.priority,
        "baseUrl": row.base_url, "keys": keys, "models": row.models,
        "modelMapping": mapping(&row.model_mapping), "weight": row.weight,
        "maxConcurrent": row.max_concurrent, "rateLimit": row.rate_limit,
        "createdAt": row.created_at, "tags": row.tags, "revision": row.revision, "backends": backends,
    }));
    shown.extend(totals(&row.totals));
    shown
}

fn backend(row: &BackendRow, registry: &Registry) -> Value {
    let mut shown = stored_backend(row);
    shown.extend(live(registry.target(&row.id).as_deref()));
    Value::Object(shown)
}

fn stored_backend(row: &BackendRow) -> Map<String, Value> {
    let mut shown = object(json!({
        "id": row.id, "name": row.name, "baseUrl": row.base_url, "key": masked(row), "enabled": row.enabled,
        "weight": row.weight, "maxConcurrent": row.max_concurrent,
        "credentialLost": row.credential.as_ref().err().map(ToString::to_string),
    }));
    shown.extend(totals(&row.totals));
    shown
}

/// Whether a backend takes requests, as far as is known.
pub(super) fn is_healthy(row: &BackendRow, registry: &Registry) -> bool {
    registry.target(&row.id).is_some_and(|target| is_up(&target))
}

/// Whether a backend is well and has answered the last look at it: what a person wants to know who asks for one.
pub(super) fn has_answered(row: &BackendRow, registry: &Registry) -> bool {
    let has_answered = |target: &Target| is_up(target) && target.backend.host.inventory.is_up();
    registry.target(&row.id).is_some_and(|target| has_answered(&target))
}

fn is_up(target: &Target) -> bool {
    target.backend.breaker.state(Instant::now()) == State::Up
}

/// How a backend stands, in a word. One that has never answered is sent requests, but is not known to be up.
pub(super) fn state(target: &Target, now: Instant) -> &'static str {
    let breaker = &target.backend.breaker;
    match breaker.state(now) {
        State::Up if breaker.is_cool(now) => "cooling",
        State::Up if !target.backend.host.inventory.has_answered() => "unknown",
        State::Up => "up",
        State::HalfOpen | State::OnTrial => "half_open",
        State::Down { .. } => "down",
    }
}

/// What is known of a backend now: health, load, and what it offers.
fn live(target: Option<&Target>) -> Map<String, Value> {
    let Some(target) = target else { return Map::new() };
    let (breaker, inventory) = (&target.backend.breaker, &target.backend.host.inventory);
    let state = state(target, Instant::now());
    let last_error = breaker.last_error();
    let models = inventory.last();
    let age = models.as_ref().map(|(_, age)| *age);
    let failed = last_error.as_ref().map(|error| moment(error.at));
    object(json!({
        "healthy": is_up(target), "state": state, "currentConcurrent": target.counts.slots.in_flight(),
        "lastError": last_error.map(|error| error.text.to_string()), "lastErrorAt": failed,
        "latencyMs": target.counts.tally.median(), "lastCheck": inventory.looked().map(moment),
        "inventory": {
            "version": inventory.last_version().map(|version| version.to_string()),
            "models": models.map(|(models, _)| models.iter().map(|model| model.id.clone()).collect::<Vec<_>>()),
            "ageSeconds": age.map(|age| age.as_secs()),
        },
    }))
}

fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn totals(totals: &Totals) -> Map<String, Value> {
    object(json!({
        "totalRequests": totals.total_requests, "failedRequests": totals.failed_requests,
        "totalTokens": totals.total_tokens, "lastUsed": totals.last_used,
    }))
}

fn mapping(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(from, to)| (from.clone(), Value::String(to.clone()))).collect())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The seed's counts of keys.
pub(super) fn keys_summary(rows: &Rows, registry: &Registry) -> Value {
    let keys: Vec<_> = rows.backends.iter().filter(|row| row.channel_id.is_none()).collect();
    let enabled: Vec<_> = keys.iter().filter(|key| key.enabled).collect();
    let healthy = enabled.iter().filter(|key| is_healthy(key, registry)).count();
    json!({
        "total": keys.len(), "enabled": enabled.len(), "healthy": healthy,
        "disabled": keys.len() - enabled.len(), "unhealthy": enabled.len() - healthy,
        "totalRequests": keys.iter().map(|key| key.totals.total_requests).sum::<i64>(),
        "totalTokens": keys.iter().map(|key| key.totals.total_tokens).sum::<i64>(),
    })
}

/// The seed's counts of channels.
pub(super) fn channels_summary(rows: &Rows, registry: &Registry) -> Value {
    let enabled: Vec<_> = rows.channels.iter().filter(|channel| channel.enabled).collect();
    let members = by_channel(rows);
    let is_up = |id: &str| members.get(id).is_some_and(|of| of.iter().any(|row| is_healthy(row, registry)));
    let healthy = enabled.iter().filter(|channel| is_up(&channel.id)).count();
    json!({
        "total": rows.channels.len(), "enabled": enabled.len(), "healthy": healthy,
        "disabled": rows.channels.len() - enabled.len(),
    })
}

/// The backends of each channel, in order.
pub(super) fn by_channel(rows: &Rows) -> HashMap<&str, Vec<&BackendRow>> {
    let mut by_channel: HashMap<&str, Vec<&BackendRow>> = HashMap::new();
    for row in &rows.backends {
        if let Some(channel) = &row.channel_id {
            by_channel.entry(channel).or_default().push(row);
        }
    }
    by_channel
}

/// The backends of one channel, in order.
pub fn members<'r>(rows: &'r Rows, channel: &str) -> Vec<&'r BackendRow> {
    rows.backends.iter().filter(|row| row.channel_id.as_deref() == Some(channel)).collect()
}

/// The targets of these rows, those that are turned off included.
pub(super) fn targets<'r>(
    rows: impl IntoIterator<Item = &'r BackendRow>,
    registry: &Registry,
) -> Vec<Arc<Target>> {
    rows.into_iter().filter_map(|row| registry.target(&row.id)).collect()
}
