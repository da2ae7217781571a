//! Limits by time and at once: who is refused, when they may come back, and what every reply tells of it.

use std::time::{Duration, Instant};

use ollama2openai::fake::{End, Script};
use ollama2openai::store::{By, NewToken, TokenQuery};

use super::{CHAT, ask, gateway, gateway_with, token, told, with};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, says};
use crate::support::wait::{beside, pause};

const LIMITED: &str = "rate_limit_exceeded";

fn v1(text: &str) -> Request {
    with(Request::get("/v1"), text)
}

#[tokio::test]
async fn each_window_counts_what_the_ones_before_it_let_pass() {
    let env = [
        ("RATE_LIMIT_IP_ENABLED", "true"),
        ("RATE_LIMIT_IP_MAX", "6"),
        ("RATE_LIMIT_GLOBAL_ENABLED", "true"),
        ("RATE_LIMIT_GLOBAL_MAX", "2"),
    ];
    let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
    let ask = async |text: &str| told(&gateway.send(&v1(text)).await);
    for (text, status, code) in [
        ("wrong", 401, "invalid_api_key"),
        ("alice", 200, ""),
        ("alice", 200, ""),
        ("alice", 429, LIMITED),
        ("wrong", 401, "invalid_api_key"),
        ("alice", 429, LIMITED),
        // The address has asked six times, bad tokens included.
        ("alice", 429, LIMITED),
        ("wrong", 429, LIMITED),
    ] {
        assert_eq!(ask(text).await, (status, code.to_owned()), "{text}");
    }
    for open in ["/health", "/livez", "/readyz", "/"] {
        assert_eq!(gateway.get(open).await.status, 200, "{open} counts nowhere");
    }
}

#[tokio::test]
async fn an_address_is_the_one_that_the_proxy_tells() {
    let env = [("RATE_LIMIT_IP_ENABLED", "true"), ("RATE_LIMIT_IP_MAX", "1"), ("TRUST_PROXY", "true")];
    let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
    let from =
        async |address: &str| gateway.send(&v1("alice").header("x-forwarded-for", address)).await.status;
    for (address, status) in [
        ("203.0.113.1", 200),
        ("203.0.113.1", 429),
        ("198.51.100.9, 203.0.113.1", 429),
        ("203.0.113.2", 200),
        ("2001:db8::1", 200),
        ("2001:db8::ffff:1", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(from(address).await, status, "{address}: a v6 client has a /64");
    }
}

#[tokio::test]
async fn a_tokens_own_rate_goes_before_the_default() {
    let env = [("RATE_LIMIT_TOKEN_ENABLED", "true"), ("RATE_LIMIT_TOKEN_MAX", "2")];
    let three = NewToken { rate_limit: Some(3), ..token("three") };
    let zero = NewToken { rate_limit: Some(0), ..token("zero") };
    let tokens = [three, zero, token("plain")];
    let (_fake, gateway) = gateway(&[env[0], env[1], ("API_TOKEN", "legacy")], &tokens).await;
    let passes = async |text: &str| {
        let mut count = 0;
        while count < 9 && gateway.send(&v1(text)).await.status == 200 {
            count += 1;
        }
        count
    };
    for (text, count) in [("three", 3), ("zero", 2), ("plain", 2), ("legacy", 9)] {
        assert_eq!(passes(text).await, count, "{text}");
    }
    let (_fake, gateway) = super::gateway(&[], &tokens).await;
    let reply = gateway.send(&v1("three")).await;
    assert_eq!(reply.header("x-ratelimit-limit-requests"), Some("3"), "its own holds without a default");
    assert_eq!(gateway.send(&v1("plain")).await.header("x-ratelimit-limit-requests"), None);
}

#[tokio::test]
async fn a_maximum_of_zero_refuses_all_and_promises_nothing() {
    for kind in ["GLOBAL", "IP", "TOKEN"] {
        let (switch, max) = (format!("RATE_LIMIT_{kind}_ENABLED"), format!("RATE_LIMIT_{kind}_MAX"));
        let (_fake, gateway) = gateway(&[(&switch, "true"), (&max, "0")], &[token("alice")]).await;
        let reply = gateway.send(&v1("alice")).await;
        assert_eq!(told(&reply), (429, LIMITED.to_owned()), "{kind}");
        assert_eq!((reply.header("retry-after"), reply.header("x-should-retry")), (None, Some("false")));
    }
}

#[tokio::test]
async fn every_reply_tells_how_much_is_left() {
    let alice = NewToken { rate_limit: Some(3), tokens_per_minute: Some(5000), ..token("alice") };
    let (_fake, gateway) = gateway(&[], &[alice]).await;
    let mut body = chat(false);
    body["max_tokens"] = 100.into();
    let asks = async || gateway.send(&with(Request::post(CHAT, &body), "alice")).await;
    let first = asks().await;
    let number = |reply: &client::Response, name: &str| -> u64 {
        let value = reply.header(name).unwrap_or_else(|| panic!("{name} is missing"));
        value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
    };
    assert_eq!((first.status, number(&first, "x-ratelimit-limit-requests")), (200, 3));
    assert_eq!(number(&first, "x-ratelimit-remaining-requests"), 2);
    assert_eq!(number(&first, "x-ratelimit-limit-tokens"), 5000);
    let left = number(&first, "x-ratelimit-remaining-tokens");
    assert!((4850..4900).contains(&left), "prompt and reply are set aside: {left}");
    assert!(first.header("x-ratelimit-reset-tokens").unwrap().starts_with("1m"));
    let exposed = first.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.contains("x-should-retry")
            && exposed.contains("x-ratelimit-remaining-tokens")
            && exposed.contains("retry-after")
    );
    let second = asks().await;
    let settled = number(&second, "x-ratelimit-remaining-tokens");
    assert!(settled > left - 20, "the first was settled with the five tokens that it cost: {settled}");
    assert_eq!(gateway.send(&with(Request::post(CHAT, &serde_json::json!({})), "alice")).await.status, 400);
    let refused = asks().await;
    assert_eq!(told(&refused), (429, LIMITED.to_owned()), "a request with a mistake counts, too");
    assert_eq!(number(&refused, "x-ratelimit-remaining-requests"), 0);
    assert!((58..=62).contains(&number(&refused, "retry-after")), "{:?}", refused.header("retry-after"));
}

