//! Deleting old rows of the request log, in slices so small that nobody who writes waits long.

use jiff::Timestamp;

use super::super::audit::{self, By, Entry};
use super::super::db::{Tx, on};
use super::super::{Store, StoreError, meta};
use super::marks::block_of;
use super::packs;

/// Rows that are deleted at once.
const SLICE: i64 = 1000;

/// How much of the request log is kept; `None` is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogBounds {
    /// What was over before it goes.
    pub since: Option<Timestamp>,
    /// So many of the newest rows stay.
    pub rows: Option<i64>,
}

impl Store {
    /// Deletes some of the rows that are out of bounds, the oldest first, and says how many. 0 = there are none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn trim_request_log(&self, bounds: &LogBounds) -> Result<u64, StoreError> {
        let mut tx = self.db.read().await?;
        let Some((first, last)) = ends(&mut tx).await? else { return Ok(0) };
        let by_rows = bounds.rows.map_or(first, |rows| last.saturating_sub(rows) + 1);
        let by_age = match bounds.since {
            Some(since) => after_old(&mut tx, first, since.as_millisecond()).await?.unwrap_or(first),
            None => first,
        };
        drop(tx);
        let end = by_rows.max(by_age).min(first + SLICE);
        if end <= first {
            return Ok(0);
        }
        self.delete_requests(end).await?;
        Ok(end.abs_diff(first))
    }

    /// Deletes all rows of the request log that there are now, and what was imported of the Node program's. The audit
    /// stays, and tells of it.
    ///
    /// # Errors
    /// Those of the database; some rows may be gone then.
    pub async fn clear_request_log(&self, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let entry = Entry { action: "log.clear", object_kind: "log", ..Entry::default() };
        audit::write(&mut tx, by, &entry).await?;
        on!(&mut tx, conn => sqlx::query("DELETE FROM log_imported WHERE kind = 'request'")
            .execute(conn).await.map(drop))?;
        let found = ends(&mut tx).await?;
        tx.commit().await?;
        let Some((first, last)) = found else { return Ok(()) };
        let mut end = first;
        while end <= last {
            end = (end + SLICE).min(last + 1);
            self.delete_requests(end).await?;
        }
        Ok(())
    }

    /// Deletes all rows before this one.
    async fn delete_requests(&self, end: i64) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        packs::delete_before(&mut tx, end).await?;
        on!(&mut tx, conn => sqlx::query("DELETE FROM request_log_blocks WHERE block < $1")
            .bind(block_of(end))
            .execute(conn).await.map(drop))?;
        tx.commit().await
    }
}

/// The first and the last row.
async fn ends(tx: &mut Tx) -> Result<Option<(i64, i64)>, StoreError> {
    let first: Option<i64> =
        on!(tx, conn => sqlx::query_scalar("SELECT MIN(seq) FROM request_log_packs").fetch_one(conn).await)?;
    let last = meta::last_log_number(tx).await?;
    Ok(first.map(|first| (first, last)))
}

/// The row behind the last pack of a slice that is too old. Rows are about in the order of their times; one with a wrong time
/// goes with its neighbours.
async fn after_old(tx: &mut Tx, first: i64, since: i64) -> Result<Option<i64>, StoreError> {
    let select = "SELECT MAX(seq) FROM request_log_packs WHERE seq < $1 AND at < $2";
    let old: Option<i64> =
        on!(tx, conn => sqlx::query_scalar(select).bind(first + SLICE).bind(since).fetch_one(conn).await)?;
    let Some(old) = old else { return Ok(None) };
    let select = "SELECT MIN(seq) FROM request_log_packs WHERE seq > $1";
    let next: Option<i64> = on!(tx, conn => sqlx::query_scalar(select).bind(old).fetch_one(conn).await)?;
    let end = match next {
        Some(next) => next,
        None => meta::last_log_number(tx).await? + 1,
    };
    Ok(Some(end))
}
