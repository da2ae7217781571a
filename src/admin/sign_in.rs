//! Signing in and out, and what people may do with their own account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::auth::{self, Caller, Via};
use super::error::AdminError;
use super::fields::Fields;
use super::visitor::{Site, Visitor};
use super::{Admin, rules, users};
use crate::config::Secret;
use crate::store::{ActorKind, FIRST, NewPassword, NewSession, StoreError};

/// `{"password"}`, as the Node program took it, or with a `username`; JSON or a form.
pub(super) async fn login(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminError> {
    // Else a page of another site could sign a browser in as somebody else.
    if visitor.site(&headers) == Site::Foreign {
        return Err(auth::foreign());
    }
    let mut fields = Fields::read_form(&headers, &body)?;
    let (name, password) = (fields.text("username"), fields.text("password"));
    if password.as_deref().is_none_or(str::is_empty) {
        fields.wrong("password", "is required");
    }
    // Whoever misspells the field must not become the first account.
    let warnings = fields.end_new()?;
    let wrong = match name {
        Some(_) => "Wrong user name or password",
        None => "Wrong password",
    };
    let wrong = AdminError::new(StatusCode::UNAUTHORIZED, "wrong_password", wrong);
    let name = name.map_or_else(|| FIRST.to_owned(), |name| name.trim().to_lowercase());
    let password = password.unwrap_or_default();
    let checked = admin.passwords.check(&admin.store, &name, &password, visitor.address).await;
    let user = match checked {
        Ok(user) => user,
        Err(refused) => return Err(auth::refuse(&admin, refused, &visitor, wrong).await),
    };
    let by = visitor.by(&user.name, ActorKind::User);
    if admin.passwords.is_default(&user) && !visitor.is_loopback {
        return Err(auth::default_from_elsewhere());
    }
    let (token, hash) = auth::secret(auth::SESSION)?;
    let new =
        NewSession { hash, address: visitor.address.to_string(), user_agent: visitor.user_agent.clone() };
    let session = admin.store.sign_in(&user, &new, &by).await.map_err(|error| match error {
        StoreError::NotFound { .. } => wrong,
        other => other.into(),
    })?;
    tracing::info!(user = user.name, "signed in");
    let must_change = user.must_change || admin.passwords.is_default(&user);
    let answer = json!({
        "success": true,
        "token": token.expose(),
        "expiresAt": session.expires_at,
        "user": users::shown(&admin, &user),
        "passwordChangeRequired": must_change,
    });
    let cookie = [(header::SET_COOKIE, visitor.cookie(Some(token.expose())))];
    Ok((cookie, warned(answer, &warnings)).into_response())
}

/// Why the account `admin` cannot sign in from where the caller is, for those who are not known yet.
pub(super) async fn door(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Value>, AdminError> {
    let first = admin.store.user_named(FIRST).await?.filter(|first| first.enabled);
    let is_shut = !visitor.is_loopback && first.is_some_and(|first| admin.passwords.is_default(&first));
    Ok(Json(json!({ "refused": is_shut.then(|| auth::default_from_elsewhere().told()) })))
}

/// Ends the session that was shown, or with `everywhere` all of its account. Without one there is nothing to end.
pub(super) async fn logout(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminError> {
    let mut fields = Fields::read_form(&headers, &body)?;
    let everywhere = fields.flag("everywhere").unwrap_or_default();
    let warnings = fields.end()?;
    let mut ended = 0;
    if let Some(Extension(caller)) = caller {
        ended = match (&caller.via, everywhere) {
            (_, true) => admin.store.end_sessions(&caller.user.id, &caller.by).await?,
            (Via::Session(id), false) => admin.store.end_session(id, &caller.by).await.map(|()| 1)?,
            _ => 0,
        };
        tracing::info!(user = caller.user.name, ended, "signed out");
    }
    let answer = json!({ "success": true, "sessionsEnded": ended });
    Ok(([(header::SET_COOKIE, visitor.cookie(None))], warned(answer, &warnings)).into_response())
}

pub(super) async fn me(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    Extension(caller): Extension<Caller>,
) -> Json<Value> {
    let session = match &caller.via {
        Via::Session(id) => Some(id),
        _ => None,
    };
    Json(json!({
        "user": users::shown(&admin, &caller.user),
        "role": caller.role.text(),
        "via": match &caller.via { Via::Session(_) => "session", Via::Token => "token", Via::Password => "password" },
        "sessionId": session,
        "passwordChangeRequired": caller.must_change,
        "address": visitor.address,
        "api": admin.front.map(|front| front.url(visitor.host())),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// Changes the own password. All other sessions of the account end.
pub(super) async fn change_password(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Value>, AdminError> {
    if caller.via == Via::Token {
        let message = "an API token changes no password: sign in";
        return Err(AdminError::new(StatusCode::FORBIDDEN, "role_required", message));
    }
    let mut fields = Fields::read(&body)?;
    let current = fields.text("currentPassword");
    if current.as_deref().is_none_or(str::is_empty) {
        fields.wrong("currentPassword", "is required");
    }
    let new = users::new_password(&mut fields, "newPassword", &caller.user.name);
    if new.is_some() && new.as_ref().map(Secret::expose) == current.as_deref() {
        fields.wrong("newPassword", "must be another one");
    }
    let warnings = fields.end()?;
    let (current, new) =
        (current.unwrap_or_default(), new.ok_or_else(|| AdminError::invalid(rules::PASSWORD))?);
    let checked = admin.passwords.check(&admin.store, &caller.user.name, &current, visitor.address).await;
    if let Err(refused) = checked {
        let wrong =
            AdminError::fields(vec![("currentPassword".to_owned(), "is not the password".to_owned())]);
        return Err(auth::refuse(&admin, refused, &visitor, wrong).await);
    }
    let password = NewPassword { hash: Some(users::hash(&admin, new).await?), must_change: false };
    let keep = match &caller.via {
        Via::Session(id) => Some(id.as_str()),
        _ => None,
    };
    let user = admin.store.set_password(&caller.user.id, &password, keep, None, &caller.by).await?;
    tracing::info!(user = user.name, "a password was changed");
    Ok(warned(json!({ "success": true, "user": users::shown(&admin, &user) }), &warnings))
}

/// An answer with the fields that were not read.
pub(super) fn warned(mut answer: Value, warnings: &[String]) -> Json<Value> {
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    Json(answer)
}
