//! The list of settings, saving, and what is wrong with a value.

use ollama2openai::config::settings;
use ollama2openai::store::{By, Store};
use serde_json::{Value, json};

use super::{CHAT, PASSWORD, call, get, has, post, refused, started, well};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::chat;
use crate::support::wait::until;

/// The row of a setting.
pub(super) async fn row(gateway: &Gateway, name: &str) -> Value {
    let listed = get(gateway, "/settings").await;
    let rows = listed["settings"].as_array().unwrap();
    rows.iter().find(|row| row["env"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[tokio::test]
async fn the_list_has_the_fields_of_the_node_program() {
    let env = [
        ("REQUEST_TIMEOUT", "60s"),
        ("RATE_LIMIT_IP_ENABLED", "true"),
        ("IP_WHITELIST", "10.0.0.0/8, 203.0.113.7"),
    ];
    let gateway = started(&env).await;
    let listed = get(&gateway, "/settings").await;
    has(&listed, &["accessControl", "rateLimiter", "metrics", "version", "env", "settings", "ignored"]);
    let access = json!({"mode": "disabled", "whitelist": ["10.0.0.0/8", "203.0.113.7"], "blacklist": []});
    assert_eq!(listed["accessControl"], access);
    gateway.get("/v1").await;
    let limiter = &get(&gateway, "/settings").await["rateLimiter"];
    assert_eq!(limiter["ip"], json!({"windowMs": 60000, "maxRequests": 60, "activeKeys": 1}));
    assert_eq!((&limiter["global"], &limiter["token"]), (&json!("disabled"), &json!("disabled")));
    post(&gateway, "/settings", &json!({"rate_limit_token_enabled": true})).await;
    for (name, active) in [("used", 1), ("another", 2)] {
        let made = post(&gateway, "/tokens", &json!({"name": name})).await["token"].take();
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        gateway.send(&Request::get("/v1/models").header("authorization", &bearer)).await;
        let limiter = &get(&gateway, "/dashboard").await["rateLimiter"];
        let told = json!({"windowMs": 60000, "maxRequests": 120, "activeKeys": active});
        assert_eq!(limiter["token"], told);
    }
    post(&gateway, "/tokens", &json!({"name": "asleep"})).await;
    assert_eq!(get(&gateway, "/settings").await["rateLimiter"]["token"]["activeKeys"], 2);
    let env = json!({
        "port": "0", "connectTimeout": "30000", "requestTimeout": "60000", "maxRetries": "2",
        "logLevel": "info", "logToFile": "false", "healthCheckInterval": "60", "cacheEmbeddings": true,
        "cacheChat": false,
    });
    assert_eq!(listed["env"], env);
}

#[tokio::test]
async fn every_setting_is_listed_with_its_origin_and_no_secret_is() {
    let gateway = started(&[("API_TOKEN", "sk-mArKeR-client"), ("MAX_RETRIES", "5")]).await;
    let listed = get(&gateway, "/settings").await;
    let names: Vec<_> = settings().iter().map(|row| json!(row.name)).collect();
    let told: Vec<_> = listed["settings"].as_array().unwrap().iter().map(|row| row["env"].clone()).collect();
    assert_eq!(told, names);
    assert!(!listed.to_string().contains("mArKeR") && !listed.to_string().contains(PASSWORD), "{listed}");
    let retries = row(&gateway, "MAX_RETRIES").await;
    let expected = json!({
        "name": "max_retries", "env": "MAX_RETRIES", "group": "Upstream", "value": "5", "origin": "environment",
        "configured": "5", "configuredOrigin": "environment", "default": "2", "changeable": true,
        "help": retries["help"], "allowed": "a whole number from 0 to 100", "kind": "integer", "min": 0,
        "max": 100,
    });
    assert_eq!(retries, expected);
    let token = row(&gateway, "API_TOKEN").await;
    assert_eq!(
        (&token["isSet"], &token["value"], &token["changeable"]),
        (&json!(true), &json!(null), &json!(false))
    );
    assert_eq!(row(&gateway, "SECRET_KEY").await["isSet"], false);
    let idle = row(&gateway, "STREAM_IDLE_TIMEOUT").await;
    assert_eq!((&idle["kind"], &idle["unit"], &idle["min"]), (&json!("duration"), &json!("ms"), &json!(1)));
    assert_eq!(row(&gateway, "LOG_LEVEL").await["choices"].as_array().unwrap().len(), 5);
    assert_eq!(row(&gateway, "PORT").await["changeable"], false);
}

#[tokio::test]
async fn what_is_saved_wins_until_it_is_reset() {
    let gateway = started(&[("MAX_RETRIES", "5")]).await;
    // By any of its names, as a number or a text.
    let saved = post(&gateway, "/settings", &json!({"max_retries": 7, "SSE_HEARTBEAT": " 5s "})).await;
    let expected = json!([
        {"name": "max_retries", "env": "MAX_RETRIES", "before": {"value": "5", "origin": "environment"},
            "after": {"value": "7", "origin": "saved"}},
        {"name": "sse_heartbeat", "env": "SSE_HEARTBEAT", "before": {"value": "10s", "origin": "default"},
            "after": {"value": "5s", "origin": "saved"}},
    ]);
    assert_eq!(saved, json!({"success": true, "changes": expected, "revision": 2}));
    let now = row(&gateway, "MAX_RETRIES").await;
    assert_eq!(
        (&now["value"], &now["origin"], &now["configured"], &now["configuredOrigin"]),
        (&json!("7"), &json!("saved"), &json!("5"), &json!("environment"))
    );
    assert_eq!(get(&gateway, "/settings").await["env"]["maxRetries"], "7");
    post(&gateway, "/settings", &json!({"MAX_RETRIES": null})).await;
    let now = row(&gateway, "MAX_RETRIES").await;
    assert_eq!((&now["value"], &now["origin"]), (&json!("5"), &json!("environment")));
    assert_eq!(row(&gateway, "SSE_HEARTBEAT").await["value"], "5s");
    // An empty text is the default, whatever is configured.
    post(&gateway, "/settings", &json!({"MAX_RETRIES": ""})).await;
    let now = row(&gateway, "MAX_RETRIES").await;
    assert_eq!((&now["value"], &now["origin"]), (&json!("2"), &json!("saved")));
    let home = gateway.stopped().await;
    let env = [("ADMIN_PASSWORD", PASSWORD), ("MAX_RETRIES", "9")];
    let again = Gateway::start_in(home, &env).await;
    assert_eq!(row(&again, "MAX_RETRIES").await["value"], "2", "it outlives a restart");
    assert_eq!(row(&again, "MAX_RETRIES").await["configured"], "9");
}

#[tokio::test]
async fn one_wrong_value_saves_none() {
    let gateway = started(&[]).await;
    let mistakes = json!({
        "max_retries": 3, "MAX_QUEUE": "many", "request_timeout": 0, "log_level": "loud", "STREAM_USAGE": {},
        "PORT": 4000, "ADMIN_PASSWORD": "x", "IP_BLACKLIST": ["10.0.0.1", "nowhere"],
        "balance": "weighted", "BALANCE": "weighted", "CACHE_CHAT": 1.5, "HOST": null,
    });
    let error = refused(&gateway, 400, "POST", "/settings", &mistakes).await;
    let fields = error["fields"].as_object().unwrap();
    let at_start = "is read at the start only: configure it, and start the gateway anew";
    for (name, wrong) in [
        ("MAX_QUEUE", "is not a whole number; allowed: a whole number from 0 to 1000000"),
        ("log_level", "is none of these; allowed: error, warn, info, debug, trace"),
        ("STREAM_USAGE", "must be a text, a number, true, false, a list of texts, or null"),
        ("PORT", at_start),
        ("HOST", at_start),
        ("ADMIN_PASSWORD", at_start),
        ("BALANCE", "is there twice, by two of its names"),
    ] {
        assert_eq!(fields[name], wrong, "{error}");
    }
    assert!(fields["request_timeout"].as_str().unwrap().starts_with("is zero; allowed: "), "{error}");
    assert!(fields["IP_BLACKLIST"].as_str().unwrap().contains("nowhere"), "{error}");
    assert!(fields.contains_key("CACHE_CHAT") && !fields.contains_key("max_retries"), "{error}");
    assert_eq!(row(&gateway, "MAX_RETRIES").await["origin"], "default");
    let huge = json!({"IP_BLACKLIST": vec!["10.0.0.1"; 6000]});
    assert_eq!(call(&gateway, "POST", "/settings", &huge).await.status, 200);
    let huge = json!({"IP_BLACKLIST": vec!["10.0.0.1"; 40_000]});
    let error = refused(&gateway, 400, "POST", "/settings", &huge).await;
    assert!(error["fields"]["IP_BLACKLIST"].as_str().unwrap().starts_with("is too long"), "{error}");
}

#[tokio::test]
async fn a_check_tells_the_difference_and_saves_nothing() {
    let gateway = started(&[]).await;
    let wish = json!({"max_retries": 4, "max_queue": 1000, "nonsense": 1});
    let told = post(&gateway, "/settings?check=true", &wish).await;
    assert_eq!((&told["success"], &told["check"]), (&json!(true), &json!(true)));
    let changes: Vec<_> = told["changes"].as_array().unwrap().iter().map(|change| &change["env"]).collect();
    assert_eq!(changes, ["MAX_RETRIES", "MAX_QUEUE"], "its origin changes, too");
    assert_eq!(told["warnings"], json!(["nonsense is no field that can be set"]));
    assert_eq!(row(&gateway, "MAX_RETRIES").await["origin"], "default");
    refused(&gateway, 400, "POST", "/settings?check=true", &json!({"max_retries": -1})).await;
    // A check that is misspelled must not save.
    refused(&gateway, 400, "POST", "/settings?check=yes", &wish).await;
    assert_eq!(row(&gateway, "MAX_RETRIES").await["origin"], "default");
}

#[tokio::test]
async fn saved_values_that_cannot_be_used_are_named_and_ignored() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let by_hand = [
        ("MAX_RETRIES", text("lots")),
        ("PORT", text("1")),
        ("ADMIN_PASSWORD", text("sk-mArKeR")),
        ("OF_TOMORROW", text("sk-mArKeR")),
        ("MAX_QUEUE", text("7")),
    ];
    store.save_settings(&by_hand, &By::cli()).await.unwrap();
    store.close().await;
    let fake = well("a").await;
    let env = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", &fake.url())];
    let gateway = Gateway::start_in(home, &env).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let listed = get(&gateway, "/settings").await;
    let ignored: Vec<_> =
        listed["ignored"].as_array().unwrap().iter().map(|bad| (&bad["name"], &bad["value"])).collect();
    let null = json!(null);
    let name = |name: &str| json!(name);
    assert_eq!(
        ignored,
        [
            (&name("PORT"), &null),
            (&name("MAX_RETRIES"), &name("lots")),
            (&name("ADMIN_PASSWORD"), &null),
            (&name("OF_TOMORROW"), &null)
        ]
    );
    assert_eq!(listed["warnings"].as_array().unwrap().len(), 4, "{listed}");
    assert!(!listed.to_string().contains("mArKeR"), "{listed}");
    let retries = row(&gateway, "MAX_RETRIES").await;
    assert_eq!((&retries["value"], &retries["origin"]), (&json!("2"), &json!("default")));
    assert!(retries["note"].as_str().unwrap().contains("a saved value is ignored"), "{retries}");
    assert_eq!(row(&gateway, "MAX_QUEUE").await["value"], "7", "the others count");
    post(&gateway, "/settings", &json!({"MAX_RETRIES": null})).await;
    assert_eq!(get(&gateway, "/settings").await["ignored"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_another_process_saves_is_followed() {
    let gateway = started(&[]).await;
    let store = Store::open(gateway.home(), None).await.unwrap();
    store.save_settings(&[("ALLOW_ANONYMOUS", Some("false".to_owned()))], &By::cli()).await.unwrap();
    let addr = gateway.addr;
    let answers = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(0));
    let seen = std::sync::Arc::clone(&answers);
    let _asking = crate::support::wait::beside(async move {
        loop {
            let status = crate::support::client::get(addr, "/v1").await.status;
            seen.store(status, std::sync::atomic::Ordering::Relaxed);
        }
    });
    until("the setting is followed", || answers.load(std::sync::atomic::Ordering::Relaxed) == 401).await;
}

#[tokio::test]
async fn who_opens_the_gateway_to_all_is_warned() {
    let gateway = started(&[("HOST", "0.0.0.0")]).await;
    let open = json!({"ALLOW_ANONYMOUS": "true"});
    for path in ["/settings?check=true", "/settings"] {
        let told = post(&gateway, path, &open).await;
        assert!(told["warnings"][0].as_str().unwrap().contains("whoever reaches the port"), "{told}");
    }
    assert!(get(&gateway, "/settings").await["warnings"].to_string().contains("whoever reaches the port"));
    let told = post(&gateway, "/settings", &json!({"MAX_RETRIES": 1})).await;
    assert_eq!(told["warnings"], Value::Null, "it was said before");
}

#[tokio::test]
async fn a_damaged_rule_of_addresses_opens_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let damaged = [("IP_BLACKLIST", Some("192.0.2.1,nowhere".to_owned()))];
    store.save_settings(&damaged, &By::cli()).await.unwrap();
    store.close().await;
    let env = [("ADMIN_PASSWORD", PASSWORD), ("ALLOW_ANONYMOUS", "true"), ("IP_ACCESS_MODE", "blacklist")];
    let gateway = Gateway::start_in(home, &env).await;
    assert_eq!(gateway.get("/v1").await.status, 403);
    let told = get(&gateway, "/settings").await["warnings"].to_string();
    assert!(told.contains("nowhere") && told.contains("nobody may call"), "{told}");
    post(&gateway, "/settings/access-control", &json!({"blacklist": ["192.0.2.1"]})).await;
    assert_eq!(gateway.get("/v1").await.status, 200);
}

#[tokio::test]
async fn every_setting_that_changes_is_in_the_audit() {
    let gateway = started(&[]).await;
    post(&gateway, "/settings", &json!({"max_retries": 3, "max_queue": 5})).await;
    post(&gateway, "/settings", &json!({"max_retries": null, "max_queue": 5})).await;
    let told = get(&gateway, "/audit").await;
    let rows = told["audit"].as_array().or(told["entries"].as_array()).or(told["items"].as_array());
    let rows: Vec<_> = rows
        .unwrap_or_else(|| panic!("{told}"))
        .iter()
        .filter(|row| row["action"].as_str().is_some_and(|action| action.starts_with("setting.")))
        .map(|row| (row["action"].clone(), row["before"].clone(), row["after"].clone()))
        .collect();
    let value = |value: &str| json!({"value": value});
    assert_eq!(
        rows,
        [
            (json!("setting.delete"), value("3"), Value::Null),
            (json!("setting.update"), Value::Null, value("5")),
            (json!("setting.update"), Value::Null, value("3")),
        ]
    );
}
