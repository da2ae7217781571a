//! Signs of life and lists of models: by the clock, and when a 404 proves a list wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ollama2openai::fake::{Fake, Request, Script, Seen};
use ollama2openai::store::NewKey;
use serde_json::json;

use super::{UNPROBED, calls, count, first, key, well, who};
use crate::support::Gateway;
use crate::support::ollama::whole;

fn probes(seen: &[Seen]) -> usize {
    count(seen, "/api/version")
}

#[tokio::test]
async fn health_check_interval_is_the_period_of_probes_and_0_runs_none() {
    for (value, is_probed) in [("1", true), ("0", false)] {
        let fake = well("m").await;
        let gateway =
            Gateway::with_rows(&[("HEALTH_CHECK_INTERVAL", value)], &[], &[key("m", &fake.url())]).await;
        let limit = Duration::from_secs(if is_probed { 10 } else { 2 });
        let again = |seen: &[Seen]| probes(seen) >= if is_probed { 3 } else { 1 };
        assert_eq!(fake.log.wait_until(limit, again).await, is_probed, "HEALTH_CHECK_INTERVAL={value}");
        assert_eq!(count(&fake.log.all(), "/api/tags") > 0, is_probed);
        assert_eq!(calls(&fake), 0, "a probe loads no model");
        assert!(gateway.shutdown().await);
    }
}

#[tokio::test]
async fn credentials_on_one_address_share_its_probe() {
    let fake = well("m").await;
    let keys = [key("one", &fake.url()), key("two", &fake.url()), key("three", &fake.url())];
    let gateway = Gateway::with_rows(&[("HEALTH_CHECK_INTERVAL", "60")], &[], &keys).await;
    assert!(fake.log.wait_until(Duration::from_secs(10), |seen| count(seen, "/api/tags") == 1).await);
    assert_eq!(who(&gateway, "m").await, "m");
    assert_eq!(probes(&fake.log.all()), 1);
}

#[tokio::test]
async fn hosts_that_sleep_delay_no_other_probe_and_not_the_stop() {
    let mut asleep = Vec::new();
    for _ in 0..3 {
        asleep.push(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let awake = well("awake").await;
    let mut keys = vec![key("awake", &awake.url()), key("dead", "http://127.0.0.1:1")];
    keys.extend(
        asleep.iter().map(|asleep| key("asleep", &format!("http://{}", asleep.local_addr().unwrap()))),
    );
    let gateway = Gateway::with_rows(&[("HEALTH_CHECK_INTERVAL", "1")], &[], &keys).await;
    let began = Instant::now();
    assert!(awake.log.wait_until(Duration::from_secs(20), |seen| probes(seen) >= 4).await);
    // One after the other they would take two seconds each, 18 s in all.
    println!("four probes beside hosts that sleep: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    let began = Instant::now();
    assert!(gateway.shutdown().await);
    println!("stopped while probes hang: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_404_makes_the_list_be_read_anew_once() {
    let has_model = Arc::new(AtomicBool::new(true));
    let now = Arc::clone(&has_model);
    let handler = move |request: &Request| match (request.path.as_str(), now.load(Relaxed)) {
        ("/api/tags", true) => {
            Script::json(200, &json!({"models": [{"name": "m:latest", "model": "m:latest"}]}))
        }
        ("/api/tags", false) => Script::json(200, &json!({"models": []})),
        (_, true) => whole("first"),
        (_, false) => Script::json(404, &json!({"error": "model 'm' not found"})),
    };
    let lies = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(handler)).await.unwrap();
    let good = well("good").await;
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[first(&lies.url()), key("good", &good.url())]).await;
    let list = gateway.get("/v1/models").await;
    assert_eq!((list.status, who(&gateway, "m").await.as_str()), (200, "first"));
    has_model.store(false, Relaxed);
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(who(&gateway, "m").await);
    }
    assert_eq!(said, ["good"; 5]);
    let lists = |seen: &[Seen]| count(seen, "/api/tags");
    assert!(lies.log.wait_until(Duration::from_secs(10), |seen| lists(seen) == 2).await);
    assert_eq!((calls(&lies), who(&gateway, "m").await.as_str()), (2, "good"), "one 404 was enough");
    // The model comes back, and the next list says so.
    has_model.store(true, Relaxed);
    assert_eq!((gateway.get("/v1/models").await.status, who(&gateway, "m").await.as_str()), (200, "first"));
    assert_eq!(lists(&lies.log.all()), 3, "nothing else has read it");
}

#[tokio::test]
async fn a_credential_that_a_probe_is_refused_for_is_no_sign_of_death() {
    let handler = |request: &Request| match request.path.as_str() {
        "/api/chat" => whole("guarded"),
        _ => Script::json(401, &json!({"error": "unauthorized"})),
    };
    let guarded = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(handler)).await.unwrap();
    let other = well("other").await;
    let keys = [NewKey { priority: 9, ..key("guarded", &guarded.url()) }, key("other", &other.url())];
    let gateway = Gateway::with_rows(&[("HEALTH_CHECK_INTERVAL", "1")], &[], &keys).await;
    assert!(guarded.log.wait_until(Duration::from_secs(15), |seen| probes(seen) >= 5).await);
    assert_eq!(who(&gateway, "m").await, "guarded");
}
