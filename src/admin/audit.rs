//! `/admin/api/audit`: who changed what.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::error::AdminError;
use super::fields::{Fields, time};
use super::sign_in::warned;
use crate::store::{AuditFilter, AuditRow, StoreError, is_id};

/// All that is written.
pub(super) const ACTIONS: [&str; 32] = [
    "admin_token.create",
    "admin_token.delete",
    "backup.download",
    "cache.clear",
    "capture.clear",
    "capture.list",
    "capture.view",
    "channel.create",
    "channel.delete",
    "channel.reset_health",
    "channel.update",
    "import",
    "key.create",
    "key.delete",
    "key.reset_health",
    "key.update",
    "log.clear",
    "session.end",
    "setting.delete",
    "setting.update",
    "token.create",
    "token.delete",
    "token.regenerate",
    "token.reset_quota",
    "token.update",
    "user.create",
    "user.delete",
    "user.password",
    "user.sign_in",
    "user.sign_in_failed",
    "user.sign_out",
    "user.update",
];

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

/// Whether it is an action, or the first part of some.
fn is_known(action: &str) -> bool {
    let mut rests = ACTIONS.iter().filter_map(|known| known.strip_prefix(action));
    rests.any(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The newest rows first, a page at a time.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let time_of = |fields: &mut Fields, name: &str| {
        let text = fields.text(name)?;
        let time = time(&text);
        if time.is_none() {
            fields.wrong(name, "must be a time, as in 2026-01-31T08:00:00Z, or a date");
        }
        time
    };
    let cursor = fields.text("cursor");
    if cursor.as_deref().is_some_and(|cursor| !is_id(cursor)) {
        fields.wrong("cursor", "must be the nextCursor of another answer");
    }
    let action = fields.text("action");
    if action.as_deref().is_some_and(|action| !is_known(action)) {
        fields.wrong("action", format!("must be one of {}, or its first part", ACTIONS.join(", ")));
    }
    let filter = AuditFilter {
        actor: fields.text("actor"),
        action,
        object: fields.text("object"),
        since: time_of(&mut fields, "since"),
        until: time_of(&mut fields, "until"),
        text: fields.text("text"),
        cursor,
    };
    let limit = fields.number("limit", 1, LARGEST_PAGE).unwrap_or(PAGE);
    let warnings = fields.end()?;
    // One more tells whether there are more.
    let mut rows = admin.store.audit(&filter, limit + 1).await?;
    let has_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next = rows.last().filter(|_| has_more).map(|row| &row.id);
    let entries: Vec<_> = rows.iter().map(shown).collect();
    Ok(warned(json!({ "entries": entries, "nextCursor": next }), &warnings))
}

pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    let row = admin.store.audit_row(&id).await.map_err(|error| match error {
        StoreError::NotFound { .. } => AdminError::not_found("Audit entry"),
        other => other.into(),
    })?;
    Ok(warned(json!({ "entry": shown(&row) }), &warnings))
}
