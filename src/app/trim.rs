//! Deletes what is too old: usage of minutes, rows of the request log, captured requests. Hours and days of usage stay.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::config::Log;
use crate::snapshot::Reloader;
use crate::store::{LogBounds, Store, StoreError};

/// How long minutes of usage are kept.
const MINUTES: SignedDuration = SignedDuration::from_hours(48);
/// Minutes of usage that are deleted at once.
const MINUTES_AT_ONCE: u32 = 500;
/// Between two looks for what is too old.
const EVERY: Duration = Duration::from_secs(10);
/// Between two slices, so that others who write have their turn.
const PAUSE: Duration = Duration::from_millis(20);

/// Usage of minutes.
pub(super) async fn minutes(store: Arc<Store>) {
    let slice =
        async move || store.trim_minutes((Timestamp::now() - MINUTES).as_second(), MINUTES_AT_ONCE).await;
    slices("usage of old minutes", slice).await;
}

/// What the request log holds beyond its bounds.
pub(super) async fn requests(reloader: Arc<Reloader>, store: Arc<Store>) {
    let slice = async move || {
        let bounds = bounds(&reloader.settings().config.log, Timestamp::now());
        store.trim_request_log(&bounds).await
    };
    slices("old rows of the request log", slice).await;
}

/// Captured requests.
pub(super) async fn captures(reloader: Arc<Reloader>, store: Arc<Store>) {
    let slice = async move || {
        let kept = SignedDuration::from_hours(reloader.settings().config.capture.retention_hours.into());
        store.trim_captures((Timestamp::now() - kept).as_millisecond()).await
    };
    slices("old captured requests", slice).await;
}

/// Deletes slice by slice, for ever. `slice` gives how much it has deleted; a failure is told once, unless the database
/// is only busy: the ledger tells of that.
async fn slices(what: &'static str, mut slice: impl AsyncFnMut() -> Result<u64, StoreError>) {
    let mut was_good = true;
    loop {
        let deleted = slice().await;
        if let Err(error) = &deleted
            && was_good
            && !matches!(error, StoreError::Locked)
        {
            tracing::error!(%error, "{what} cannot be deleted");
        }
        was_good = deleted.is_ok();
        sleep(if deleted.is_ok_and(|deleted| deleted > 0) { PAUSE } else { EVERY }).await;
    }
}

fn bounds(log: &Log, now: Timestamp) -> LogBounds {
    let age = log.retention_days.map(|days| SignedDuration::from_hours(i64::from(days) * 24));
    LogBounds {
        since: age.and_then(|age| now.checked_sub(age).ok()),
        rows: log.max_rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)),
    }
}
