//! What is tried to get in without a token, or to get more by one than it gives.

use std::time::{Duration, Instant};

use ollama2openai::store::{NewToken, Store, TokenQuery};
use serde_json::{Value, json};

use super::walk::{good, registered};
use super::{CHAT, ask, gateway, token, told, with};
use crate::support::client::Request;
use crate::support::ollama::chat;
use crate::support::wait::within;

#[tokio::test]
async fn no_other_method_of_a_path_is_a_way_in() {
    let (fake, gateway) = gateway(&[], &[token("alice")]).await;
    for (method, path) in registered() {
        for tried in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "post"] {
            let bare = gateway.send(&good(&(method, path.clone())).method(tried)).await;
            assert!((400..500).contains(&bare.status), "{tried} {path}: {}", bare.status);
            let is_its_own = tried == method || (tried, method) == ("HEAD", "GET");
            assert_eq!(bare.status, if is_its_own { 401 } else { 405 }, "{tried} {path}");
        }
        // A browser asks so before it sends a token; it is told what it may send, and nothing else.
        let preflight = gateway.send(&Request::new("OPTIONS", &path).body(chat(false).to_string())).await;
        assert_eq!((preflight.status, preflight.text().as_str()), (204, ""), "{path}");
        assert!(preflight.header("access-control-allow-credentials").is_none(), "{path}");
    }
    for place in ["/api/chat", "/api/generate", "/api/embed"] {
        assert!(fake.log.of(place).is_empty(), "{place} was reached");
    }
}

#[tokio::test]
async fn a_token_that_is_nearly_right_is_answered_as_any_other() {
    const TEXT: &str = "sk-o2o-0123456789abcdef0123456789abcdef0123456789abcdef";
    let (_fake, gateway) = gateway(&[], &[token(TEXT)]).await;
    let store = Store::open(gateway.home(), None).await.unwrap();
    let row = store.tokens(&TokenQuery::default()).await.unwrap().remove(0);
    store.close().await;
    let told_to = async |shown: &str| {
        let reply = gateway.send(&ask(shown)).await;
        (reply.status, reply.text())
    };
    assert_eq!(told_to(TEXT).await.0, 200);
    let nothing_alike = told_to("x").await;
    assert_eq!(nothing_alike.0, 401);
    let hash: String = row.hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for shown in [
        &TEXT[..54],
        &format!("{TEXT}0"),
        &TEXT.to_ascii_uppercase(),
        &TEXT.replace('f', "e"),
        &TEXT.replace("sk-o2o-", ""),
        &format!("{}****{}", row.prefix, row.last_four),
        &format!("{TEXT}, {TEXT}"),
        &format!("{TEXT}%00"),
        &row.id,
        &hash,
        "' OR '1'='1",
        "*",
        &"x".repeat(8000),
    ] {
        assert_eq!(told_to(shown).await, nothing_alike, "{shown}");
    }
}

#[tokio::test]
async fn a_second_header_is_no_second_chance() {
    let (_fake, gateway) = gateway(&[], &[token("alice")]).await;
    for (shown, other, status) in [("bob", "alice", 401), ("alice", "bob", 200), ("", "alice", 200)] {
        let request = Request::post(CHAT, &chat(false)).header("authorization", shown);
        let reply = gateway.send(&request.header("x-api-key", other)).await;
        assert_eq!(reply.status, status, "{shown} before {other}");
    }
}

#[tokio::test]
async fn patterns_full_of_stars_cost_little() {
    let stars = [
        "*a".repeat(1000) + "b",
        "a*".repeat(1000) + "b",
        "*".repeat(4000) + "b",
        "*aa*aaaa".repeat(250) + "b",
    ];
    let odd = NewToken { models: stars.to_vec(), ..token("odd") };
    let (_fake, gateway) = gateway(&[], &[odd, token("alice")]).await;
    let asks = async |text: &str| {
        let mut body = chat(false);
        body["model"] = "a".repeat(1024).into();
        told(&gateway.send(&with(Request::post(CHAT, &body), text)).await)
    };
    // Each star that is tried anew for each of the others would take longer than there is time.
    let refused = within("patterns are compared", asks("odd")).await;
    assert_eq!(refused, (403, "model_not_allowed".to_owned()));
    assert_eq!(asks("alice").await.0, 200);
}

