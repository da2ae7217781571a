//! Wrong fields are named, all at once; nothing is changed by them.

use serde_json::{Value, json};

use super::{KEY, call, channel, get, hides, post, refused, started};

#[tokio::test]
async fn each_wrong_field_is_named() {
    let gateway = started(&[]).await;
    let id = channel(&gateway, &json!({"name": "c"})).await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("name", json!("gpu \u{202e}drawkcab")),
        ("name", json!("a\u{2066}b")),
        ("name", json!("a\u{200f}")),
        ("name", json!("x".repeat(201))),
        ("name", json!(7)),
        ("enabled", json!("yes")),
        ("enabled", Value::Null),
        ("priority", json!(1.5)),
        ("priority", json!("1")),
        ("weight", json!(-1)),
        ("weight", json!(1e30)),
        ("maxConcurrent", json!(-1)),
        ("rateLimit", json!(-5)),
        ("models", json!("m")),
        ("tags", json!({"a": 1})),
        ("modelMapping", json!(["a"])),
        ("modelMapping", json!({"a": ""})),
        ("baseUrl", json!("ftp://gpu")),
        ("baseUrl", json!("http://user:SECRET@gpu")),
        ("baseUrl", json!("http://gpu?key=SECRET")),
        ("baseUrl", json!("http://")),
        ("baseUrl", json!(["http://gpu"])),
        ("keys", json!("one")),
    ] {
        for (method, path) in [("POST", "/channels".to_owned()), ("PUT", format!("/channels/{id}"))] {
            let error = refused(&gateway, 400, method, &path, &json!({field: value})).await;
            assert_eq!(super::names(&error["fields"]), [field], "{error}");
            assert!(error["error"].as_str().unwrap().contains(field), "{error}");
            assert_eq!(error["code"], "invalid_request");
            hides(&error);
        }
    }
    assert_eq!(get(&gateway, "/channels").await["channels"][0]["revision"], 1, "nothing was changed");
}

#[tokio::test]
async fn items_of_lists_are_named_and_all_mistakes_come_at_once() {
    let gateway = started(&[]).await;
    let keys = json!(["fine", "has a blank", "ftp://gpu|SECRET", "sk-fir***ast4", "http://a b|SECRET"]);
    let body =
        json!({"keys": keys, "weight": -1, "models": ["ok", "a\u{7}b", " "], "modelMapping": {"x": "y\n"}});
    let error = refused(&gateway, 400, "POST", "/channels", &body).await;
    let expected =
        ["keys[1]", "keys[2]", "keys[3]", "keys[4]", "modelMapping.x", "models[1]", "models[2]", "weight"];
    assert_eq!(super::names(&error["fields"]), expected, "{error}");
    hides(&error);
    assert_eq!(get(&gateway, "/channels").await["summary"]["total"], 0);
}

#[tokio::test]
async fn keys_need_a_line() {
    let gateway = started(&[]).await;
    for body in [json!({}), json!({"key": ""}), Value::Null] {
        let error = refused(&gateway, 400, "POST", "/keys", &body).await;
        assert_eq!(error["error"], "key is required");
    }
    for (line, told) in [
        (json!("sk-SECRET with blank"), "blank"),
        (json!("ftp://gpu|sk-SECRET"), "http://"),
        (json!("http://user:SECRET@gpu|k"), "user name or password"),
        (json!("one,two"), "/keys/batch"),
        (json!(7), "text"),
    ] {
        let error = refused(&gateway, 400, "POST", "/keys", &json!({"key": line})).await;
        assert!(error["fields"]["key"].as_str().unwrap().contains(told), "{line}: {error}");
        hides(&error);
    }
    let added = post(&gateway, "/keys", &json!({"key": KEY})).await;
    let path = format!("/keys/{}", added["key"]["id"].as_str().unwrap());
    for (field, value) in
        [("key", json!("a b")), ("weight", json!(-1)), ("revision", json!("1")), ("group", json!(1))]
    {
        let error = refused(&gateway, 400, "PUT", &path, &json!({field: value})).await;
        assert_eq!(super::names(&error["fields"]), [field], "{error}");
    }
}

#[tokio::test]
async fn unknown_fields_are_warnings_and_never_assigned() {
    let gateway = started(&[]).await;
    let body = json!({"name": "c", "healthy": false, "totalRequests": 99, "id": "mine", "colour": "red"});
    let made = post(&gateway, "/channels", &body).await;
    let warnings = made["warnings"].as_array().unwrap();
    for name in ["healthy", "totalRequests", "id", "colour"] {
        assert!(warnings.iter().any(|told| told.as_str().unwrap().starts_with(name)), "{name}: {made}");
    }
    assert_eq!(warnings.len(), 4);
    let shown = &made["channel"];
    assert_eq!((&shown["healthy"], &shown["totalRequests"]), (&json!(true), &json!(0)));
    assert_ne!(shown["id"], "mine");
    let added = post(&gateway, "/keys", &json!({"key": KEY, "metadata": {}})).await;
    assert_eq!(added["warnings"].as_array().map(Vec::len), Some(1), "{added}");
}

#[tokio::test]
async fn what_is_no_object_is_refused() {
    let gateway = started(&[]).await;
    for body in [json!([]), json!("text"), json!(1)] {
        let error = refused(&gateway, 400, "POST", "/channels", &body).await;
        assert!(error["error"].as_str().unwrap().contains("JSON object"), "{error}");
    }
    let request = crate::support::client::Request::new("POST", "/admin/api/channels")
        .header("authorization", super::PASSWORD)
        .body("{\"name\": ");
    let reply = gateway.send(&request).await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (400, Some("invalid_request")),
        "{}",
        reply.text()
    );
    assert_eq!(call(&gateway, "GET", "/channels", &Value::Null).await.json()["summary"]["total"], 0);
}

