//! What the dashboard says that wants a person.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{PASSWORD, call, channel, get, post, started};
use crate::accounts::sql;
use crate::support::Gateway;
use crate::support::client::{Request, send};

/// What is listed, as `kind severity name`.
fn told(shown: &Value) -> Vec<String> {
    let list = shown["attention"]["list"].as_array().unwrap();
    let text = |item: &Value, pointer: &str| item.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    list.iter()
        .map(|item| [text(item, "/kind"), text(item, "/severity"), text(item, "/subject/name")].join(" "))
        .collect()
}

async fn token(gateway: &Gateway, name: &str, more: Value) {
    let mut body = more;
    body["name"] = name.into();
    post(gateway, "/tokens", &body).await;
}

#[tokio::test]
async fn open_doors_are_told() {
    let open = started(&[("ALLOW_ANONYMOUS", "true")]).await;
    assert_eq!(told(&get(&open, "/dashboard").await), ["open_access critical "]);
    token(&open, "first", json!({})).await;
    assert_eq!(told(&get(&open, "/dashboard").await), [""; 0], "the first token closes it");
    let shut = started(&[("IP_ACCESS_MODE", "whitelist")]).await;
    let list = told(&get(&shut, "/dashboard").await);
    assert!(list.contains(&"empty_whitelist critical ".to_owned()), "{list:?}");
    let off = channel(&shut, &json!({"baseUrl": "http://127.0.0.1:1", "enabled": false})).await;
    let list = told(&get(&shut, "/dashboard").await);
    assert!(list.contains(&"no_backend critical ".to_owned()), "{off}: {list:?}");
}

#[tokio::test]
async fn a_short_password_is_told_until_there_is_another() {
    let gateway = started(&[("ADMIN_PASSWORD", "short")]).await;
    let ask = async |password: &str, request: Request| {
        let request = request.header("authorization", &format!("Bearer {password}"));
        let answer = send(gateway.addr, &request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let is_told = |shown: &Value| told(shown).contains(&"weak_password warning ".to_owned());
    assert!(is_told(&ask("short", Request::get("/admin/api/dashboard")).await));
    let change = json!({"currentPassword": "short", "newPassword": PASSWORD});
    ask("short", Request::post("/admin/api/me/password", &change)).await;
    assert!(!is_told(&ask(PASSWORD, Request::get("/admin/api/dashboard")).await));
}

#[tokio::test]
async fn tokens_that_end_are_told_the_worst_first() {
    let gateway = started(&[]).await;
    let soon = (Timestamp::now() + SignedDuration::from_hours(24)).to_string();
    let quota = || json!({"quotaLimit": 100});
    for (name, more) in [
        ("b-empty", quota()),
        ("a-empty", quota()),
        ("nearly", quota()),
        ("half", quota()),
        ("soon", json!({"expiresAt": soon})),
        ("later", json!({"expiresAt": "2999-01-01"})),
        ("off", json!({"quotaLimit": 100, "enabled": false})),
        ("weak", json!({})),
    ] {
        token(&gateway, name, more).await;
    }
    let month = Timestamp::now().strftime("%Y-%m-01");
    for (name, used) in [("b-empty", 100), ("a-empty", 130), ("nearly", 90), ("half", 50), ("off", 100)] {
        let set =
            format!("UPDATE tokens SET quota_used = {used}, quota_month = '{month}' WHERE name = '{name}'");
        sql(&gateway, &set).await;
    }
    sql(&gateway, "UPDATE tokens SET weak = TRUE WHERE name = 'weak'").await;
    let home = gateway.stopped().await;
    let ours = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")];
    let gateway = Gateway::start_in(home, &ours).await;
    let shown = get(&gateway, "/dashboard").await;
    let expected = [
        "token_exhausted critical a-empty",
        "token_exhausted critical b-empty",
        "token_expiring warning soon",
        "token_nearly_exhausted warning nearly",
        "weak_token warning weak",
    ];
    assert_eq!(told(&shown), expected);
    assert_eq!(shown["attention"]["more"], 0);
    let first = &shown["attention"]["list"][0];
    assert_eq!((&first["subject"]["type"], &first["since"]), (&json!("token"), &Value::Null), "{first}");
    assert!(first["detail"].as_str().unwrap().contains("of 100"), "{first}");
}

#[tokio::test]
async fn more_than_fifty_are_counted() {
    let gateway = started(&[]).await;
    let soon = (Timestamp::now() + SignedDuration::from_hours(72)).to_string();
    for at in 0..53 {
        token(&gateway, &format!("t{at:02}"), json!({"expiresAt": soon})).await;
    }
    let shown = get(&gateway, "/dashboard").await;
    assert_eq!((told(&shown).len(), &shown["attention"]["more"]), (50, &json!(3)));
}

#[tokio::test]
async fn a_backend_that_is_down_is_told_with_its_reason() {
    let gateway = started(&[("MAX_RETRIES", "0")]).await;
    let made = post(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1", "name": "gpu"})).await;
    token(&gateway, "t", json!({})).await;
    let before = Timestamp::now() - SignedDuration::from_secs(1);
    for _ in 0..5 {
        post(&gateway, "/keys/check", &Value::Null).await;
    }
    let shown = get(&gateway, "/dashboard").await;
    assert_eq!(told(&shown), ["backend_down critical gpu"], "{}", shown["backends"]);
    let down = &shown["attention"]["list"][0];
    assert_eq!(down["subject"]["id"], made["key"]["id"]);
    let since: Timestamp = down["since"].as_str().unwrap().parse().unwrap();
    assert!(since >= before && since <= Timestamp::now(), "{down}");
    for _ in 0..10 {
        assert_eq!(get(&gateway, "/dashboard").await["attention"]["list"][0]["since"], down["since"]);
    }
    assert!(!down["detail"].as_str().unwrap().is_empty(), "{down}");
}

#[tokio::test]
async fn what_an_admin_has_changed_is_told_at_once() {
    let gateway = started(&[]).await;
    let soon = (Timestamp::now() + SignedDuration::from_hours(72)).to_string();
    let mut id = String::new();
    for at in 1..4 {
        let new = json!({"name": format!("t{at}"), "expiresAt": soon});
        id = post(&gateway, "/tokens", &new).await["token"]["id"].as_str().unwrap().to_owned();
        assert_eq!(told(&get(&gateway, "/dashboard").await).len(), at);
    }
    call(&gateway, "PUT", &format!("/tokens/{id}"), &json!({"expiresAt": null})).await;
    let expected = ["token_expiring warning t1", "token_expiring warning t2"];
    assert_eq!(told(&get(&gateway, "/dashboard").await), expected);
}
