//! Who may come in, and for what. The address and the token are checked from the head of a request, before its body is
//! read; the model when it is known.

use http::Request;
use wire::translate::Rules;

use crate::access::{Area, Caller, Doors, Refused, Who, admits, check_model, shown};
use crate::config::CacheScope;
use crate::http::Failure;
use crate::snapshot::Snapshot;

/// Who asks, and what they may do.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) who: Who,
    pub(super) rules: Rules,
}

/// The rules of addresses.
///
/// # Errors
/// 403 `ip_not_allowed`.
pub(super) fn address(snapshot: &Snapshot, caller: Caller, area: Area) -> Result<(), Failure> {
    if admits(&snapshot.ip_rules, caller, area) { Ok(()) } else { Err(Refused::Address.into()) }
}

/// Everything that the head alone decides, for every endpoint.
///
/// # Errors
/// 403 `ip_not_allowed`; 401 `missing_api_key`, `invalid_api_key`, `token_disabled` and `token_expired`.
pub(super) fn head<B>(snapshot: &Snapshot, request: &Request<B>, caller: Caller) -> Result<Asker, Failure> {
    address(snapshot, caller, Area::Clients)?;
    let shown = shown(request.headers())?;
    let who = Doors::of(snapshot).identify(shown, caller, jiff::Timestamp::now())?;
    // What others would feel, unless `ALLOW_CLIENT_OPTIONS` says it for all.
    let may_load = match &who {
        Who::Anonymous => caller.is_loopback,
        Who::ApiToken => true,
        Who::Token(token) => token.allow_client_options,
    };
    let rules = Rules { load_options: snapshot.load_options.unwrap_or(may_load) };
    Ok(Asker { who, rules })
}

impl Asker {
    /// Whether this model may be asked for, by the name that the client uses.
    pub(super) fn may_use(&self, model: &str) -> bool {
        match &self.who {
            Who::Token(token) => token.models.admit(model),
            Who::Anonymous | Who::ApiToken => true,
        }
    }

    /// # Errors
    /// 403 `model_not_allowed`.
    pub(super) fn check_model(&self, model: &str) -> Result<(), Failure> {
        match &self.who {
            Who::Token(token) => Ok(check_model(token, model)?),
            Who::Anonymous | Who::ApiToken => Ok(()),
        }
    }

    /// Whose answers it may get from the caches.
    pub(super) fn tenant(&self, scope: CacheScope) -> &str {
        match &self.who {
            Who::Token(token) if scope == CacheScope::Token => &token.id,
            Who::ApiToken if scope == CacheScope::Token => "API_TOKEN",
            _ => "",
        }
    }
}
