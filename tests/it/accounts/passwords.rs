//! Which password opens what, from when until when.

use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, done, get, login, refused, request, session, started, text, user};
use crate::support::Gateway;

const NEW: &str = "quite-another-password";

fn change(current: &str, new: &str) -> Value {
    json!({"currentPassword": current, "newPassword": new})
}

#[tokio::test]
async fn the_configured_password_holds_until_it_is_changed() {
    let gateway = started().await;
    let (mine, other) =
        (session(&gateway, "admin", PASSWORD).await, session(&gateway, "admin", PASSWORD).await);
    assert_eq!(get(&gateway, "/api/users").await["users"][0]["passwordFrom"], "ADMIN_PASSWORD");
    done(&gateway, &mine, "POST", "/api/me/password", &change(PASSWORD, NEW)).await;
    assert_eq!(call(&gateway, &mine, "GET", "/api/me", &Value::Null).await.status, 200, "this session stays");
    assert_eq!(call(&gateway, &other, "GET", "/api/me", &Value::Null).await.status, 401, "others end");
    assert_eq!(
        call(&gateway, PASSWORD, "GET", "/api/me", &Value::Null).await.status,
        401,
        "though it was remembered"
    );
    assert_eq!(login(&gateway, &json!({"password": PASSWORD})).await.status, 401);
    let me = done(&gateway, NEW, "GET", "/api/me", &Value::Null).await;
    assert_eq!((&me["via"], &me["user"]["passwordFrom"]), (&json!("password"), &json!("account")));
    session(&gateway, "admin", NEW).await;

    // Another start with the old setting changes nothing.
    let home = gateway.stopped().await;
    let gateway = Gateway::start_in(home, &[("ADMIN_PASSWORD", PASSWORD)]).await;
    assert_eq!(call(&gateway, PASSWORD, "GET", "/api/me", &Value::Null).await.status, 401);
    assert_eq!(call(&gateway, NEW, "GET", "/api/me", &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_new_password_must_be_a_good_one_and_the_old_one_known() {
    let gateway = started().await;
    let mine = session(&gateway, "admin", PASSWORD).await;
    for (body, field) in [
        (json!({}), "currentPassword"),
        (json!({"currentPassword": PASSWORD}), "newPassword"),
        (change(PASSWORD, "short"), "newPassword"),
        (change(PASSWORD, "ADMIN123"), "newPassword"),
        (change(PASSWORD, PASSWORD), "newPassword"),
        (change(PASSWORD, &"x".repeat(257)), "newPassword"),
        (change("wrong", NEW), "currentPassword"),
    ] {
        let reply = call(&gateway, &mine, "POST", "/api/me/password", &body).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.json()["fields"][field].is_string(), "{field}: {}", reply.text());
        assert!(!reply.text().contains(PASSWORD), "{}", reply.text());
    }
    // A session that was stolen is no way to guess on.
    for _ in 0..4 {
        call(&gateway, &mine, "POST", "/api/me/password", &change("wrong", NEW)).await;
    }
    let (status, code) = refused(&gateway, &mine, "POST", "/api/me/password", &change(PASSWORD, NEW)).await;
    assert_eq!((status, code.as_str()), (429, "too_many_attempts"));
    assert_eq!(call(&gateway, &mine, "GET", "/api/me", &Value::Null).await.status, 200);
}

#[tokio::test]
async fn the_default_password_opens_nothing_but_its_change() {
    for env in [&[][..], &[("ADMIN_PASSWORD", "admin123")]] {
        let gateway = Gateway::start(env).await;
        let reply = login(&gateway, &json!({"password": "admin123"})).await;
        assert_eq!((reply.status, &reply.json()["passwordChangeRequired"]), (200, &json!(true)));
        let mine = text(&reply.json()["token"]);
        for bearer in ["admin123", &mine] {
            for (method, path) in [
                ("GET", "/api/keys"),
                ("POST", "/api/channels"),
                ("DELETE", "/api/cache"),
                ("GET", "/api/users"),
                ("POST", "/api/admin-tokens"),
                ("GET", "/api/audit"),
            ] {
                let told = refused(&gateway, bearer, method, path, &Value::Null).await;
                assert_eq!(told, (403, "password_change_required".to_owned()), "{method} {path}");
            }
            let me = done(&gateway, bearer, "GET", "/api/me", &Value::Null).await;
            assert_eq!(me["passwordChangeRequired"], true);
        }
        let elsewhere = request("GET", "/api/me", &Value::Null).header("authorization", &mine);
        let reply = gateway.send(&elsewhere.header("x-forwarded-for", "203.0.113.9")).await;
        assert_eq!(reply.status, 403, "a session of it is of no use elsewhere either");
        let reply = gateway
            .send(&request("POST", "/login", &json!({"password": "admin123"})).header("host", "gw.example"))
            .await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("password_change_required")));
        let due = call(&gateway, &mine, "GET", "/api/keys", &Value::Null).await.text();
        assert!(due.contains("currentPassword and newPassword"), "{due}");
        done(&gateway, &mine, "POST", "/api/me/password", &change("admin123", NEW)).await;
        assert_eq!(call(&gateway, &mine, "GET", "/api/keys", &Value::Null).await.status, 200);
        assert_eq!(call(&gateway, NEW, "GET", "/api/keys", &Value::Null).await.status, 200);
        assert_eq!(call(&gateway, "admin123", "GET", "/api/me", &Value::Null).await.status, 401);
    }
}

#[tokio::test]
async fn a_password_that_an_admin_sets_ends_sessions_and_may_have_to_be_changed() {
    let gateway = started().await;
    let id = user(&gateway, "ann", "admin").await;
    let mine = session(&gateway, "ann", OTHERS).await;
    let path = format!("/api/users/{id}/password");
    let short = call(&gateway, PASSWORD, "POST", &path, &json!({"password": "ann"})).await;
    assert_eq!(short.status, 400, "{}", short.text());
    done(&gateway, PASSWORD, "POST", &path, &json!({"password": NEW, "mustChange": true})).await;
    assert_eq!(call(&gateway, &mine, "GET", "/api/me", &Value::Null).await.status, 401);
    let mine = session(&gateway, "ann", NEW).await;
    let told = refused(&gateway, &mine, "GET", "/api/keys", &Value::Null).await;
    assert_eq!(told, (403, "password_change_required".to_owned()));
    done(&gateway, &mine, "POST", "/api/me/password", &change(NEW, OTHERS)).await;
    done(&gateway, &mine, "GET", "/api/keys", &Value::Null).await;
    assert_eq!(refused(&gateway, PASSWORD, "POST", "/api/users/x/password", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn no_password_is_stored_as_it_is() {
    let gateway = started().await;
    user(&gateway, "ann", "viewer").await;
    done(&gateway, PASSWORD, "POST", "/api/me/password", &change(PASSWORD, NEW)).await;
    let mine = session(&gateway, "admin", NEW).await;
    let home = gateway.stopped().await;
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(NEW) && !holds(OTHERS) && !holds(PASSWORD) && !holds(&mine));
    }
    let file = std::fs::read(home.path().join("ollama2openai.db")).unwrap();
    assert!(file.windows(31).any(|part| part == b"$argon2id$v=19$m=19456,t=2,p=1$"));
}
