//! Who may come in. Everything here is told from the head of a request, before its body is read.

use std::net::SocketAddr;

use http::{HeaderMap, Request};
use subtle::ConstantTimeEq as _;
use wire::openai::ApiError;
use wire::translate::Rules;

use crate::http::{Failure, Outcome, credential, is_loopback};
use crate::snapshot::Snapshot;

/// The token of the environment, when there is one, guards every endpoint.
///
/// # Errors
/// 401 `missing_api_key` or `invalid_api_key`.
pub(super) fn token(snapshot: &Snapshot, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(expected) = &snapshot.api_token else { return Ok(()) };
    let Some(shown) = credential(headers) else {
        let message = "no API key was provided; send it as 'Authorization: Bearer KEY'";
        return Err(refuse(message, "missing_api_key"));
    };
    if shown.ct_eq(expected.expose().as_bytes()).into() {
        return Ok(());
    }
    Err(refuse("Incorrect API key provided", "invalid_api_key"))
}

/// What a client may do that others would feel: who shows the token, and this machine's own programs, may make a
/// model load, unless `ALLOW_CLIENT_OPTIONS` says it for all.
pub(super) fn rules<B>(snapshot: &Snapshot, request: &Request<B>, peer: SocketAddr) -> Rules {
    let is_trusted = || snapshot.api_token.is_some() || is_loopback(request, peer);
    Rules { load_options: snapshot.load_options.unwrap_or_else(is_trusted) }
}

fn refuse(message: &str, code: &'static str) -> Failure {
    let error = ApiError::new(401, "invalid_request_error", message).with_code(code);
    Failure::new(Outcome::Unauthorized, error)
}
