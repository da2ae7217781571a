//! `/admin/api/audit`: what is written of every change, what is not, and how it is read.

use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, done, get, login, session, started, text, user};
use crate::support::Gateway;

const MARKER: &str = "mArKeR-9c41";

async fn entries(gateway: &Gateway, query: &str) -> Vec<Value> {
    let told = get(gateway, &format!("/api/audit{query}")).await;
    told["entries"].as_array().unwrap().clone()
}

/// The actions, the oldest first.
async fn actions(gateway: &Gateway, query: &str) -> Vec<String> {
    entries(gateway, query).await.iter().rev().map(|entry| text(&entry["action"])).collect()
}

#[tokio::test]
async fn every_change_is_a_row_with_before_and_after() {
    let gateway = started().await;
    let by = async |method, path: &str, body: Value| done(&gateway, PASSWORD, method, path, &body).await;
    let key = by("POST", "/api/keys", json!({"key": "http://gpu:1|sk-the-credential", "weight": 3})).await;
    let id = text(&key["key"]["id"]);
    by("PUT", &format!("/api/keys/{id}"), json!({"weight": 7, "key": "sk-another-one"})).await;
    by("POST", &format!("/api/keys/{id}/toggle"), Value::Null).await;
    by("DELETE", &format!("/api/keys/{id}"), Value::Null).await;
    let rows = entries(&gateway, &format!("?object={id}")).await;
    assert_eq!(rows.len(), 4);
    let update = &rows[2];
    assert_eq!(update["before"], json!({"credential": "***", "weight": 3}));
    assert_eq!(update["after"], json!({"credential": "*** (new)", "weight": 7}));
    let facts = (&update["actor"], &update["actorKind"], &update["address"], &update["objectKind"]);
    assert_eq!(facts, (&json!("admin"), &json!("user"), &json!("127.0.0.1"), &json!("key")));
    assert!(update["requestId"].as_str().is_some_and(|id| id.starts_with("req_")), "{update}");
    assert_eq!(
        (&rows[1]["before"], &rows[1]["after"]),
        (&json!({"enabled": true}), &json!({"enabled": false}))
    );
    assert_eq!((&rows[0]["before"]["weight"], &rows[0]["after"]), (&json!(7), &Value::Null));

    let channel =
        by("POST", "/api/channels", json!({"name": "c", "baseUrl": "http://a:1", "keys": ["sk-one"]})).await;
    let id = text(&channel["channel"]["id"]);
    by("PUT", &format!("/api/channels/{id}"), json!({"priority": 4, "keys": ["sk-two"]})).await;
    by("POST", "/api/channels/reset-health", Value::Null).await;
    by("DELETE", &format!("/api/channels/{id}"), Value::Null).await;
    by("POST", "/api/keys/batch", json!({"keys": "http://b:1|k1\nhttp://b:2|k2"})).await;
    by("DELETE", "/api/keys", Value::Null).await;
    by("POST", "/api/keys/reset-health", Value::Null).await;
    by("DELETE", "/api/cache", Value::Null).await;
    let made = by("POST", "/api/admin-tokens", json!({"name": "ci"})).await;
    by("DELETE", &format!("/api/admin-tokens/{}", text(&made["adminToken"]["id"])), Value::Null).await;
    let expected = "key.create key.update key.update key.delete channel.create channel.update channel.reset_health \
                    channel.delete key.create key.create key.delete key.delete key.reset_health cache.clear \
                    admin_token.create admin_token.delete";
    assert_eq!(actions(&gateway, "").await.join(" "), expected);
    let moved = &entries(&gateway, "?action=channel.update").await[0];
    assert_eq!((&moved["before"]["priority"], &moved["after"]["priority"]), (&json!(0), &json!(4)));
    assert_ne!(moved["before"]["backends"][0]["id"], moved["after"]["backends"][0]["id"]);
}

#[tokio::test]
async fn people_are_followed_too() {
    let gateway = started().await;
    let id = user(&gateway, "ann", "admin").await;
    let mine = session(&gateway, "ann", OTHERS).await;
    login(&gateway, &json!({"username": "ann", "password": "wrong"})).await;
    login(&gateway, &json!({"username": "nobody", "password": "wrong"})).await;
    let body = json!({"name": "ci"});
    let token = text(&done(&gateway, &mine, "POST", "/api/admin-tokens", &body).await["adminToken"]["token"]);
    done(&gateway, &token, "DELETE", "/api/cache", &Value::Null).await;
    done(&gateway, &mine, "POST", "/logout", &Value::Null).await;
    let path = format!("/api/users/{id}");
    done(&gateway, PASSWORD, "PUT", &path, &json!({"role": "viewer"})).await;
    done(&gateway, PASSWORD, "POST", &format!("{path}/password"), &json!({"password": "another-password"}))
        .await;
    done(&gateway, PASSWORD, "DELETE", &format!("{path}/sessions"), &Value::Null).await;
    done(&gateway, PASSWORD, "DELETE", &path, &Value::Null).await;
    let rows = entries(&gateway, "").await;
    let told: Vec<String> = rows
        .iter()
        .rev()
        .map(|row| format!("{} {} {}", text(&row["actorKind"]), text(&row["actor"]), text(&row["action"])))
        .collect();
    let expected = [
        "user admin user.create",
        "user ann user.sign_in",
        "nobody ann user.sign_in_failed",
        "nobody  user.sign_in_failed",
        "user ann admin_token.create",
        "token ann/ci cache.clear",
        "user ann session.end",
        "user admin user.update",
        "user admin user.password",
        "user admin user.sign_out",
        "user admin user.delete",
    ];
    assert_eq!(told, expected);
    assert_eq!(actions(&gateway, "?actor=ann").await.len(), 5, "with those of its tokens");
}

