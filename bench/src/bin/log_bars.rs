//! `scripts/log-bars.sh`: what the request log costs when it holds a million rows. Numbers are printed and judged by
//! people; nothing fails here.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use ollama2openai::http::Outcome;
use ollama2openai::store::{LogBounds, LogFilter, Store};
use ollama2openai::telemetry::{Attempt, Consumer, Logged, Node, Record};
use tokio::sync::oneshot::error::TryRecvError;

const BATCH: usize = 1000;
const PAGE: usize = 200;
const ROUNDS: usize = 5;

/// Who asks and who serves.
struct Cast {
    tokens: Vec<Arc<Consumer>>,
    nodes: Vec<Arc<Node>>,
    models: Vec<Arc<str>>,
    begun: Timestamp,
}

impl Cast {
    fn new() -> Self {
        let token = |at| {
            Arc::new(Consumer { id: format!("token-id-of-36-characters-{at:010}").into(), name: "t".into() })
        };
        let node = |at: usize| {
            Arc::new(Node {
                backend: format!("backend-id-of-36-characters-{at:08}").into(),
                name: "b".into(),
                channel: format!("channel-id-of-36-characters-{:08}", at / 2).into(),
                channel_name: "c".into(),
            })
        };
        Cast {
            tokens: (0..500).map(token).collect(),
            nodes: (0..20).map(node).collect(),
            models: (0..30).map(|at| format!("model-{at}:70b").into()).collect(),
            begun: "2026-01-01T00:00:00Z".parse().expect("a time"),
        }
    }

    /// The record of this number: each by chance, but always the same.
    fn record(&self, number: u64) -> Record {
        let chance = scattered(number);
        let pick = |range: usize, shift: u32| (chance >> shift) as usize % range;
        let has_failed = chance.is_multiple_of(20);
        let node = &self.nodes[pick(self.nodes.len(), 8)];
        let failed = || Attempt {
            node: Arc::clone(node),
            outcome: Outcome::UpstreamStatus,
            status: None,
            reason: "the upstream answered 500: the runner has stopped".into(),
            took: Duration::from_millis(40),
        };
        let (outcome, status) = match has_failed {
            true => (Outcome::UpstreamStatus, 502),
            false => (Outcome::Ok, 200),
        };
        let id = format!("req_{chance:032x}");
        Record {
            id: id.parse().expect("hexadecimal digits"),
            at: self.begun + Duration::from_millis(number * 100),
            endpoint: "/v1/chat/completions",
            is_head: false,
            client: [10, 0, pick(4, 12) as u8, pick(200, 16) as u8].into(),
            consumer: Some(Arc::clone(&self.tokens[pick(self.tokens.len(), 24)])),
            model: Arc::clone(&self.models[pick(self.models.len(), 40)]),
            served: None,
            is_stream: true,
            node: (!has_failed).then(|| Arc::clone(node)),
            outcome,
            status,
            error: has_failed.then(|| format!("the runner has stopped ({})", pick(12, 50)).into()),
            calls: Vec::new(),
            attempts: has_failed.then(failed).into_iter().collect(),
            queued: Duration::ZERO,
            first: Some(Duration::from_millis(120)),
            own: Duration::from_micros(80),
            total: Duration::from_millis(1500),
            prompt: 300,
            completion: 120,
            cached: 0,
            source: Some("measured"),
            charged: None,
            gpu: Duration::from_millis(1100),
            is_known_model: true,
            kind: None,
            trace: None,
        }
    }
}

