//! `/admin/api/stats`: what backends have done by day.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::Asked;
use super::error::AdminError;
use super::sign_in::warned;
use super::{Admin, days, view};
use crate::ledger::Unwritten;
use crate::snapshot::IMPLICIT;
use crate::store::{Rows, UseOf};

/// Days that are shown, as many as the Node program kept.
const DAYS: i64 = 30;
const MOST_DAYS: i64 = 3660;

/// What a backend has done in a day.
#[derive(Debug, Default)]
struct Done {
    success: i64,
    fail: i64,
    tokens: i64,
    /// Whether some of it comes from an import.
    is_imported: bool,
}

/// The seed's shape: date, then id. Days of an import and what was counted here are added up.
pub(super) async fn stats(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let count = fields.number("days", 1, MOST_DAYS).unwrap_or(DAYS);
    let warnings = fields.end()?;
    let since = days::first(count - 1);
    // What is shown is what was counted until now, be it written or not.
    let (rows, unwritten) = admin.counted_backends().await?;
    let mut by_day: BTreeMap<(String, String), Done> = BTreeMap::new();
    for day in admin.store.imported_use(UseOf::Backend, &since.to_string()).await? {
        let done = by_day.entry((day.date, day.id)).or_default();
        (done.success, done.fail) = (day.requests - day.failed, day.failed);
        (done.tokens, done.is_imported) = (day.total_tokens, true);
    }
    for day in admin.store.backend_usage(days::begin(since)).await? {
        let done = by_day.entry((days::of_number(day.day), day.backend)).or_default();
        done.success = done.success.saturating_add(day.requests - day.failed);
        done.fail = done.fail.saturating_add(day.failed);
        done.tokens = done.tokens.saturating_add(day.tokens);
    }
    let unwritten = unwritten.as_ref().filter(|unwritten| admin.ledger.is_still(unwritten));
    let more = unwritten.map(Unwritten::minutes).unwrap_or_default();
    for (key, counts) in more.iter().filter(|(key, _)| !key.backend.is_empty()) {
        let done = by_day.entry((days::of_hour(key.minute), key.backend.to_owned())).or_default();
        let failed = if key.is_good() { 0 } else { counts.requests };
        done.success = done.success.saturating_add(counts.requests - failed);
        done.fail = done.fail.saturating_add(failed);
        done.tokens = done.tokens.saturating_add(counts.prompt_tokens + counts.completion_tokens);
    }
    let mut stats = json!({});
    for ((date, id), done) in by_day {
        let mut shown = json!({ "success": done.success, "fail": done.fail, "tokens": done.tokens });
        if done.is_imported {
            shown["imported"] = Value::Bool(true);
        }
        stats[date][id] = shown;
    }
    let summary = summary(&admin, &rows).await?;
    Ok(warned(json!({ "summary": summary, "stats": stats }), &warnings))
}

/// The seed's counts of keys. Where nothing is configured, those of the backend that then serves are among them.
pub(super) async fn summary(admin: &Admin, rows: &Rows) -> Result<Value, AdminError> {
    let mut summary = view::keys_summary(rows, admin.reloader.registry());
    if rows.backends.is_empty() && rows.channels.is_empty() {
        let days = admin.store.backend_usage(0).await?;
        let own: Vec<_> = days.iter().filter(|day| day.backend == IMPLICIT).collect();
        summary["totalRequests"] = own.iter().map(|day| day.requests).sum::<i64>().into();
        summary["totalTokens"] = own.iter().map(|day| day.tokens).sum::<i64>().into();
    }
    Ok(summary)
}
