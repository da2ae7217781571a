//! What was imported and is only looked back on: use by day, and old logs.

use super::db::{Tx, on};
use super::import::{DailyUse, LogKind, OldRecord, UseOf};
use super::{Store, StoreError};

impl UseOf {
    fn column(self) -> &'static str {
        match self {
            UseOf::Backend => "backend",
            UseOf::Token => "token",
        }
    }
}

impl LogKind {
    fn column(self) -> &'static str {
        match self {
            LogKind::Request => "request",
            LogKind::Audit => "audit",
        }
    }
}

type UseColumns = (String, String, i64, i64, i64, i64, i64);

impl Store {
    /// The imported use of all backends or all tokens since a day of UTC, such as `2026-01-09`, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn imported_use(&self, of: UseOf, since: &str) -> Result<Vec<DailyUse>, StoreError> {
        let mut tx = self.db.read().await?;
        let found: Vec<UseColumns> = on!(&mut tx, conn => sqlx::query_as(
                "SELECT date, id, requests, failed, prompt_tokens, completion_tokens, total_tokens \
                 FROM usage_daily_imported WHERE kind = $1 AND date >= $2 ORDER BY date, id")
            .bind(of.column())
            .bind(since)
            .fetch_all(conn).await)?;
        Ok(found.into_iter().map(|columns| day(of, columns)).collect())
    }

    /// The imported use of one token since a day of UTC, oldest first. An id that is not known has none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn imported_use_of(&self, token: &str, since: &str) -> Result<Vec<DailyUse>, StoreError> {
        let mut tx = self.db.read().await?;
        let found: Vec<UseColumns> = on!(&mut tx, conn => sqlx::query_as(
                "SELECT date, id, requests, failed, prompt_tokens, completion_tokens, total_tokens \
                 FROM usage_daily_imported WHERE kind = 'token' AND id = $1 AND date >= $2 ORDER BY date")
            .bind(token)
            .bind(since)
            .fetch_all(conn).await)?;
        Ok(found.into_iter().map(|columns| day(UseOf::Token, columns)).collect())
    }

    /// At most `most` imported records of one log, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn imported_records(&self, kind: LogKind, most: u32) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_scalar(
                "SELECT record FROM log_imported WHERE kind = $1 ORDER BY at DESC, id LIMIT $2")
            .bind(kind.column())
            .bind(i64::from(most))
            .fetch_all(conn).await)?)
    }
}

fn day(of: UseOf, columns: UseColumns) -> DailyUse {
    let (date, id, requests, failed, prompt_tokens, completion_tokens, total_tokens) = columns;
    DailyUse { date, of, id, requests, failed, prompt_tokens, completion_tokens, total_tokens }
}

/// The Node program may have counted on after the last import: of two counts of a day the higher is the later.
const ADD_USE: &str = "\
    INSERT INTO usage_daily_imported (date, kind, id, requests, failed, prompt_tokens, completion_tokens, total_tokens) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (kind, id, date) DO UPDATE SET requests = excluded.requests, failed = excluded.failed, \
      prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, \
      total_tokens = excluded.total_tokens \
    WHERE excluded.requests > usage_daily_imported.requests";

/// Says of each day whether it is new, or has more requests than before.
pub(super) async fn add_usage(tx: &mut Tx, days: &[DailyUse]) -> Result<Vec<bool>, StoreError> {
    let mut added = Vec::with_capacity(days.len());
    for day in days {
        let changed = on!(tx, conn => sqlx::query(ADD_USE)
            .bind(&day.date)
            .bind(day.of.column())
            .bind(&day.id)
            .bind(day.requests)
            .bind(day.failed)
            .bind(day.prompt_tokens)
            .bind(day.completion_tokens)
            .bind(day.total_tokens)
            .execute(conn).await.map(|done| done.rows_affected()))?;
        added.push(changed > 0);
    }
    Ok(added)
}

/// Says of each record whether it is new.
pub(super) async fn add_records(tx: &mut Tx, records: &[OldRecord]) -> Result<Vec<bool>, StoreError> {
    let mut added = Vec::with_capacity(records.len());
    for record in records {
        let changed = on!(tx, conn => sqlx::query(
                "INSERT INTO log_imported (id, kind, at, record) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING")
            .bind(record.id.as_slice())
            .bind(record.kind.column())
            .bind(&record.at)
            .bind(&record.record)
            .execute(conn).await.map(|done| done.rows_affected()))?;
        added.push(changed > 0);
    }
    Ok(added)
}
