//! What is tried against the admin API by those who are known, and in the name of those who are.

use ollama2openai::admin::{Least, routes};
use serde_json::{Value, json};

use super::{OTHERS, PASSWORD, call, cookie, done, get, login, request, session, started, text, user};
use crate::support::Gateway;

/// Kinds of things that have ids, as paths have them.
const KINDS: [&str; 6] = ["channels", "keys", "tokens", "users", "sessions", "admin-tokens"];

/// One of each kind with its id, and a backend of the channel.
async fn one_of_each(gateway: &Gateway) -> Vec<(&'static str, String)> {
    let made =
        async |kind: &str, body: &Value| done(gateway, PASSWORD, "POST", &format!("/api/{kind}"), body).await;
    let channel =
        made("channels", &json!({"name": "lab", "baseUrl": "http://127.0.0.1:1", "keys": ["k"]})).await;
    let key = made("keys", &json!({"key": "http://127.0.0.1:2"})).await;
    let token = made("tokens", &json!({"name": "t"})).await;
    let admin_token = made("admin-tokens", &json!({"name": "t"})).await;
    let ann = user(gateway, "ann", "viewer").await;
    session(gateway, "ann", OTHERS).await;
    let sessions = get(gateway, "/api/sessions").await;
    vec![
        ("backends", text(&channel["channel"]["backends"][0]["id"])),
        ("channels", text(&channel["channel"]["id"])),
        ("keys", text(&key["key"]["id"])),
        ("tokens", text(&token["token"]["id"])),
        ("admin-tokens", text(&admin_token["adminToken"]["id"])),
        ("users", ann),
        ("sessions", text(&sessions["sessions"][0]["id"])),
    ]
}

/// What there is, without what changes by itself.
async fn all(gateway: &Gateway) -> Vec<Value> {
    let mut all = Vec::new();
    for kind in KINDS {
        let listed = get(gateway, &format!("/api/{kind}")).await;
        let rows = listed.as_object().unwrap().values().find_map(Value::as_array).unwrap();
        all.extend(
            rows.iter().map(|row| json!([kind, row["id"], row["revision"], row["enabled"], row["role"]])),
        );
    }
    all
}

#[tokio::test]
async fn an_id_of_another_kind_is_none() {
    let gateway = started().await;
    let things = one_of_each(&gateway).await;
    let before = all(&gateway).await;
    let odd = ["*", "%00", "%25", "..%2f", "null", "0", "-1", "'%20OR%20'1'='1", &"9".repeat(4000)];
    let odd = odd.map(|id| ("nothing", id.to_owned()));
    let body = json!({"name": "t2", "enabled": false, "role": "admin", "weight": 3, "password": OTHERS});
    let mut walked = 0;
    for (method, path, _) in routes().into_iter().filter(|(_, path, _)| path.contains("{id}")) {
        let kind = path.split('/').nth(3).unwrap();
        assert!(["audit", "logs", "captures"].contains(&kind) || KINDS.contains(&kind), "{path}");
        for (other, id) in things.iter().chain(&odd).filter(|(other, _)| *other != kind) {
            let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|known| *known == method.as_str());
            let path = path.replace("{id}", id)["/admin".len()..].to_owned();
            let body = if method == Some("GET") { &Value::Null } else { &body };
            let reply = call(&gateway, PASSWORD, method.unwrap(), &path, body).await;
            assert_eq!(reply.status, 404, "{method:?} {path} of {other}: {}", reply.text());
            assert_eq!(reply.json()["code"], "not_found");
            walked += 1;
        }
    }
    assert!(walked > 200, "{walked} calls");
    assert_eq!(all(&gateway).await, before);
}

#[tokio::test]
async fn nothing_is_written_by_a_form_of_another_site() {
    let gateway = started().await;
    one_of_each(&gateway).await;
    let (pair, _) = cookie(&login(&gateway, &json!({"password": PASSWORD})).await);
    let before = (all(&gateway).await, get(&gateway, "/api/audit").await);
    let bodies = [
        ("application/x-www-form-urlencoded", "name=evil&password=a-password-of-others&role=admin"),
        // As `<form enctype=text/plain>` makes JSON.
        (
            "text/plain",
            "{\"name\":\"evil\",\"password\":\"a-password-of-others\",\"role\":\"admin\",\"x\":\"=\"}",
        ),
        ("application/json", "{\"name\":\"evil\",\"password\":\"a-password-of-others\",\"role\":\"admin\"}"),
    ];
    let mut walked = 0;
    for (method, path, _) in
        routes().into_iter().filter(|(method, _, least)| method.as_str() != "GET" && *least != Least::Nobody)
    {
        let method = ["POST", "PUT", "DELETE"].into_iter().find(|known| *known == method.as_str()).unwrap();
        for (kind, body) in bodies {
            let form = request(method, &path["/admin".len()..], &Value::Null)
                .header("cookie", &pair)
                .header("origin", "https://evil.example")
                .header("content-type", kind)
                .body(body);
            let reply = gateway.send(&form).await;
            assert_eq!(
                (reply.status, reply.json()["code"].as_str()),
                (403, Some("cross_site")),
                "{method} {path}"
            );
            walked += 1;
        }
    }
    assert!(walked > 80, "{walked} calls");
    assert_eq!((all(&gateway).await, get(&gateway, "/api/audit").await), before);
}

