//! Accounts, sessions, roles, the throttle and the audit through the front door.

mod audit;
mod flood;
mod passwords;
mod roles;
mod sessions;
mod tokens;
mod tricks;
mod users;

use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::client::{Request, Response};

const PASSWORD: &str = "the-password-of-the-tests";
/// Of all accounts that a test makes.
const OTHERS: &str = "a-password-of-others";

async fn started() -> Gateway {
    Gateway::start(&[("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")]).await
}

/// A call without anybody's name. `null` sends no body.
fn request(method: &'static str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, &format!("/admin{path}")).header("content-type", "application/json");
    if body.is_null() { request } else { request.body(body.to_string()) }
}

async fn call(gateway: &Gateway, bearer: &str, method: &'static str, path: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {bearer}");
    gateway.send(&request(method, path, body).header("authorization", &bearer)).await
}

/// What a call that is done answers.
async fn done(gateway: &Gateway, bearer: &str, method: &'static str, path: &str, body: &Value) -> Value {
    let reply = call(gateway, bearer, method, path, body).await;
    assert_eq!(reply.status, 200, "{method} {path} {body}: {}", reply.text());
    reply.json()
}

async fn get(gateway: &Gateway, path: &str) -> Value {
    done(gateway, PASSWORD, "GET", path, &Value::Null).await
}

/// The status and code of a call that is refused.
async fn refused(
    gateway: &Gateway,
    bearer: &str,
    method: &'static str,
    path: &str,
    body: &Value,
) -> (u16, String) {
    let reply = call(gateway, bearer, method, path, body).await;
    let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
    (reply.status, code)
}

async fn login(gateway: &Gateway, body: &Value) -> Response {
    gateway.send(&request("POST", "/login", body)).await
}

/// A session of this account.
async fn session(gateway: &Gateway, name: &str, password: &str) -> String {
    let reply = login(gateway, &json!({"username": name, "password": password})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    text(&reply.json()["token"])
}

/// An account is made, and its id given.
async fn user(gateway: &Gateway, name: &str, role: &str) -> String {
    let body = json!({"name": name, "role": role, "password": OTHERS});
    text(&done(gateway, PASSWORD, "POST", "/api/users", &body).await["user"]["id"])
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The name and value of the cookie that a reply sets, and its attributes.
fn cookie(reply: &Response) -> (String, String) {
    let line = reply.header("set-cookie").expect("a cookie is set");
    let (pair, attributes) = line.split_once("; ").expect("it has attributes");
    (pair.to_owned(), attributes.to_owned())
}

/// Runs a statement on the gateway's database, as time or damage would.
pub async fn sql(gateway: &Gateway, statement: &str) {
    use sqlx::Connection as _;
    let file = gateway.home().join("ollama2openai.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut conn).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
    conn.close().await.unwrap();
}
