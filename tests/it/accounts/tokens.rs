//! API tokens of the admin API.

use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, done, get, refused, session, sql, started, text, user};

#[tokio::test]
async fn a_token_is_told_once_and_works_until_it_is_deleted() {
    let gateway = started().await;
    let body = json!({"name": "ci", "lastUsed": "2020-01-01", "userId": "x"});
    let made = done(&gateway, PASSWORD, "POST", "/api/admin-tokens", &body).await;
    assert_eq!(made["warnings"].as_array().map(Vec::len), Some(2), "{made}");
    let (token, id) = (text(&made["adminToken"]["token"]), text(&made["adminToken"]["id"]));
    let me = done(&gateway, &token, "GET", "/api/me", &Value::Null).await;
    assert_eq!(
        (&me["via"], &me["role"], &me["user"]["name"]),
        (&json!("token"), &json!("admin"), &json!("admin"))
    );
    let listed = get(&gateway, "/api/admin-tokens").await;
    assert!(!listed.to_string().contains(&token), "{listed}");
    let row = &listed["adminTokens"][0];
    assert!(row["lastUsed"].is_string(), "{row}");
    let (start, end) = token.split_at(token.len() - 4);
    assert_eq!(row["token"], format!("{}****{end}", &start[.."o2o-admin-".len() + 4]));
    assert_eq!(
        refused(&gateway, PASSWORD, "POST", "/api/admin-tokens", &body).await,
        (409, "exists".to_owned())
    );
    let told = refused(&gateway, &token, "POST", "/api/me/password", &json!({})).await;
    assert_eq!(told, (403, "role_required".to_owned()), "a script changes no password");
    let path = format!("/api/admin-tokens/{id}");
    done(&gateway, PASSWORD, "DELETE", &path, &Value::Null).await;
    assert_eq!(call(&gateway, &token, "GET", "/api/me", &Value::Null).await.status, 401);
    assert_eq!(refused(&gateway, PASSWORD, "DELETE", &path, &Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_token_may_no_more_than_its_owner_and_dies_with_it() {
    let gateway = started().await;
    let id = user(&gateway, "ann", "admin").await;
    let mine = session(&gateway, "ann", OTHERS).await;
    let made = async |name: &str, role: &str| {
        let body = json!({"name": name, "role": role});
        text(&done(&gateway, &mine, "POST", "/api/admin-tokens", &body).await["adminToken"]["token"])
    };
    let (full, reader) = (made("full", "admin").await, made("reader", "viewer").await);
    done(&gateway, &full, "DELETE", "/api/cache", &Value::Null).await;
    done(&gateway, &reader, "GET", "/api/cache", &Value::Null).await;
    let told = (403, "role_required".to_owned());
    assert_eq!(refused(&gateway, &reader, "DELETE", "/api/cache", &Value::Null).await, told);
    done(&gateway, PASSWORD, "PUT", &format!("/api/users/{id}"), &json!({"role": "viewer"})).await;
    assert_eq!(refused(&gateway, &full, "DELETE", "/api/cache", &Value::Null).await, told);
    done(&gateway, PASSWORD, "DELETE", &format!("/api/users/{id}"), &Value::Null).await;
    for token in [&full, &reader] {
        assert_eq!(call(&gateway, token, "GET", "/api/me", &Value::Null).await.status, 401);
    }
    assert_eq!(get(&gateway, "/api/admin-tokens").await["adminTokens"], json!([]));
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    let gateway = started().await;
    for wrong in
        [json!("yesterday"), json!("2020-01-01"), json!("1e400"), json!(7), json!("2020-01-01T00:00:00Z")]
    {
        let reply =
            call(&gateway, PASSWORD, "POST", "/api/admin-tokens", &json!({"name": "t", "expiresAt": wrong}))
                .await;
        assert_eq!(reply.status, 400, "{wrong}: {}", reply.text());
        assert!(reply.json()["fields"]["expiresAt"].is_string(), "{}", reply.text());
    }
    let body = json!({"name": "t", "expiresAt": "2999-01-31"});
    let made = done(&gateway, PASSWORD, "POST", "/api/admin-tokens", &body).await;
    assert_eq!(made["adminToken"]["expiresAt"], "2999-01-31T00:00:00.000Z");
    let token = text(&made["adminToken"]["token"]);
    done(&gateway, &token, "GET", "/api/me", &Value::Null).await;
    sql(&gateway, "UPDATE admin_tokens SET expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')").await;
    assert_eq!(call(&gateway, &token, "GET", "/api/me", &Value::Null).await.status, 401);
}
