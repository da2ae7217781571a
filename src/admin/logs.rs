//! `/admin/api/logs`: the audit in the form of the Node program, and the records that were imported from it.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::Caller;
use super::error::AdminError;
use super::sign_in::warned;
use crate::store::{AuditFilter, AuditRow, LogKind, Role};

/// Records of an answer, unless the call says how many.
const PAGE: i64 = 200;
/// Most records of an answer, which 0 asks for.
const MOST: i64 = 10_000;
/// The levels of the Node program.
const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

/// Newest first. The audit is for admins.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let kind = fields.text("type");
    if kind.as_deref().is_some_and(|kind| !matches!(kind, "audit" | "request")) {
        fields.wrong("type", "must be audit or request");
    }
    let level = fields.text("level").map(|level| level.to_ascii_lowercase());
    if level.as_deref().is_some_and(|level| !LEVELS.contains(&level)) {
        fields.wrong("level", format!("must be one of {}", LEVELS.join(", ")));
    }
    let limit = fields.number("limit", 0, MOST).unwrap_or(PAGE);
    let warnings = fields.end()?;
    let limit = if limit == 0 { MOST } else { limit };
    let is_asked = |one: &str| kind.as_deref().is_none_or(|kind| kind == one);
    if kind.as_deref() == Some("audit") {
        caller.may(Role::Admin)?;
    }
    let mut found = Vec::new();
    // As in the Node program: records of these kinds have no level, so none has one that is high enough.
    if level.is_none() {
        if is_asked("audit") && caller.may(Role::Admin).is_ok() {
            let rows = admin.store.audit(&AuditFilter::default(), limit).await?;
            found.extend(rows.iter().map(shown));
            found.extend(imported(&admin, LogKind::Audit, limit).await?);
        }
        if is_asked("request") {
            found.extend(imported(&admin, LogKind::Request, limit).await?);
        }
    }
    let at = |record: &Value| record["timestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    found.sort_by_cached_key(|record| std::cmp::Reverse(at(record)));
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(warned(json!({ "logs": found }), &warnings))
}

/// Records as the Node program wrote them.
async fn imported(admin: &Admin, kind: LogKind, most: i64) -> Result<Vec<Value>, AdminError> {
    let lines = admin.store.imported_records(kind, u32::try_from(most).unwrap_or(u32::MAX)).await?;
    let read = |line: &String| {
        let mut record: Value = serde_json::from_str(line).ok().filter(Value::is_object)?;
        record["imported"] = Value::Bool(true);
        Some(record)
    };
    Ok(lines.iter().filter_map(read).collect())
}

/// A change in the form of the Node program. What was before and after is told by the audit itself.
fn shown(row: &AuditRow) -> Value {
    let mut shown = json!({ "timestamp": row.at, "type": "audit", "action": row.action, "actor": row.actor });
    let id = match row.object_kind.as_str() {
        "token" => "tokenId",
        "channel" => "channelId",
        "key" => "keyId",
        _ => "objectId",
    };
    if let Some(object) = &row.object_id {
        shown[id] = object.as_str().into();
    }
    if !row.name.is_empty() {
        shown["name"] = row.name.as_str().into();
    }
    shown
}
