//! Deletes captured requests that are too old.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::snapshot::Reloader;
use crate::store::Store;

/// Between two looks for what is too old, and between two slices of it.
const EVERY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
const HOUR: i64 = 3_600_000;

pub(super) async fn trim(reloader: Arc<Reloader>, store: Arc<Store>) {
    let mut was_good = true;
    loop {
        let kept = i64::from(reloader.settings().config.capture.retention_hours) * HOUR;
        let deleted = store.trim_captures(Timestamp::now().as_millisecond() - kept).await;
        if let Err(error) = &deleted
            && was_good
        {
            tracing::error!(%error, "old captured requests cannot be deleted");
        }
        was_good = deleted.is_ok();
        tokio::time::sleep(if deleted.is_ok_and(|deleted| deleted > 0) { PAUSE } else { EVERY }).await;
    }
}
