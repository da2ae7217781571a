//! The data plane: one request's life, phase by phase.
//!
//! 1. [`route`]: which endpoint a path and method mean; an alias is the same endpoint, so it misses no check.
//! 2. [`admit`]: who asks and how often, told from the head alone, before the body is read.
//! 3. The endpoint's own file ([`chat`], [`completions`], [`embeddings`], [`models`], [`info`]): parse, translate; [`grant`]: what it may
//!    cost is set aside.
//! 4. [`plan`]: a model name becomes an ordered list of candidates.
//! 5. [`attempt`]: send, and fall over to the next candidate; the only loop over backends.
//! 6. [`whole`] or [`relay`]: the reply, at once or while it is made.
//! 7. [`settle`]: what happened, told exactly once, in `Drop`.
//!
//! Knows nothing of SQL, files or the control plane.

mod abilities;
mod admit;
mod attempt;
mod cached;
mod chat;
mod closing;
mod completions;
mod embeddings;
mod grant;
mod info;
mod join;
mod metrics;
mod models;
mod opening;
mod past;
mod plan;
mod relay;
mod route;
mod sent;
mod settle;
mod source;
mod trail;
mod whole;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request, header};
use hyper::body::Incoming;
use wire::openai::ApiError;
use wire::translate::Identity;

use crate::access::{Area, Caller, caller};
use crate::cache::Caches;
use crate::config::TrustProxy;
use crate::http::{Body, Failure, Ids, Outcome, Reply, check_host, headers, request_id};
use crate::ledger::Ledger;
use crate::limits::{RetryBudget, WaitingRoom};
use crate::snapshot::{Current, Snapshot};
use crate::upstream::Client;
use admit::{Asker, Standings};
use cached::Cached;
use relay::Relay;
use route::{Endpoint, Page, Route};
use settle::Settle;
use source::Sources;

pub use closing::Closing;
pub use route::is_shared;

/// The data plane's long-lived parts.
#[derive(Debug)]
pub struct Proxy {
    /// Read once at the start of each request.
    pub snapshot: Arc<Current>,
    /// Where requests wait for a free place.
    pub room: Arc<WaitingRoom>,
    /// What was answered before.
    pub caches: Arc<Caches>,
    /// What was used.
    pub ledger: Arc<Ledger>,
    /// What retries may cost.
    pub budget: RetryBudget,
    /// The pool of connections to all backends.
    pub client: Arc<Client>,
    /// Ids of requests and replies.
    pub ids: Arc<Ids>,
    /// When the process began to serve.
    pub started: Instant,
    /// The log is told once of a proxy whose word is not believed.
    pub unbelieved: Once,
    /// Turned on when the gateway stops.
    pub closing: Arc<Closing>,
}

/// One request on its way through the phases. Passed by hand, never in extensions.
#[derive(Clone)]
struct Context {
    proxy: Arc<Proxy>,
    snapshot: Arc<Snapshot>,
    arrived: tokio::time::Instant,
    /// The request's `x-request-id`.
    id: HeaderValue,
    asker: Arc<Asker>,
}

