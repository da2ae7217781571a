//! `/admin/api/dashboard`: everything at a glance.

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
use crate::store::UseOf;
use crate::telemetry::metrics::Process;

/// Usage goes back so many days before today.
const DAYS: i64 = 7;

/// The seed's shape, as far as there is a source for it.
pub(super) async fn dashboard(
    State(admin): State<Arc<Admin>>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    let warnings = asked.nothing()?;
    // What is shown is what was counted until now; if it cannot be written, what was written last.
    let _ = admin.reloader.write_totals().await;
    let _ = admin.ledger.write_all(&admin.store).await;
    let rows = admin.store.load_backends().await?;
    let first = days::first(DAYS);
    let mut by_day = ByDay::default();
    for day in admin.store.imported_use(UseOf::Token, &first.to_string()).await? {
        by_day.add_imported(&day);
    }
    for day in admin.store.usage_by_day(days::begin(first)).await? {
        let counts = [day.requests, day.prompt_tokens, day.completion_tokens, day.cached_tokens];
        by_day.add(days::of_number(day.day), counts);
    }
    let keys = stats::summary(&admin, &rows).await?;
    let (registry, snapshot) = (admin.reloader.registry(), admin.reloader.current().load());
    let shown = json!({
        "keys": keys,
        "channels": view::channels_summary(&rows, registry),
        "tokens": tokens::summary(&snapshot, Timestamp::now()),
        "cache": admin.caches.report(),
        "metrics": metrics(&admin),
        "usage": by_day.shown(),
        "rateLimiter": rate_limiter(&snapshot),
        "accessControl": { "mode": access_control(&admin.reloader.settings())["mode"] },
    });
    Ok(warned(shown, &warnings))
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
