//! `/admin/api/stats`: what backends have done by day.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::error::AdminError;
use super::{Admin, days, view};
use crate::store::UseOf;

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
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, AdminError> {
    let since = since(query.as_deref().unwrap_or_default())?;
    // What is shown is what was counted until now; if it cannot be written, what was written last.
    let _ = admin.reloader.write_totals().await;
    let _ = admin.ledger.write_all(&admin.store).await;
    let rows = admin.store.load_backends().await?;
    let mut days: BTreeMap<(String, String), Done> = BTreeMap::new();
    for day in admin.store.imported_use(UseOf::Backend, &since.to_string()).await? {
        let done = days.entry((day.date, day.id)).or_default();
        (done.success, done.fail) = (day.requests - day.failed, day.failed);
        (done.tokens, done.is_imported) = (day.total_tokens, true);
    }
    for day in admin.store.backend_usage(days::begin(since)).await? {
        let done = days.entry((days::of_number(day.day), day.backend)).or_default();
        done.success = done.success.saturating_add(day.requests - day.failed);
        done.fail = done.fail.saturating_add(day.failed);
        done.tokens = done.tokens.saturating_add(day.tokens);
    }
    let mut stats = json!({});
    for ((date, id), done) in days {
        let mut shown = json!({ "success": done.success, "fail": done.fail, "tokens": done.tokens });
        if done.is_imported {
            shown["imported"] = Value::Bool(true);
        }
        stats[date][id] = shown;
    }
    Ok(Json(json!({ "summary": view::keys_summary(&rows, admin.reloader.registry()), "stats": stats })))
}

/// The first day of as many as `days` says, today included, in UTC.
fn since(query: &str) -> Result<Date, AdminError> {
    let given = query.split('&').filter_map(|pair| pair.strip_prefix("days=")).next_back();
    let days = match given {
        None => Some(DAYS),
        Some(text) => text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days)),
    };
    let wrong = || vec![("days".to_owned(), format!("must be a whole number from 1 to {MOST_DAYS}"))];
    let days = days.ok_or_else(|| AdminError::fields(wrong()))?;
    Ok(days::first(days - 1))
}
