//! Headers of replies. What browsers may read, what proxies must not hold back.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{Body, Reply};

/// `application/json`
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Names of request fields that were dropped as not allowed.
pub const IGNORED: HeaderName = HeaderName::from_static("x-o2o-ignored");

/// Whether the reply came from a cache: `HIT`, `MISS` or `PARTIAL`.
pub const CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Tells the SDKs of OpenAI whether to try again, whatever they think of the status (`x-should-retry`).
pub const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

const ANY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, x-o2o-ignored, x-cache, retry-after, x-should-retry, server-timing, \
         x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, \
         x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
const A_DAY: HeaderValue = HeaderValue::from_static("86400");

/// Headers of an event stream: no cache, and no buffering in nginx, which would hold events back.
pub fn event_stream(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}

/// Tells where the time has gone (`Server-Timing`), to scripts of other sites' pages, too.
pub fn timing(headers: &mut HeaderMap, value: HeaderValue) {
    headers.insert(HeaderName::from_static("server-timing"), value);
    headers.insert(HeaderName::from_static("timing-allow-origin"), ANY);
}

/// Lets any web page read the reply; never with credentials of the browser.
pub fn cors(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// The answer to a browser's question before the request itself (Fetch standard, CORS preflight).
#[must_use]
pub fn preflight(asked: &HeaderMap) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    let headers = reply.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, A_DAY);
    headers.insert(header::VARY, HeaderValue::from_static("access-control-request-headers"));
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let allowed = wanted.cloned().unwrap_or(HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    reply
}
