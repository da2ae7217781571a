//! Caps, spill-over, and the line of those who wait.

use std::time::Duration;

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Script};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::json;

use super::{CHAT, UNPROBED, begin, calls, channel, hanging, key, occupy, well, who};
use crate::support::Gateway;
use crate::support::client;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::{beside, until};

fn capped(name: &str, url: &str) -> NewKey {
    NewKey { max_concurrent: 1, priority: 5, ..key(name, url) }
}

#[tokio::test]
async fn a_cap_holds_under_fifty_parallel_requests() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let fake = ollama(move |_| whole("Hi").after(Duration::from_millis(5))).await;
    let gateway =
        Gateway::with_rows(&[], &[], &[NewKey { max_concurrent: 3, ..key("one", &fake.url()) }]).await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let addr = gateway.addr;
        requests.spawn(async move { crate::support::client::post_json(addr, CHAT, &chat(false)).await });
    }
    let watch = fake.log.wait_until(Duration::from_secs(10), |seen| {
        let chats = seen.iter().filter(|seen| seen.request.path == "/api/chat");
        running.store(chats.clone().filter(|seen| !seen.ended).count(), SeqCst);
        most.fetch_max(running.load(SeqCst), SeqCst);
        chats.filter(|seen| seen.ended).count() == 50
    });
    let (all, replies) = tokio::join!(watch, requests.join_all());
    assert!(all && replies.iter().all(|reply| reply.status == 200));
    assert!((1..=3).contains(&most.load(SeqCst)), "{most:?} ran at once");
}

#[tokio::test]
async fn at_its_cap_a_tier_spills_over() {
    let (best, lower) = (hanging().await, well("lower").await);
    for as_channel in [true, false] {
        best.log.clear();
        let keys = [key("lower", &lower.url()), capped("best", &best.url())];
        let gateway = if as_channel {
            let best = NewChannel { max_concurrent: 1, ..channel("best", &best.url()) };
            Gateway::with_rows(&[], &[best], &keys[..1]).await
        } else {
            Gateway::with_rows(&[], &[], &keys).await
        };
        let _busy = occupy(&gateway, &best).await;
        assert_eq!(who(&gateway, "m").await, "lower");
        assert_eq!(calls(&best), 1);
    }
}

#[tokio::test]
async fn max_queue_and_queue_timeout_end_waiting() {
    for env in [[("MAX_QUEUE", "0")], [("QUEUE_TIMEOUT", "50ms")]] {
        let fake = hanging().await;
        let gateway = Gateway::with_rows(&env, &[], &[capped("only", &fake.url())]).await;
        let _busy = occupy(&gateway, &fake).await;
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!((reply.status, calls(&fake)), (503, 1), "{env:?}: {}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "overloaded");
        assert!(reply.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn who_leaves_the_place_frees_it_for_the_next() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = ollama(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => Script::silent(End::Hang),
        _ => whole("Hi"),
    })
    .await;
    let gateway = Gateway::with_rows(&[("MAX_QUEUE", "1")], &[], &[capped("only", &fake.url())]).await;
    let busy = occupy(&gateway, &fake).await;
    let leave = async {
        until("the other stands in the line", || gateway.waiting() == 1).await;
        drop(busy);
    };
    let (said, ()) = tokio::join!(who(&gateway, "m"), leave);
    assert_eq!((said.as_str(), calls(&fake)), ("Hi", 2));
}

#[tokio::test]
async fn balance_least_busy_prefers_the_idle() {
    let (busy, idle) = (hanging().await, well("idle").await);
    let keys = [NewKey { weight: 50, ..key("busy", &busy.url()) }, key("idle", &idle.url())];
    let env = [("BALANCE", "least_busy")];
    let gateway = Gateway::with_rows(&env, &[], &keys).await;
    let _one = occupy(&gateway, &busy).await;
    for _ in 0..6 {
        assert_eq!(who(&gateway, "m").await, "idle");
    }
    assert_eq!(calls(&busy), 1);
}

#[tokio::test]
async fn a_channels_rate_limit_spills_over() {
    let (limited, lower) = (well("limited").await, well("lower").await);
    let first = NewChannel { rate_limit: Some(2), ..channel("limited", &limited.url()) };
    let gateway = Gateway::with_rows(&[], &[first], &[key("lower", &lower.url())]).await;
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(who(&gateway, "m").await);
    }
    assert_eq!(said, ["limited", "limited", "lower", "lower"]);
}

#[tokio::test]
async fn max_queue_1_lets_one_wait_and_refuses_the_second() {
    let fake = hanging().await;
    let gateway = Gateway::with_rows(&[("MAX_QUEUE", "1")], &[], &[capped("only", &fake.url())]).await;
    let _busy = occupy(&gateway, &fake).await;
    let _waiter = begin(&gateway, false).await;
    until("one waits", || gateway.waiting() == 1).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (503, Some("overloaded")));
    assert!(reply.header("retry-after").is_some());
    assert_eq!((calls(&fake), gateway.waiting()), (1, 1));
}

