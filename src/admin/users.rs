//! `/admin/api/users`: accounts, and the sessions of each.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};

use super::asked::{Asked, IfMatch};
use super::auth::Caller;
use super::error::AdminError;
use super::fields::Fields;
use super::sign_in::warned;
use super::{Admin, rules, sessions};
use crate::config::Secret;
use crate::store::{NewPassword, NewUser, Role, StoreError, UserChange, UserRow};

const ROLES: &str = "admin or viewer";

type Answer = Result<Json<Value>, AdminError>;

/// An account as the admin API tells it.
pub(super) fn shown(admin: &Admin, user: &UserRow) -> Value {
    let mut shown = stored(user);
    shown["defaultPassword"] = json!(admin.passwords.is_default(user));
    shown
}

/// An account as it is stored, without its hash.
#[must_use]
pub fn stored(user: &UserRow) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "role": user.role.text(),
        "enabled": user.enabled,
        "mustChange": user.must_change,
        "passwordFrom": if user.password_hash.is_some() { "account" } else { "ADMIN_PASSWORD" },
        "createdAt": user.created_at,
        "lastSignIn": user.last_sign_in,
        "revision": user.revision,
    })
}

pub(super) async fn list(State(admin): State<Arc<Admin>>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    let users = admin.store.users().await?;
    Ok(warned(
        json!({ "users": users.iter().map(|user| shown(&admin, user)).collect::<Vec<_>>() }),
        &warnings,
    ))
}

pub(super) async fn one(State(admin): State<Arc<Admin>>, Path(id): Path<String>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    Ok(warned(json!({ "user": shown(&admin, &find(&admin, &id).await?) }), &warnings))
}

pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let name = match fields.text("name").map(|name| rules::account(&name)) {
        Some(Ok(name)) => name,
        Some(Err(wrong)) => fields.failed("name", wrong),
        None => fields.failed("name", "is required"),
    };
    let role = role(&mut fields).unwrap_or(Role::Viewer);
    let (enabled, must_change) = (fields.flag("enabled"), fields.flag("mustChange"));
    let password = new_password(&mut fields, "password", &name);
    let warnings = fields.end_new()?;
    let password = password.ok_or_else(|| AdminError::invalid(rules::PASSWORD))?;
    let new = NewUser {
        name,
        role,
        enabled: enabled.unwrap_or(true),
        password_hash: hash(&admin, password).await?,
        must_change: must_change.unwrap_or_default(),
    };
    let user = admin.store.create_user(&new, &caller.by).await.map_err(named)?;
    tracing::info!(user = user.name, "an account was made");
    Ok(warned(json!({ "success": true, "user": shown(&admin, &user) }), &warnings))
}

pub(super) async fn update(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    if_match: IfMatch,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let change = UserChange {
        role: role(&mut fields),
        enabled: fields.flag("enabled"),
        must_change: fields.flag("mustChange"),
    };
    let expected = fields.revision(if_match);
    let warnings = fields.end()?;
    let user = admin.store.update_user(&id, change, expected, &caller.by).await.map_err(named)?;
    tracing::info!(user = user.name, "an account was changed");
    Ok(warned(json!({ "success": true, "user": shown(&admin, &user) }), &warnings))
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    admin.store.delete_user(&id, expected, &caller.by).await.map_err(named)?;
    tracing::info!(id, "an account was deleted");
    Ok(Json(json!({ "success": true })))
}

/// Gives an account another password, as one does for somebody who has forgotten it. All its sessions end.
pub(super) async fn set_password(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    if_match: IfMatch,
    body: Bytes,
) -> Answer {
    let user = find(&admin, &id).await?;
    let mut fields = Fields::read(&body)?;
    let password = new_password(&mut fields, "password", &user.name);
    let must_change = fields.flag("mustChange").unwrap_or_default();
    let expected = fields.revision(if_match);
    let warnings = fields.end()?;
    let password = password.ok_or_else(|| AdminError::invalid(rules::PASSWORD))?;
    let new = NewPassword { hash: Some(hash(&admin, password).await?), must_change };
    let user = admin.store.set_password(&id, &new, None, expected, &caller.by).await.map_err(named)?;
    tracing::info!(user = user.name, "a password was set");
    Ok(warned(json!({ "success": true, "user": shown(&admin, &user) }), &warnings))
}

pub(super) async fn sessions(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Answer {
    let user = find(&admin, &id).await?;
    let rows = admin.store.sessions(Some(&id)).await?;
    Ok(Json(json!({ "sessions": sessions::shown(&rows, &[user]) })))
}

pub(super) async fn end_sessions(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let ended = admin.store.end_sessions(&id, &caller.by).await.map_err(named)?;
    tracing::info!(id, ended, "an account was signed out everywhere");
    Ok(Json(json!({ "success": true, "sessionsEnded": ended })))
}

async fn find(admin: &Admin, id: &str) -> Result<UserRow, AdminError> {
    let users = admin.store.users().await?;
    users.into_iter().find(|user| user.id == id).ok_or_else(|| AdminError::not_found("User"))
}

/// The role in a body.
pub(super) fn role(fields: &mut Fields) -> Option<Role> {
    fields.never_null("role", ROLES);
    let text = fields.text("role")?;
    let role = Role::read(&text);
    if role.is_none() {
        fields.wrong("role", format!("must be {ROLES}"));
    }
    role
}

/// The new password in a body, if it will do; it must be there.
pub(super) fn new_password(fields: &mut Fields, field: &str, name: &str) -> Option<Secret> {
    let Some(text) = fields.text(field) else {
        fields.wrong(field, "is required");
        return None;
    };
    match rules::password(&text, name) {
        Ok(()) => Some(Secret::new(text)),
        Err(wrong) => {
            fields.wrong(field, wrong);
            None
        }
    }
}

/// A password as it is stored.
pub(super) async fn hash(admin: &Admin, password: Secret) -> Result<Secret, AdminError> {
    admin.passwords.hash(password).await.map_err(AdminError::internal)
}

fn named(error: StoreError) -> AdminError {
    match error {
        StoreError::NotFound { .. } => AdminError::not_found("User"),
        other => other.into(),
    }
}
