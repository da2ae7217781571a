//! `/admin/api/users`.

use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, done, get, login, refused, session, started, text, user};
use crate::support::Gateway;

#[tokio::test]
async fn an_account_lives_from_making_to_deleting() {
    let gateway = started().await;
    let body = json!({"name": " Ann ", "role": "viewer", "password": OTHERS});
    let made = done(&gateway, PASSWORD, "POST", "/api/users", &body).await;
    let ann = &made["user"];
    let facts = (&ann["name"], &ann["role"], &ann["enabled"], &ann["mustChange"], &ann["lastSignIn"]);
    assert_eq!(facts, (&json!("ann"), &json!("viewer"), &json!(true), &json!(false), &Value::Null));
    let path = format!("/api/users/{}", text(&ann["id"]));
    session(&gateway, "ANN", OTHERS).await;
    let listed = get(&gateway, "/api/users").await;
    let names: Vec<_> = listed["users"].as_array().unwrap().iter().map(|user| text(&user["name"])).collect();
    assert_eq!(names, ["admin", "ann"]);
    assert!(listed["users"][1]["lastSignIn"].is_string(), "{listed}");
    assert!(!listed.to_string().contains("argon2"), "{listed}");

    let change = json!({"role": "admin", "revision": 1, "name": "other", "passwordHash": "x", "id": "y"});
    let changed = done(&gateway, PASSWORD, "PUT", &path, &change).await;
    assert_eq!((&changed["user"]["role"], &changed["user"]["name"]), (&json!("admin"), &json!("ann")));
    assert_eq!(changed["warnings"].as_array().map(Vec::len), Some(3), "{changed}");
    let stale = refused(&gateway, PASSWORD, "PUT", &path, &json!({"enabled": false, "revision": 1})).await;
    assert_eq!(stale, (409, "changed_meanwhile".to_owned()));

    done(&gateway, PASSWORD, "DELETE", &path, &Value::Null).await;
    assert_eq!(login(&gateway, &json!({"username": "ann", "password": OTHERS})).await.status, 401);
    for method in ["PUT", "DELETE"] {
        assert_eq!(refused(&gateway, PASSWORD, method, &path, &json!({})).await.0, 404);
    }
}

#[tokio::test]
async fn wrong_fields_are_named_and_a_name_is_taken_once() {
    let gateway = started().await;
    let fine = json!({"name": "ann", "password": OTHERS});
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a b")),
        ("name", json!("аdmin")), // begins with a Cyrillic letter
        ("name", json!("x".repeat(65))),
        ("name", Value::Null),
        ("role", json!("root")),
        ("role", json!(1)),
        ("enabled", json!("yes")),
        ("mustChange", json!(1)),
        ("password", json!("short")),
        ("password", json!("admin123")),
        ("password", json!(12345678)),
        ("password", Value::Null),
    ] {
        let mut body = fine.clone();
        body[field] = value;
        let reply = call(&gateway, PASSWORD, "POST", "/api/users", &body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        assert_eq!(reply.json()["fields"].as_object().unwrap().keys().collect::<Vec<_>>(), [field]);
    }
    let made = done(&gateway, PASSWORD, "POST", "/api/users", &fine).await;
    assert_eq!(made["user"]["role"], "viewer", "the lesser role unless asked");
    let again =
        call(&gateway, PASSWORD, "POST", "/api/users", &json!({"name": "ANN", "password": OTHERS})).await;
    assert_eq!((again.status, &again.json()["fields"]), (409, &json!({"name": "exists"})));
}

async fn ids(gateway: &Gateway) -> String {
    text(&get(gateway, "/api/users").await["users"][0]["id"])
}

#[tokio::test]
async fn the_last_admin_stays() {
    let gateway = started().await;
    let first = format!("/api/users/{}", ids(&gateway).await);
    let ann = user(&gateway, "ann", "admin").await;
    let ann = format!("/api/users/{ann}");
    done(&gateway, PASSWORD, "PUT", &ann, &json!({"enabled": false})).await;
    for (method, body) in
        [("DELETE", Value::Null), ("PUT", json!({"enabled": false})), ("PUT", json!({"role": "viewer"}))]
    {
        let told = refused(&gateway, PASSWORD, method, &first, &body).await;
        assert_eq!(told, (409, "last_admin".to_owned()), "{method} {body}");
    }
    done(&gateway, PASSWORD, "PUT", &ann, &json!({"enabled": true})).await;
    let mine = session(&gateway, "ann", OTHERS).await;
    done(&gateway, &mine, "DELETE", &first, &Value::Null).await;
    assert_eq!(refused(&gateway, &mine, "DELETE", &ann, &Value::Null).await, (409, "last_admin".to_owned()));
    assert_eq!(
        call(&gateway, PASSWORD, "GET", "/api/me", &Value::Null).await.status,
        401,
        "its account is gone"
    );
    // It does not come back by a new start.
    let gateway = Gateway::start_in(gateway.stopped().await, &[("ADMIN_PASSWORD", PASSWORD)]).await;
    assert_eq!(call(&gateway, PASSWORD, "GET", "/api/me", &Value::Null).await.status, 401);
    assert_eq!(call(&gateway, &mine, "GET", "/api/keys", &Value::Null).await.status, 200);
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once() {
    let gateway = started().await;
    let path = format!("/api/users/{}", user(&gateway, "ann", "admin").await);
    let mine = session(&gateway, "ann", OTHERS).await;
    let token = done(&gateway, &mine, "POST", "/api/admin-tokens", &json!({"name": "ci"})).await;
    let token = text(&token["adminToken"]["token"]);
    done(&gateway, &token, "GET", "/api/keys", &Value::Null).await;
    done(&gateway, PASSWORD, "PUT", &path, &json!({"enabled": false})).await;
    for bearer in [&mine, &token] {
        assert_eq!(call(&gateway, bearer, "GET", "/api/me", &Value::Null).await.status, 401);
    }
    assert_eq!(login(&gateway, &json!({"username": "ann", "password": OTHERS})).await.status, 401);
    done(&gateway, PASSWORD, "PUT", &path, &json!({"enabled": true})).await;
    assert_eq!(
        call(&gateway, &mine, "GET", "/api/me", &Value::Null).await.status,
        401,
        "that session is over"
    );
    session(&gateway, "ann", OTHERS).await;
}