#[tokio::test]
async fn the_line_is_first_come_first_served() {
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let fake = ollama(move |_| match is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
        true => Script::silent(End::Hang),
        false => whole("Hi"),
    })
    .await;
    let gateway = Gateway::with_rows(&[], &[], &[capped("only", &fake.url())]).await;
    let busy = occupy(&gateway, &fake).await;
    let mut waiters = Vec::new();
    for number in 1..=8 {
        let (addr, mut body) = (gateway.addr, chat(false));
        body["messages"][0]["content"] = json!(format!("number {number}"));
        waiters.push(beside(async move { client::post_json(addr, CHAT, &body).await.status }));
        until("it stands in the line", || gateway.waiting() == number).await;
    }
    drop(busy);
    for waiter in waiters {
        assert_eq!(waiter.value().await, 200);
    }
    let said = fake.log.of("/api/chat").into_iter().skip(1).map(|seen| {
        let json = seen.request.json().unwrap_or_default();
        json["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
    });
    let wanted: Vec<_> = (1..=8).map(|number| format!("number {number}")).collect();
    assert_eq!(said.collect::<Vec<_>>(), wanted);
}

/// Channels with two backends, and keys: by weight, and in turn while none is busier.
#[tokio::test]
async fn balance_least_busy_minds_weights_and_takes_turns() {
    for as_channel in [true, false] {
        let (heavy, light) = (hanging().await, hanging().await);
        let env = [("BALANCE", "least_busy"), UNPROBED];
        let gateway = if as_channel {
            let backend = |name: &str, url: &str, weight| NewBackend {
                weight,
                ..NewBackend::new(name, url, Secret::new(""))
            };
            let backends = vec![backend("heavy", &heavy.url(), 30), backend("light", &light.url(), 10)];
            let both = NewChannel { backends, ..channel("both", &heavy.url()) };
            Gateway::with_rows(&env, &[both], &[]).await
        } else {
            let keys = [NewKey { weight: 30, ..key("heavy", &heavy.url()) }, key("light", &light.url())];
            Gateway::with_rows(&env, &[], &keys).await
        };
        let mut running = Vec::new();
        for number in 1..=12 {
            running.push(begin(&gateway, false).await);
            until("it runs", || calls(&heavy) + calls(&light) == number).await;
        }
        assert_eq!((calls(&heavy), calls(&light)), (9, 3), "as a channel: {as_channel}");
    }
    let (one, other) = (well("one").await, well("other").await);
    let gateway = Gateway::with_rows(
        &[("BALANCE", "least_busy"), UNPROBED],
        &[],
        &[key("one", &one.url()), key("other", &other.url())],
    )
    .await;
    for _ in 0..6 {
        who(&gateway, "m").await;
    }
    assert_eq!((calls(&one), calls(&other)), (3, 3), "ties do not always go to the first");
}
