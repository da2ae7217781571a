//! `/admin/api/logs`: the request log, the audit in the form of the Node program, and the records that were imported from
//! it.

mod export;
mod filter;
mod tail;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::Caller;
use super::error::AdminError;
use super::sign_in::warned;
use crate::store::{AuditFilter, AuditRow, LogFacts, LogFilter, LogKind, LogRow, Role};
pub(super) use export::export;
use filter::Wanted;
pub use filter::{outcomes, statuses};
pub(super) use tail::tail;

/// Records of an answer, unless the call says how many.
const PAGE: i64 = 200;
/// Most records of an answer, which 0 asks for.
const MOST: i64 = 10_000;

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
    let limit = fields.number("limit", 0, MOST).unwrap_or(PAGE);
    let wanted = Wanted::read(&mut fields, &admin.reloader.current().load());
    let warnings = fields.end()?;
    let limit = if limit == 0 { MOST } else { limit };
    if kind.as_deref() == Some("audit") {
        caller.may(Role::Admin)?;
    }
    let has_audit = kind.as_deref() != Some("request") && !wanted.is_grave_only && !wanted.is_of_requests;
    let (mut found, mut next) = (Vec::new(), None);
    if has_audit && caller.may(Role::Admin).is_ok() {
        let rows = admin.store.audit(&AuditFilter::default(), limit).await?;
        found.extend(rows.iter().map(audit_line));
        found.extend(imported(&admin, LogKind::Audit, limit).await?);
    }
    if kind.as_deref() != Some("audit") {
        let most = usize::try_from(limit).unwrap_or_default();
        let (requests, more) = requests(&admin, &wanted.filter, most).await?;
        next = more.filter(|_| kind.is_some() || wanted.is_of_requests);
        let is_all = more.is_none() && !wanted.is_of_requests && !wanted.is_grave_only;
        found.extend(requests);
        if is_all {
            found.extend(imported(&admin, LogKind::Request, limit).await?);
        }
    }
    let at = |record: &Value| record["timestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    found.sort_by_cached_key(|record| std::cmp::Reverse(at(record)));
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let answer = json!({ "logs": found, "nextCursor": next.map(|seq| seq.to_string()) });
    Ok(warned(answer, &warnings))
}

/// The newest requests, and where the next page begins. Without a request log they are those in memory.
async fn requests(
    admin: &Admin,
    filter: &LogFilter,
    most: usize,
) -> Result<(Vec<Value>, Option<i64>), AdminError> {
    up_to_date(admin).await;
    if !admin.reloader.settings().config.log.has_request_log && filter.before.is_none() {
        return Ok((recent(admin, filter, most), None));
    }
    // One more tells whether there are more.
    let mut rows = admin.store.request_log(filter, most + 1).await?;
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|row| row.seq);
    Ok((rows.iter().map(LogRow::to_value).collect::<Result<_, _>>()?, next))
}

/// Requests that are over are written now, so that whoever has seen the answer of one finds it. The database may be
/// away: what it has is told all the same.
async fn up_to_date(admin: &Admin) {
    let _ = admin.ledger.log(&admin.store).await;
}

/// Of those in memory, the newest first.
fn recent(admin: &Admin, filter: &LogFilter, most: usize) -> Vec<Value> {
    let lines = admin.ledger.journal.recent();
    let read = |json: &str| {
        let is_meant = LogFacts::of(json).is_ok_and(|facts| filter.admits(&facts));
        if is_meant { serde_json::from_str(json).ok() } else { None }
    };
    lines.iter().rev().filter_map(|line| read(&line.json)).take(most).collect()
}

/// One request.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(seq): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    up_to_date(&admin).await;
    let seq = seq.parse().map_err(|_| AdminError::not_found("Logged request"))?;
    Ok(warned(json!({ "log": admin.store.logged_request(seq).await?.to_value()? }), &warnings))
}

/// Deletes the request log, and what was imported of the Node program's. The audit and files stay.
pub(super) async fn clear(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    asked.bare()?;
    up_to_date(&admin).await;
    admin.ledger.journal.clear();
    admin.store.clear_request_log(&caller.by).await?;
    Ok(Json(json!({ "success": true })))
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
#[must_use]
pub fn audit_line(row: &AuditRow) -> Value {
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
