//! After thousands of requests of all kinds at once, all accounts are equal.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ollama2openai::http::Outcome;
use serde_json::{Value, json};

use super::books::{Counts, SERVED, count, number, text};
use super::clients::{self, Seen};
use super::program::{Program, lines};
use super::upstreams::Fleet;
use super::{rare, scraped, spans, used};
use crate::support::wait::{DEADLINE, beside, pause, until};

const WAVES: usize = 5;
const CLIENTS: usize = 8;
const EACH: usize = 125;
/// Without the rare ones.
const REQUESTS: usize = WAVES * CLIENTS * EACH;
/// Rows of a page.
const PAGE: usize = 700;

/// What one client sees.
async fn one(addr: SocketAddr, first: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    for nth in 0..EACH {
        seen.push(clients::send(addr, clients::ask(first + nth * CLIENTS)).await);
    }
    seen
}

/// Everybody sends at once; gives what was seen.
async fn traffic(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for wave in 0..WAVES {
        let first = wave * CLIENTS * EACH;
        let clients: Vec<_> = (0..CLIENTS).map(|client| beside(one(program.addr, first + client))).collect();
        if wave == 0 {
            seen.extend(rare::seen(program, fleet).await);
        }
        for client in clients {
            seen.extend(client.value().await);
        }
    }
    // Those whose client has left are over a moment later.
    let end = Instant::now() + DEADLINE;
    while program.scrape().await.sum("ollama2openai_active_connections", &[]) > 0.0 {
        assert!(Instant::now() < end, "a request has no end");
        pause(Duration::from_millis(20)).await;
    }
    seen
}

/// All rows of the request log, the newest first, as pages have them.
async fn rows(program: &Program) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    let mut path = format!("/logs?type=request&limit={PAGE}");
    loop {
        let mut page = program.get(&path).await;
        rows.append(page["logs"].as_array_mut().unwrap());
        let Some(next) = page["nextCursor"].as_str() else { break };
        path = format!("/logs?type=request&limit={PAGE}&cursor={next}");
    }
    rows
}

fn by_id(records: &[Value]) -> BTreeMap<&str, &Value> {
    let by_id: BTreeMap<_, _> = records.iter().map(|record| (text(record, "id"), record)).collect();
    assert_eq!(by_id.len(), records.len(), "each request is told once");
    by_id
}

/// Of thousands, the first that differs is enough.
fn same(one: &[Value], other: &[Value], what: &str) {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    assert_eq!((differs, one.len()), (None, other.len()), "{what}");
}

/// Each request is in the log as its client has seen it.
fn clients_agree(seen: &[Seen], rows: &[Value]) {
    assert_eq!(seen.len(), rows.len());
    let rows = by_id(rows);
    for seen in seen {
        let row = rows.get(seen.id.as_str()).unwrap_or_else(|| panic!("{seen:?} is not there"));
        let told = (number(row, "status"), text(row, "outcome"), text(row, "endpoint"), text(row, "ip"));
        let known = (u64::from(seen.status), seen.outcome, seen.endpoint, seen.address.as_str());
        assert_eq!(told, known, "{seen:?}: {row}");
        // The limit of addresses comes before it is known who asks.
        let is_too_early = text(row, "errorKind") == "rate_limit_ip";
        let token = seen.token.filter(|_| !is_too_early).unwrap_or_default();
        assert_eq!(text(row, "tokenName"), token, "{seen:?}: {row}");
        let used = (number(row, "promptTokens"), number(row, "completionTokens"));
        match (seen.usage, seen.outcome) {
            (Some(usage), _) => assert_eq!(used, usage, "{seen:?}: {row}"),
            // What was begun costs what was seen of it, which nobody has told its client.
            (None, "client_gone") if row.get("backendId").is_some() => {
                assert_eq!(row["usageSource"], "partial", "{seen:?}: {row}")
            }
            (None, outcome) if outcome != "ok" && seen.has_content => {
                assert_eq!(row["usageSource"], "partial", "{seen:?}: {row}")
            }
            // A stream that was not asked for its counts.
            (None, "ok") => assert!(row["stream"] == true || used == (0, 0), "{seen:?}: {row}"),
            (None, _) => assert_eq!(used, (0, 0), "{seen:?}: {row}"),
        }
        let (cached, all) = (number(row, "cachedTokens"), used.0 + used.1);
        let is_as_told = match seen.cache.as_deref() {
            Some("HIT") => cached == all && all > 0,
            Some("PARTIAL") => 0 < cached && cached < all,
            _ => cached == 0,
        };
        assert!(is_as_told, "{seen:?}: {row}");
    }
}

