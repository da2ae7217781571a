//! Another program holds the database locked: requests go on, who looks is shown all that was counted, who changes
//! something is told at once, and everything is written when it is over.

use std::path::Path;
use std::time::{Duration, Instant};

use ollama2openai::config::Secret;
use ollama2openai::fake::Fake;
use ollama2openai::store::{NewKey, Store};
use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{CHAT, PASSWORD};
use crate::metrics::page::Page;
use crate::support::Gateway;
use crate::support::client::{self, Request, Response};
use crate::support::ollama::{chat, ollama, whole};
use crate::support::running;
use crate::support::wait::{DEADLINE, beside, pause, until};

/// Well below what a writer of another process waits, and well above what ours do.
const PROMPT: Duration = Duration::from_secs(5);
/// A request waits for nothing of it.
const SERVED: Duration = Duration::from_secs(1);

/// Another program that writes to the database of a folder and does not end.
pub struct Lock(sqlx::SqliteConnection);

impl Lock {
    pub async fn hold(folder: &Path) -> Lock {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(folder.join("ollama2openai.db"))
            .busy_timeout(DEADLINE);
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        Lock(other)
    }

    pub async fn release(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.unwrap();
    }
}

fn asked(method: &'static str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, path)
        .header("authorization", &format!("Bearer {PASSWORD}"))
        .header("content-type", "application/json");
    if body.is_null() { request } else { request.body(body.to_string()) }
}

