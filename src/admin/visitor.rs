//! What the head of a request says of its sender, before anybody is known: address, cookie, and whether a browser sent
//! it for another site's page.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, header};

use crate::access::Caller;
use crate::store::{ActorKind, By, LIFE};

/// Under TLS: only this very host can have set it, over TLS, for all paths (RFC 6265bis, `__Host-`).
const TLS_COOKIE: &str = "__Host-o2o";
pub(super) const PLAIN_COOKIE: &str = "o2o_session";
/// Longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 200;

/// Who calls, as far as the head tells.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) address: IpAddr,
    /// A program of this machine, not through a proxy, and no web page of elsewhere.
    pub(super) is_loopback: bool,
    /// The client speaks TLS.
    pub(super) is_tls: bool,
    /// By which name and port it knows the gateway.
    host: Option<String>,
    pub(super) user_agent: String,
    request_id: String,
}

impl Visitor {
    pub(super) fn of<B>(request: &Request<B>, caller: Caller, is_tls: bool, id: &HeaderValue) -> Visitor {
        let agent = request.headers().get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let agent = String::from_utf8_lossy(agent);
        // HTTP/2 says it in the URL.
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
        Visitor {
            address: caller.address,
            is_loopback: caller.is_loopback,
            is_tls,
            host: host.map(str::to_owned),
            user_agent: agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT).collect(),
            request_id: id.to_str().unwrap_or_default().to_owned(),
        }
    }

    /// As the rules of addresses see it.
    pub(super) fn caller(&self) -> Caller {
        Caller { address: self.address, is_loopback: self.is_loopback }
    }

    /// By which name and port it knows the gateway.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Whose page a request of this visitor comes from.
    pub(super) fn site(&self, headers: &HeaderMap) -> Site {
        site(headers, self.host(), self.is_tls)
    }

    /// An actor of the audit who calls from here.
    pub(super) fn by(&self, actor: impl Into<String>, kind: ActorKind) -> By {
        By {
            actor: actor.into(),
            kind,
            address: Some(self.address.to_string()),
            request_id: Some(self.request_id.clone()),
        }
    }

    /// `set-cookie` with a session; without one it is taken away.
    pub(super) fn cookie(&self, session: Option<&str>) -> HeaderValue {
        let (value, age) = session.map_or(("", 0), |session| (session, LIFE.as_secs()));
        let text = match self.is_tls {
            true => format!("{TLS_COOKIE}={value}; Path=/; Max-Age={age}; HttpOnly; Secure; SameSite=Lax"),
            false => format!("{PLAIN_COOKIE}={value}; Path=/admin; Max-Age={age}; HttpOnly; SameSite=Lax"),
        };
        HeaderValue::try_from(text).expect("a session is hexadecimal digits")
    }
}

/// The session in a cookie; the one that was set under TLS counts first.
pub(super) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let named = |wanted: &str| {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value)
    };
    named(TLS_COOKIE).or_else(|| named(PLAIN_COOKIE))
}

/// Where a browser says that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// A page of this gateway, or the person.
    Own,
    /// A page of elsewhere.
    Foreign,
    /// Not told: no browser, or a very old one.
    Unknown,
}

/// `Sec-Fetch-Site` first, as no page can set it, and no proxy that changes `Host` disturbs it; browsers send it
/// where the gateway is reached by TLS or on this machine. Else `Origin` must name this host, and under TLS not a page
/// that came without: whoever is on the way could have written that.
fn site(headers: &HeaderMap, host: Option<&str>, is_tls: bool) -> Site {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some("same-origin" | "none"), _) => Site::Own,
        (Some(_), _) => Site::Foreign,
        (None, None) => Site::Unknown,
        (None, Some(origin)) => match (origin.split_once("://"), host) {
            (Some(("http", _)), _) if is_tls => Site::Foreign,
            (Some((scheme, from)), Some(host)) if bare(from, scheme) == bare(host, scheme) => Site::Own,
            _ => Site::Foreign,
        },
    }
}

/// Host and port, without a port that goes without saying.
fn bare(authority: &str, scheme: &str) -> String {
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase()
}

/// Whether a method changes nothing.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests;
