//! Who may call the admin API, told from the head alone: by a session, an API token, or the password of the account
//! `admin` as the Node program took it.

use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Admin;
use super::error::AdminError;
use super::passwords::Refused;
use super::visitor::{Site, Visitor, is_safe, session_cookie};
use crate::access::shown;
use crate::config::Secret;
use crate::store::{ActorKind, By, Entry, FIRST, Role, UserRow};

/// How the texts begin that are shown in place of a password.
pub(super) const SESSION: &str = "o2o-session-";
pub(super) const TOKEN: &str = "o2o-admin-";
/// Between two notes that a session or token was used, in seconds; more while the database takes none.
const NOTED: i64 = 60;

/// How a caller is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Via {
    /// With the id of the session.
    Session(String),
    Token,
    Password,
}

/// Somebody who may call.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: UserRow,
    /// At most the account's.
    pub(super) role: Role,
    pub(super) via: Via,
    /// Nothing but a new password is accepted.
    pub(super) must_change: bool,
    /// In the audit.
    pub(super) by: By,
}

impl Caller {
    /// # Errors
    /// 403 when a new password is due, or the role is too little.
    pub(super) fn may(&self, least: Role) -> Result<(), AdminError> {
        if self.must_change {
            let message = "the password must be changed first: POST /admin/api/me/password with currentPassword and \
                newPassword";
            return Err(AdminError::new(StatusCode::FORBIDDEN, "password_change_required", message));
        }
        if self.role < least {
            let message = format!("this needs the role {}", least.text());
            return Err(AdminError::new(StatusCode::FORBIDDEN, "role_required", message));
        }
        Ok(())
    }
}

/// A new secret of 256 random bits that begins with this prefix, and its hash.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn secret(prefix: &str) -> Result<(Secret, [u8; 32]), AdminError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(AdminError::internal)?;
    let digits: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{prefix}{digits}");
    let hash = digest(text.as_bytes());
    Ok((Secret::new(text), hash))
}

fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Finds out who calls.
///
/// # Errors
/// 401 for nobody who is known; 403 for a write by cookie that a page of another site may have sent, and for the
/// default password from another machine; 429 for whoever guessed too often.
pub(super) async fn admit(
    admin: &Admin,
    method: &Method,
    headers: &HeaderMap,
    visitor: &Visitor,
) -> Result<Caller, AdminError> {
    let caller = match shown(headers).map_err(|_twice| unauthorized())? {
        Some(shown) => by_bearer(admin, shown, visitor).await?,
        None => {
            let cookie = session_cookie(headers).ok_or_else(unauthorized)?;
            if !is_safe(method) && visitor.site(headers) != Site::Own {
                return Err(foreign());
            }
            by_session(admin, cookie.as_bytes(), visitor).await?
        }
    };
    if admin.passwords.is_default(&caller.user) && !visitor.is_loopback {
        return Err(default_from_elsewhere());
    }
    Ok(caller)
}

async fn by_bearer(admin: &Admin, shown: &[u8], visitor: &Visitor) -> Result<Caller, AdminError> {
    if shown.starts_with(SESSION.as_bytes()) {
        return by_session(admin, shown, visitor).await;
    }
    if shown.starts_with(TOKEN.as_bytes()) {
        return by_token(admin, shown, visitor).await;
    }
    let password = std::str::from_utf8(shown).map_err(|_| unauthorized())?;
    match admin.passwords.check_bearer(&admin.store, FIRST, password, visitor.address).await {
        Ok(user) => {
            let by = visitor.by(&user.name, ActorKind::User);
            Ok(known(admin, user, Role::Admin, Via::Password, by))
        }
        Err(refused) => Err(refuse(admin, refused, visitor, unauthorized()).await),
    }
}

