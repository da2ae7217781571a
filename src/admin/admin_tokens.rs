//! `/admin/api/admin-tokens`: API tokens of the admin API, for scripts.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};

use super::asked::Asked;
use super::auth::{self, Caller};
use super::error::AdminError;
use super::fields::Fields;
use super::sign_in::warned;
use super::{Admin, users};
use crate::store::{AdminTokenRow, NewAdminToken, StoreError, UserRow};

/// How much of the random part is shown.
const SHOWN: usize = 4;

fn shown(row: &AdminTokenRow, users: &[UserRow]) -> Value {
    let owner = users.iter().find(|user| user.id == row.user_id);
    json!({
        "id": row.id,
        "name": row.name,
        "token": format!("{}****{}", row.prefix, row.last_four),
        "userId": row.user_id,
        "userName": owner.map(|user| &user.name),
        "role": owner.map_or(row.role, |user| user.role.min(row.role)).text(),
        "createdAt": row.created_at,
        "expiresAt": row.expires_at,
        "lastUsed": row.last_used,
    })
}

pub(super) async fn list(State(admin): State<Arc<Admin>>, asked: Asked) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    let (rows, users) = (admin.store.admin_tokens().await?, admin.store.users().await?);
    let tokens: Vec<_> = rows.iter().map(|row| shown(row, &users)).collect();
    Ok(warned(json!({ "adminTokens": tokens }), &warnings))
}

/// Makes a token of the caller's account. The answer is the only place where it is told.
pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Value>, AdminError> {
    let mut fields = Fields::read(&body)?;
    let name = match fields.name("name") {
        Some(name) => name,
        None => fields.failed("name", "is required"),
    };
    let role = users::role(&mut fields).unwrap_or(caller.role);
    let expires_at = fields.future("expiresAt");
    let warnings = fields.end_new()?;
    let (token, hash) = auth::secret(auth::TOKEN)?;
    let text = token.expose();
    let new = NewAdminToken {
        name,
        hash,
        prefix: text[..auth::TOKEN.len() + SHOWN].to_owned(),
        last_four: text[text.len() - SHOWN..].to_owned(),
        user_id: caller.user.id.clone(),
        role: role.min(caller.role),
        expires_at,
    };
    let row = admin.store.create_admin_token(&new, &caller.by).await?;
    tracing::info!(token = row.name, "an API token of the admin API was made");
    let mut told = shown(&row, std::slice::from_ref(&caller.user));
    told["token"] = json!(text);
    Ok(warned(json!({ "success": true, "adminToken": told }), &warnings))
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, AdminError> {
    admin.store.delete_admin_token(&id, &caller.by).await.map_err(|error| match error {
        StoreError::NotFound { .. } => AdminError::not_found("Admin token"),
        other => other.into(),
    })?;
    tracing::info!(id, "an API token of the admin API was deleted");
    Ok(Json(json!({ "success": true })))
}
