//! Who may come in. Everything here is told from the head of a request, before its body is read.

use http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;
use wire::openai::ApiError;

use crate::http::{Failure, Outcome};
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

/// `Authorization: Bearer KEY`, the bare key as the Node program takes it, or `x-api-key`.
fn credential(headers: &HeaderMap) -> Option<&[u8]> {
    let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes().trim_ascii());
    let bare = given.map(|value| match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer ") => value[7..].trim_ascii(),
        _ => value,
    });
    let other = || headers.get("x-api-key").map(|value| value.as_bytes().trim_ascii());
    bare.filter(|key| !key.is_empty()).or_else(other).filter(|key| !key.is_empty())
}

fn refuse(message: &str, code: &'static str) -> Failure {
    let error = ApiError::new(401, "invalid_request_error", message).with_code(code);
    Failure::new(Outcome::Unauthorized, error)
}