async fn by_session(admin: &Admin, shown: &[u8], visitor: &Visitor) -> Result<Caller, AdminError> {
    let found = admin.store.session(digest(shown)).await?;
    let (session, user) = found.filter(|(_, user)| user.enabled).ok_or_else(unauthorized)?;
    if is_due(&session.last_seen)
        && admin.ledger.trouble().is_none()
        && let Err(error) = admin.store.seen(&session.id).await
    {
        tracing::warn!(%error, "the use of a session could not be noted");
    }
    let by = visitor.by(&user.name, ActorKind::User);
    Ok(known(admin, user, Role::Admin, Via::Session(session.id), by))
}

async fn by_token(admin: &Admin, shown: &[u8], visitor: &Visitor) -> Result<Caller, AdminError> {
    let found = admin.store.admin_token(digest(shown)).await?;
    let (token, user) = found.filter(|(_, user)| user.enabled).ok_or_else(unauthorized)?;
    if token.last_used.as_deref().is_none_or(is_due)
        && admin.ledger.trouble().is_none()
        && let Err(error) = admin.store.admin_token_used(&token.id).await
    {
        tracing::warn!(%error, "the use of an API token could not be noted");
    }
    let by = visitor.by(format!("{}/{}", user.name, token.name), ActorKind::Token);
    Ok(known(admin, user, token.role, Via::Token, by))
}

fn known(admin: &Admin, user: UserRow, most: Role, via: Via, by: By) -> Caller {
    let must_change = user.must_change || admin.passwords.is_default(&user);
    Caller { role: user.role.min(most), user, via, must_change, by }
}

/// Whether a note of this time is to be renewed.
fn is_due(noted: &str) -> bool {
    noted.parse::<Timestamp>().is_ok_and(|noted| Timestamp::now().as_second() - noted.as_second() >= NOTED)
}

/// The answer to a password that opens nothing; failures are written to the audit.
pub(super) async fn refuse(
    admin: &Admin,
    refused: Refused,
    visitor: &Visitor,
    wrong: AdminError,
) -> AdminError {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::Later(wait) => {
            let message = "too many failed sign-ins from this address; wait, then try again";
            let code = "too_many_attempts";
            AdminError::new(StatusCode::TOO_MANY_REQUESTS, code, message).retry_after(wait)
        }
        Refused::Wrong { user, unwritten } => {
            tracing::warn!(address = %visitor.address, "a sign-in failed");
            let Some(unwritten) = unwritten else { return wrong };
            // A name that nobody has may be a password in the wrong field.
            let user = user.as_deref();
            let name = user.map_or("", |user| user.name.as_str());
            let after = serde_json::json!({
                "account": if user.is_some() { "known" } else { "unknown" },
                "failuresNotWritten": unwritten,
            });
            let entry = Entry {
                action: "user.sign_in_failed",
                object_kind: "user",
                object_id: user.map(|user| user.id.clone()),
                name: name.to_owned(),
                before: None,
                after: Some(after),
            };
            if let Err(error) = admin.store.record(&visitor.by(name, ActorKind::Nobody), entry).await {
                admin.passwords.left_out(unwritten.saturating_add(1));
                tracing::error!(%error, "a failed sign-in could not be written to the audit");
            }
            wrong
        }
    }
}

/// 401 for nobody who is known.
pub(super) fn unauthorized() -> AdminError {
    AdminError::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized. Provide admin password.")
}

/// 403 for the default password from another machine.
pub(super) fn default_from_elsewhere() -> AdminError {
    let message = "the admin password is still the default, which everybody knows, so it opens nothing to other \
        machines: set ADMIN_PASSWORD and start again, or run `ollama2openai user passwd admin` where the gateway runs";
    AdminError::new(StatusCode::FORBIDDEN, "password_change_required", message)
}

/// 403 for what a page of another site may have sent.
pub(super) fn foreign() -> AdminError {
    let message =
        "this was not sent by a page of this gateway: a write by cookie needs an Origin of this host";
    AdminError::new(StatusCode::FORBIDDEN, "cross_site", message)
}