/// What an endpoint answers with.
enum Answer {
    /// JSON, at once.
    Json(Vec<u8>),
    /// JSON, with names of fields that were dropped.
    Generated { json: Vec<u8>, ignored: Vec<&'static str>, cached: Option<Cached> },
    /// Events, while they are made.
    Events { stream: Sources, ignored: Vec<&'static str> },
}

impl Proxy {
    /// Answers one request. Never fails: what goes wrong becomes a reply.
    pub async fn serve(self: Arc<Self>, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let id = request_id(request.headers(), &self.ids);
        let snapshot = self.snapshot.load();
        let caller = caller(&request, peer, &snapshot.trust_proxy);
        if snapshot.trust_proxy == TrustProxy::Off && request.headers().contains_key("x-forwarded-for") {
            self.hint_at_trust(caller.address);
        }
        let route = route::find(request.method(), request.uri().path());
        let area = match route {
            Route::Info(Page::Health | Page::Live | Page::Ready) => Area::Health,
            _ => Area::Clients,
        };
        let refused = admit::address(&snapshot, caller, area).and_then(|()| check_host(&request)).err();
        let mut reply = match (route, refused) {
            (Route::Endpoint(endpoint, tail), _) => {
                let is_head = request.method() == Method::HEAD;
                let ledger = Arc::clone(&self.ledger);
                let mut settle = Settle::new(endpoint, id.clone(), caller.address, is_head, ledger);
                let traces = self.ledger.traces();
                settle.trace = traces.map(|on| on.begin(request.headers(), settle.started, &self.ids));
                self.run((endpoint, tail), request, (snapshot, caller), settle).await
            }
            (_, Some(refused)) => refused.into_reply(),
            (Route::Info(Page::Metrics), _) => {
                let view = metrics::view(&snapshot, request.headers(), caller);
                metrics::answer(&self, snapshot, view).await
            }
            (Route::Info(page), _) => info::answer(&self, page),
            (Route::Preflight, _) => headers::preflight(request.headers()),
            (Route::WrongMethod(allowed), _) => wrong_method(&request, allowed),
            (Route::Unknown, _) => not_found(&request),
        };
        let headers = reply.headers_mut();
        headers.insert(headers::REQUEST_ID, id);
        if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_METHODS) {
            headers::cors(headers);
        }
        reply
    }

    /// Answers one that came to a port that serves the panel only.
    pub async fn elsewhere(&self, request: Request<Incoming>) -> Reply {
        let id = request_id(request.headers(), &self.ids);
        crate::http::discard_small(request).await;
        let message = "this port serves /admin only, as ADMIN_LISTEN is set: the API is at HOST and PORT";
        let error = ApiError::new(404, "invalid_request_error", message).with_code("unknown_url");
        let mut reply = Failure::new(Outcome::BadRequest, error).into_reply();
        reply.headers_mut().insert(headers::REQUEST_ID, id);
        reply
    }

    /// The usual mistake behind a reverse proxy: all clients then share one address, its rules and its limits.
    fn hint_at_trust(&self, peer: IpAddr) {
        self.unbelieved.call_once(|| {
            tracing::warn!(
                %peer,
                "X-Forwarded-For is not believed, as TRUST_PROXY is not set: whatever comes from there counts as that \
                 one address. If that is a proxy of yours, set TRUST_PROXY"
            );
        });
    }

    async fn run(
        self: Arc<Self>,
        (endpoint, tail): (Endpoint, String),
        request: Request<Incoming>,
        (snapshot, caller): (Arc<Snapshot>, Caller),
        mut settle: Settle,
    ) -> Reply {
        let asker = match admit::head(&snapshot, &request, caller, &mut settle) {
            Ok(mut asker) => {
                asker.trail.trace.clone_from(&settle.trace);
                Arc::new(asker)
            }
            Err(refused) => {
                crate::http::discard_small(request).await;
                let (standings, timing) = (settle.standings, timing(&snapshot, &settle));
                return with_head(failed(refused, settle), standings, timing);
            }
        };
        settle.asker = Some(Arc::clone(&asker));
        let (arrived, id) = (tokio::time::Instant::now(), settle.id.clone());
        let context = Context { proxy: self, snapshot, arrived, id, asker };
        let answer = context.answer(endpoint, &tail, request, &mut settle);
        let answer = context.proxy.closing.or_cut(answer).await;
        let (standings, timing) = (settle.standings, timing(&context.snapshot, &settle));
        let reply = match answer {
            Ok(Answer::Json(json)) => whole_reply(json, settle),
            Ok(Answer::Generated { json, ignored, cached }) => {
                let mut reply = with_ignored(whole_reply(json, settle), &ignored);
                if let Some(cached) = cached {
                    reply.headers_mut().insert(headers::CACHE, HeaderValue::from_static(cached.as_str()));
                }
                reply
            }
            Ok(Answer::Events { stream, ignored }) => {
                let mut reply = Reply::new(Body::made(Relay::new(stream, &context, settle)));
                headers::event_stream(reply.headers_mut());
                with_ignored(reply, &ignored)
            }
            Err(failure) => failed(failure, settle),
        };
        with_head(reply, standings, timing)
    }
}

impl Context {
    async fn answer(
        &self,
        endpoint: Endpoint,
        tail: &str,
        request: Request<Incoming>,
        settle: &mut Settle,
    ) -> Result<Answer, Failure> {
        match endpoint {
            Endpoint::Chat => chat::answer(self, request, settle).await,
            Endpoint::Completions => completions::answer(self, request, settle).await,
            Endpoint::Embeddings => embeddings::answer(self, request, settle).await,
            Endpoint::Models => models::list(self).await,
            Endpoint::Model => models::retrieve(self, tail).await,
            Endpoint::Root => Ok(Answer::Json(info::v1())),
        }
    }

