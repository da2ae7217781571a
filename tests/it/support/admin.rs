//! The admin API, called with the password of the tests.

use serde_json::Value;

use super::Gateway;
use super::client::{Request, Response};

/// What `ADMIN_PASSWORD` is where these are used.
pub const PASSWORD: &str = "the-password-of-the-tests";

/// A call of a path below `/admin/api`. `null` sends no body.
pub fn request(method: &'static str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, &format!("/admin/api{path}"))
        .header("authorization", &format!("Bearer {PASSWORD}"))
        .header("content-type", "application/json");
    if body.is_null() { request } else { request.body(body.to_string()) }
}

pub async fn call(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Response {
    gateway.send(&request(method, path, body)).await
}

/// What a call that is done answers.
pub async fn done_by(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Value {
    let reply = call(gateway, method, path, body).await;
    assert_eq!(reply.status, 200, "{method} {path} {body}: {}", reply.text());
    reply.json()
}

pub async fn get(gateway: &Gateway, path: &str) -> Value {
    done_by(gateway, "GET", path, &Value::Null).await
}

pub async fn post(gateway: &Gateway, path: &str, body: &Value) -> Value {
    done_by(gateway, "POST", path, body).await
}

/// The error of a call that is refused with this status.
pub async fn refused(
    gateway: &Gateway,
    status: u16,
    method: &'static str,
    path: &str,
    body: &Value,
) -> Value {
    let reply = call(gateway, method, path, body).await;
    assert_eq!(reply.status, status, "{method} {path} {body}: {}", reply.text());
    let error = reply.json();
    assert!(error["error"].is_string() && error["code"].is_string(), "{error}");
    error
}

/// A new token: its id and its text.
pub async fn token(gateway: &Gateway, body: &Value) -> (String, String) {
    let made = post(gateway, "/tokens", body).await;
    let member = |name: &str| made["token"][name].as_str().expect("a text").to_owned();
    (member("id"), member("token"))
}
