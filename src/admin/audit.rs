//! `/admin/api/audit`: who changed what.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::Admin;
use super::error::AdminError;
use super::fields::time;
use crate::store::{AuditFilter, AuditRow};

const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1000;

/// A row for people.
#[must_use]
pub fn shown(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "timestamp": row.at,
        "actor": row.actor,
        "actorKind": row.actor_kind,
        "address": row.address,
        "action": row.action,
        "objectKind": row.object_kind,
        "objectId": row.object_id,
        "name": row.name,
        "before": row.before,
        "after": row.after,
        "requestId": row.request_id,
    })
}

/// The newest rows first, a page at a time.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, AdminError> {
    let (mut filter, mut limit) = (AuditFilter::default(), PAGE);
    let (mut wrong, mut warnings) = (Vec::new(), Vec::new());
    for (name, text) in given {
        let text = text.trim().to_owned();
        if text.is_empty() {
            continue;
        }
        match name.as_str() {
            "actor" => filter.actor = Some(text),
            "action" => filter.action = Some(text),
            "object" => filter.object = Some(text),
            "text" => filter.text = Some(text),
            "cursor" => filter.cursor = Some(text),
            "since" | "until" => match time(&text) {
                Some(time) if name == "since" => filter.since = Some(time),
                Some(time) => filter.until = Some(time),
                None => {
                    wrong.push((name, "must be a time, as in 2026-01-31T08:00:00Z, or a date".to_owned()))
                }
            },
            "limit" => match text.parse() {
                Ok(number) if (1..=LARGEST_PAGE).contains(&number) => limit = number,
                _ => wrong.push((name, format!("must be a whole number from 1 to {LARGEST_PAGE}"))),
            },
            _ => warnings.push(format!("{name} is no filter")),
        }
    }
    if !wrong.is_empty() {
        return Err(AdminError::fields(wrong));
    }
    // One more tells whether there are more.
    let mut rows = admin.store.audit(&filter, limit + 1).await?;
    let has_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| has_more).map(|row| &row.id);
    let entries: Vec<_> = rows.iter().map(shown).collect();
    Ok(super::sign_in::warned(json!({ "entries": entries, "nextCursor": next }), &warnings))
}
