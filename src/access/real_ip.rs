//! Whose address a request comes from when proxies stand before the gateway.
//!
//! Each proxy writes behind what it was told the address of who told it. So the list is read from its end, and only
//! as far as those can be trusted who wrote it: what stands first is what the client says of itself.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Request};

use crate::config::TrustProxy;
use crate::http::{Peer, is_loopback};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The client's address; one that is mapped into v6 as v4.
    pub address: IpAddr,
    /// Whether it is a program of this machine: not through a proxy that is not trusted, and no web page.
    pub is_loopback: bool,
}

/// Who sent `request`, which came over a connection from `peer`.
#[must_use]
pub fn caller<B>(request: &Request<B>, peer: SocketAddr, trust: &TrustProxy) -> Caller {
    let (address, steps) = walk(request.headers(), peer.ip().to_canonical(), trust);
    // What a trusted proxy says is all that counts. Where none said anything, the head must look like a local one.
    let is_loopback = if steps > 0 { address.is_loopback() } else { is_loopback(request, peer) };
    Caller { address, is_loopback }
}

/// Whether the client speaks TLS: as the proxy says that stands next to the gateway, if it is trusted and says anything
/// (the last word of `X-Forwarded-Proto`), else as the connection is.
#[must_use]
pub fn speaks_tls(headers: &HeaderMap, peer: Peer, trust: &TrustProxy) -> bool {
    let is_trusted = match trust {
        TrustProxy::Off => false,
        TrustProxy::Hops(hops) => *hops > 0,
        TrustProxy::From(proxies) => proxies.contains(peer.addr.ip().to_canonical()),
    };
    let said = is_trusted.then(|| items(headers, "x-forwarded-proto").next().flatten()).flatten();
    said.map_or(peer.is_tls, |scheme| scheme.eq_ignore_ascii_case("https"))
}

/// The address, and how many words of proxies were believed on the way to it.
fn walk(headers: &HeaderMap, peer: IpAddr, trust: &TrustProxy) -> (IpAddr, usize) {
    let believes = |address: IpAddr, steps: usize| match trust {
        TrustProxy::Off => false,
        TrustProxy::Hops(hops) => steps < usize::from(*hops),
        TrustProxy::From(proxies) => proxies.contains(address),
    };
    if matches!(trust, TrustProxy::Off) {
        return (peer, 0);
    }
    let (mut address, mut steps) = (peer, 0);
    let mut told = told(headers);
    while believes(address, steps) {
        // Where the list ends, or cannot be read any more, the last known address is the best there is.
        let Some(Some(next)) = told.next() else { break };
        address = next;
        steps += 1;
    }
    (address, steps)
}

/// What proxies wrote, the last word first; `None` is one that is no address. `Forwarded` is read only where there is
/// no `X-Forwarded-For`: a proxy that writes the one passes the other on as the client sent it, and nearly all write
/// the older one.
fn told(headers: &HeaderMap) -> Box<dyn Iterator<Item = Option<IpAddr>> + '_> {
    if headers.contains_key("x-forwarded-for") {
        return Box::new(items(headers, "x-forwarded-for").map(|item| item.and_then(address)));
    }
    Box::new(items(headers, "forwarded").map(|item| item.and_then(forwarded_for).and_then(address)))
}

/// The items of a list, from its end, over all lines of that header; `None` is one that is no text.
fn items<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = Option<&'h str>> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    // By the comma alone: neither strange bytes nor quotes that a client opened may swallow what a proxy wrote behind
    // them.
    let items = lines.into_iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()).map(|item| str::from_utf8(item).ok())
}

/// The value of `for=` in one item of `Forwarded`.
fn forwarded_for(item: &str) -> Option<&str> {
    let pairs = item.split(';').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let value = found.next()?.1.trim();
    Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address with or without a port; v6 with a port is in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}
