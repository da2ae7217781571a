//! What was used, by token, by day and by backend.

use super::UsageRow;
use super::fold::{DAY, Kind};
use crate::store::db::{on, starred};
use crate::store::{Store, StoreError};

/// What a token has used in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct HourlyUse {
    /// Its first second, since 1970.
    pub hour: i64,
    pub requests: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    /// Of both: those that came from a cache.
    pub cached_tokens: i64,
}

/// What was used in a day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct DayUse {
    /// Days since 1970.
    pub day: i64,
    pub requests: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    /// Of both: those that came from a cache.
    pub cached_tokens: i64,
}

/// What a backend has done in a day of UTC.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct BackendDay {
    /// Days since 1970.
    pub day: i64,
    /// Its id.
    pub backend: String,
    pub requests: i64,
    pub failed: i64,
    /// Of prompts and replies.
    pub tokens: i64,
}

const OF_TOKEN: &str = "\
    SELECT hour, CAST(SUM(requests) AS BIGINT) AS requests, CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, \
      CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens, \
      CAST(SUM(cached_tokens) AS BIGINT) AS cached_tokens \
    FROM usage_hourly WHERE token = $1 AND hour >= $2 GROUP BY hour ORDER BY hour";

const BY_DAY: &str = "\
    SELECT start / 86400 AS day, requests, prompt_tokens, completion_tokens, cached_tokens \
    FROM usage_sums WHERE span = $1 AND kind = $2 AND start >= $3 ORDER BY start";

const OF_BACKENDS: &str = "\
    SELECT start / 86400 AS day, id AS backend, requests, failed, prompt_tokens + completion_tokens AS tokens \
    FROM usage_sums WHERE span = $1 AND kind = $2 AND start >= $3 AND id <> '' ORDER BY start, id";

impl Store {
    /// All usage by hours since that second, in no order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn usage_since(&self, second: i64) -> Result<Vec<UsageRow>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => starred("SELECT * FROM usage_hourly WHERE hour >= $1")
            .bind(second)
            .fetch_all(conn).await)?)
    }

    /// The same by minutes, as far as they are kept. `hour` is the first second of the minute.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn minutes_since(&self, second: i64) -> Result<Vec<UsageRow>, StoreError> {
        let select = "SELECT *, minute AS hour FROM usage_minute WHERE minute >= $1";
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => starred(select).bind(second).fetch_all(conn).await)?)
    }

    /// What a token has used since that second, in order. Hours without use have none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn token_usage(&self, id: &str, second: i64) -> Result<Vec<HourlyUse>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_as(OF_TOKEN).bind(id).bind(second).fetch_all(conn).await)?)
    }

    /// What everybody together has used by day, since the beginning of a day of UTC. Days without use have none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn usage_by_day(&self, second: i64) -> Result<Vec<DayUse>, StoreError> {
        let mut tx = self.db.read().await?;
        let kind = Kind::All.as_str();
        Ok(
            on!(&mut tx, conn => sqlx::query_as(BY_DAY).bind(DAY).bind(kind).bind(second).fetch_all(conn).await)?,
        )
    }

    /// What each backend has done by day, since the beginning of a day of UTC.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn backend_usage(&self, second: i64) -> Result<Vec<BackendDay>, StoreError> {
        let mut tx = self.db.read().await?;
        let kind = Kind::Backend.as_str();
        Ok(on!(&mut tx, conn => sqlx::query_as(OF_BACKENDS)
            .bind(DAY)
            .bind(kind)
            .bind(second)
            .fetch_all(conn).await)?)
    }
}
