//! Checks of settings that are texts with a form of their own. Each says what is wrong, not what is allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use jiff::tz::TimeZone;

use super::Level;
use super::base_url::{BadBaseUrl, BaseUrl};
use super::otlp::Collector;
use super::ranges::{Range, TrustProxy};

pub(super) const BASE_FORM: &str = "http://host:port or https://host, with or without /api, or host:port";
pub(super) const OLLAMA_HOST_FORM: &str = "host, host:port, :port or http://host:port";
pub(super) const PROXY_FORM: &str = "true, false, a number of hops, or a comma-separated list of addresses, CIDR \
     ranges, loopback, linklocal, uniquelocal";

pub(super) const LISTEN_FORM: &str = "an IP address or `localhost` with a port, as in 127.0.0.1:3001";

/// The address of `HOST`: an address, in brackets or not, or `localhost`.
pub(super) fn parse_host(text: &str) -> Option<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).parse().ok()
}

pub(super) fn host(text: &str) -> Result<(), String> {
    parse_host(text).map(drop).ok_or_else(|| "is no address".to_owned())
}

pub(super) fn parse_listen(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits && !is_bare_v6)?;
    Some(SocketAddr::new(parse_host(host)?, port))
}

pub(super) fn listen(text: &str) -> Result<(), String> {
    parse_listen(text).map(drop).ok_or_else(|| "is no address with a port".to_owned())
}

pub(super) fn base(text: &str) -> Result<(), String> {
    text.parse::<BaseUrl>().map(drop).map_err(|bad| bad.to_string())
}

pub(super) fn ollama_host(text: &str) -> Result<(), String> {
    parse_ollama_host(text).map(drop).map_err(|bad| bad.to_string())
}

/// Reads `OLLAMA_HOST` as Ollama's own client does: without a scheme the port is 11434 unless given, with one
/// it is the scheme's; an address that means "all of mine" means this machine.
pub(super) fn parse_ollama_host(text: &str) -> Result<BaseUrl, BadBaseUrl> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let (host_port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_host(host_port);
    let host = match host.parse::<IpAddr>() {
        Ok(address) if address == Ipv4Addr::UNSPECIFIED => Ipv4Addr::LOCALHOST.to_string(),
        Ok(address) if address == Ipv6Addr::UNSPECIFIED => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ if host.is_empty() => Ipv4Addr::LOCALHOST.to_string(),
        _ => host.to_owned(),
    };
    let port = match (port, scheme) {
        (Some(port), _) => format!(":{port}"),
        (None, None) => ":11434".to_owned(),
        (None, Some(_)) => String::new(),
    };
    format!("{}://{host}{port}{path}", scheme.unwrap_or("http")).parse()
}

/// Host without brackets, and the port if one was given. A bare v6 address has none.
fn split_host(text: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return (text, None);
    }
    text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
}

/// One address or CIDR range.
pub(super) fn range(text: &str) -> Result<(), String> {
    text.parse::<Range>().map(drop).map_err(|bad| bad.to_string())
}

pub(super) fn proxy(text: &str) -> Result<(), String> {
    text.parse::<TrustProxy>().map(drop).map_err(|bad| bad.to_string())
}

/// Parts of the gateway that may have a level of their own: its modules, and the lines of requests.
const PARTS: [&str; 12] = [
    "access", "admin", "app", "cache", "import", "ledger", "limits", "proxy", "serve", "snapshot", "store",
    "upstream",
];

/// `proxy=debug`, as in `LOG_LEVELS`.
pub(super) fn parse_level(text: &str) -> Option<(String, Level)> {
    let (part, level) = text.split_once('=')?;
    let part = part.trim().to_ascii_lowercase();
    let is_known = part == "request" || PARTS.contains(&part.as_str());
    is_known.then_some((part, Level::of(level.trim())?))
}

pub(super) fn level(text: &str) -> Result<(), String> {
    match parse_level(text) {
        Some(_) => Ok(()),
        None => Err(format!("is no part with a level; parts are request, {}", PARTS.join(", "))),
    }
}

pub(super) fn zone(text: &str) -> Result<(), String> {
    TimeZone::get(text).map(drop).map_err(|_| "is no time zone".to_owned())
}

pub(super) fn path(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("holds a NUL byte".to_owned()) } else { Ok(()) }
}

/// Longest path that fits into the address of a socket.
const MAX_SOCKET: usize = 107;

pub(super) fn socket_path(text: &str) -> Result<(), String> {
    if text.len() > MAX_SOCKET { Err(format!("is longer than {MAX_SOCKET} bytes")) } else { path(text) }
}

/// Whether a text is, or holds, a certificate or key: as PEM, as what stands in it, or as base64 of PEM.
pub(super) fn is_pem(text: &str) -> bool {
    let text = text.trim_start();
    text.contains("-----BEGIN")
        || text.starts_with("LS0tLS1CRUdJTi")
        || (text.starts_with("MI") && text.len() > 100)
}

pub(super) fn pem_path(text: &str) -> Result<(), String> {
    if is_pem(text) || text.contains(['\n', '\r']) {
        return Err("is the content of a file, where its path is meant".to_owned());
    }
    path(text)
}

pub(super) fn collector(text: &str) -> Result<(), String> {
    Collector::of_traces(text).map(drop).map_err(|bad| bad.to_string())
}

/// A name in traces.
pub(super) fn label(text: &str) -> Result<(), String> {
    let is_sane = text.len() <= 255 && !text.chars().any(char::is_control);
    if is_sane { Ok(()) } else { Err("is longer than 255 bytes or holds a control character".to_owned()) }
}

/// A part of a whole.
pub(super) fn ratio(text: &str) -> Result<(), String> {
    let is_part = text.parse().is_ok_and(|part: f64| (0.0..=1.0).contains(&part));
    if is_part { Ok(()) } else { Err("is no number from 0 to 1".to_owned()) }
}

/// Longest list of patterns, in bytes.
const MAX_PATTERNS: usize = 4096;

pub(super) fn patterns(text: &str) -> Result<(), String> {
    if text.len() > MAX_PATTERNS {
        return Err(format!("is longer than {MAX_PATTERNS} bytes"));
    }
    for pattern in text.split_whitespace() {
        let read = regex_lite::Regex::new(pattern).map_err(|wrong| format!("holds `{pattern}`: {wrong}"))?;
        if read.is_match("") {
            return Err(format!("holds `{pattern}`, which finds an empty text everywhere"));
        }
    }
    Ok(())
}
