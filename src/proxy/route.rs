//! One table of endpoints and their paths. An alias stands in the same row as its endpoint, so whatever is checked
//! for the one is checked for the other.

use http::Method;

/// Endpoints that need a token and are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Chat,
    Completions,
    Embeddings,
    Models,
    Model,
    Root,
}

/// Pages about the gateway itself: open to all, not logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Service,
    Health,
    Live,
    Ready,
    Metrics,
}

/// What a method and path mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// With what follows the path, for [`Endpoint::Model`].
    Endpoint(Endpoint, String),
    Info(Page),
    Preflight,
    WrongMethod(&'static str),
    Unknown,
}

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";

const ENDPOINTS: [(Endpoint, &str, &[&str]); 5] = [
    (Endpoint::Chat, POST, &["/v1/chat/completions", "/chat/completions"]),
    (Endpoint::Completions, POST, &["/v1/completions", "/completions"]),
    (Endpoint::Embeddings, POST, &["/v1/embeddings", "/embeddings"]),
    (Endpoint::Models, GET, &["/v1/models", "/models"]),
    (Endpoint::Root, GET, &["/v1"]),
];

const MODEL: &[&str] = &["/v1/models/", "/models/"];

const PAGES: [(Page, &str); 5] = [
    (Page::Service, "/"),
    (Page::Health, "/health"),
    (Page::Live, "/livez"),
    (Page::Ready, "/readyz"),
    (Page::Metrics, "/metrics"),
];

impl Endpoint {
    /// The canonical path, for logs.
    pub(super) fn path(self) -> &'static str {
        match self {
            Endpoint::Model => "/v1/models/{id}",
            other => ENDPOINTS
                .iter()
                .find(|(endpoint, ..)| *endpoint == other)
                .map_or("/v1", |(_, _, paths)| paths[0]),
        }
    }
}

/// Paths do not mind case or one trailing slash, as in the Node program; anything else must be spelled right.
pub(super) fn find(method: &Method, path: &str) -> Route {
    let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty()).unwrap_or(path);
    for (endpoint, methods, paths) in ENDPOINTS {
        if paths.iter().any(|known| known.eq_ignore_ascii_case(bare)) {
            return allowed(method, methods, || Route::Endpoint(endpoint, String::new()));
        }
    }
    for prefix in MODEL {
        let start = bare.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
        if start.is_some() && bare.len() > prefix.len() {
            return allowed(method, GET, || Route::Endpoint(Endpoint::Model, decoded(&bare[prefix.len()..])));
        }
    }
    match PAGES.iter().find(|(_, known)| known.eq_ignore_ascii_case(bare)) {
        Some((page, _)) => allowed(method, GET, || Route::Info(*page)),
        None => Route::Unknown,
    }
}

/// Whether a path is served beside the panel, too: what watches over a gateway may stand on either side.
#[must_use]
pub fn is_shared(path: &str) -> bool {
    let bare = path.strip_suffix('/').unwrap_or(path);
    PAGES.iter().any(|(page, known)| *page != Page::Service && known.eq_ignore_ascii_case(bare))
}

fn allowed(method: &Method, methods: &'static str, found: impl FnOnce() -> Route) -> Route {
    if *method == Method::OPTIONS {
        Route::Preflight
    } else if methods.split(", ").any(|known| known == method.as_str()) {
        found()
    } else {
        Route::WrongMethod(methods)
    }
}

/// Percent-decoding of a model id, whose slashes some clients escape; what is no UTF-8 stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