/// splitmix64.
fn scattered(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// As the ledger brings them: the JSON form is part of what a row costs.
fn logged(records: impl IntoIterator<Item = Record>) -> Vec<Logged> {
    let with_json = |record: Record| Logged { json: record.to_json().into(), record };
    records.into_iter().map(with_json).collect()
}

/// CPU time of this process, user and system.
fn cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn filters(cast: &Cast, rows: u64) -> Vec<(&'static str, LogFilter)> {
    let some = |text: &str| Some(text.to_owned());
    let known = cast.record(rows / 3);
    let token = known.consumer.as_ref().map(|consumer| consumer.id.to_string());
    let (backend, channel) = (some(&cast.nodes[3].backend), some(&cast.nodes[3].channel));
    let (model, any) = (some(&cast.models[3]), LogFilter::default());
    let at = |number: u64| Some(cast.begun + Duration::from_millis(number * 100));
    let none = some("nobody");
    vec![
        ("first page", any.clone()),
        ("a page in the middle", LogFilter { before: Some(rows as i64 / 2), ..any.clone() }),
        ("time: the newest hour", LogFilter { from: at(rows - rows.min(36_000)), ..any.clone() }),
        ("time: an early hour", LogFilter { from: at(40_000), to: at(76_000), ..any.clone() }),
        ("time: before everything", LogFilter { to: at(0), ..any.clone() }),
        ("token", LogFilter { token: token.clone(), ..any.clone() }),
        ("model", LogFilter { model: model.clone(), ..any.clone() }),
        ("backend", LogFilter { backend: backend.clone(), ..any.clone() }),
        ("channel", LogFilter { channel, ..any.clone() }),
        ("outcome", LogFilter { outcomes: Some(vec!["upstream_status".to_owned()]), ..any.clone() }),
        ("status", LogFilter { statuses: Some(vec![502]), ..any.clone() }),
        ("address", LogFilter { client: some("10.0.1.7"), ..any.clone() }),
        ("text in the error", LogFilter { text: some("STOPPED (7"), ..any.clone() }),
        ("request id", LogFilter { id: some(known.id.to_str().unwrap_or_default()), ..any.clone() }),
        (
            "token, model, backend",
            LogFilter { token: token.clone(), model: model.clone(), backend: backend.clone(), ..any.clone() },
        ),
        (
            "model, status, text",
            LogFilter { model, statuses: Some(vec![502]), text: some("runner"), ..any.clone() },
        ),
        ("token, an early hour", LogFilter { token, from: at(40_000), to: at(76_000), ..any.clone() }),
        ("none: token", LogFilter { token: none.clone(), ..any.clone() }),
        ("none: request id", LogFilter { id: none.clone(), ..any.clone() }),
        ("none: text", LogFilter { text: none, ..any.clone() }),
        (
            "none: backend, and failed well",
            LogFilter {
                backend,
                outcomes: Some(vec!["upstream_status".to_owned()]),
                statuses: Some(vec![200]),
                ..any.clone()
            },
        ),
        (
            "none: failed, and a wrong text",
            LogFilter { outcomes: Some(vec!["ok".to_owned()]), text: some("runner"), ..any },
        ),
    ]
}

async fn fill(store: &Store, cast: &Cast, rows: u64, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let (mut made, mut own, mut slowest) = (0, Duration::ZERO, Duration::ZERO);
    let begun = Instant::now();
    let before = cpu()?;
    while made < rows {
        let building = cpu()?;
        let batch: Vec<_> = (made..rows.min(made + BATCH as u64)).map(|number| cast.record(number)).collect();
        own += cpu()?.saturating_sub(building);
        let writing = Instant::now();
        let batch = logged(batch);
        store.log_requests(&batch).await?;
        slowest = slowest.max(writing.elapsed());
        made += batch.len() as u64;
    }
    let per_row = |time: Duration| time.as_secs_f64() * 1e6 / rows as f64;
    let used = cpu()?.saturating_sub(before).saturating_sub(own);
    writeln!(
        out,
        "write {rows} rows, {BATCH} at once: {:.2} us of CPU a row, {:.2} us by the clock, slowest batch {:.1} ms",
        per_row(used),
        per_row(begun.elapsed()),
        slowest.as_secs_f64() * 1e3
    )?;
    Ok(())
}

async fn ask(store: &Store, cast: &Cast, rows: u64, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    for (name, filter) in filters(cast, rows) {
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            found = store.request_log(&filter, PAGE).await?.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        writeln!(
            out,
            "{name:32} {found:4} rows  median {:6.1} ms  slowest {:6.1} ms",
            ms(times[ROUNDS / 2]),
            ms(times[ROUNDS - 1])
        )?;
    }
    Ok(())
}

/// Deletes half of it, while another writes.
async fn trim(store: &Store, cast: &Cast, rows: u64, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let batch = logged((0..10).map(|number| cast.record(number)));
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writing = async {
        let mut slowest = Duration::ZERO;
        while stopped.try_recv().is_err_and(|error| error == TryRecvError::Empty) {
            let begun = Instant::now();
            store.log_requests(&batch).await?;
            slowest = slowest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::Ok(slowest)
    };
    let bounds = LogBounds { since: None, rows: Some(rows as i64 / 2) };
    let (mut deleted, mut slices, mut slowest) = (0, 0_u32, Duration::ZERO);
    let all = Instant::now();
    let deleting = async {
        loop {
            let begun = Instant::now();
            let count = store.trim_request_log(&bounds).await?;
            slowest = slowest.max(begun.elapsed());
            if count == 0 {
                drop(stop);
                return anyhow::Ok(());
            }
            (deleted, slices) = (deleted + count, slices + 1);
        }
    };
    let (waited, done) = tokio::join!(writing, deleting);
    let (waited, ()) = (waited?, done?);
    writeln!(
        out,
        "delete {deleted} rows in {slices} slices, {:.1} s in all: slowest slice {:.1} ms; slowest write beside it {:.1} ms",
        all.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        waited.as_secs_f64() * 1e3
    )?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rows =
        std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse()).context("how many rows?")?;
    let folder = std::env::temp_dir().join(format!("ollama2openai-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut out = std::io::stdout();
    let store = Arc::new(Store::open(&folder, None).await?);
    let cast = Cast::new();
    fill(&store, &cast, rows, &mut out).await?;
    let size = std::fs::metadata(folder.join("ollama2openai.db"))?.len();
    writeln!(out, "the database has {} MB", size / 1_000_000)?;
    ask(&store, &cast, rows, &mut out).await?;
    trim(&store, &cast, rows, &mut out).await?;
    store.close_shared().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
