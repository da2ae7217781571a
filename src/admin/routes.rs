//! Paths of the control plane, most of them as in the Node program, and who may call each.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request as AxumRequest, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, BodyStream, StreamBody};
use hyper::body::Incoming;
use tower_service::Service as _;

use super::auth::{self, Caller};
use super::error::{AdminError, OfStore};
use super::visitor::{Visitor, is_safe};
use super::{
    Admin, access_control, admin_tokens, audit, backup, bulk, caches, captures, channels, dashboard, explain,
    import, key_preview, keys, logs, models, openapi, panel, sessions, settings, sign_in, stats, tokens,
    users,
};
use crate::access::{Area, admits, caller, speaks_tls};
use crate::http::{Body, Peer, Reply, check_host, discard_small, headers, read_body, request_id};
use crate::store::Role;

/// Paths that nobody needs to be known for.
const LOGIN: &str = "/admin/login";
const LOGOUT: &str = "/admin/logout";
const SIGN_IN: &str = "/admin/api/sign-in";
/// Largest body there.
const MAX_SIGN_IN: usize = 16 << 10;

/// A body of so many bytes is read, whatever `MAX_BODY_BYTES` says: who lowered it must be able to raise it again.
const LEAST_BODY: usize = 64 << 10;

/// Answers one request. Never fails: what goes wrong becomes a reply.
pub(super) async fn answer(admin: Arc<Admin>, request: Request<Incoming>, peer: Peer) -> Reply {
    let id = request_id(request.headers(), &admin.ids);
    let reply = admitted(admin, request, peer, &id).await;
    let (mut parts, body) = reply.into_parts();
    parts.headers.insert(headers::REQUEST_ID, id);
    parts.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Files of the panel say for themselves how long they may be kept.
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if parts.extensions.remove::<Streamed>().is_some() {
        // What makes it tells of its own failures.
        let frames = BodyStream::new(body).filter_map(|frame| ready(frame.ok().map(Ok)));
        return Reply::from_parts(parts, Body::made(StreamBody::new(frames)));
    }
    // All others are made whole, so this waits for nothing.
    let whole = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Reply::from_parts(parts, Body::full(whole))
}

/// Nothing of the panel is told where it is not served, not even who may call.
pub(super) async fn elsewhere(admin: &Admin, request: Request<Incoming>) -> Reply {
    let id = request_id(request.headers(), &admin.ids);
    discard_small(request).await;
    let message = "the panel and its API are not on this port: ADMIN_LISTEN says where they are";
    let (mut parts, body) =
        AdminError::new(StatusCode::NOT_FOUND, "not_found", message).into_response().into_parts();
    parts.headers.insert(headers::REQUEST_ID, id);
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Reply::from_parts(parts, Body::full(body))
}

/// Marks a reply whose body is made while it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streamed;

/// Who calls, if the rules of addresses let it in; a whitelist leaves a way back on this machine.
fn visitor<B>(
    admin: &Admin,
    request: &Request<B>,
    peer: Peer,
    id: &HeaderValue,
) -> Result<Visitor, AdminError> {
    let snapshot = admin.reloader.current().load();
    let caller = caller(request, peer.addr, &snapshot.trust_proxy);
    if !admits(&snapshot.ip_rules, caller, Area::Admin) {
        let message = "access from your address is not allowed";
        return Err(AdminError::new(StatusCode::FORBIDDEN, "ip_not_allowed", message));
    }
    check_host(request)?;
    let is_tls = speaks_tls(request.headers(), peer, &snapshot.trust_proxy);
    Ok(Visitor::of(request, caller, is_tls, id))
}

async fn admitted(admin: Arc<Admin>, request: Request<Incoming>, peer: Peer, id: &HeaderValue) -> Response {
    let visitor = match visitor(&admin, &request, peer, id) {
        Ok(visitor) => visitor,
        Err(refused) => return refused.into_response(),
    };
    let path = request.uri().path();
    if panel::is_panel(request.method(), path) {
        let front = admin.front.map(|front| front.url(visitor.host()));
        return panel(path, request.headers(), front.as_deref()).unwrap_or_else(AdminError::into_response);
    }
    let bare = path.strip_suffix('/').unwrap_or(path);
    let is_any = |paths: &[&str]| paths.iter().any(|path| bare.eq_ignore_ascii_case(path));
    let is_open = is_any(&[LOGIN, LOGOUT, SIGN_IN]);
    let caller = match is_any(&[LOGIN, SIGN_IN]) {
        true => Ok(None),
        false => auth::admit(&admin, request.method(), request.headers(), &visitor).await.map(Some),
    };
    let caller = match caller {
        Err(nobody) if is_open && nobody.is_unauthorized() => None,
        Ok(caller) => caller,
        Err(refused) => {
            discard_small(request).await;
            return refused.into_response();
        }
    };
    let most = admin.reloader.current().load().max_body_bytes.max(LEAST_BODY);
    let limit = if is_open { MAX_SIGN_IN } else { most };
    let (head, body) = request.into_parts();
    let body = match read_body(&head.headers, body, limit).await {
        Ok(body) => AxumBody::from(body),
        Err(refused) => return AdminError::from(refused).into_response(),
    };
    let mut request = match bare_path(Request::from_parts(head, body)) {
        Ok(request) => request,
        Err(refused) => return refused.into_response(),
    };
    request.extensions_mut().insert(visitor);
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let is_change = !is_safe(request.method());
    let mut router = router().layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&admin));
    let Ok(reply) = router.call(request).await;
    if is_change {
        admin.attention.forget();
    }
    if is_change && reply.extensions().get::<OfStore>().is_some() {
        admin.ledger.metrics.wrote("changes", None);
    }
    reply
}

