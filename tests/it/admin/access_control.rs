//! The rules of addresses: saved in one call, tried before, and never so that an admin shuts themselves out unasked.

use serde_json::{Value, json};

use super::settings::row;
use super::{PASSWORD, call, get, post, refused, started};
use crate::support::Gateway;
use crate::support::client::Request;

const PATH: &str = "/settings/access-control";

/// A gateway behind a proxy, so that tests can come from anywhere.
async fn behind_a_proxy(env: &[(&str, &str)]) -> Gateway {
    started(&[&[("TRUST_PROXY", "true"), ("ALLOW_ANONYMOUS", "true")], env].concat()).await
}

async fn from(
    gateway: &Gateway,
    address: &str,
    method: &'static str,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let request = Request::new(method, &format!("/admin/api{path}"))
        .header("authorization", PASSWORD)
        .header("x-forwarded-for", address)
        .body(body.to_string());
    let reply = gateway.send(&request).await;
    (reply.status, reply.json())
}

/// Whether clients from there are let in.
async fn admits(gateway: &Gateway, address: &str) -> bool {
    let reply = gateway.send(&Request::get("/v1").header("x-forwarded-for", address)).await;
    assert!(matches!(reply.status, 200 | 403), "{}", reply.text());
    reply.status == 200
}

#[tokio::test]
async fn each_list_that_is_given_replaces_the_former_and_holds_at_once() {
    let gateway = behind_a_proxy(&[("IP_WHITELIST", "10.0.0.0/8"), ("IP_BLACKLIST", "192.0.2.1")]).await;
    let saved = post(&gateway, PATH, &json!({"mode": "blacklist"})).await;
    let rules = json!({"mode": "blacklist", "whitelist": ["10.0.0.0/8"], "blacklist": ["192.0.2.1"]});
    assert_eq!((&saved["success"], &saved["accessControl"]), (&json!(true), &rules));
    assert!(!admits(&gateway, "192.0.2.1").await && admits(&gateway, "192.0.2.2").await);
    let lists = json!({"blacklist": [" 192.0.2.2 ", "2001:db8::/32"], "whitelist": []});
    let saved = post(&gateway, PATH, &lists).await;
    let rules = json!({"mode": "blacklist", "whitelist": [], "blacklist": ["192.0.2.2", "2001:db8::/32"]});
    assert_eq!(saved["accessControl"], rules);
    assert_eq!(get(&gateway, "/settings").await["accessControl"], rules);
    for (address, admitted) in [("192.0.2.1", true), ("192.0.2.2", false), ("2001:db8::7", false)] {
        assert_eq!(admits(&gateway, address).await, admitted, "{address}");
    }
    // What is configured does not come back, not even after a restart.
    let again = Gateway::start_in(
        gateway.stopped().await,
        &[("ADMIN_PASSWORD", PASSWORD), ("IP_WHITELIST", "10.0.0.0/8"), ("IP_BLACKLIST", "192.0.2.1")],
    )
    .await;
    assert_eq!(get(&again, "/settings").await["accessControl"], rules);
    post(&again, "/settings", &json!({"ip_whitelist": null})).await;
    assert_eq!(get(&again, "/settings").await["accessControl"]["whitelist"], json!(["10.0.0.0/8"]));
}

#[tokio::test]
async fn mistakes_are_named_one_by_one_and_nothing_is_saved() {
    let gateway = started(&[]).await;
    let wrong = json!({"mode": "greylist", "whitelist": ["10.0.0.1", "ten"], "blacklist": ["10.0.0.0/33"]});
    let error = refused(&gateway, 400, "POST", PATH, &wrong).await;
    assert_eq!(
        error["fields"],
        json!({
            "mode": "is none of these; allowed: disabled, whitelist, blacklist",
            "whitelist[1]": "has `ten`, which is no address",
            "blacklist[0]": "has `10.0.0.0/33`, whose prefix is not 0 to 32",
        })
    );
    refused(&gateway, 400, "POST", PATH, &json!({"whitelist": "10.0.0.1"})).await;
    assert_eq!(row(&gateway, "IP_WHITELIST").await["origin"], "default");
}

