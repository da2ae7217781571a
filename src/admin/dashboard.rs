//! `/admin/api/dashboard`: everything at a glance. What was used comes from sums (`store::usage`), never from the log.

mod fleet;
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
use crate::store::{Rows, UseOf, Window};
use crate::telemetry::metrics::Process;

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
    let warnings = fields.end()?;
    let (records, sums) = admin.ledger.waiting();
    // What is shown is what was counted until now; if it cannot be written, what was written last.
    let _ = admin.reloader.write_totals().await;
    let is_written = admin.ledger.write_all(&admin.store).await.is_ok();
    let rows = admin.store.load_backends().await?;
    let mut answer = as_before(&admin, &rows).await?;
    let now = Timestamp::now();
    let spans = shown::Spans::until(now.as_second(), [MINUTES, hours, days]);
    let window = Window {
        minutes: spans.minutes.first(),
        hours: spans.hours.first(),
        days: spans.days.first(),
        most: TOP,
    };
    let overview = admin.store.overview(&window).await?;
    let snapshot = admin.reloader.current().load();
    let mut add = |name: &str, value: Value| answer[name] = value;
    add("time", json!(format!("{now:.3}")));
    shown::usage(&overview, &spans, &shown::Names { snapshot: &snapshot, rows: &rows }, &mut add);
    add("backends", fleet::backends(&rows, &snapshot));
    add("queue", fleet::queue(admin.reloader.room()));
    let unwritten = if is_written { (0, 0) } else { (records, sums) };
    add("ledger", json!({ "failing": !is_written, "records": unwritten.0, "sums": unwritten.1 }));
    let (rows_dropped, lines_dropped) = admin.ledger.journal.dropped();
    let spans_dropped = admin.ledger.traces().map_or(0, |traces| traces.dropped());
    let captures = admin.ledger.journal.captures.dropped();
    add(
        "drops",
        json!({ "spans": spans_dropped, "logRows": rows_dropped, "logLines": lines_dropped, "captures": captures }),
    );
    add("cautions", json!(cautions(&admin)));
    Ok(warned(answer, &warnings))
}

/// What is wrong now and seen nowhere else here; one sentence each.
fn cautions(admin: &Admin) -> Vec<String> {
    let exports = admin.ledger.traces().map(|traces| traces.exports()).unwrap_or_default();
    let failed = exports.failed;
    let why = exports.failing.map(|why| {
        format!("traces do not reach the collector {why}; exports that have failed since the start: {failed}")
    });
    why.into_iter().collect()
}

/// The seed's shape, as far as there is a source for it.
async fn as_before(admin: &Admin, rows: &Rows) -> Result<Value, AdminError> {
    let first = days::first(DAYS_BEFORE);
    let mut by_day = ByDay::default();
    for day in admin.store.imported_use(UseOf::Token, &first.to_string()).await? {
        by_day.add_imported(&day);
    }
    for day in admin.store.usage_by_day(days::begin(first)).await? {
        let counts = [day.requests, day.prompt_tokens, day.completion_tokens, day.cached_tokens];
        by_day.add(days::of_number(day.day), counts);
    }
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