#[tokio::test]
async fn tokens_a_minute_are_set_aside_and_settled() {
    let alice = NewToken { tokens_per_minute: Some(1000), ..token("alice") };
    let script = |_: &ollama2openai::fake::Request| {
        let held = Script::streamed("application/x-ndjson", vec![line(&says("Hi"))]);
        held.ending(End::Hang)
    };
    let (fake, gateway) = gateway_with(script, &[], &[alice]).await;
    let body = |most: u64, stream: bool| {
        let mut body = chat(stream);
        body["max_tokens"] = most.into();
        with(Request::post(CHAT, &body), "alice")
    };
    let mut first = client::open(gateway.addr, &body(600, true)).await;
    first.next_data().await;
    let refused = gateway.send(&body(600, false)).await;
    assert_eq!(told(&refused), (429, LIMITED.to_owned()), "the first has not come to its end yet");
    assert_eq!(refused.header("x-should-retry"), None, "waiting helps");
    let (text, left) = (refused.text(), refused.header("x-ratelimit-remaining-tokens").unwrap());
    let needs: u64 = text.split(" needs ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((601..700).contains(&needs) && text.contains(&format!("{left} of 1000 are left")), "{text}");
    assert_eq!(fake.log.of("/api/chat").len(), 1);
    drop(first);
    let mut fits = client::open(gateway.addr, &body(600, true)).await;
    let mut tries = 0;
    while fits.status == 429 && tries < 500 {
        tries += 1;
        pause(Duration::from_millis(10)).await;
        fits = client::open(gateway.addr, &body(600, true)).await;
    }
    assert_eq!(fits.status, 200, "what the first did not use is there again");
}

#[tokio::test]
async fn a_token_has_only_so_many_requests_at_once() {
    let two = NewToken { max_concurrent: 2, ..token("two") };
    let script = |_: &ollama2openai::fake::Request| {
        Script::streamed("application/x-ndjson", vec![line(&says("Hi"))]).ending(End::Hang)
    };
    let (_fake, gateway) = gateway_with(script, &[], &[two]).await;
    let open = async || client::open(gateway.addr, &with(Request::post(CHAT, &chat(true)), "two")).await;
    let (one, other) = (open().await, open().await);
    assert_eq!((one.status, other.status), (200, 200));
    let refused = gateway.send(&ask("two")).await;
    assert_eq!(told(&refused), (429, "concurrency_limit_exceeded".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let models = gateway.send(&with(Request::get("/v1/models"), "two")).await;
    assert_eq!(models.status, 200, "a list is no work");
    drop(one);
    let again = async {
        while open().await.status != 200 {
            pause(Duration::from_millis(5)).await;
        }
    };
    crate::support::wait::within("a place is free again", again).await;
}

/// When requests were let through, of 16 connections that ask as fast as they can.
async fn storm(gateway: &Gateway, time: Duration) -> Vec<Instant> {
    let end = Instant::now() + time;
    let addr = gateway.addr;
    let clients: Vec<_> = (0..16)
        .map(|_| {
            beside(async move {
                let mut connection = client::connect(addr).await;
                let mut admitted = Vec::new();
                while Instant::now() < end {
                    let reply = client::exchange(&mut connection, &v1("alice")).await;
                    let wait = reply.header("retry-after").map(|value| value.parse::<u64>().unwrap());
                    match reply.status {
                        200 => admitted.push(Instant::now()),
                        429 => assert!(matches!(wait, Some(1..=3)), "{wait:?}"),
                        other => panic!("{other}: {}", reply.text()),
                    }
                }
                admitted
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.value().await);
    }
    all.sort();
    all
}

#[tokio::test]
async fn at_full_speed_no_window_has_more_than_its_limit() {
    let window = Duration::from_secs(2);
    for kind in ["GLOBAL", "IP", "TOKEN"] {
        let [switch, length, max] =
            ["ENABLED", "WINDOW", "MAX"].map(|end| format!("RATE_LIMIT_{kind}_{end}"));
        let env = [(switch.as_str(), "true"), (&length, "2s"), (&max, "200")];
        let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
        let admitted = storm(&gateway, Duration::from_secs(5)).await;
        let within = |start: Instant| {
            let from_start = admitted.iter().filter(|at| **at >= start && **at < start + window);
            from_start.count()
        };
        let first = within(admitted[0]);
        assert!((199..=201).contains(&first), "{kind}: {first} from an idle window");
        let most = admitted.iter().map(|start| within(*start)).max().unwrap();
        assert!(most <= 210, "{kind}: {most} in a later window");
        assert!(admitted.len() >= 350, "{kind}: room that is free again is used: {}", admitted.len());
    }
}

#[tokio::test]
async fn who_waits_as_long_as_told_gets_through() {
    let env = [
        ("RATE_LIMIT_TOKEN_ENABLED", "true"),
        ("RATE_LIMIT_TOKEN_WINDOW", "2s"),
        ("RATE_LIMIT_TOKEN_MAX", "3"),
    ];
    let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
    for round in 0..2 {
        let refused = loop {
            let reply = gateway.send(&v1("alice")).await;
            if reply.status == 429 {
                break reply;
            }
        };
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{wait}");
        pause(Duration::from_secs(wait)).await;
        assert_eq!(gateway.send(&v1("alice")).await.status, 200, "round {round}, after {wait} s");
    }
}

#[tokio::test]
async fn limits_survive_a_change_of_configuration() {
    let alice = NewToken { rate_limit: Some(2), ..token("alice") };
    let (_fake, gateway) = gateway(&[], &[alice]).await;
    for _ in 0..2 {
        assert_eq!(gateway.send(&v1("alice")).await.status, 200);
    }
    let store = ollama2openai::store::Store::open(gateway.home(), None).await.unwrap();
    store.create_tokens(&[token("bob")], &By::cli()).await.unwrap();
    let id = store.tokens(&TokenQuery::default()).await.unwrap()[0].id.clone();
    let change = ollama2openai::store::TokenChange { note: Some("new".to_owned()), ..Default::default() };
    store.update_token(&id, &change, None, &By::cli()).await.unwrap();
    store.close().await;
    let followed = async {
        while gateway.send(&v1("bob")).await.status != 200 {
            pause(Duration::from_millis(20)).await;
        }
    };
    crate::support::wait::within("the change is in force", followed).await;
    assert_eq!(gateway.send(&v1("alice")).await.status, 429);
}