#[tokio::test]
async fn what_is_refused_is_no_change() {
    let gateway = started().await;
    let key = json!({"key": "http://a:1|k"});
    done(&gateway, PASSWORD, "POST", "/api/keys", &key).await;
    assert_eq!(call(&gateway, PASSWORD, "POST", "/api/keys", &key).await.status, 409);
    assert_eq!(call(&gateway, PASSWORD, "DELETE", "/api/keys/none", &Value::Null).await.status, 404);
    assert_eq!(call(&gateway, PASSWORD, "POST", "/api/users", &json!({"name": "x"})).await.status, 400);
    assert_eq!(actions(&gateway, "").await, ["key.create"]);
}

#[tokio::test]
async fn no_secret_is_in_it() {
    let gateway = started().await;
    let secret = |number: usize| format!("{MARKER}-{number}-and-more");
    let by = async |method, path: &str, body: Value| done(&gateway, PASSWORD, method, path, &body).await;
    let key = by("POST", "/api/keys", json!({"key": format!("http://a:1|sk-{}", secret(1))})).await;
    let path = format!("/api/keys/{}", text(&key["key"]["id"]));
    by("PUT", &path, json!({"key": format!("sk-{}", secret(2))})).await;
    let body = json!({"name": "c", "baseUrl": "http://a:1", "keys": [format!("sk-{}", secret(3))]});
    let channel = by("POST", "/api/channels", body).await;
    let channel = format!("/api/channels/{}", text(&channel["channel"]["id"]));
    by("PUT", &channel, json!({"keys": [format!("sk-{}", secret(4))]})).await;
    by("POST", "/api/users", json!({"name": "ann", "role": "admin", "password": secret(5)})).await;
    let mine = session(&gateway, "ann", &secret(5)).await;
    let change = json!({"currentPassword": secret(5), "newPassword": secret(6)});
    done(&gateway, &mine, "POST", "/api/me/password", &change).await;
    let token = done(&gateway, &mine, "POST", "/api/admin-tokens", &json!({"name": "t"})).await;
    // A password in the wrong field.
    login(&gateway, &json!({"username": secret(7), "password": "x"})).await;
    login(&gateway, &json!({"username": "ann", "password": secret(8)})).await;
    by("DELETE", &path, Value::Null).await;
    by("DELETE", &channel, Value::Null).await;
    let all = get(&gateway, "/api/audit?limit=1000").await;
    assert!(all["entries"].as_array().unwrap().len() >= 12, "{all}");
    let all = all.to_string();
    assert!(!all.contains(MARKER) && !all.contains("argon2"), "{all}");
    assert!(!all.contains(&mine) && !all.contains(token["adminToken"]["token"].as_str().unwrap()), "{all}");
    let home = gateway.stopped().await;
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(MARKER.len()).any(|part| part == MARKER.as_bytes()), "the database has it");
    }
}

#[tokio::test]
async fn it_is_read_by_pages_and_filters() {
    let gateway = started().await;
    for number in 0..7 {
        let body = json!({"name": format!("lab{number}"), "baseUrl": "http://a:1", "tags": ["50%_off"]});
        done(&gateway, PASSWORD, "POST", "/api/channels", &body).await;
    }
    done(&gateway, PASSWORD, "DELETE", "/api/cache", &Value::Null).await;
    let (mut names, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = get(&gateway, &format!("/api/audit?limit=3&cursor={cursor}")).await;
        names.extend(page["entries"].as_array().unwrap().iter().map(|entry| text(&entry["name"])));
        pages += 1;
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!((pages, names.join(" ")), (3, " lab6 lab5 lab4 lab3 lab2 lab1 lab0".to_owned()));
    for (query, count) in [
        ("?object=channel", 7),
        ("?action=channel", 7),
        ("?action=channel.create&text=LAB3", 1),
        ("?text=50%25_off", 7),
        ("?text=50%25off", 0),
        ("?actor=admin", 8),
        ("?actor=adm", 0),
        ("?since=2020-01-01", 8),
        ("?since=2999-01-01", 0),
        ("?until=2020-01-01T00:00:00%2B01:00", 0),
        ("?until=2999-01-01", 8),
    ] {
        assert_eq!(actions(&gateway, query).await.len(), count, "{query}");
    }
    for wrong in [
        "limit=0",
        "limit=x",
        "limit=1001",
        "since=today",
        "until=99",
        "cursor=x",
        "cursor=%27",
        "action=chan",
        "action=channel.make",
    ] {
        let reply = call(&gateway, PASSWORD, "GET", &format!("/api/audit?{wrong}"), &Value::Null).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
    let told = get(&gateway, "/api/audit?colour=red").await;
    assert_eq!(told["warnings"], json!(["colour is no filter"]));
}
