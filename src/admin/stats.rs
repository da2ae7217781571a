//! `/admin/api/stats`: what backends have done by day.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::error::AdminError;
use super::{Admin, view};
use crate::store::UseOf;

/// Days that are shown, as many as the Node program kept.
const DAYS: i64 = 30;
const MOST_DAYS: i64 = 3660;

/// The seed's shape: date, then id. What is known comes from an import.
pub(super) async fn stats(
    State(admin): State<Arc<Admin>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, AdminError> {
    let since = since(query.as_deref().unwrap_or_default())?;
    let rows = admin.store.load().await?;
    let mut stats = json!({});
    for day in admin.store.imported_use(UseOf::Backend, &since).await? {
        stats[&day.date][&day.id] = json!({
            "success": day.requests - day.failed, "fail": day.failed, "tokens": day.total_tokens, "imported": true,
        });
    }
    Ok(Json(json!({ "summary": view::keys_summary(&rows, admin.reloader.registry()), "stats": stats })))
}

/// The first day of as many as `days` says, today included, in UTC.
fn since(query: &str) -> Result<String, AdminError> {
    let given = query.split('&').filter_map(|pair| pair.strip_prefix("days=")).next_back();
    let days = match given {
        None => Some(DAYS),
        Some(text) => text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days)),
    };
    let wrong = || vec![("days".to_owned(), format!("must be a whole number from 1 to {MOST_DAYS}"))];
    let days = days.ok_or_else(|| AdminError::fields(wrong()))?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    Ok(today.saturating_sub((days - 1).days()).to_string())
}