#[tokio::test]
async fn numbers_that_no_number_holds_are_refused() {
    let (fake, gateway) = gateway(&[], &[token("alice")]).await;
    for field in ["temperature", "max_tokens", "n", "seed", "top_p", "num_ctx"] {
        for number in ["1e400", "-1e400", "1e99999999999", "NaN", "Infinity", "0x10"] {
            let body = chat(false).to_string().replacen('{', &format!("{{\"{field}\":{number},"), 1);
            let reply = gateway.send(&with(Request::new("POST", CHAT).body(body), "alice")).await;
            assert_eq!(reply.status, 400, "{field}: {number}: {}", reply.text());
            if number.contains("1e") {
                let error = &reply.json()["error"];
                assert_eq!(
                    (&error["param"], &error["code"]),
                    (&json!(field), &json!("invalid_type")),
                    "{number}"
                );
            }
        }
    }
    let body = chat(false).to_string().replacen('{', "{\"options\":{\"top_k\":1e400},", 1);
    let reply = gateway.send(&with(Request::new("POST", CHAT).body(body), "alice")).await;
    assert_eq!(
        (reply.status, &reply.json()["error"]["param"]),
        (400, &json!("options.top_k")),
        "{}",
        reply.text()
    );
    assert!(fake.log.of("/api/chat").is_empty());
}

#[tokio::test]
async fn a_longest_reply_of_2_to_the_63_is_no_way_round_a_quota() {
    let poor = NewToken { quota_limit: Some(1000), ..token("poor") };
    let (fake, gateway) = gateway(&[], &[poor]).await;
    for most in ["9223372036854775807", "2147483647"] {
        let body = chat(false).to_string().replacen('{', &format!("{{\"max_tokens\":{most},"), 1);
        let reply = gateway.send(&with(Request::new("POST", CHAT).body(body), "poor")).await;
        assert!([200, 400].contains(&reply.status), "{most}: {}", reply.text());
    }
    for seen in fake.log.of("/api/chat") {
        let json: Value = seen.request.json().unwrap();
        assert!(json["options"]["num_predict"].as_i64().is_some_and(|most| most <= 1000), "{json}");
    }
}

#[tokio::test]
async fn two_hosts_are_one_too_many() {
    let (fake, gateway) = gateway(&[], &[token("alice")]).await;
    let twice = |request: Request| request.header("host", "localhost").and_header("host", "evil.example");
    let other = |request: Request| request.header("host", "localhost").and_header("host", "localhost");
    let absolute = |host: &str| with(Request::get(&format!("http://{host}/v1/models")), "alice");
    for request in [
        twice(ask("alice")),
        other(ask("alice")),
        twice(Request::get("/health")),
        twice(Request::get("/nothing")),
        absolute("evil.example").header("host", "localhost"),
        absolute("localhost:81").header("host", "localhost:80"),
        absolute("localhost").header("host", "a b"),
    ] {
        assert_eq!(told(&gateway.send(&request).await), (400, "invalid_host".to_owned()), "{request:?}");
    }
    for path in ["/admin", "/admin/api/keys", "/admin/login"] {
        let reply = gateway.send(&twice(Request::get(path))).await;
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("invalid_host")), "{path}");
    }
    assert!(fake.log.of("/api/chat").is_empty());
    for request in [
        absolute("localhost").header("host", "LOCALHOST:80"),
        absolute("gateway.example:8080").header("host", "gateway.example:8080"),
        absolute("gateway.example").without("host"),
    ] {
        assert_eq!(gateway.send(&request).await.status, 200, "{request:?}");
    }
}

#[tokio::test]
async fn a_list_of_thousands_of_long_patterns_costs_little() {
    let long = (0..4096).map(|at| format!("*{}b{at}", "a".repeat(490))).collect();
    let (_fake, gateway) = gateway(&[], &[NewToken { models: long, ..token("long") }]).await;
    let mut body = chat(false);
    body["model"] = ("a".repeat(1023) + "c").into();
    let began = Instant::now();
    let refused = gateway.send(&with(Request::post(CHAT, &body), "long")).await;
    assert_eq!(told(&refused), (403, "model_not_allowed".to_owned()));
    // The product of the lengths is two thousand million; the sum is six.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
