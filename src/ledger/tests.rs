use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;

use super::*;
use crate::config::TokenHash;
use crate::http::Outcome;
use crate::store::{By, NewToken};
use crate::telemetry::{Consumer, JournalRules, Naming, Node};

fn record(token: &str, prompt: u64) -> Record {
    Record {
        id: http::HeaderValue::from_static("req_1"),
        at: "2026-05-20T12:34:56Z".parse().unwrap(),
        endpoint: "/v1/chat/completions",
        is_head: false,
        client: [127, 0, 0, 1].into(),
        consumer: Some(Arc::new(Consumer { id: token.into(), name: token.into() })),
        model: "m".into(),
        naming: Naming::Listed,
        counted: "m".into(),
        is_stream: false,
        node: node("b"),
        outcome: Outcome::Ok,
        status: 200,
        kind: None,
        error: None,
        served: None,
        calls: Vec::new(),
        attempts: Vec::new(),
        queued: Duration::ZERO,
        first: None,
        own: Duration::ZERO,
        total: Duration::ZERO,
        prompt,
        completion: 1,
        cached: 0,
        gpu: Duration::ZERO,
        source: None,
        charged: Some((date(2026, 5, 1), prompt + 1)),
        trace: None,
    }
}

fn node(backend: &str) -> Option<Arc<Node>> {
    let [channel, channel_name] = Default::default();
    Some(Arc::new(Node { backend: backend.into(), name: backend.into(), channel, channel_name }))
}

fn ledger() -> Arc<Ledger> {
    let rules = JournalRules { recent: 0, has_rows: false, has_file: false };
    Arc::new(Ledger::new(Arc::new(Journal::new(rules)), None))
}

async fn store(home: &tempfile::TempDir) -> Arc<Store> {
    let store = Store::open(home.path(), None).await.unwrap();
    let new = NewToken { id: Some("t".to_owned()), ..NewToken::new("t", TokenHash::of(b"t"), "", "") };
    store.create_tokens(&[new], &By::cli()).await.unwrap();
    Arc::new(store)
}

#[tokio::test]
async fn more_than_the_queue_holds_is_added_up_and_written_once() {
    let home = tempfile::tempdir().unwrap();
    let (store, ledger) = (store(&home).await, ledger());
    let all = 2 * QUEUE as u64 + 5;
    (0..all).for_each(|_| ledger.push(record("t", 2)));
    assert!(lock(&ledger.queue).len() < QUEUE, "the queue has an end");
    ledger.write_all(&store).await.unwrap();
    ledger.write_all(&store).await.unwrap();
    let usage = store.usage_since(0).await.unwrap();
    let all = i64::try_from(all).unwrap();
    assert_eq!(usage.len(), 1);
    assert_eq!(
        (usage[0].counts.requests, usage[0].counts.prompt_tokens, usage[0].counts.completion_tokens),
        (all, 2 * all, all)
    );
    assert_eq!(usage[0].counts.latency.0.iter().sum::<i64>(), all);
    assert_eq!(usage[0].hour % 3600, 0);
    let token = store.token("t").await.unwrap();
    assert_eq!((token.quota_used, token.quota_month.as_deref()), (3 * all, Some("2026-05-01")));
    assert_eq!((token.totals.total_requests, token.totals.total_tokens), (all, 3 * all));
}

#[tokio::test]
async fn what_cannot_be_written_is_written_later_and_once() {
    let home = tempfile::tempdir().unwrap();
    let (first, ledger) = (store(&home).await, ledger());
    ledger.push(record("t", 2));
    ledger.push(record("gone", 2));
    first.close_shared().await;
    ledger.write_all(&first).await.unwrap_err();
    let [total, late] = [3, 300].map(Duration::from_secs);
    ledger.push(Record {
        outcome: Outcome::Timeout,
        charged: None,
        total,
        first: Some(late),
        ..record("t", 7)
    });
    ledger.write_all(&first).await.unwrap_err();
    let again = Arc::new(Store::open(home.path(), None).await.unwrap());
    ledger.write_all(&again).await.unwrap();
    ledger.write_all(&again).await.unwrap();
    let token = again.token("t").await.unwrap();
    assert_eq!((token.quota_used, token.totals.total_requests, token.totals.failed_requests), (3, 2, 1));
    let usage = again.usage_since(0).await.unwrap();
    assert_eq!(usage.len(), 3, "usage of a token that is gone stays");
    let slow = usage.iter().find(|row| row.outcome == "timeout").unwrap();
    assert_eq!((slow.counts.latency.0[6], slow.counts.first.0[13]), (1, 1), "{slow:?}");
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_any_more_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (store, ledger) = (store(&home).await, ledger());
    for _ in 0..20 {
        ledger.push(record("t", 2));
        let left = ledger.write_all(&store);
        tokio::select! { biased; _ = left => {}, () = tokio::task::yield_now() => {} }
    }
    ledger.write_all(&store).await.unwrap();
    assert_eq!(store.token("t").await.unwrap().quota_used, 60);
}

