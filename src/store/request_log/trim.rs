//! Deleting old rows of the request log, in slices so small that nobody who writes waits long.

use jiff::Timestamp;

use super::super::audit::{self, By, Entry};
use super::super::db::{Tx, on};
use super::super::{Store, StoreError};
use super::marks::block_of;

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
            Some(since) => after_old(&mut tx, since.as_millisecond()).await?.unwrap_or(first),
            None => first,
        };
        drop(tx);
        let end = by_rows.max(by_age).min(first + SLICE);
        if end <= first {
            return Ok(0);
        }
        self.delete_requests(end).await
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

    /// Deletes all rows before this one, and says how many.
    async fn delete_requests(&self, end: i64) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let rows = on!(&mut tx, conn => sqlx::query("DELETE FROM request_log WHERE seq < $1")
            .bind(end)
            .execute(conn).await.map(|done| done.rows_affected()))?;
        on!(&mut tx, conn => sqlx::query("DELETE FROM request_log_blocks WHERE block < $1")
            .bind(block_of(end))
            .execute(conn).await.map(drop))?;
        tx.commit().await?;
        Ok(rows)
    }
}

/// The first and the last row.
async fn ends(tx: &mut Tx) -> Result<Option<(i64, i64)>, StoreError> {
    // Each by itself is read off the index; both in one list would read all of it.
    let select = "SELECT (SELECT MIN(seq) FROM request_log), (SELECT MAX(seq) FROM request_log)";
    let (first, last): (Option<i64>, Option<i64>) =
        on!(tx, conn => sqlx::query_as(select).fetch_one(conn).await)?;
    Ok(first.zip(last))
}

/// The row behind the last of the oldest that is too old. Rows are about in the order of their times; one with a wrong time
/// goes with its neighbours.
async fn after_old(tx: &mut Tx, since: i64) -> Result<Option<i64>, StoreError> {
    let select = "SELECT MAX(seq) + 1 FROM (SELECT seq, at FROM request_log ORDER BY seq LIMIT $1) AS oldest \
        WHERE at < $2";
    Ok(on!(tx, conn => sqlx::query_scalar(select).bind(SLICE).bind(since).fetch_one(conn).await)?)
}
