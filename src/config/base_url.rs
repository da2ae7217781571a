//! The base URL of an Ollama, parsed and normalised once. Not a general URL: no user, query or fragment.

use std::fmt;
use std::str::FromStr;

use http::uri::{Authority, PathAndQuery, Scheme};

/// Where an Ollama is: scheme, authority and an optional path prefix, without a trailing slash and without
/// Ollama's own final `/api` or `/v1`. Two spellings of one place compare equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Empty, or begins with a slash and does not end with one.
    prefix: String,
}

/// Why a text is not a base URL. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    #[error("is empty")]
    Empty,
    #[error("has another scheme than http or https")]
    Scheme,
    #[error("holds a user name or password; a key belongs to its own setting")]
    User,
    #[error("has a query (`?`), which a base URL cannot have")]
    Query,
    #[error("has a fragment (`#`), which a base URL cannot have")]
    Fragment,
    #[error("has no valid host")]
    Host,
    #[error("has an IPv6 address that is not in [brackets]")]
    Brackets,
    #[error("has a port that is not 1 to 65535")]
    Port,
    #[error("has a path with `.` or `..` or an empty segment")]
    Path,
    #[error("holds a character that no URL has; write other letters percent-encoded or as punycode")]
    Character,
}

impl BaseUrl {
    /// The address of one call: `path` (which begins with a slash, such as `/api/chat`) behind the base.
    ///
    /// # Panics
    /// When `path` is not a path; callers pass literals.
    pub fn uri(&self, path: &str) -> http::Uri {
        let path = PathAndQuery::try_from(format!("{}{path}", self.prefix));
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path.expect("the path of a call is a literal"));
        http::Uri::from_parts(parts).expect("scheme, authority and path are all there")
    }

    /// Whether it is Ollama's own service, which wants a credential.
    pub fn is_cloud(&self) -> bool {
        self.authority.host().eq_ignore_ascii_case("ollama.com")
    }

    /// What stands before the path of every call: empty, or a path without a slash at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Host and, where it was given, port: the value of the `Host` header.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }
}

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    /// Takes `http://host:port`, `https://host/prefix`, or a bare `host:port`, which means http.
    fn from_str(text: &str) -> Result<Self, BadBaseUrl> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadBaseUrl::Empty);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::HTTP, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::HTTPS, rest),
            Some(_) => return Err(BadBaseUrl::Scheme),
            None => (Scheme::HTTP, text),
        };
        if rest.contains('#') {
            return Err(BadBaseUrl::Fragment);
        }
        if rest.contains('?') {
            return Err(BadBaseUrl::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Ok(BaseUrl { scheme, authority: parse_authority(authority)?, prefix: parse_prefix(path)? })
    }
}

fn parse_authority(text: &str) -> Result<Authority, BadBaseUrl> {
    if text.contains('@') {
        return Err(BadBaseUrl::User);
    }
    let opened = text.starts_with('[');
    if !opened && text.matches(':').count() > 1 {
        return Err(BadBaseUrl::Brackets);
    }
    if text.is_empty() || text.starts_with(':') || opened != text.contains(']') {
        return Err(BadBaseUrl::Host);
    }
    let port = match text.rsplit_once(']') {
        Some((_, "")) => None,
        Some((_, rest)) => Some(rest.strip_prefix(':').ok_or(BadBaseUrl::Port)?),
        None => text.split_once(':').map(|(_, port)| port),
    };
    if let Some(port) = port {
        let digits = port.bytes().all(|b| b.is_ascii_digit());
        match port.parse::<u16>() {
            Ok(1..) if digits => {}
            _ => return Err(BadBaseUrl::Port),
        }
    }
    let authority = Authority::try_from(text.to_ascii_lowercase()).map_err(|_| BadBaseUrl::Character)?;
    let host = authority.host();
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(inner) if inner.parse::<std::net::Ipv6Addr>().is_err() => Err(BadBaseUrl::Host),
        _ => Ok(authority),
    }
}

fn parse_prefix(path: &str) -> Result<String, BadBaseUrl> {
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/api").or_else(|| path.strip_suffix("/v1")).unwrap_or(path);
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Ok(String::new());
    }
    if path[1..].split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(BadBaseUrl::Path);
    }
    let plain = path.bytes().all(|b| b.is_ascii_graphic());
    if !plain || PathAndQuery::try_from(path).is_err() {
        return Err(BadBaseUrl::Character);
    }
    Ok(path.to_owned())
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
