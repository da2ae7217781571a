//! Ten thousand attempts to sign in: few are tried, none stands in the way of others. By counts, not by time.

use serde_json::{Value, json};

use super::{PASSWORD, call, request, session};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::beside;

const CLIENTS: usize = 20;
const EACH: usize = 500;

/// How many of these attempts were answered 401, and how many 429 with a time to wait.
async fn attempts(addr: std::net::SocketAddr, request: Request) -> (usize, usize) {
    let mut connection = client::connect(addr).await;
    let (mut tried, mut held) = (0, 0);
    for _ in 0..EACH {
        let reply = client::exchange(&mut connection, &request).await;
        match reply.status {
            401 => tried += 1,
            429 => {
                let wait: u64 = reply.header("retry-after").expect("it says when").parse().unwrap();
                assert!((1..=60).contains(&wait), "{wait}");
                held += 1;
            }
            other => panic!("{other}: {}", reply.text()),
        }
    }
    (tried, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_attempts_are_held_and_the_others_are_served() {
    let fake = ollama(|_| whole("served")).await;
    let gateway = Gateway::start(&[("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", &fake.url())]).await;
    let live = session(&gateway, "admin", PASSWORD).await;
    let addr = gateway.addr;
    let running: Vec<_> = (0..CLIENTS)
        .map(|at| {
            let request = match at % 2 {
                0 => request(
                    "POST",
                    "/login",
                    &json!({"username": "nobody", "password": format!("guess-{at}")}),
                ),
                _ => {
                    request("GET", "/api/keys", &Value::Null).header("authorization", &format!("guess-{at}"))
                }
            };
            beside(attempts(addr, request))
        })
        .collect();
    let (mut served, mut seen) = (0, 0);
    while !running.iter().all(|running| running.ended()) {
        assert_eq!(gateway.post("/v1/chat/completions", &chat(false)).await.status, 200);
        assert_eq!(
            call(&gateway, &live, "GET", "/api/keys", &Value::Null).await.status,
            200,
            "a live session"
        );
        (served, seen) = (served + 1, seen + 1);
    }
    let (mut tried, mut held) = (0, 0);
    for running in running {
        let (one, other) = running.value().await;
        (tried, held) = (tried + one, held + other);
    }
    assert_eq!((tried, held), (5, CLIENTS * EACH - 5));
    assert!(served > 0 && seen > 0);
    let right = client::send(addr, &request("POST", "/login", &json!({"password": PASSWORD}))).await;
    assert_eq!(
        (right.status, right.json()["code"].as_str()),
        (429, Some("too_many_attempts")),
        "even the right one"
    );
    assert!(right.header("retry-after").is_some());
    assert_eq!(
        call(&gateway, PASSWORD, "GET", "/api/keys", &Value::Null).await.status,
        429,
        "as bearer, too"
    );
    let told =
        call(&gateway, &live, "GET", "/api/audit?action=user.sign_in_failed", &Value::Null).await.json();
    assert_eq!(told["entries"].as_array().map(Vec::len), Some(5), "what was not tried fills no disk");
}

#[tokio::test]
async fn many_right_ones_at_once_are_no_attack() {
    let gateway = super::started().await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": super::OTHERS});
    super::done(&gateway, PASSWORD, "POST", "/api/me/password", &body).await;
    let addr = gateway.addr;
    let running: Vec<_> = (0..40)
        .map(|_| {
            let request = request("GET", "/api/keys", &Value::Null).header("authorization", super::OTHERS);
            beside(async move { client::send(addr, &request).await.status })
        })
        .collect();
    for running in running {
        assert_eq!(running.value().await, 200);
    }
}