#[tokio::test]
async fn of_many_kinds_of_usage_each_has_its_turn() {
    let home = tempfile::tempdir().unwrap();
    let (store, ledger) = (store(&home).await, ledger());
    let nodes: Vec<_> = (0..8).map(|at| node(&format!("b{at}"))).collect();
    let record = |at: usize| Record { node: nodes[at].clone(), ..record("t", 1) };
    for round in 1..=4 {
        (0..8).for_each(|at| ledger.push(record(at)));
        ledger.write(&store, 2).await.unwrap();
        assert_eq!(store.usage_since(0).await.unwrap().len(), 2 * round);
        let token = store.token("t").await.unwrap();
        assert_eq!(token.totals.total_requests, 8 * i64::try_from(round).unwrap(), "tokens do not wait");
    }
    ledger.write(&store, 2).await.unwrap();
    ledger.push(record(0));
    (4..8).for_each(|at| ledger.push(record(at)));
    ledger.write_all(&store).await.unwrap();
    let usage = store.usage_since(0).await.unwrap();
    assert_eq!(usage.iter().map(|row| row.counts.requests).sum::<i64>(), 4 * 8 + 5, "{usage:?}");
}

#[tokio::test]
async fn a_month_that_is_over_does_not_count_for_the_next() {
    let home = tempfile::tempdir().unwrap();
    let (store, ledger) = (store(&home).await, ledger());
    ledger.push(Record { charged: Some((date(2026, 6, 1), 10)), ..record("t", 9) });
    ledger.push(Record { charged: Some((date(2026, 5, 1), 100)), ..record("t", 99) });
    ledger.write_all(&store).await.unwrap();
    let token = store.token("t").await.unwrap();
    assert_eq!((token.quota_used, token.quota_month.as_deref()), (10, Some("2026-06-01")));
    assert_eq!(token.totals.total_tokens, 110);
}

#[test]
fn names_that_clients_make_up_do_not_fill_the_memory() {
    let (mut sums, record) = (Sums::default(), record("t", 1));
    let made_up = |at: u64| Record { counted: format!("model-{at}").into(), ..record.clone() };
    sums.add_all(&(0..30_000).map(made_up).collect::<Vec<_>>());
    assert!(sums.kinds() <= 20_001);
    assert_eq!(sums.minutes().iter().map(|(_, counts)| counts.requests).sum::<i64>(), 30_000);
}

#[test]
fn while_nothing_can_be_written_memory_has_an_end_and_nothing_is_lost() {
    let mut sums = Sums::default();
    let at = |nth: i64| jiff::Timestamp::from_second(1_780_000_000 + nth * 60).unwrap();
    let record = |nth: i64| Record {
        at: at(nth),
        counted: format!("m{nth}").into(),
        node: node(&format!("b{nth}")),
        kind: Some("model_not_found"),
        ..record(&format!("t{nth}"), 2)
    };
    sums.add_all(&(0..70_000).map(record).collect::<Vec<_>>());
    // Of those beyond, each hour is told apart.
    assert!(sums.kinds() <= 60_000 + 70_000 / 60, "{}", sums.kinds());
    assert!(sums.errors().len() <= 20_000 + 70_000 / 60, "{}", sums.errors().len());
    let minutes = sums.minutes();
    assert_eq!(minutes.iter().map(|(_, counts)| counts.requests).sum::<i64>(), 70_000);
    assert_eq!(minutes.iter().map(|(_, counts)| counts.prompt_tokens).sum::<i64>(), 140_000);
    assert_eq!(sums.errors().iter().map(|error| error.requests).sum::<i64>(), 70_000);
    assert_eq!(sums.tokens().len(), 70_000, "quotas stay exact");
}

#[test]
fn what_two_snapshots_call_the_same_is_written_once() {
    let mut sums = Sums::default();
    sums.add_all(&[record("t", 1), record("t", 2), record("u", 4)]);
    assert_eq!(sums.kinds(), 3, "each record has a consumer of its own");
    let prompts: Vec<_> =
        sums.minutes().iter().map(|(key, counts)| (key.token.to_owned(), counts.prompt_tokens)).collect();
    assert_eq!(prompts, [("t".to_owned(), 3), ("u".to_owned(), 4)]);
}