/// An answer that did not take long.
async fn prompt(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Response {
    let begun = Instant::now();
    let reply = gateway.send(&asked(method, path, body)).await;
    assert!(begun.elapsed() < PROMPT, "{method} {path}: {:?}", begun.elapsed());
    reply
}

async fn get(gateway: &Gateway, path: &str) -> Value {
    let reply = prompt(gateway, "GET", &format!("/admin/api{path}"), &Value::Null).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

async fn is_busy(gateway: &Gateway, method: &'static str, path: &str, body: &Value) {
    let reply = prompt(gateway, method, path, body).await;
    assert_eq!(reply.status, 503, "{method} {path}: {}", reply.text());
    assert_eq!(reply.json()["code"], "database_busy");
    assert_eq!(reply.header("retry-after"), Some("2"));
}

/// A gateway with one key and one token: with the id of the token and its text.
async fn started() -> (Fake, Gateway, String, String) {
    let fake = ollama(|_| whole("Hi")).await;
    let key = NewKey::new("one", fake.url(), Secret::new("credential"));
    let gateway = Gateway::with_rows(&[("ADMIN_PASSWORD", PASSWORD)], &[], &[key]).await;
    let made = prompt(&gateway, "POST", "/admin/api/tokens", &json!({"name": "ann"})).await.json();
    let member = |name: &str| made["token"][name].as_str().expect("a text").to_owned();
    let (id, text) = (member("id"), member("token"));
    (fake, gateway, id, text)
}

async fn serve(gateway: &Gateway, token: &str, count: u64) {
    let request = Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {token}"));
    for _ in 0..count {
        let begun = Instant::now();
        assert_eq!(gateway.send(&request).await.status, 200);
        assert!(begun.elapsed() < SERVED, "a request waited {:?}", begun.elapsed());
    }
}

fn sum(days: &Value, name: &str) -> u64 {
    days.as_object().unwrap().values().map(|day| day[name].as_u64().unwrap()).sum()
}

/// The use of so many requests, in one part or over several.
fn is_use(what: &str, parts: &[&Value], served: u64) {
    let told = ["requests", "promptTokens", "completionTokens"]
        .map(|name| parts.iter().map(|part| part[name].as_u64().unwrap()).sum::<u64>());
    assert_eq!(told, [served, 3 * served, 2 * served], "{what}");
}

/// Everything that is told apart is of one thing, and nothing is left of it.
fn is_one(what: &str, part: &Value, served: u64) {
    assert_eq!(part["top"].as_array().unwrap().len(), 1, "{what}: {part:#}");
    is_use(what, &[&part["top"][0]], served);
    is_use(&format!("the rest of {what}"), &[&part["rest"]], 0);
}

fn list(part: &Value) -> Vec<&Value> {
    part.as_array().unwrap().iter().collect()
}

/// A range of time tells of so many requests in all that it shows.
async fn is_in_range(gateway: &Gateway, range: &str, served: u64) {
    let shown = &get(gateway, &format!("/dashboard?range={range}")).await["range"];
    is_use(range, &[&shown["totals"]], served);
    is_use(range, &[&shown["previous"]["totals"]], 0);
    is_use(range, &list(&shown["series"]), served);
    let ok = |piece: &&Value| piece["outcomes"]["ok"].as_u64().unwrap_or_default();
    assert_eq!(list(&shown["series"]).iter().map(ok).sum::<u64>(), served, "{range}");
    assert_eq!((&shown["outcomes"], &shown["errors"]), (&json!({"ok": served}), &json!({})), "{range}");
    for name in ["byModel", "byToken", "byBackend", "byChannel"] {
        is_one(&format!("{name} of {range}"), &shown[name], served);
    }
}

/// Everybody who tells of use tells of so many requests.
async fn is_shown(gateway: &Gateway, token: &str, served: u64) {
    let shown = get(gateway, "/dashboard").await;
    for name in ["totals", "today"] {
        is_use(name, &[&shown[name]], served);
    }
    for name in ["minutes", "hours", "days"] {
        is_use(name, &list(&shown[name]), served);
    }
    for name in ["byModel", "byToken", "byBackend"] {
        is_one(name, &shown[name], served);
    }
    for range in ["1h", "24h", "7d", "30d"] {
        is_in_range(gateway, range, served).await;
    }
    assert_eq!(sum(&shown["usage"], "requests"), served);
    let of_token = &shown["byToken"]["top"][0];
    assert_eq!((&of_token["id"], &of_token["requests"]), (&json!(token), &json!(served)));
    assert_eq!(shown["outcomes"], json!({"ok": served}));
    let tokens = get(gateway, "/tokens").await;
    let shown = &tokens["tokens"][0];
    assert_eq!((&shown["id"], &shown["totalRequests"]), (&json!(token), &json!(served)), "{shown}");
    assert_eq!(get(gateway, &format!("/tokens/{token}")).await["token"]["totalTokens"], 5 * served);
    let usage = get(gateway, &format!("/tokens/{token}/usage")).await;
    assert_eq!(sum(&usage["usage"], "requests"), served);
    let keys = get(gateway, "/keys").await;
    let told = ["totalRequests", "totalTokens"].map(|name| keys["summary"][name].as_u64());
    assert_eq!(told, [Some(served), Some(5 * served)], "{keys}");
    assert_eq!(keys["keys"][0]["totalRequests"], served, "{keys}");
    assert!(keys["keys"][0]["lastUsed"].is_string(), "{keys}");
    let stats = get(gateway, "/stats").await["stats"].take();
    let days = stats.as_object().unwrap().values();
    assert_eq!(days.map(|day| sum(day, "success")).sum::<u64>(), served, "{stats}");
}

/// The dashboard, as soon as it says so.
async fn failing(gateway: &Gateway, wanted: bool) -> Value {
    let end = Instant::now() + DEADLINE;
    loop {
        let shown = get(gateway, "/dashboard").await;
        if shown["ledger"]["failing"] == wanted {
            return shown;
        }
        assert!(Instant::now() < end, "{}", shown["ledger"]);
        pause(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_holds_stops_nobody_and_loses_nothing() {
    let (_fake, gateway, id, text) = started().await;
    serve(&gateway, &text, 5).await;
    let lock = Lock::hold(gateway.home()).await;
    serve(&gateway, &text, 10).await;
    // Who leaves takes nothing with it, whatever has been begun for it.
    for _ in 0..5 {
        let request = asked("GET", "/admin/api/stats", &Value::Null);
        let _ = tokio::time::timeout(Duration::from_millis(50), gateway.send(&request)).await;
    }
    let shown = failing(&gateway, true).await;
    assert!(shown["ledger"]["sums"].as_u64() > Some(0), "{}", shown["ledger"]);
    is_shown(&gateway, &id, 15).await;
    serve(&gateway, &text, 10).await;
    is_shown(&gateway, &id, 25).await;
    let shown = failing(&gateway, true).await;
    assert!(shown["ledger"]["since"].is_string() && shown["ledger"]["rows"].as_u64() > Some(0), "{shown:#}");
    assert!(wants_person(&shown).contains("nothing can be written"), "{}", shown["attention"]);

    let channel = json!({"name": "new", "baseUrl": "http://127.0.0.1:1"});
    is_busy(&gateway, "POST", "/admin/login", &json!({"password": PASSWORD})).await;
    is_busy(&gateway, "POST", "/admin/api/channels", &channel).await;
    is_busy(&gateway, "POST", &format!("/admin/api/tokens/{id}/reset-quota"), &Value::Null).await;
    is_busy(&gateway, "DELETE", "/admin/api/cache", &Value::Null).await;
    assert_eq!(prompt(&gateway, "POST", "/admin/login", &json!({"password": "wrong"})).await.status, 401);

    let page = Page::read(&gateway.get("/metrics").await.text());
    let failed = |what| page.find("ollama2openai_database_write_errors_total", &[("what", what)]);
    assert_eq!(failed("changes"), Some(4.0), "refused changes");
    assert!(["usage", "totals", "request_log"].iter().all(|what| failed(what) > Some(0.0)));

    lock.release().await;
    let shown = failing(&gateway, false).await;
    assert_eq!(wants_person(&shown), "");
    is_shown(&gateway, &id, 25).await;
    assert_eq!(get(&gateway, "/keys").await["keys"][0]["totalRequests"], 25, "of the backend, too");
    assert_eq!(get(&gateway, "/logs?type=request&limit=0").await["logs"].as_array().unwrap().len(), 25);
    assert_eq!(get(&gateway, "/channels").await["channels"], json!([]), "what was refused is not there");
    assert_eq!(prompt(&gateway, "POST", "/admin/login", &json!({"password": PASSWORD})).await.status, 200);
    assert_eq!(prompt(&gateway, "POST", "/admin/login", &json!({"password": "wrong"})).await.status, 401);
    let audit = get(&gateway, "/audit?action=user").await["entries"].take();
    let actions: Vec<_> = audit.as_array().unwrap().iter().map(|row| &row["action"]).collect();
    assert_eq!(actions, ["user.sign_in_failed", "user.sign_in"]);
    assert_eq!(audit[0]["after"]["failuresNotWritten"], 1, "{audit:#}");

    let home = gateway.stopped().await;
    let store = Store::open(home.path(), None).await.unwrap();
    let usage = store.usage_since(0).await.unwrap();
    assert_eq!(usage.iter().map(|row| row.counts.requests).sum::<i64>(), 25);
    assert_eq!(store.token(&id).await.unwrap().quota_used, 125);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_at_the_end_waits_for_the_other_program() {
    let (_fake, gateway, id, text) = started().await;
    let lock = Lock::hold(gateway.home()).await;
    serve(&gateway, &text, 3).await;
    failing(&gateway, true).await;
    let begun = Instant::now();
    let stopped = beside(gateway.stopped());
    until("a write has waited in vain", || begun.elapsed() > Duration::from_secs(2)).await;
    assert!(!stopped.ended(), "it waits");
    lock.release().await;
    let home = stopped.value().await;
    let store = Store::open(home.path(), None).await.unwrap();
    assert_eq!(store.token(&id).await.unwrap().totals.total_requests, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_when_it_begins_and_when_it_is_over() {
    let (fake, home) = (ollama(|_| whole("Hi")).await, tempfile::tempdir().unwrap());
    let env = [("PORT", "0".to_owned()), ("LOG_FORMAT", "json".to_owned()), ("OLLAMA_BASE_URL", fake.url())];
    let data = ("DATA_DIR".to_owned(), home.path().to_string_lossy().into_owned());
    let env: Vec<_> = env.map(|(name, value)| (name.to_owned(), value)).into_iter().chain([data]).collect();
    let mut program = running::serve(home.path(), &env);
    let ready: Value = serde_json::from_str(&program.line("\"url\":").await).unwrap();
    let addr = ready["url"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
    let lock = Lock::hold(home.path()).await;
    for _ in 0..7 {
        assert_eq!(client::post_json(addr, CHAT, &chat(false)).await.status, 200);
    }
    let told: Value = serde_json::from_str(&program.line("cannot be written to").await).unwrap();
    assert_eq!((&told["level"], &told["rows"]), (&json!("WARN"), &json!(7)), "{told}");
    assert!(told["since"].is_string() && told["sums"].as_u64() > Some(0), "{told}");
    lock.release().await;
    let over: Value = serde_json::from_str(&program.line("can be written to again").await).unwrap();
    assert_eq!((&over["level"], &over["since"]), (&json!("INFO"), &told["since"]), "{over}");
    let (_, rest) = program.ended().await;
    assert!(!rest.contains("cannot be written"), "once: {rest}");
}

/// What the dashboard says of the database that takes no writes.
fn wants_person(shown: &Value) -> &str {
    let list = shown["attention"]["list"].as_array().unwrap();
    let told = list.iter().find(|item| item["kind"] == "ledger_failing");
    told.map_or("", |item| item["detail"].as_str().unwrap())
}
