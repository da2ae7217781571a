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
use crate::store::{AuditFilter, AuditRow, LogFacts, LogFilter, LogKind, LogRow, Role, StoreError};
pub(super) use export::export;
use filter::Wanted;
pub use filter::{client, grave, is_grave, outcomes, statuses};
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
    let wanted = Wanted::read(&mut fields, &admin).await?;
    let warnings = [fields.end()?, wanted.warnings].concat();
    let limit = if limit == 0 { MOST } else { limit };
    if kind.as_deref() == Some("audit") {
        caller.may(Role::Admin)?;
    }
    let has_audit = kind.as_deref() != Some("request") && !wanted.is_grave_only && !wanted.is_of_requests;
    let (mut found, mut others, mut next) = (Vec::new(), Vec::new(), None);
    if has_audit && caller.may(Role::Admin).is_ok() {
        let rows = admin.store.audit(&AuditFilter::default(), limit).await?;
        others.extend(rows.iter().map(audit_line));
        others.extend(imported(&admin, LogKind::Audit, limit).await?);
    }
    if kind.as_deref() != Some("audit") {
        let most = usize::try_from(limit).unwrap_or_default();
        let (requests, more) = requests(&admin, &wanted.filter, most).await?;
        next = more.filter(|_| kind.is_some() || wanted.is_of_requests);
        let is_all = more.is_none() && !wanted.is_of_requests && !wanted.is_grave_only;
        found = requests;
        if is_all {
            others.extend(imported(&admin, LogKind::Request, limit).await?);
        }
    }
    others.sort_by_cached_key(|record| std::cmp::Reverse(at(record)));
    let mut found = merged(found, others);
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let answer = json!({ "logs": found, "nextCursor": next.map(|seq| seq.to_string()) });
    Ok(warned(answer, &warnings))
}

fn at(record: &Value) -> Option<Timestamp> {
    record["timestamp"].as_str().and_then(|at| at.parse().ok())
}

/// Both lists as one, the newest first. Each keeps its order: that of requests is of their numbers, on every page and in
/// exports.
fn merged(requests: Vec<Value>, others: Vec<Value>) -> Vec<Value> {
    let (mut requests, mut others) = (requests.into_iter().peekable(), others.into_iter().peekable());
    std::iter::from_fn(|| match (requests.peek(), others.peek()) {
        (Some(request), Some(other)) if at(other) <= at(request) => requests.next(),
        (Some(_), None) => requests.next(),
        (_, Some(_)) => others.next(),
        (None, None) => None,
    })
    .collect()
}

/// Whether what is asked for is kept in memory alone: without a request log there are no pages.
fn is_in_memory(admin: &Admin, filter: &LogFilter) -> bool {
    !admin.reloader.settings().config.log.has_request_log && filter.before.is_none()
}

/// The newest requests, and where the next page begins. Without a request log they are those in memory.
async fn requests(
    admin: &Admin,
    filter: &LogFilter,
    most: usize,
) -> Result<(Vec<Value>, Option<i64>), AdminError> {
    up_to_date(admin).await;
    if is_in_memory(admin, filter) {
        let read = |json: &Arc<str>| serde_json::from_str(json).ok();
        return Ok((recent(admin, filter, most).iter().filter_map(read).collect(), None));
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
fn recent(admin: &Admin, filter: &LogFilter, most: usize) -> Vec<Arc<str>> {
    let lines = admin.ledger.journal.recent();
    let admitted = |json: &Arc<str>| {
        let is_meant = LogFacts::of(json).is_ok_and(|facts| filter.admits(&facts));
        is_meant.then(|| Arc::clone(json))
    };
    lines.iter().rev().filter_map(|line| admitted(&line.json)).take(most).collect()
}

/// One request: by its number, or by its `x-request-id`, of which the newest counts.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    up_to_date(&admin).await;
    let numbered = match id.parse() {
        Ok(seq) => admin.store.logged_request(seq).await.map(Some),
        Err(_) => Ok(None),
    };
    let found = match numbered {
        Ok(Some(row)) => row.to_value()?,
        Ok(None) | Err(StoreError::NotFound { .. }) => {
            let filter = LogFilter { id: Some(id), ..LogFilter::default() };
            let (mut found, _) = requests(&admin, &filter, 1).await?;
            found.pop().ok_or_else(|| AdminError::not_found("Logged request"))?
        }
        Err(other) => return Err(other.into()),
    };
    Ok(warned(json!({ "log": found }), &warnings))
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
