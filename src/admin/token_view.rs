//! Tokens as the admin API and the command line show them: the seed's fields, and more. Never their text or its hash.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::access::mask;
use crate::config::Secret;
use crate::limits::period;
use crate::store::{TokenKind, TokenRow};

/// What a token is good for at that time.
#[must_use]
pub fn kind(row: &TokenRow, now: Timestamp) -> TokenKind {
    let end = row.expires_at.as_ref().and_then(|end| end.parse::<Timestamp>().ok());
    match end {
        _ if !row.enabled => TokenKind::Disabled,
        Some(end) if end <= now => TokenKind::Expired,
        _ => TokenKind::Enabled,
    }
}

/// What was used of this month's quota.
#[must_use]
pub fn quota_used(row: &TokenRow, now: Timestamp, zone: &TimeZone) -> i64 {
    let month = period(now, zone).month.to_string();
    if row.quota_month.as_ref() == Some(&month) { row.quota_used } else { 0 }
}

/// A token, its text masked. `zone` is that of quotas.
#[must_use]
pub fn stored_token(row: &TokenRow, now: Timestamp, zone: &TimeZone) -> Value {
    let resets = row.quota_limit.map(|_| format!("{:.3}", period(now, zone).next_reset));
    json!({
        "id": row.id, "name": row.name, "token": mask(&row.prefix, &row.last_four), "enabled": row.enabled,
        "status": kind(row, now).name(), "createdAt": row.created_at, "expiresAt": row.expires_at,
        "rateLimit": row.rate_limit, "tokensPerMinute": row.tokens_per_minute,
        "quotaLimit": row.quota_limit, "quotaUsed": quota_used(row, now, zone), "quotaResetAt": resets,
        "maxConcurrent": row.max_concurrent, "allowedModels": row.models, "allowedIPs": row.ips,
        "allowClientOptions": row.allow_client_options, "capture": row.capture, "note": row.note, "metadata": row.metadata,
        "weak": row.weak, "revision": row.revision,
        "totalRequests": row.totals.total_requests, "failedRequests": row.totals.failed_requests,
        "totalTokens": row.totals.total_tokens, "lastUsed": row.totals.last_used,
    })
}

/// A token with its text, which is shown this once.
#[must_use]
pub fn new_token_shown(row: &TokenRow, text: &Secret, now: Timestamp, zone: &TimeZone) -> Value {
    let mut shown = stored_token(row, now, zone);
    shown["token"] = Value::String(text.expose().to_owned());
    shown
}
