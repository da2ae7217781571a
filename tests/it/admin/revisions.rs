//! Of every kind of thing that has a revision: one is told alone, and whoever changes what somebody else has changed
//! meanwhile is told.

use serde_json::{Value, json};

use super::{PASSWORD, done_by, get, post, refused, started};
use crate::support::Gateway;
use crate::support::client::{Request, Response};

/// Of each kind: the path of all, what makes one, what it is called in answers, and a change of it.
fn kinds() -> [(&'static str, Value, &'static str, Value); 4] {
    [
        ("/keys", json!({"key": "http://127.0.0.1:1/a"}), "key", json!({"weight": 11})),
        ("/channels", json!({"baseUrl": "http://127.0.0.1:1"}), "channel", json!({"weight": 11})),
        ("/tokens", json!({}), "token", json!({"rateLimit": 11})),
        (
            "/users",
            json!({"name": "ann", "password": "a-longer-password"}),
            "user",
            json!({"mustChange": true}),
        ),
    ]
}

async fn made(gateway: &Gateway, all: &str, body: &Value, name: &str) -> String {
    let made = post(gateway, all, body).await;
    format!("{all}/{}", made[name]["id"].as_str().unwrap())
}

async fn matching(
    gateway: &Gateway,
    method: &'static str,
    path: &str,
    given: &str,
    body: &Value,
) -> Response {
    let request = Request::new(method, &format!("/admin/api{path}"))
        .header("authorization", PASSWORD)
        .header("content-type", "application/json")
        .header("if-match", given);
    gateway.send(&if body.is_null() { request } else { request.body(body.to_string()) }).await
}

#[tokio::test]
async fn if_match_holds_for_every_change_of_a_thing() {
    let gateway = started(&[]).await;
    for (all, new, name, change) in kinds() {
        let path = made(&gateway, all, &new, name).await;
        let reply = matching(&gateway, "PUT", &path, "\"7\"", &change).await;
        assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("changed_meanwhile")), "{all}");
        for bad in ["soon", "\"1\", \"2\""] {
            let reply = matching(&gateway, "PUT", &path, bad, &change).await;
            assert_eq!(reply.status, 400, "{all} {bad}");
            assert!(reply.json()["fields"]["If-Match"].is_string(), "{all} {bad}");
        }
        let reply = matching(&gateway, "PUT", &path, "\"1\"", &change).await;
        assert_eq!((reply.status, &reply.json()[name]["revision"]), (200, &json!(2)), "{all}");
        let reply = matching(&gateway, "DELETE", &path, "\"1\"", &Value::Null).await;
        assert_eq!((reply.status, &reply.json()["code"]), (409, &json!("changed_meanwhile")), "{all}");
        let reply = matching(&gateway, "DELETE", &path, "\"2\"", &Value::Null).await;
        assert_eq!(reply.status, 200, "{all}");
    }
    let key = made(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1/b"}), "key").await;
    let token = made(&gateway, "/tokens", &json!({}), "token").await;
    for path in [format!("{key}/toggle"), format!("{token}/reset-quota"), format!("{token}/regenerate")] {
        assert_eq!(matching(&gateway, "POST", &path, "\"7\"", &Value::Null).await.status, 409, "{path}");
        assert_eq!(matching(&gateway, "POST", &path, "*", &Value::Null).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_none() {
    let gateway = started(&[]).await;
    for (all, new, name, change) in kinds() {
        let path = made(&gateway, all, &new, name).await;
        done_by(&gateway, "PUT", &path, &change).await;
        let rows = get(&gateway, "/audit?limit=1000").await["entries"].as_array().unwrap().len();
        for same in [json!({"nothing": 1}), json!({}), change] {
            let now = done_by(&gateway, "PUT", &path, &same).await;
            assert_eq!(now[name]["revision"], 2, "{all} {same}");
        }
        refused(&gateway, 409, "PUT", &path, &json!({"revision": 1})).await;
        let now = get(&gateway, "/audit?limit=1000").await["entries"].as_array().unwrap().len();
        assert_eq!(rows, now, "{all}: the audit");
    }
}

#[tokio::test]
async fn one_thing_is_told_as_in_the_list() {
    let gateway = started(&[]).await;
    for (all, new, name, _) in kinds() {
        let path = made(&gateway, all, &new, name).await;
        let listed = get(&gateway, all).await;
        let rows = listed[&all[1..]].as_array().unwrap();
        let one = get(&gateway, &path).await;
        assert!(rows.contains(&one[name]) && one[name]["revision"] == 1, "{all}: {one}");
        refused(&gateway, 404, "GET", &format!("{all}/none"), &Value::Null).await;
    }
}

#[tokio::test]
async fn of_two_who_save_settings_the_second_is_told() {
    let gateway = started(&[]).await;
    let revision = get(&gateway, "/settings").await["revision"].clone();
    post(&gateway, "/tokens", &json!({})).await;
    let first = post(&gateway, "/settings", &json!({"max_retries": 1, "revision": revision})).await;
    assert_ne!(first["revision"], revision, "{first}");
    for (path, body) in [
        ("/settings", json!({"max_retries": 2, "revision": revision})),
        ("/settings/access-control", json!({"mode": "disabled", "revision": revision})),
    ] {
        let error = refused(&gateway, 409, "POST", path, &body).await;
        assert_eq!((&error["code"], &error["revision"]), (&json!("changed_meanwhile"), &first["revision"]));
    }
    let listed = get(&gateway, "/settings").await;
    assert_eq!(listed["revision"], first["revision"]);
    let saved = listed["settings"].as_array().unwrap().iter().find(|row| row["name"] == "max_retries");
    assert_eq!(saved.unwrap()["value"], "1");
    let reply = matching(&gateway, "POST", "/settings", "\"0\"", &json!({"max_retries": 3})).await;
    assert_eq!(reply.status, 409);
    post(&gateway, "/settings", &json!({"max_retries": 4})).await;
}

#[tokio::test]
async fn a_password_is_set_of_the_account_that_was_seen() {
    let gateway = started(&[]).await;
    let new = json!({"name": "ann", "password": "a-longer-password"});
    let path = format!("{}/password", made(&gateway, "/users", &new, "user").await);
    let other = json!({"password": "another-password"});
    let reply = matching(&gateway, "POST", &path, "\"7\"", &other).await;
    assert_eq!((reply.status, &reply.json()["revision"]), (409, &json!(1)));
    assert_eq!(matching(&gateway, "POST", &path, "\"1\"", &other).await.status, 200);
}

#[tokio::test]
async fn a_change_of_many_loses_no_other_change_and_counts_as_one() {
    let gateway = started(&[]).await;
    let path = made(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1"}), "key").await;
    let id = path.rsplit('/').next();
    let seen = get(&gateway, &path).await["key"]["revision"].take();
    done_by(&gateway, "PUT", &path, &json!({"name": "another", "revision": seen})).await;
    let renamed = get(&gateway, &path).await["key"].take();
    post(&gateway, "/keys/bulk", &json!({"ids": [id], "action": "disable"})).await;
    let off = get(&gateway, &path).await["key"].take();
    assert_eq!((&off["name"], &off["enabled"]), (&json!("another"), &json!(false)), "{off}");
    let late = json!({"weight": 3, "revision": renamed["revision"]});
    let error = refused(&gateway, 409, "PUT", &path, &late).await;
    assert_eq!((&error["code"], &error["revision"]), (&json!("changed_meanwhile"), &off["revision"]));
}