/// The panel is for whoever the rules of addresses let in: it holds nothing that is not in the source.
fn panel(path: &str, asked: &HeaderMap, front: Option<&str>) -> Result<Response, AdminError> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(AdminError::internal)?;
    panel::answer(path, asked, u128::from_ne_bytes(nonce), front)
}

/// The least that a caller must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Least {
    /// Anybody at all.
    Nobody,
    /// Known, whatever the role, and though a new password is due.
    Known,
    /// Of this role or a greater one.
    Role(Role),
}

struct Row {
    method: Method,
    path: &'static str,
    least: Least,
    handler: MethodRouter<Arc<Admin>>,
}

fn row<H, T>(method: Method, path: &'static str, least: Least, handler: H) -> Row
where
    H: Handler<T, Arc<Admin>>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("the table holds plain methods");
    let handler = on(filter, handler).route_layer(from_fn_with_state(least, guard));
    Row { method, path, least, handler }
}

const SEE: Least = Least::Role(Role::Viewer);
const RULE: Least = Least::Role(Role::Admin);

/// Every path with its methods and who may call it: the one place from which the router is made.
fn table() -> Vec<Row> {
    let others = vec![
        row(Method::POST, LOGIN, Least::Nobody, sign_in::login),
        row(Method::POST, LOGOUT, Least::Nobody, sign_in::logout),
        row(Method::GET, SIGN_IN, Least::Nobody, sign_in::door),
        row(Method::GET, "/admin/api/me", Least::Known, sign_in::me),
        row(Method::POST, "/admin/api/me/password", Least::Known, sign_in::change_password),
        row(Method::GET, "/admin/api/tokens", SEE, tokens::list),
        row(Method::POST, "/admin/api/tokens", RULE, tokens::create),
        row(Method::POST, "/admin/api/tokens/bulk", RULE, bulk::tokens),
        row(Method::GET, "/admin/api/tokens/{id}", SEE, tokens::one),
        row(Method::PUT, "/admin/api/tokens/{id}", RULE, tokens::update),
        row(Method::DELETE, "/admin/api/tokens/{id}", RULE, tokens::delete),
        row(Method::POST, "/admin/api/tokens/{id}/regenerate", RULE, tokens::regenerate),
        row(Method::POST, "/admin/api/tokens/{id}/reset-quota", RULE, tokens::reset_quota),
        row(Method::GET, "/admin/api/tokens/{id}/usage", SEE, tokens::usage),
        row(Method::GET, "/admin/api/cache", SEE, caches::report),
        row(Method::DELETE, "/admin/api/cache", RULE, caches::clear),
        row(Method::GET, "/admin/api/settings", SEE, settings::list),
        row(Method::POST, "/admin/api/settings", RULE, settings::save),
        row(Method::POST, "/admin/api/settings/access-control", RULE, access_control::save),
        row(Method::GET, "/admin/api/settings/access-control/check", SEE, access_control::check_query),
        row(Method::POST, "/admin/api/settings/access-control/check", RULE, access_control::check),
        row(Method::GET, "/admin/api/logs", SEE, logs::list),
        row(Method::DELETE, "/admin/api/logs", RULE, logs::clear),
        row(Method::GET, "/admin/api/logs/export", RULE, logs::export),
        row(Method::GET, "/admin/api/logs/tail", SEE, logs::tail),
        row(Method::GET, "/admin/api/logs/{id}", SEE, logs::one),
        row(Method::GET, "/admin/api/captures", RULE, captures::list),
        row(Method::DELETE, "/admin/api/captures", RULE, captures::clear),
        row(Method::GET, "/admin/api/captures/{id}", RULE, captures::one),
        row(Method::GET, "/admin/api/routes/explain", SEE, explain::explain),
        row(Method::GET, "/admin/api/models", SEE, models::list),
        row(Method::GET, "/admin/api/dashboard", SEE, dashboard::dashboard),
        row(Method::GET, "/admin/api/stats", SEE, stats::stats),
        row(Method::POST, "/admin/api/import", RULE, import::import),
        row(Method::POST, "/admin/api/backup", RULE, backup::download),
        row(Method::GET, "/admin/api/users", RULE, users::list),
        row(Method::POST, "/admin/api/users", RULE, users::create),
        row(Method::GET, "/admin/api/users/{id}", RULE, users::one),
        row(Method::PUT, "/admin/api/users/{id}", RULE, users::update),
        row(Method::DELETE, "/admin/api/users/{id}", RULE, users::delete),
        row(Method::POST, "/admin/api/users/{id}/password", RULE, users::set_password),
        row(Method::GET, "/admin/api/users/{id}/sessions", RULE, users::sessions),
        row(Method::DELETE, "/admin/api/users/{id}/sessions", RULE, users::end_sessions),
        row(Method::GET, "/admin/api/sessions", RULE, sessions::list),
        row(Method::DELETE, "/admin/api/sessions/{id}", RULE, sessions::end),
        row(Method::GET, "/admin/api/admin-tokens", RULE, admin_tokens::list),
        row(Method::POST, "/admin/api/admin-tokens", RULE, admin_tokens::create),
        row(Method::DELETE, "/admin/api/admin-tokens/{id}", RULE, admin_tokens::delete),
        row(Method::GET, "/admin/api/audit", RULE, audit::list),
        row(Method::GET, "/admin/api/audit/{id}", RULE, audit::one),
        row(Method::GET, "/admin/api/openapi.json", SEE, openapi::serve),
    ];
    backends().into_iter().chain(others).collect()
}

