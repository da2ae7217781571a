//! Paths of the control plane, as in the Node program.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::DefaultBodyLimit;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post, put};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower_service::Service as _;

use super::error::AdminError;
use super::{Admin, auth, caches, channels, keys, tokens};
use crate::access::{Area, admits, caller};
use crate::http::{Body, Reply, discard_small, headers, read_body, request_id};

const PANEL: &str = "<!doctype html><meta charset=utf-8><title>ollama2openai</title>\
    <p>The admin panel is not part of this version yet. Its API is below <code>/admin/api</code>.\n";

/// Answers one request. Never fails: what goes wrong becomes a reply.
pub(super) async fn answer(admin: Arc<Admin>, request: Request<Incoming>, peer: SocketAddr) -> Reply {
    let id = request_id(request.headers(), &admin.ids);
    let reply = admitted(admin, request, peer).await;
    let (mut parts, body) = reply.into_parts();
    // Bodies of the control plane are made whole, so this waits for nothing.
    let whole = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(headers::REQUEST_ID, id);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Reply::from_parts(parts, Body::full(whole))
}

/// The rules of addresses; a whitelist leaves a way back on this machine.
fn check_address<B>(admin: &Admin, request: &Request<B>, peer: SocketAddr) -> Result<(), AdminError> {
    let snapshot = admin.reloader.current().load();
    let caller = caller(request, peer, &snapshot.trust_proxy);
    if admits(&snapshot.ip_rules, caller, Area::Admin) {
        return Ok(());
    }
    let message = "access from your address is not allowed";
    Err(AdminError::new(StatusCode::FORBIDDEN, "ip_not_allowed", message))
}

async fn admitted(admin: Arc<Admin>, request: Request<Incoming>, peer: SocketAddr) -> Response {
    if let Err(refused) = check_address(&admin, &request, peer) {
        return refused.into_response();
    }
    let path = request.uri().path();
    let bare = path.strip_suffix('/').unwrap_or(path);
    if bare.eq_ignore_ascii_case("/admin") && matches!(*request.method(), Method::GET | Method::HEAD) {
        return Html(PANEL).into_response();
    }
    if let Err(refused) = auth::admit(&admin, &request, peer) {
        discard_small(request).await;
        return refused.into_response();
    }
    let (head, body) = request.into_parts();
    let body = match read_body(&head.headers, body, admin.max_body_bytes).await {
        Ok(body) => AxumBody::from(body),
        Err(refused) => return AdminError::from(refused).into_response(),
    };
    let request = match bare_path(Request::from_parts(head, body)) {
        Ok(request) => request,
        Err(refused) => return refused.into_response(),
    };
    let mut router = router().layer(DefaultBodyLimit::disable()).with_state(admin);
    let Ok(reply) = router.call(request).await;
    reply
}

fn router() -> Router<Arc<Admin>> {
    Router::new()
        .route("/admin/api/keys", get(keys::list).post(keys::add).delete(keys::delete_all))
        .route("/admin/api/keys/batch", post(keys::add_batch))
        .route("/admin/api/keys/check", post(keys::check_all))
        .route("/admin/api/keys/reset-health", post(keys::reset_health))
        .route("/admin/api/keys/{id}", put(keys::update).delete(keys::delete))
        .route("/admin/api/keys/{id}/toggle", post(keys::toggle))
        .route("/admin/api/keys/{id}/check", post(keys::check))
        .route("/admin/api/channels", get(channels::list).post(channels::create))
        .route("/admin/api/channels/check", post(channels::check_all))
        .route("/admin/api/channels/reset-health", post(channels::reset_health))
        .route("/admin/api/channels/{id}", put(channels::update).delete(channels::delete))
        .route("/admin/api/tokens", get(tokens::list).post(tokens::create))
        .route("/admin/api/tokens/bulk", post(tokens::bulk))
        .route("/admin/api/tokens/{id}", put(tokens::update).delete(tokens::delete))
        .route("/admin/api/tokens/{id}/regenerate", post(tokens::regenerate))
        .route("/admin/api/tokens/{id}/usage", get(tokens::usage))
        .route("/admin/api/tokens/{id}/reset-quota", post(tokens::reset_quota))
        .route("/admin/api/cache", get(caches::report).delete(caches::clear))
        .fallback(async || AdminError::not_found("Endpoint"))
        .method_not_allowed_fallback(async || {
            AdminError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path knows other methods",
            )
        })
}

/// Paths do not mind case or one trailing slash, as in the Node program. Ids are in lower case.
fn bare_path<B>(mut request: Request<B>) -> Result<Request<B>, AdminError> {
    let path = request.uri().path();
    let bare = path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase();
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    *request.uri_mut() =
        format!("{bare}{query}").parse().map_err(|_| AdminError::invalid("the path is malformed"))?;
    Ok(request)
}