#[tokio::test]
async fn lists_of_patterns_are_bounded_as_a_whole() {
    let gateway = started(&[]).await;
    let list = |bytes: usize| -> Vec<String> { (0..bytes / 512).map(|_| "a".repeat(512)).collect() };
    for (path, field) in [("/channels", "models"), ("/keys", "models"), ("/tokens", "allowedModels")] {
        let mut body = json!({"name": "c", "key": "http://127.0.0.1:1|k", field: list(64 << 10)});
        call(&gateway, "POST", path, &body).await;
        assert!(get(&gateway, path).await["summary"]["total"] != 0, "{path}: 64 KiB are fine");
        body[field] = json!(list((64 << 10) + 512));
        body["name"] = "d".into();
        body["key"] = "http://127.0.0.1:2|k".into();
        let error = refused(&gateway, 400, "POST", path, &body).await;
        assert_eq!(super::names(&error["fields"]), [field], "{error}");
    }
    let many: serde_json::Map<_, _> = (0..4097).map(|at| (format!("m{at}"), json!("m"))).collect();
    let error =
        refused(&gateway, 400, "POST", "/channels", &json!({"name": "e", "modelMapping": many})).await;
    assert_eq!(super::names(&error["fields"]), ["modelMapping"], "{error}");
}

#[tokio::test]
async fn what_is_no_filter_is_named_and_never_widens_a_change() {
    let gateway = started(&[]).await;
    for list in ["keys", "channels", "tokens", "users", "sessions", "admin-tokens", "audit", "logs", "stats"]
    {
        let told = get(&gateway, &format!("/{list}?colour=red")).await;
        assert_eq!(told["warnings"], json!(["colour is no filter"]), "{list}");
    }
    let told = get(&gateway, "/audit?Actor=ann").await;
    assert_eq!(told["warnings"], json!(["Actor is no filter; did you mean actor?"]));
    post(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1/a"})).await;
    refused(&gateway, 400, "DELETE", "/keys?ids=none", &Value::Null).await;
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], 1);
    for (method, path) in [
        ("DELETE", "/logs?until=2020-01-01"),
        ("DELETE", "/cache?kind=chat"),
        ("GET", "/logs/export?tokn=ann"),
        ("POST", "/import?aply=true"),
        ("POST", "/settings?check=1"),
    ] {
        let body = if method == "POST" { json!({"files": {"keys.json": {"keys": []}}}) } else { Value::Null };
        let error = refused(&gateway, 400, method, path, &body).await;
        assert_eq!(error["fields"].as_object().unwrap().len(), 1, "{path}: {error}");
    }
    refused(&gateway, 400, "POST", "/settings?chek=true", &json!({"max_retries": 9})).await;
    refused(&gateway, 400, "POST", "/settings/access-control?chek=true", &json!({"mode": "disabled"})).await;
    let settings = get(&gateway, "/settings").await;
    let saved = settings["settings"].as_array().unwrap().iter().find(|row| row["origin"] == "saved");
    assert_eq!(saved, None);
}

#[tokio::test]
async fn an_address_under_a_slip_of_its_name_sends_no_credential_elsewhere() {
    let gateway = started(&[]).await;
    for slip in ["baseURL", "base_url", "url"] {
        for body in [
            json!({"name": "c", "keys": ["sk-of-there-1234567890"]}),
            json!({"key": "sk-of-there-1234567890"}),
        ] {
            let path = if body["key"].is_null() { "/channels" } else { "/keys" };
            let mut body = body;
            body[slip] = "http://gpu:11434".into();
            let error = refused(&gateway, 400, "POST", path, &body).await;
            assert_eq!(error["fields"], json!({slip: "is no field; did you mean baseUrl?"}), "{path}");
        }
    }
}

#[tokio::test]
async fn a_group_is_one_line() {
    let gateway = started(&[]).await;
    for group in ["\u{1b}[31m".to_owned(), "a\u{202e}b".to_owned(), "x".repeat(5000)] {
        let body = json!({"key": "http://127.0.0.1:1/a", "group": group});
        let error = refused(&gateway, 400, "POST", "/keys", &body).await;
        assert_eq!(super::names(&error["fields"]), ["group"]);
    }
}

#[tokio::test]
async fn an_address_with_a_slip_is_no_credential() {
    let gateway = started(&[]).await;
    for text in ["https:", "http:/192.168.1.13:11434", "https//host", "https://", "ftp://host"] {
        let error = refused(&gateway, 400, "POST", "/keys", &json!({"key": text})).await;
        let told = error["error"].as_str().unwrap();
        assert!(told.starts_with("key is no key line: the address "), "{text}: {told}");
        let body = json!({"baseUrl": "http://127.0.0.1:1", "keys": [text]});
        let error = refused(&gateway, 400, "POST", "/channels", &body).await;
        let told = error["fields"]["keys[0]"].as_str().unwrap();
        assert!(told.starts_with("is no key line: the address "), "{text}: {told}");
    }
    let body = json!({"baseUrl": "http://127.0.0.1:1", "keys": ["127.0.0.1:2"]});
    let made = post(&gateway, "/channels", &body).await;
    assert_eq!(made["channel"]["keys"], json!(["http://127.0.0.1:2"]), "an address, as in a key line");
}
