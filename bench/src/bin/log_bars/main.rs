//! `scripts/log-bars.sh`: what the request log costs when it holds a million rows, in the library and over HTTP. Numbers are
//! printed beside their bars and judged by people; nothing fails here. With `fill FOLDER UPSTREAM` it only leaves such a
//! database, with channels and tokens by the thousand, for `scripts/panel-bars.sh`.

mod cast;
mod fleet;
mod gateway;
mod http;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ollama2openai::store::{LogBounds, Store, UsageCounts, UsageKey};
use ollama2openai::telemetry::{Logged, Record};
use tokio::sync::oneshot::error::TryRecvError;

use cast::{Cast, filters};
use gateway::Gateway;

const ROWS: u64 = 1_000_000;
const BATCH: usize = 1000;
const PAGE: usize = 200;
pub(crate) const ROUNDS: usize = 5;
/// Kinds of usage of an hour that the dashboard adds up.
const KINDS: usize = 2000;
/// Hours of them.
const HOURS: i64 = 28;

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

/// Usage as a busy fleet leaves it, for the dashboard.
async fn use_it(store: &Store, cast: &Cast) -> anyhow::Result<()> {
    let this_hour = jiff::Timestamp::now().as_second() / 3600 * 3600;
    for hour in 0..HOURS {
        let kind = |nth: usize| {
            let node = &cast.nodes[nth % cast.nodes.len()];
            let key = UsageKey {
                minute: this_hour - hour * 3600,
                token: &cast.tokens[nth % cast.tokens.len()].id,
                model: &cast.models[nth / cast.tokens.len() % cast.models.len()],
                channel: &node.channel,
                backend: &node.backend,
                outcome: "ok",
            };
            (
                key,
                UsageCounts {
                    requests: 18,
                    prompt_tokens: 5400,
                    completion_tokens: 2160,
                    ..UsageCounts::default()
                },
            )
        };
        store.add_usage(&(0..KINDS).map(kind).collect::<Vec<_>>(), &[], &[]).await?;
    }
    Ok(())
}

/// Deletes all but so many rows, while another writes.
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
    let bounds = LogBounds { since: None, rows: Some(rows as i64) };
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

/// Leaves a database that is as full as the bars of the panel want it.
async fn leave(folder: &Path, upstream: &str) -> anyhow::Result<()> {
    let store = Store::open(folder, None).await?;
    let cast = Cast::new(ROWS);
    fleet::make(&store, upstream).await?;
    fill(&store, &cast, ROWS, &mut std::io::stdout()).await?;
    use_it(&store, &cast).await?;
    store.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if let [fill, folder, upstream] = &words[..]
        && fill == "fill"
    {
        return leave(folder.as_ref(), upstream).await;
    }
    let rows = words.first().map_or(Ok(ROWS), |text| text.parse()).context("how many rows?")?;
    let folder = std::env::temp_dir().join(format!("ollama2openai-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut out = std::io::stdout();
    let store = Arc::new(Store::open(&folder, None).await?);
    let cast = Cast::new(rows);
    fill(&store, &cast, rows, &mut out).await?;
    use_it(&store, &cast).await?;
    let size = std::fs::metadata(folder.join("ollama2openai.db"))?.len();
    writeln!(out, "the database has {} MB", size / 1_000_000)?;
    ask(&store, &cast, rows, &mut out).await?;
    store.close_shared().await;
    writeln!(out, "\nover HTTP, by a gateway on this database:")?;
    let gateway = Gateway::start(&folder)?;
    http::measure(&gateway, &filters(&cast, rows), rows, &mut out)?;
    drop(gateway);
    writeln!(out, "\nin the library again, of what is left:")?;
    let store = Store::open(&folder, None).await?;
    trim(&store, &cast, rows / 4, &mut out).await?;
    store.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