    async fn body(&self, request: Request<Incoming>, settle: &mut Settle) -> Result<bytes::Bytes, Failure> {
        let (parts, body) = request.into_parts();
        let body = crate::http::read_body(&parts.headers, body, self.snapshot.max_body_bytes).await?;
        if let Some(most) = self.snapshot.capture
            && self.asker.is_captured()
        {
            settle.capture(most, &body);
        }
        Ok(body)
    }

    fn identity(&self, prefix: &str, model: &str) -> Identity {
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Identity {
            id: self.proxy.ids.text(prefix),
            created,
            model: model.to_owned(),
            seed: self.proxy.ids.next(),
        }
    }
}

fn whole_reply(json: Vec<u8>, mut settle: Settle) -> Reply {
    settle.succeed();
    settle.answered(&json);
    let mut reply = Reply::new(Body::full(json).holding(settle));
    reply.headers_mut().insert(header::CONTENT_TYPE, headers::JSON);
    reply
}

fn failed(failure: Failure, mut settle: Settle) -> Reply {
    settle.fail(&failure);
    settle.answered_with(&failure);
    let (parts, body) = failure.into_reply().into_parts();
    Reply::from_parts(parts, body.holding(settle))
}

/// With how far limits are used up, and where the time has gone.
fn with_head(mut reply: Reply, standings: Standings, timing: Option<HeaderValue>) -> Reply {
    let headers = reply.headers_mut();
    standings.write(headers);
    if let Some(timing) = timing {
        headers::timing(headers, timing);
    }
    reply
}

fn timing(snapshot: &Snapshot, settle: &Settle) -> Option<HeaderValue> {
    snapshot.server_timing.then(|| settle.timing())
}

fn with_ignored(mut reply: Reply, ignored: &[&'static str]) -> Reply {
    if !ignored.is_empty()
        && let Ok(names) = HeaderValue::try_from(ignored.join(", "))
    {
        reply.headers_mut().insert(headers::IGNORED, names);
    }
    reply
}

fn not_found<B>(request: &Request<B>) -> Reply {
    let (method, path) = (request.method(), request.uri().path());
    let message =
        format!("unknown endpoint {method} {path}; the API is under /v1, as in POST /v1/chat/completions");
    let error = ApiError::new(404, "invalid_request_error", message).with_code("unknown_url");
    Failure::new(Outcome::BadRequest, error).into_reply()
}

fn wrong_method<B>(request: &Request<B>, allowed: &'static str) -> Reply {
    let message = format!("{} is not allowed for {}; use {allowed}", request.method(), request.uri().path());
    let error = ApiError::new(405, "invalid_request_error", message).with_code("method_not_allowed");
    let mut reply = Failure::new(Outcome::BadRequest, error).into_reply();
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    reply
}
