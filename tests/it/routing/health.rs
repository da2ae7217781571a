//! Who is left alone, and how it comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use ollama2openai::fake::{End, Fake, Request, Script};
use ollama2openai::store::NewKey;
use serde_json::json;

use super::{CHAT, UNPROBED, arrived, begin, calls, count, first, key, says_its_name, well, who};
use crate::support::Gateway;
use crate::support::client;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::{beside, pause, until, until_or};

/// An address where nobody listens yet.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// An Ollama that listens there from now on.
async fn rise(addr: SocketAddr, generate: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Fake {
    let handler = move |request: &Request| match request.path.as_str() {
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        "/api/tags" => Script::json(200, &json!({"models": [{"name": "m:latest"}]})),
        _ => generate(request),
    };
    Fake::start(addr, Arc::new(handler)).await.expect("the address is free")
}

/// Asks until `name` answers.
async fn until_answered_by(gateway: &Gateway, name: &str) {
    for _ in 0..400 {
        if who(gateway, "m").await == name {
            return;
        }
        pause(Duration::from_millis(25)).await;
    }
    panic!("{name} is never asked again");
}

/// A backend that was refused three times, and a second one that serves meanwhile.
async fn refused_thrice(env: &[(&str, &str)]) -> (SocketAddr, Fake, Gateway) {
    let (addr, good) = (nobody().await, well("good").await);
    let keys = [first(&format!("http://{addr}")), key("good", &good.url())];
    let gateway = Gateway::with_rows(env, &[], &keys).await;
    for _ in 0..3 {
        assert_eq!(who(&gateway, "m").await, "good");
    }
    (addr, good, gateway)
}

#[tokio::test]
async fn three_refused_connections_take_a_backend_down_until_its_time_comes() {
    let (addr, good, gateway) = refused_thrice(&[UNPROBED]).await;
    let back = rise(addr, |request| says_its_name("back", request)).await;
    // It would serve, but its two seconds are not over.
    for _ in 0..5 {
        assert_eq!(who(&gateway, "m").await, "good");
    }
    assert_eq!((back.log.all().len(), calls(&good)), (0, 8), "it is left alone");
    until_answered_by(&gateway, "back").await;
    for _ in 0..3 {
        assert_eq!(who(&gateway, "m").await, "back");
    }
    assert_eq!((count(&back.log.all(), "/api/version"), calls(&back)), (0, 4), "no probe brought it back");
}

#[tokio::test]
async fn a_probe_brings_a_backend_back() {
    let (addr, _good, gateway) = refused_thrice(&[("HEALTH_CHECK_INTERVAL", "1")]).await;
    let back = rise(addr, |request| says_its_name("back", request)).await;
    until_answered_by(&gateway, "back").await;
    let paths: Vec<_> = back.log.all().iter().map(|seen| seen.request.path.clone()).collect();
    assert_eq!(paths[0], "/api/version", "the probe comes before any request: {paths:?}");
}

/// One request decides; a second one is served by another, or waits for what comes of it.
#[tokio::test]
async fn while_a_trial_runs_others_are_served_elsewhere_or_wait_for_its_end() {
    for has_other in [true, false] {
        let (addr, good) = (nobody().await, well("good").await);
        let mut keys = vec![first(&format!("http://{addr}"))];
        keys.extend(has_other.then(|| key("good", &good.url())));
        let gateway = Gateway::with_rows(&[UNPROBED, ("MAX_RETRIES", "1")], &[], &keys).await;
        for _ in 0..3 {
            gateway.post(CHAT, &chat(false)).await;
        }
        let count = AtomicUsize::new(0);
        let back = rise(addr, move |_| match count.fetch_add(1, Relaxed) {
            0 => Script::silent(End::Hang),
            _ => whole("back"),
        })
        .await;
        gateway.look().await;
        let trial = begin(&gateway, false).await;
        arrived(&back, 1).await;
        if has_other {
            assert_eq!(who(&gateway, "m").await, "good");
            assert_eq!(calls(&back), 1);
            continue;
        }
        let addr = gateway.addr;
        let second = beside(async move { client::post_json(addr, CHAT, &chat(false)).await.text() });
        until("the second waits", || gateway.waiting() == 1).await;
        assert_eq!(calls(&back), 1);
        drop(trial);
        // Far less than QUEUE_TIMEOUT, and less than the 5 s that a trial keeps others out.
        assert!(until_or(Duration::from_secs(3), || second.ended()).await, "nobody told it");
        assert!(second.value().await.contains("back"));
    }
}

#[tokio::test]
async fn of_those_that_are_down_the_one_that_may_be_well_first_is_asked() {
    let sick = || async { ollama(|_| Script::silent(End::Close)).await };
    let (a, b) = (sick().await, sick().await);
    let keys = [first(&a.url()), NewKey { models: vec!["both".into()], ..key("b", &b.url()) }];
    let env = [UNPROBED, ("MAX_RETRIES", "0")];
    let gateway = Gateway::with_rows(&env, &[], &keys).await;
    let fail = async |model: &str| {
        let mut body = chat(false);
        body["model"] = json!(model);
        assert_eq!(gateway.post(CHAT, &body).await.status, 502);
    };
    for _ in 0..5 {
        fail("m").await;
    }
    // Half-open, and down again: it waits for four seconds now.
    gateway.look().await;
    fail("m").await;
    for _ in 0..5 {
        fail("both").await;
    }
    a.log.clear();
    let before = calls(&b);
    fail("both").await;
    assert_eq!((calls(&a), calls(&b)), (0, before + 1), "the first in rank is not the least bad");
}

#[tokio::test]
async fn streams_that_break_count_against_their_backend() {
    use crate::support::ollama::{done, line, says};
    let breaks = |request: &Request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Close),
        false => Script::ndjson([&done()]),
    };
    let (bad, good) = (ollama(breaks).await, well("good").await);
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[first(&bad.url()), key("good", &good.url())]).await;
    let mut broken = 0;
    for _ in 0..40 {
        let text = gateway.post(CHAT, &chat(true)).await.text();
        broken += usize::from(text.contains("\"error\""));
    }
    assert_eq!((broken, calls(&bad), calls(&good)), (5, 5, 35));
}
