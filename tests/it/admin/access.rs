//! Who may call.

use std::collections::BTreeSet;

use ollama2openai::admin::routes;
use serde_json::{Value, json};

use super::{PASSWORD, call, started};
use crate::support::Gateway;
use crate::support::client::Request;

/// No more than an address may fail in a minute.
const PATHS: [&str; 5] =
    ["/admin/api/keys", "/admin/api/channels", "/admin/api/cache", "/admin/api/nothing", "/ADMIN/api/keys/"];

#[tokio::test]
async fn nobody_without_the_password() {
    for shown in ["", "Bearer", "Bearer wrong", "wrong", "Bearer sk-a-client", "Bearer admin123"] {
        let gateway = started(&[("API_TOKEN", "sk-a-client")]).await;
        for path in PATHS {
            let request = Request::get(path).header("authorization", shown);
            let reply = gateway.send(&request).await;
            assert_eq!(reply.status, 401, "{path} with '{shown}': {}", reply.text());
            let expected = json!({"error": "Unauthorized. Provide admin password.", "code": "unauthorized"});
            assert_eq!(reply.json(), expected);
        }
    }
    let gateway = started(&[]).await;
    for path in PATHS {
        assert_eq!(gateway.get(path).await.status, 401, "{path}");
        assert_eq!(gateway.get(&format!("{path}?token={PASSWORD}")).await.status, 401, "no secret in a URL");
    }
    assert_eq!(gateway.post("/admin/api/keys", &json!({"key": "k"})).await.status, 401);
    let listed = call(&gateway, "GET", "/keys", &Value::Null).await.json();
    assert_eq!(listed["summary"]["total"], 0, "a refused call changed something");
}

#[tokio::test]
async fn the_password_is_taken_as_bearer_bare_and_as_a_key() {
    let gateway = started(&[]).await;
    for (header, value) in [
        ("authorization", format!("Bearer {PASSWORD}")),
        ("authorization", format!("bearer  {PASSWORD}")),
        ("authorization", PASSWORD.to_owned()),
        ("x-api-key", PASSWORD.to_owned()),
    ] {
        let reply = gateway.send(&Request::get("/admin/api/keys").header(header, &value)).await;
        assert_eq!(reply.status, 200, "{header}: {}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.header("x-request-id").is_some());
        assert!(reply.header("access-control-allow-origin").is_none(), "no web page may read this");
    }
}

/// The status of a call with the password of an installation that has set none.
async fn with_default(gateway: &Gateway, header: Option<(&str, &str)>, version: &'static str) -> u16 {
    let mut request = Request::get("/admin/api/me").header("authorization", "Bearer admin123");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let reply = gateway.send(&request.version(version)).await;
    if reply.status != 200 {
        assert_eq!(reply.json()["code"], "password_change_required", "{}", reply.text());
    }
    reply.status
}

#[tokio::test]
async fn the_default_password_opens_nothing_to_other_machines() {
    for env in [&[][..], &[("ADMIN_PASSWORD", "admin123")], &[("ADMIN_PASSWORD", "")]] {
        let gateway = Gateway::start(env).await;
        assert_eq!(with_default(&gateway, None, "1.1").await, 200);
        assert_eq!(with_default(&gateway, Some(("origin", "http://localhost:3000")), "1.1").await, 200);
        for foreign in [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("via", "1.1 proxy"),
            ("host", "evil.example"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            assert_eq!(with_default(&gateway, Some(foreign), "1.1").await, 403, "{foreign:?}");
        }
        assert_eq!(with_default(&gateway, None, "1.0").await, 403, "a bare reverse proxy speaks HTTP/1.0");
    }
    let gateway = started(&[]).await;
    let forwarded = Request::get("/admin/api/keys")
        .header("authorization", PASSWORD)
        .header("x-forwarded-for", "203.0.113.9");
    assert_eq!(gateway.send(&forwarded).await.status, 200, "a password of one's own opens it to all");
}

#[tokio::test]
async fn whoever_is_not_known_is_told_why_signing_in_makes_no_sense() {
    let told = async |gateway: &Gateway, address: Option<&str>| {
        let request = Request::get("/admin/api/sign-in").header("authorization", "Bearer admin123");
        let request =
            address.map(|address| request.clone().header("x-forwarded-for", address)).unwrap_or(request);
        let reply = gateway.send(&request).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["refused"].clone()
    };
    let gateway = Gateway::start(&[]).await;
    assert_eq!(told(&gateway, None).await, Value::Null);
    let refused = told(&gateway, Some("203.0.113.9")).await;
    assert_eq!(refused["code"], "password_change_required");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("set ADMIN_PASSWORD and start again"), "{message}");
    let login = Request::post("/admin/login", &json!({"password": "admin123"}))
        .header("x-forwarded-for", "203.0.113.9");
    let login = gateway.send(&login).await;
    assert_eq!((login.status, login.json()["error"].as_str()), (403, Some(message)));
    let gateway = started(&[]).await;
    assert_eq!(told(&gateway, Some("203.0.113.9")).await, Value::Null);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told() {
    let gateway = started(&[]).await;
    let lost = call(&gateway, "GET", "/nothing", &Value::Null).await;
    assert_eq!((lost.status, lost.json()["code"].as_str()), (404, Some("not_found")));
    let wrong = call(&gateway, "PATCH", "/keys", &Value::Null).await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(wrong.json()["error"], "this path knows GET, POST, DELETE, and no other method");
    let rows = routes();
    for (_, path, _) in &rows {
        let reply = gateway
            .send(&Request::new("PATCH", &path.replace("{id}", "x")).header("authorization", PASSWORD))
            .await;
        let allowed = reply.header("allow").unwrap_or_default().split(',').map(str::trim);
        let allowed: BTreeSet<_> = allowed.filter(|method| *method != "HEAD").map(str::to_owned).collect();
        let known = rows.iter().filter(|(_, known, _)| known == path);
        assert_eq!(allowed, known.map(|(method, ..)| method.to_string()).collect(), "{path}");
    }
    let page = gateway.get("/admin").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
}

#[tokio::test]
async fn a_large_body_without_the_password_is_not_read() {
    let gateway = started(&[("MAX_BODY_BYTES", "1024")]).await;
    let large = json!({"keys": "k".repeat(1 << 20)});
    assert_eq!(gateway.post("/admin/api/keys/batch", &large).await.status, 401);
    let reply = call(&gateway, "POST", "/keys/batch", &large).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(reply.json()["error"].is_string(), "{}", reply.text());
}