/// The part of the table that is about channels and keys.
fn backends() -> Vec<Row> {
    vec![
        row(Method::GET, "/admin/api/keys", SEE, keys::list),
        row(Method::POST, "/admin/api/keys", RULE, keys::add),
        row(Method::DELETE, "/admin/api/keys", RULE, keys::delete_all),
        row(Method::POST, "/admin/api/keys/batch", RULE, keys::add_batch),
        row(Method::POST, "/admin/api/keys/bulk", RULE, bulk::keys),
        row(Method::POST, "/admin/api/keys/preview", RULE, key_preview::preview),
        row(Method::POST, "/admin/api/keys/check", RULE, keys::check_all),
        row(Method::POST, "/admin/api/keys/reset-health", RULE, keys::reset_health),
        row(Method::GET, "/admin/api/keys/{id}", SEE, keys::one),
        row(Method::PUT, "/admin/api/keys/{id}", RULE, keys::update),
        row(Method::DELETE, "/admin/api/keys/{id}", RULE, keys::delete),
        row(Method::POST, "/admin/api/keys/{id}/toggle", RULE, keys::toggle),
        row(Method::POST, "/admin/api/keys/{id}/check", RULE, keys::check),
        row(Method::POST, "/admin/api/keys/{id}/reset-health", RULE, keys::reset_health_of_one),
        row(Method::GET, "/admin/api/channels", SEE, channels::list),
        row(Method::POST, "/admin/api/channels", RULE, channels::create),
        row(Method::POST, "/admin/api/channels/bulk", RULE, bulk::channels),
        row(Method::POST, "/admin/api/channels/preview", RULE, channels::preview),
        row(Method::POST, "/admin/api/channels/check", RULE, channels::check_all),
        row(Method::POST, "/admin/api/channels/reset-health", RULE, channels::reset_health),
        row(Method::GET, "/admin/api/channels/{id}", SEE, channels::one),
        row(Method::PUT, "/admin/api/channels/{id}", RULE, channels::update),
        row(Method::DELETE, "/admin/api/channels/{id}", RULE, channels::delete),
        row(Method::POST, "/admin/api/channels/{id}/check", RULE, channels::check),
        row(Method::POST, "/admin/api/channels/{id}/reset-health", RULE, channels::reset_health_of_one),
    ]
}

/// Method, path and least caller of every row.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str, Least)> {
    table().into_iter().map(|row| (row.method, row.path, row.least)).collect()
}

fn router() -> Router<Arc<Admin>> {
    let rows = table().into_iter();
    rows.fold(Router::new(), |router, row| router.route(row.path, row.handler))
        .fallback(async || AdminError::not_found("Endpoint"))
        .method_not_allowed_fallback(other_methods)
}

/// The router adds `Allow`.
async fn other_methods(path: MatchedPath) -> AdminError {
    let known = routes().into_iter().filter(|(_, known, _)| *known == path.as_str());
    let known: Vec<_> = known.map(|(method, _, _)| method.to_string()).collect();
    let message = format!("this path knows {}, and no other method", known.join(", "));
    AdminError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

async fn guard(State(least): State<Least>, request: AxumRequest, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().ok_or_else(auth::unauthorized);
    let refused = match least {
        Least::Nobody => None,
        Least::Known => caller.err(),
        Least::Role(role) => caller.and_then(|caller| caller.may(role)).err(),
    };
    match refused {
        None => next.run(request).await,
        Some(refused) => refused.into_response(),
    }
}

/// Paths do not mind case or one trailing slash, as in the Node program. Ids are in lower case, but for those of
/// requests, which clients choose.
fn bare_path<B>(mut request: Request<B>) -> Result<Request<B>, AdminError> {
    const OF_REQUESTS: &str = "/admin/api/logs/";
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut bare = path.to_ascii_lowercase();
    if bare.strip_prefix(OF_REQUESTS).is_some_and(|id| !matches!(id, "export" | "tail")) {
        bare.replace_range(OF_REQUESTS.len().., &path[OF_REQUESTS.len()..]);
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    *request.uri_mut() =
        format!("{bare}{query}").parse().map_err(|_| AdminError::invalid("the path is malformed"))?;
    Ok(request)
}
