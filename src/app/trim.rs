//! Deletes usage of minutes that are over for long. Hours and days stay.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::store::Store;

/// How long minutes are kept.
const KEPT: i64 = 48 * 3600;
/// Between two looks for what is older.
const EVERY: Duration = Duration::from_secs(60);
/// Rows that are deleted at once, and the pause that leaves room for other writes.
const SLICE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(store: Arc<Store>) {
    let mut was_good = true;
    loop {
        let deleted = store.trim_minutes(Timestamp::now().as_second() - KEPT, SLICE).await;
        if let Err(error) = &deleted
            && was_good
        {
            tracing::error!(%error, "usage of old minutes cannot be deleted");
        }
        was_good = deleted.is_ok();
        let is_more = deleted.is_ok_and(|deleted| deleted >= u64::from(SLICE));
        tokio::time::sleep(if is_more { PAUSE } else { EVERY }).await;
    }
}
