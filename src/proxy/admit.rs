//! Who may come in. Everything here is told from the head of a request, before its body is read.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Request, Version, header};
use subtle::ConstantTimeEq as _;
use wire::openai::ApiError;
use wire::translate::Rules;

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

/// What a client may do that others would feel: who shows the token, and this machine's own programs, may make a
/// model load, unless `ALLOW_CLIENT_OPTIONS` says it for all.
pub(super) fn rules<B>(snapshot: &Snapshot, request: &Request<B>, peer: SocketAddr) -> Rules {
    let is_trusted = || snapshot.api_token.is_some() || is_loopback(request, peer);
    Rules { load_options: snapshot.load_options.unwrap_or_else(is_trusted) }
}

/// Whether a request comes from a program of this machine: not through a proxy, and from no web page.
fn is_loopback<B>(request: &Request<B>, peer: SocketAddr) -> bool {
    const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let has_own_host = text(header::HOST).is_some_and(is_own_name);
    let origin_host =
        text(header::ORIGIN).map(|origin| origin.split_once("://").map_or("?", |(_, host)| host));
    peer.ip().to_canonical().is_loopback()
        && request.version() != Version::HTTP_10
        && !FORWARDED.iter().any(|name| headers.contains_key(*name))
        && has_own_host
        && origin_host.is_none_or(is_own_name)
}

/// `localhost`, `127.x.x.x` or `[::1]`, with or without a port.
fn is_own_name(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let host = authority.host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
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
