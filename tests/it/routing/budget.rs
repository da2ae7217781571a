//! What retries may cost all requests together.

use std::time::{Duration, Instant};

use ollama2openai::fake::Fake;

use super::{CHAT, UNPROBED, calls, key, pair, status};
use crate::support::Gateway;
use crate::support::client::post_json;
use crate::support::ollama::{chat, ollama};

async fn storm(gateway: &Gateway, requests: usize) -> Vec<u16> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..requests {
        let addr = gateway.addr;
        running.spawn(async move { post_json(addr, CHAT, &chat(false)).await.status });
    }
    running.join_all().await
}

#[tokio::test]
async fn a_dying_fleet_is_asked_hardly_more_than_once_a_request() {
    let mut fakes: Vec<Fake> = Vec::new();
    for _ in 0..4 {
        fakes.push(ollama(|_| status(503)).await);
    }
    let keys: Vec<_> = fakes.iter().map(|fake| key("ill", &fake.url())).collect();
    let gateway = Gateway::with_rows(&[("MAX_RETRIES", "8"), UNPROBED], &[], &keys).await;
    // Until all of them are down, a first failover is to one that is thought to be well, and free.
    let warm = storm(&gateway, 40).await;
    let before: usize = fakes.iter().map(calls).sum();
    let began = Instant::now();
    let said = storm(&gateway, 300).await;
    assert!(said.iter().chain(&warm).all(|status| *status == 503), "{said:?}");
    let asked: usize = fakes.iter().map(calls).sum::<usize>() - before;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
    // 20 % of 340 requests, or 10 in each second that was touched.
    let granted = 340 / 5 + 10 * seconds;
    assert!(asked <= 300 + granted, "{asked} calls for 300 requests, {granted} retries granted at most");
    println!("{asked} calls for 300 requests");
}

#[tokio::test]
async fn the_first_failover_to_a_healthy_backend_is_free() {
    let (bad, good, gateway) = pair(|| status(401).after(Duration::from_secs(1)), &[]).await;
    // All have been sent before the first is refused; the budget alone would let ten or so of them try again.
    let said = storm(&gateway, 60).await;
    assert_eq!(said, [200; 60]);
    assert_eq!((calls(&bad), calls(&good)), (60, 60));
}