#[tokio::test]
async fn nobody_becomes_more_by_a_field() {
    let gateway = started().await;
    let id = user(&gateway, "vic", "viewer").await;
    let power = json!({"role": "admin", "user": {"role": "admin"}, "userId": "x", "isAdmin": true, "mustChange": false});
    let with = |more: Value| {
        let mut body = power.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let mut body = with(json!({"username": "vic", "password": OTHERS}));
    let near = login(&gateway, &body).await;
    assert_eq!(
        near.json()["fields"],
        json!({"user": "is no field; did you mean username?"}),
        "{}",
        near.text()
    );
    body.as_object_mut().unwrap().remove("user");
    let signed_in = login(&gateway, &body).await;
    assert_eq!((signed_in.status, &signed_in.json()["user"]["role"]), (200, &json!("viewer")));
    let mine = text(&signed_in.json()["token"]);
    for (method, path) in [("PUT", format!("/api/users/{id}")), ("POST", "/api/admin-tokens".to_owned())] {
        let reply = call(&gateway, &mine, method, &path, &with(json!({"name": "t"}))).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("role_required")), "{path}");
    }
    let change = with(json!({"oldPassword": OTHERS, "newPassword": "another-password-of-others"}));
    let reply = call(&gateway, &mine, "POST", "/api/me/password", &change).await;
    assert!([200, 400].contains(&reply.status), "{}", reply.text());
    let users = get(&gateway, "/api/users").await;
    let roles: Vec<_> = users["users"].as_array().unwrap().iter().map(|user| &user["role"]).collect();
    assert_eq!(roles, [&json!("admin"), &json!("viewer")]);
}

#[tokio::test]
async fn a_password_in_two_headers_is_none() {
    let gateway = started().await;
    for (one, two) in [(PASSWORD, PASSWORD), (PASSWORD, "other"), ("other", PASSWORD)] {
        for name in ["authorization", "x-api-key"] {
            let request = request("GET", "/api/keys", &Value::Null);
            let reply = gateway.send(&request.and_header(name, one).and_header(name, two)).await;
            assert_eq!((reply.status, &reply.json()["code"]), (401, &json!("unauthorized")), "{name}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_sane_json_change_nothing() {
    let gateway = started().await;
    one_of_each(&gateway).await;
    let before = all(&gateway).await;
    let deep = "[".repeat(100_000);
    let names = ["name", "weight", "revision", "quotaLimit", "password", "key", "keys", "ids", "files"];
    let large = names.map(|name| format!("\"{name}\":1e400")).join(",");
    let bodies = [
        deep.clone(),
        format!("{{\"name\":{deep}"),
        format!("{{{large}}}"),
        "{\"a\":\"\\ud800\"}".to_owned(),
    ];
    for (method, path, _) in routes().into_iter().filter(|(_, _, least)| *least != Least::Nobody) {
        // What needs no body does what it is for.
        let is_bare = ["/backup", "/check", "/toggle", "/reset-health", "/regenerate", "/reset-quota"];
        if !matches!(method.as_str(), "POST" | "PUT") || is_bare.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let method = if method.as_str() == "PUT" { "PUT" } else { "POST" };
        for body in &bodies {
            let place = path.replace("{id}", "nothing")["/admin".len()..].to_owned();
            let bearer = format!("Bearer {PASSWORD}");
            let request = request(method, &place, &Value::Null).header("authorization", &bearer);
            let reply = gateway.send(&request.body(body.as_str())).await;
            let is_told = [400, 404].contains(&reply.status) && reply.json()["error"].is_string();
            assert!(is_told, "{method} {place} {:.40}: {} {}", body, reply.status, reply.text());
        }
    }
    assert_eq!(all(&gateway).await, before);
}
