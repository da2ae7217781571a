//! What was used: by hours, and in the totals of tokens.

use super::db::{AT_ONCE, Tx, on, places};
use super::token_rows::TokenUse;
use super::{Store, StoreError, tokens};

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey<'r> {
    /// The first second of its hour, since 1970.
    pub hour: i64,
    /// Id of a token, or another word for who asked; may be empty, as all that follow.
    pub token: &'r str,
    pub model: &'r str,
    /// Its id.
    pub channel: &'r str,
    /// Its id.
    pub backend: &'r str,
    pub outcome: &'r str,
}

/// How much it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageCounts {
    pub requests: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    /// Of both: those that came from a cache.
    pub cached_tokens: i64,
}

impl UsageCounts {
    /// Adds to each of them.
    pub fn add(&mut self, other: &UsageCounts) {
        let sums = [
            (&mut self.requests, other.requests),
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
        ];
        sums.into_iter().for_each(|(sum, more)| *sum = sum.saturating_add(more));
    }
}

/// Usage of an hour, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageRow {
    pub hour: i64,
    pub token: String,
    pub model: String,
    pub channel: String,
    pub backend: String,
    pub outcome: String,
    #[sqlx(flatten)]
    pub counts: UsageCounts,
}

impl Store {
    /// Adds to the usage of hours and of tokens, all or none. Each key comes once. Ids that are gone are kept in the
    /// hours.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add_usage(
        &self,
        hours: &[(UsageKey<'_>, UsageCounts)],
        used: &[(&str, TokenUse)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for hours in hours.chunks(AT_ONCE) {
            add(&mut tx, hours).await?;
        }
        tokens::add_use(&mut tx, used).await?;
        tx.commit().await
    }

    /// All usage since that second, in no order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn usage_since(&self, second: i64) -> Result<Vec<UsageRow>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_as("SELECT * FROM usage_hourly WHERE hour >= $1")
            .bind(second)
            .fetch_all(conn).await)?)
    }
}

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

const OF_TOKEN: &str = "\
    SELECT hour, CAST(SUM(requests) AS BIGINT) AS requests, CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, \
      CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens, \
      CAST(SUM(cached_tokens) AS BIGINT) AS cached_tokens \
    FROM usage_hourly WHERE token = $1 AND hour >= $2 GROUP BY hour ORDER BY hour";

impl Store {
    /// What a token has used since that second, in order. Hours without use have none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn token_usage(&self, id: &str, second: i64) -> Result<Vec<HourlyUse>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_as(OF_TOKEN).bind(id).bind(second).fetch_all(conn).await)?)
    }
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
    pub outcome: String,
    pub requests: i64,
    /// Of prompts and replies.
    pub tokens: i64,
}

const BY_DAY: &str = "\
    SELECT hour / 86400 AS day, CAST(SUM(requests) AS BIGINT) AS requests, \
      CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, \
      CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens, \
      CAST(SUM(cached_tokens) AS BIGINT) AS cached_tokens \
    FROM usage_hourly WHERE hour >= $1 GROUP BY hour / 86400 ORDER BY 1";

const OF_BACKENDS: &str = "\
    SELECT hour / 86400 AS day, backend, outcome, CAST(SUM(requests) AS BIGINT) AS requests, \
      CAST(SUM(prompt_tokens + completion_tokens) AS BIGINT) AS tokens \
    FROM usage_hourly WHERE hour >= $1 AND backend <> '' \
    GROUP BY hour / 86400, backend, outcome ORDER BY 1, 2, 3";

impl Store {
    /// What everybody together has used by day, since the beginning of a day of UTC. Days without use have none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn usage_by_day(&self, second: i64) -> Result<Vec<DayUse>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_as(BY_DAY).bind(second).fetch_all(conn).await)?)
    }

    /// What each backend has done by day and outcome, since the beginning of a day of UTC.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn backend_usage(&self, second: i64) -> Result<Vec<BackendDay>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => sqlx::query_as(OF_BACKENDS).bind(second).fetch_all(conn).await)?)
    }
}

async fn add(tx: &mut Tx, hours: &[(UsageKey<'_>, UsageCounts)]) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO usage_hourly (hour, token, model, channel, backend, outcome, requests, prompt_tokens, \
           completion_tokens, cached_tokens) VALUES {} \
         ON CONFLICT (hour, token, model, channel, backend, outcome) DO UPDATE SET \
           requests = usage_hourly.requests + excluded.requests, \
           prompt_tokens = usage_hourly.prompt_tokens + excluded.prompt_tokens, \
           completion_tokens = usage_hourly.completion_tokens + excluded.completion_tokens, \
           cached_tokens = usage_hourly.cached_tokens + excluded.cached_tokens",
        places(hours.len(), 10)
    );
    on!(tx, conn => {
        // Nothing but numbers was put into the text.
        let query = sqlx::query(sqlx::AssertSqlSafe(insert));
        let query = hours.iter().fold(query, |query, (key, counts)| {
            query
                .bind(key.hour)
                .bind(key.token)
                .bind(key.model)
                .bind(key.channel)
                .bind(key.backend)
                .bind(key.outcome)
                .bind(counts.requests)
                .bind(counts.prompt_tokens)
                .bind(counts.completion_tokens)
                .bind(counts.cached_tokens)
        });
        query.execute(conn).await.map(drop)
    })?;
    Ok(())
}
