//! `/admin/api/captures`: what tokens that have it on have asked, and what they were answered. For admins; whoever looks is in
//! the audit.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::Caller;
use super::error::AdminError;
use super::sign_in::warned;
use crate::store::{CaptureRow, StoreError};

/// Captures of a list, unless the call says how many; and most of them.
const PAGE: i64 = 100;
const MOST: i64 = 1000;

/// The newest first, without texts.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let limit = fields.number("limit", 1, MOST).unwrap_or(PAGE);
    let token = fields.text("token");
    let mut warnings = fields.end()?;
    up_to_date(&admin).await;
    let snapshot = admin.reloader.current().load();
    let by_name = token.as_ref().and_then(|name| snapshot.tokens.named(name));
    let is_unknown = |token: &&String| by_name.is_none() && snapshot.tokens.get(token).is_none();
    let unknown = token.as_ref().filter(is_unknown);
    warnings.extend(unknown.map(|token| format!("there is no token with the name or id {token} now")));
    let token = by_name.map(|token| token.id().to_owned()).or(token);
    let rows = admin.store.captures(token.as_deref(), limit, &caller.by).await?;
    let shown: Vec<_> = rows.iter().map(|row| shown(&admin, row)).collect();
    Ok(warned(json!({ "captures": shown }), &warnings))
}

/// One with its texts, by its `x-request-id`.
pub(super) async fn one(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    up_to_date(&admin).await;
    let found = admin.store.view_capture(&id, &caller.by).await;
    let (row, texts) = found.map_err(|error| match error {
        StoreError::NotFound { .. } => AdminError::not_found("Captured request"),
        other => other.into(),
    })?;
    let texts = texts.map_err(|lost| {
        AdminError::new(StatusCode::CONFLICT, "sealed", format!("its texts cannot be read: {lost}"))
    })?;
    let mut capture = shown(&admin, &row);
    capture["request"] = texts.request.into();
    capture["requestIsCut"] = texts.request_is_cut.into();
    capture["response"] = texts.response.into();
    capture["responseIsCut"] = texts.response_is_cut.into();
    Ok(warned(json!({ "capture": capture }), &warnings))
}

/// Deletes all of them.
pub(super) async fn clear(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    asked.bare()?;
    up_to_date(&admin).await;
    admin.ledger.journal.captures.clear();
    admin.store.clear_captures(&caller.by).await?;
    tracing::info!("all captured requests were deleted");
    Ok(Json(json!({ "success": true })))
}

/// Those that wait are written now, as for the request log.
async fn up_to_date(admin: &Admin) {
    let _ = admin.ledger.capture(&admin.store).await;
}

fn shown(admin: &Admin, row: &CaptureRow) -> Value {
    let snapshot = admin.reloader.current().load();
    let at = Timestamp::from_millisecond(row.at).unwrap_or_default();
    json!({
        "id": row.id, "requestId": row.request_id, "timestamp": format!("{at:.3}"),
        "tokenId": row.token, "tokenName": snapshot.tokens.get(&row.token).map(|token| token.name().to_owned()),
        "endpoint": row.endpoint, "model": row.model,
        "requestBytes": row.request_bytes, "responseBytes": row.response_bytes,
    })
}
