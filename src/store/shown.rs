//! Rows as the audit tells them: what an admin can set, with names as in the admin API, and no secrets.

use serde_json::{Map, Value, json};

use super::audit::SECRET;
use super::rows::{BackendRow, ChannelRow};
use super::seal::Lost;
use super::token_rows::TokenRow;
use crate::config::Secret;

pub(super) fn key(row: &BackendRow) -> Value {
    json!({
        "name": row.name,
        "baseUrl": row.base_url,
        "credential": credential(&row.credential),
        "enabled": row.enabled,
        "priority": row.priority,
        "weight": row.weight,
        "maxConcurrent": row.max_concurrent,
        "models": row.models,
        "modelMapping": mapping(&row.model_mapping),
        "group": row.group,
        "tags": row.tags,
    })
}

pub(super) fn channel(row: &ChannelRow, backends: &[BackendRow]) -> Value {
    let backends = backends.iter().map(|row| {
        json!({
            "id": row.id,
            "name": row.name,
            "baseUrl": row.base_url,
            "credential": credential(&row.credential),
            "enabled": row.enabled,
        })
    });
    json!({
        "name": row.name,
        "enabled": row.enabled,
        "priority": row.priority,
        "weight": row.weight,
        "models": row.models,
        "modelMapping": mapping(&row.model_mapping),
        "maxConcurrent": row.max_concurrent,
        "rateLimit": row.rate_limit,
        "tags": row.tags,
        "baseUrl": row.base_url,
        "backends": backends.collect::<Vec<_>>(),
    })
}

/// Of its text the two ends, as everywhere.
pub(super) fn token(row: &TokenRow) -> Value {
    json!({
        "name": row.name,
        "token": format!("{}****{}", row.prefix, row.last_four),
        "enabled": row.enabled,
        "expiresAt": row.expires_at,
        "allowedModels": row.models,
        "allowedIPs": row.ips,
        "rateLimit": row.rate_limit,
        "tokensPerMinute": row.tokens_per_minute,
        "quotaLimit": row.quota_limit,
        "maxConcurrent": row.max_concurrent,
        "allowClientOptions": row.allow_client_options,
        "capture": row.capture,
        "note": row.note,
        "metadata": row.metadata,
    })
}

/// Empty when none is needed.
fn credential(credential: &Result<Secret, Lost>) -> &'static str {
    match credential {
        Ok(secret) if secret.expose().is_empty() => "",
        _ => SECRET,
    }
}

fn mapping(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(from, to)| (from.clone(), to.as_str().into())).collect()
}
