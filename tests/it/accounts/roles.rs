//! Every path of the table with every kind of caller.

use ollama2openai::admin::{Least, routes};
use ollama2openai::store::Role;
use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, done, get, request, session, sql, started, user};
use crate::support::Gateway;
use crate::support::client::{self, Request};

/// What is answered when a caller gets past all checks: done, or that the thing is not there or not said well.
const PASSED: [u16; 4] = [200, 400, 404, 409];

fn paths() -> Vec<(&'static str, String, Least)> {
    let own =
        |method: &str| ["GET", "POST", "PUT", "DELETE"].into_iter().find(|known| *known == method).unwrap();
    routes()
        .into_iter()
        .map(|(method, path, least)| {
            (own(method.as_str()), path.replace("{id}", "nobody")["/admin".len()..].to_owned(), least)
        })
        .collect()
}

async fn status(gateway: &Gateway, bearer: Option<&str>, method: &'static str, path: &str) -> (u16, Value) {
    let request = request(method, path, &Value::Null);
    let request = match bearer {
        Some(bearer) => request.header("authorization", &format!("Bearer {bearer}")),
        None => request,
    };
    // A backup is no JSON, and the live tail has no end.
    let reply = client::open(gateway.addr, &request).await;
    let is_json = reply.headers.get("content-type").is_some_and(|kind| kind == "application/json");
    (reply.status, if is_json { reply.whole().await.json() } else { Value::Null })
}

#[tokio::test]
async fn every_path_is_held_against_every_caller() {
    let gateway = started().await;
    user(&gateway, "vic", "viewer").await;
    user(&gateway, "gone", "admin").await;
    user(&gateway, "late", "admin").await;
    let viewer = session(&gateway, "vic", OTHERS).await;
    let (disabled, expired) =
        (session(&gateway, "gone", OTHERS).await, session(&gateway, "late", OTHERS).await);
    sql(&gateway, "UPDATE users SET enabled = FALSE WHERE name = 'gone'").await;
    sql(
        &gateway,
        "UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z' \
         WHERE user_id = (SELECT id FROM users WHERE name = 'late')",
    )
    .await;
    let mut walked = 0;
    for (method, path, least) in paths() {
        walked += 1;
        let seen = async |bearer| status(&gateway, bearer, method, &path).await;
        if least == Least::Nobody {
            assert!(PASSED.contains(&seen(None).await.0), "{method} {path} is open");
            continue;
        }
        for (who, bearer) in [("nobody", None), ("expired", Some(&*expired)), ("disabled", Some(&*disabled))]
        {
            let (status, told) = seen(bearer).await;
            assert_eq!((status, &told["code"]), (401, &json!("unauthorized")), "{method} {path} by {who}");
        }
        assert!(PASSED.contains(&seen(Some(PASSWORD)).await.0), "{method} {path} by an admin");
        let (status, told) = seen(Some(&viewer)).await;
        match least {
            Least::Role(Role::Admin) => {
                assert_eq!((status, &told["code"]), (403, &json!("role_required")), "{method} {path}");
            }
            _ => assert!(PASSED.contains(&status), "{method} {path} by a viewer: {told}"),
        }
        let is_write = method != "GET";
        assert!(!is_write || least != Least::Role(Role::Viewer), "{method} {path}: a viewer writes nothing");
    }
    assert!(walked >= 35, "{walked} paths");
}

#[tokio::test]
async fn a_viewer_sees_neither_accounts_nor_audit() {
    let hidden: Vec<_> = paths()
        .into_iter()
        .filter(|(method, path, _)| {
            let private = ["users", "sessions", "audit", "admin-tokens"];
            *method == "GET" && private.iter().any(|word| path.contains(word))
        })
        .collect();
    assert!(hidden.len() >= 5, "{hidden:?}");
    assert!(hidden.iter().all(|(_, _, least)| *least == Least::Role(Role::Admin)), "{hidden:?}");
}

#[tokio::test]
async fn no_spelling_of_a_path_is_a_way_around() {
    let gateway = started().await;
    user(&gateway, "vic", "viewer").await;
    let viewer = format!("Bearer {}", session(&gateway, "vic", OTHERS).await);
    for path in [
        "/admin/api/users",
        "/admin/api/users/",
        "/ADMIN/API/USERS",
        "//admin/api/users",
        "/admin//api/users",
        "/admin/api/%75sers",
        "/admin/api/keys/../users",
        "/admin/api/keys/%2e%2e/users",
        "/admin/login/../api/users",
        "/admin/login/%2e%2e/api/users",
        "/admin/api/users;x",
        "/admin/api/users?role=admin",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let request = Request::new(method, path)
                .header("authorization", &viewer)
                .header("x-http-method-override", "GET");
            let reply = gateway.send(&request).await;
            assert!(reply.status >= 400, "{method} {path}: {}", reply.text());
            assert!(!reply.text().contains("createdAt"), "{method} {path}: {}", reply.text());
            let nobody = gateway.send(&Request::new(method, path)).await;
            assert!(nobody.status >= 400 && !nobody.text().contains("createdAt"), "{method} {path}");
        }
    }
    assert_eq!(get(&gateway, "/api/users").await["users"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_role_that_changes_counts_from_the_next_call() {
    let gateway = started().await;
    let id = user(&gateway, "ann", "viewer").await;
    let mine = session(&gateway, "ann", OTHERS).await;
    assert_eq!(call(&gateway, &mine, "DELETE", "/api/cache", &Value::Null).await.status, 403);
    done(&gateway, PASSWORD, "PUT", &format!("/api/users/{id}"), &json!({"role": "admin"})).await;
    assert_eq!(call(&gateway, &mine, "DELETE", "/api/cache", &Value::Null).await.status, 200);
}
