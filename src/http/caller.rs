//! Who calls, as told by the head of a request and the address of its connection.

use std::net::{IpAddr, SocketAddr};

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version, header};
use wire::openai::ApiError;

use super::Failure;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// For a Unix socket 127.0.0.1 and port 0.
    pub addr: SocketAddr,
    /// Whether the connection itself is encrypted.
    pub is_tls: bool,
}

/// Whether a request comes from a program of this machine: not through a proxy, and from no web page.
#[must_use]
pub fn is_loopback<B>(request: &Request<B>, peer: SocketAddr) -> bool {
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if !peer.ip().to_canonical().is_loopback() {
        return false;
    }
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // HTTP/2 and absolute forms name the host in the URI.
    let names = [text(header::HOST), request.uri().authority().map(Authority::as_str)];
    let has_own_host = names.iter().any(Option::is_some) && names.into_iter().flatten().all(is_own_name);
    let origin_host =
        text(header::ORIGIN).map(|origin| origin.split_once("://").map_or("?", |(_, host)| host));
    // An image of a foreign page is asked for without an `Origin`; no page can set this one.
    let is_of_foreign_page = text(SEC_FETCH_SITE) == Some("cross-site");
    request.version() != Version::HTTP_10
        && !is_of_foreign_page
        && !headers.keys().any(|name| is_of_proxy(name.as_str()))
        && has_own_host
        && origin_host.is_none_or(is_own_name)
}

/// A request names one host: by two, each party on its way may go by another.
///
/// # Errors
/// 400 `invalid_host` for several `Host` headers (RFC 9112, section 3.2), and for one that differs from the host of
/// the URI.
pub fn check_host<B>(request: &Request<B>) -> Result<(), Failure> {
    let mut told = request.headers().get_all(header::HOST).iter();
    let (first, second) = (told.next(), told.next());
    let named = request.uri().authority();
    // A URL that names a host has a scheme, too.
    let usual = if request.uri().scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let differs = |host: &HeaderValue, named: &Authority| {
        let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
        host.is_none_or(|host| bare(&host, usual) != bare(named, usual))
    };
    if second.is_some() || first.zip(named).is_some_and(|(host, named)| differs(host, named)) {
        let message = "the request names more than one host: send one Host header, the same as in the URL";
        return Err(ApiError::new(400, "invalid_request_error", message).with_code("invalid_host").into());
    }
    Ok(())
}

/// Host and port, which is the usual one of the scheme if it is not told.
fn bare(authority: &Authority, usual: u16) -> (String, u16) {
    (authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(usual))
}

/// Whether a header is one that proxies add, by which the caller may be anybody: the names that HTTP knows, those that
/// vendors gave to the client's address, which nearly all end alike, and marks of the large networks.
fn is_of_proxy(name: &str) -> bool {
    name.starts_with("x-forwarded")
        || name.ends_with("forwarded-for")
        || name.ends_with("-ip")
        || name.ends_with("clientip")
        || matches!(
            name,
            "forwarded"
                | "via"
                | "cdn-loop"
                | "cf-connecting-ipv6"
                | "cf-ray"
                | "remote-addr"
                | "x-envoy-external-address"
                | "x-original-host"
        )
}

/// `localhost`, `127.x.x.x` or `[::1]`, with or without a port.
fn is_own_name(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// `Authorization: Bearer KEY`, the bare key as the Node program takes it, or `x-api-key`.
#[must_use]
pub fn credential(headers: &HeaderMap) -> Option<&[u8]> {
    let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes().trim_ascii());
    let bare = given.map(|value| match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"bearer ") => value[7..].trim_ascii(),
        _ => value,
    });
    let other = || headers.get("x-api-key").map(|value| value.as_bytes().trim_ascii());
    bare.filter(|key| !key.is_empty()).or_else(other).filter(|key| !key.is_empty())
}
