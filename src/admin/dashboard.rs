//! `/admin/api/dashboard`: everything at a glance. What was used comes from sums (`store::usage`), never from the log.

mod attention;
mod fleet;
mod kept;
mod range;
mod shown;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::asked::Asked;
use super::days::{self, ByDay};
use super::error::AdminError;
use super::shown_settings::{access_control, rate_limiter};
use super::sign_in::warned;
use super::{Admin, stats, tokens, view};
use crate::ledger::{Trouble, Waiting};
use crate::store::{Rows, UseOf, Window};
use crate::telemetry::Losses;
use crate::telemetry::metrics::Process;
pub(super) use attention::{KINDS, SEVERITIES};
pub use kept::Kept;
pub(super) use range::RANGES;
use range::Range;

/// The seed's usage goes back so many days before today.
const DAYS_BEFORE: i64 = 7;
/// Minutes that are shown, the one that runs included.
const MINUTES: i64 = 60;
/// Hours that are shown, and days of UTC, those that run included, unless the call says how many.
const HOURS: i64 = 48;
const DAYS: i64 = 30;
const MOST_HOURS: i64 = 31 * 24;
const MOST_DAYS: i64 = 366;
/// Models, tokens and backends that are told apart.
const TOP: u32 = 10;

/// The seed's members, and all else that the panel's first page shows.
pub(super) async fn dashboard(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let hours = fields.number("hours", 1, MOST_HOURS).unwrap_or(HOURS);
    let days = fields.number("days", 1, MOST_DAYS).unwrap_or(DAYS);
    let now = Timestamp::now();
    let range = Range::read(&mut fields, now.as_second());
    let warnings = fields.end()?;
    // What is shown is what was counted until now, be it written or not.
    let (rows, unwritten) = admin.counted_backends().await?;
    let spans = shown::Spans::until(now.as_second(), [MINUTES, hours, days]);
    let window = Window {
        minutes: spans.minutes.first(),
        hours: spans.hours.first(),
        days: spans.days.first(),
        most: TOP,
    };
    let mut overview = admin.store.overview(&window).await?;
    let mut in_range = match range {
        Some(range) => Some((range, admin.store.stretch(&range.stretch(TOP)).await?)),
        None => None,
    };
    let mut by_day = by_day(&admin).await?;
    // What was written meanwhile would be counted twice.
    if let Some(unwritten) = unwritten.as_ref().filter(|unwritten| admin.ledger.is_still(unwritten)) {
        let (minutes, errors) = (unwritten.minutes(), unwritten.errors());
        overview.add(&window, &minutes, &errors);
        if let Some((range, used)) = &mut in_range {
            used.add(&range.stretch(TOP), &minutes, &errors);
        }
        minutes.iter().for_each(|(key, counts)| by_day.add_minute(key, counts));
    }
    let mut answer = as_before(&admin, &rows, by_day).await?;
    let snapshot = admin.reloader.current().load();
    let mut add = |name: &str, value: Value| answer[name] = value;
    add("time", json!(format!("{now:.3}")));
    let names = shown::Names { snapshot: &snapshot, rows: &rows };
    shown::usage(&overview, &spans, &names, &mut add);
    if let Some((range, used)) = &in_range {
        add("range", range.shown(used, &names));
    }
    add("backends", fleet::backends(&rows, &snapshot));
    add("queue", fleet::queue(admin.reloader.room()));
    let trouble = admin.ledger.trouble();
    add("ledger", ledger(&admin, trouble.as_ref()));
    add("drops", drops_since_start(&admin));
    let (drops, disk) = (Drops::of_now(&admin), admin.ledger.journal.disk_trouble());
    let facts = attention::Facts { now, trouble, drops, disk };
    add("attention", attention::shown(&admin, &snapshot, facts).await?);
    Ok(warned(answer, &warnings))
}

/// What is being dropped.
#[derive(Debug, Clone, Copy)]
struct Drops {
    spans: Option<Losses>,
    rows: Option<Losses>,
    lines: Option<Losses>,
    captures: Option<Losses>,
}

impl Drops {
    fn of_now(admin: &Admin) -> Drops {
        let journal = &admin.ledger.journal;
        let (rows, lines) = journal.losses();
        let spans = admin.ledger.traces().and_then(|traces| traces.losses());
        Drops { spans, rows, lines, captures: journal.captures.losses() }
    }
}

fn drops_since_start(admin: &Admin) -> Value {
    let journal = &admin.ledger.journal;
    let (rows, lines) = journal.dropped();
    let spans = admin.ledger.traces().map_or(0, |traces| traces.dropped());
    json!({ "spans": spans, "logRows": rows, "logLines": lines, "captures": journal.captures.dropped() })
}

/// What waits for the database, if it cannot be written.
fn ledger(admin: &Admin, trouble: Option<&Trouble>) -> Value {
    let waiting = trouble.map(|_| admin.ledger.all_waiting()).unwrap_or_default();
    let Waiting { records, sums, rows, .. } = waiting;
    json!({
        "failing": trouble.is_some(),
        "since": trouble.map(|trouble| format!("{:.3}", trouble.since)),
        "records": records,
        "sums": sums,
        "rows": rows,
    })
}

/// By day of everybody, as the database has it.
async fn by_day(admin: &Admin) -> Result<ByDay, AdminError> {
    let first = days::first(DAYS_BEFORE);
    let mut by_day = ByDay::default();
    for day in admin.store.imported_use(UseOf::Token, &first.to_string()).await? {
        by_day.add_imported(&day);
    }
    for day in admin.store.usage_by_day(days::begin(first)).await? {
        let counts = [day.requests, day.prompt_tokens, day.completion_tokens, day.cached_tokens];
        by_day.add(days::of_number(day.day), counts);
    }
    Ok(by_day)
}

/// The seed's shape, as far as there is a source for it.
async fn as_before(admin: &Admin, rows: &Rows, by_day: ByDay) -> Result<Value, AdminError> {
    let keys = stats::summary(admin, rows).await?;
    let (registry, snapshot) = (admin.reloader.registry(), admin.reloader.current().load());
    Ok(json!({
        "keys": keys,
        "channels": view::channels_summary(rows, registry),
        "tokens": tokens::summary(&snapshot, Timestamp::now()),
        "cache": admin.caches.report(),
        "metrics": metrics(admin),
        "usage": by_day.shown(),
        "rateLimiter": rate_limiter(&snapshot),
        "accessControl": { "mode": access_control(&admin.reloader.settings())["mode"] },
    }))
}

/// What the process tells of itself, from the counts of `/metrics`. There is no heap as the Node program has one.
pub(super) fn metrics(admin: &Admin) -> Value {
    admin.ledger.tell();
    let counts = &admin.ledger.metrics;
    let mut shown = json!({
        "uptime": admin.started.elapsed().as_secs(),
        "requests": counts.requests_total(),
        "activeConnections": counts.requests.count(),
        "activeStreams": counts.streams.count(),
    });
    if let Some(process) = Process::look() {
        shown["memory"] = json!({ "rss": process.resident.div_ceil(1 << 20) });
    }
    shown
}