/// Each line of the log says what the row says.
fn log_agrees(log: &[Value], rows: &[Value]) {
    assert_eq!(log.len(), rows.len());
    let log = by_id(log);
    for row in rows {
        let line = log.get(text(row, "id")).unwrap_or_else(|| panic!("no line of {row}"));
        let names = [
            ("endpoint", "endpoint"),
            ("client", "ip"),
            ("token", "tokenName"),
            ("model", "model"),
            ("stream", "stream"),
            ("status", "status"),
            ("outcome", "outcome"),
            ("first_token_ms", "firstTokenMs"),
            ("total_ms", "duration"),
            ("usage_source", "usageSource"),
            ("error", "error"),
            ("backend", "backendName"),
        ];
        for (in_line, in_row) in names {
            assert_eq!(line.get(in_line), row.get(in_row), "{in_line}: {line}: {row}");
        }
        for (in_line, in_row) in
            [("prompt_tokens", "promptTokens"), ("completion_tokens", "completionTokens")]
        {
            assert_eq!(number(line, in_line), number(row, in_row), "{line}: {row}");
        }
        let is_cached = number(row, "cachedTokens") > 0 && row["cachedTokens"] == row["tokens"];
        assert_eq!(line.get("cached"), Some(&json!(true)).filter(|_| is_cached), "{line}: {row}");
    }
}

/// Rows with what they do not tell outright: whether a backend has served, or the last attempt has failed as the request
/// did.
fn marked(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        let last = row["attempts"].as_array().and_then(|attempts| attempts.last());
        let is_last =
            |last: &Value| last["backendId"] == row["backendId"] && last["outcome"] == row["outcome"];
        let is_served = row.get("backendId").is_some() && !last.is_some_and(is_last);
        row[SERVED] = is_served.into();
    }
    rows
}

/// What has to happen for this to prove anything: each outcome, each limit, and each reason to ask another backend.
fn all_kinds_were_there(rows: &[Value]) {
    let outcomes = count(rows, |row| Some(text(row, "outcome").to_owned()));
    println!("{outcomes:?}");
    let are_there = |counts: &Counts, kinds: &[&str], least: u64| {
        for kind in kinds {
            assert!(counts.get(*kind).is_some_and(|count| *count >= least), "{kind}: {counts:?}");
        }
    };
    are_there(&outcomes, &Outcome::ALL.map(Outcome::as_str), 3);
    are_there(&outcomes, &["unauthorized", "rate_limited", "quota", "upstream_status"], 30);
    let kinds = count(rows, |row| Some(text(row, "errorKind").to_owned()));
    are_there(&kinds, &["rate_limit_global", "rate_limit_ip", "rate_limit_token", "tokens_per_minute"], 10);
    are_there(&kinds, &["concurrency_limit_exceeded", "shutting_down"], 3);
    let saved: Vec<_> = rows.iter().filter(|row| row["outcome"] == "ok").collect();
    let saved: Vec<_> =
        saved.iter().flat_map(|row| row["attempts"].as_array().into_iter().flatten()).collect();
    let reasons = count(&saved, |attempt| Some(text(attempt, "outcome").to_owned()));
    println!("saved: {reasons:?}");
    are_there(&reasons, &["overloaded"], 30);
    are_there(&reasons, &["upstream_connect", "timeout"], 1);
}

/// What the running program tells is what its clients have seen.
async fn it_agrees(program: &Program, fleet: &Fleet, seen: &[Seen]) -> Vec<Value> {
    let rows = rows(program).await;
    assert!(rows.len() > REQUESTS);
    let exported = lines(&program.called("/admin/api/logs/export").await.text());
    same(&exported, &rows, "the export is the list");
    let shown = used::Shown::by(program).await;
    let page = program.scrape().await;
    clients_agree(seen, &rows);
    until("the log is written", || program.log_lines() == rows.len()).await;
    let log = program.log();
    log_agrees(&log, &rows);
    let rows = marked(rows);
    shown.agrees(&rows);
    scraped::agrees(&page, &rows);
    scraped::caches_agree(&page, seen);
    let told = scraped::asked(&page);
    for (machine, asked) in fleet.asked() {
        assert_eq!(told.get(&machine), Some(&asked), "{machine} was asked as often as is told");
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_requests_of_all_kinds_are_the_same_numbers_everywhere() {
    let fleet = Arc::new(Fleet::start().await);
    let mut program = Program::start(&fleet).await;
    let began = Instant::now();
    let mut seen = traffic(&program, &fleet).await;
    println!("{} requests: {:?}", seen.len(), began.elapsed());
    let before = it_agrees(&program, &fleet, &seen).await;
    program.stop();
    program.ended().await;
    program.again().await;
    seen.extend(rare::cut(&program, &fleet).await);
    program.ended().await;
    let (log, file) = (program.log(), program.file());
    program.again().await;
    let rows = rows(&program).await;
    let mut in_file = rows.clone();
    in_file.reverse();
    in_file.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("seq")));
    same(&file, &in_file, "the file is the list");
    all_kinds_were_there(&rows);
    clients_agree(&seen, &rows);
    log_agrees(&log, &rows);
    let rows = marked(rows);
    same(&before, &rows[rows.len() - before.len()..], "what was told before the end is kept");
    used::Shown::by(&program).await.agrees(&rows);
    spans::agree(&fleet.spans(), &rows);
    println!("all: {:?}", began.elapsed());
}
