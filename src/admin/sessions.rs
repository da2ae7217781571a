//! `/admin/api/sessions`: who is signed in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::{Caller, Via};
use super::error::AdminError;
use super::sign_in::warned;
use crate::store::{SessionRow, StoreError, UserRow};

/// Sessions as the admin API tells them, with the names of their accounts.
pub(super) fn shown(rows: &[SessionRow], users: &[UserRow]) -> Vec<Value> {
    let one = |row: &SessionRow| {
        let user = users.iter().find(|user| user.id == row.user_id);
        json!({
            "id": row.id,
            "userId": row.user_id,
            "userName": user.map(|user| &user.name),
            "createdAt": row.created_at,
            "lastSeen": row.last_seen,
            "expiresAt": row.expires_at,
            "address": row.address,
            "userAgent": row.user_agent,
        })
    };
    rows.iter().map(one).collect()
}

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    let (rows, users) = (admin.store.sessions(None).await?, admin.store.users().await?);
    let mut sessions = shown(&rows, &users);
    if let Via::Session(own) = &caller.via {
        for session in &mut sessions {
            session["current"] = json!(session["id"] == own.as_str());
        }
    }
    Ok(warned(json!({ "sessions": sessions }), &warnings))
}

pub(super) async fn end(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, AdminError> {
    admin.store.end_session(&id, &caller.by).await.map_err(|error| match error {
        StoreError::NotFound { .. } => AdminError::not_found("Session"),
        other => other.into(),
    })?;
    tracing::info!(id, "a session was ended");
    Ok(Json(json!({ "success": true })))
}