#[tokio::test]
async fn nobody_shuts_themselves_out_without_saying_so() {
    let gateway = behind_a_proxy(&[]).await;
    let me = "203.0.113.9";
    let rules = json!({"mode": "whitelist", "whitelist": ["198.51.100.0/24"]});
    let by_name = json!({"IP_ACCESS_MODE": "whitelist", "IP_WHITELIST": "198.51.100.0/24"});
    for (path, body) in [(PATH, &rules), ("/settings", &by_name)] {
        let (status, error) = from(&gateway, me, "POST", path, body).await;
        assert_eq!((status, &error["code"]), (409, &json!("would_lock_out")), "{path}: {error}");
        assert!(error["error"].to_string().contains("ollama2openai settings reset"), "the way back: {error}");
        assert_eq!(error["address"], me);
        assert!(error["error"].as_str().unwrap().contains("\"confirm\":true"), "{error}");
    }
    assert!(admits(&gateway, me).await, "nothing was saved");
    let (status, told) = from(&gateway, me, "POST", "/settings?check=true", &by_name).await;
    assert_eq!(status, 200, "{told}");
    assert!(told["warnings"].to_string().contains("is shut out"), "{told}");
    let mut confirmed = rules.clone();
    confirmed["confirm"] = true.into();
    let (status, told) = from(&gateway, me, "POST", PATH, &confirmed).await;
    assert_eq!(status, 200, "{told}");
    assert!(told["warnings"].to_string().contains("your own address, 203.0.113.9"), "{told}");
    assert_eq!(from(&gateway, me, "GET", "/settings", &json!({})).await.0, 403);
    assert_eq!(call(&gateway, "GET", "/settings", &Value::Null).await.status, 200, "this machine may");
    // Those who stay inside save other things as before.
    assert_eq!(from(&gateway, "198.51.100.7", "POST", PATH, &json!({"blacklist": [me]})).await.0, 200);
}

#[tokio::test]
async fn an_empty_whitelist_says_whom_it_admits() {
    let gateway = started(&[("ALLOW_ANONYMOUS", "true")]).await;
    let told = post(&gateway, PATH, &json!({"mode": "whitelist"})).await;
    let warnings = json!([
        "the whitelist is empty: nobody may call, and only programs of this machine reach /admin",
        "your own address, 127.0.0.1, may not call; it still reaches /admin",
    ]);
    assert_eq!(told["warnings"], warnings);
    assert_eq!(gateway.get("/v1").await.status, 403);
    let here = json!({"mode": "blacklist", "blacklist": ["127.0.0.0/8"]});
    refused(&gateway, 409, "POST", PATH, &here).await;
    post(&gateway, PATH, &json!({"mode": "disabled"})).await;
    assert_eq!(gateway.get("/v1").await.status, 200);
}

#[tokio::test]
async fn an_address_is_tried_by_the_rules_in_force_or_by_others() {
    let gateway =
        started(&[("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "192.0.2.1,192.0.2.0/24")]).await;
    let path = &format!("{PATH}/check");
    let told = get(&gateway, &format!("{path}?ip=%3A%3Affff%3A192.0.2.9")).await;
    assert_eq!(
        (&told["ip"], &told["clients"], &told["admin"], &told["rule"]),
        (&json!("192.0.2.9"), &json!(false), &json!(false), &json!("192.0.2.0/24"))
    );
    assert_eq!(told["you"], json!({"ip": "127.0.0.1", "clients": true, "admin": true}));
    let told = get(&gateway, &format!("{path}?ip=2001:db8::1")).await;
    assert_eq!((&told["clients"], &told["rule"]), (&json!(true), &json!(null)));
    assert_eq!(get(&gateway, path).await["ip"], "127.0.0.1", "without an address it is one's own");
    let other = json!({"ip": "192.0.2.1", "mode": "whitelist", "whitelist": ["192.0.2.0/31"]});
    let told = post(&gateway, path, &other).await;
    assert_eq!((&told["clients"], &told["rule"]), (&json!(true), &json!("192.0.2.0/31")));
    assert_eq!(told["accessControl"]["mode"], "whitelist");
    assert_eq!(told["you"], json!({"ip": "127.0.0.1", "clients": false, "admin": true}));
    assert!(!told["warnings"].as_array().unwrap().is_empty());
    assert_eq!(get(&gateway, "/settings").await["accessControl"]["mode"], "blacklist", "nothing was saved");
    let wrong = json!({"ip": "somewhere", "whitelist": ["x"]});
    let error = refused(&gateway, 400, "POST", path, &wrong).await;
    assert_eq!(super::names(&error["fields"]), ["ip", "whitelist[0]"]);
    refused(&gateway, 400, "GET", &format!("{path}?ip=1.2.3"), &Value::Null).await;
}

#[tokio::test]
async fn a_mode_or_a_role_that_is_none_is_a_wrong_field() {
    let gateway = started(&[]).await;
    for mode in [Value::Null, json!("boss"), json!(1)] {
        let path = "/settings/access-control";
        let error = refused(&gateway, 400, "POST", path, &json!({"mode": mode})).await;
        assert!(error["fields"]["mode"].is_string(), "{mode}: {error}");
    }
    let user = json!({"name": "ann", "password": "a-longer-password"});
    let made = post(&gateway, "/users", &user).await;
    let path = format!("/users/{}", made["user"]["id"].as_str().unwrap());
    for role in [Value::Null, json!("boss"), json!(""), json!("Admin"), json!(1)] {
        let new = json!({"name": "bob", "password": "a-longer-password", "role": role});
        for (method, path, body) in [
            ("POST", "/users", new),
            ("PUT", path.as_str(), json!({"role": role})),
            ("POST", "/admin-tokens", json!({"name": "s", "role": role})),
        ] {
            let error = refused(&gateway, 400, method, path, &body).await;
            assert!(error["fields"]["role"].is_string(), "{path} {role}: {error}");
        }
    }
}
