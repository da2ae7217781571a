//! Writing usage, and deleting that of minutes which are over for long.

use super::columns::{counts, upsert};
use super::fold::{MINUTE, Sum, SumKey, hours, sums};
use super::{ErrorCount, UsageCounts, UsageKey};
use crate::store::db::{Tx, on, places};
use crate::store::token_rows::TokenUse;
use crate::store::{Store, StoreError, tokens};

/// Rows of one statement. They are wide, and SQLite looks for each parameter by its name.
const ROWS: usize = 4;

impl Store {
    /// Adds to the usage of minutes and hours, to its sums and to tokens, all or none. Each key comes once. Ids that are
    /// gone are kept, but in the totals of tokens.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add_usage(
        &self,
        minutes: &[(UsageKey<'_>, UsageCounts)],
        errors: &[ErrorCount],
        used: &[(&str, TokenUse)],
    ) -> Result<(), StoreError> {
        let (hours, sums) = (hours(minutes), sums(minutes, errors));
        let mut tx = self.db.write().await?;
        add(&mut tx, "usage_minute", "minute", minutes).await?;
        add(&mut tx, "usage_hourly", "hour", &hours).await?;
        add_sums(&mut tx, &sums).await?;
        tokens::add_use(&mut tx, used).await?;
        tx.commit().await
    }

    /// Deletes at most `most` rows of minutes that began before that second, the oldest first. Gives how many it were.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn trim_minutes(&self, second: i64, most: u32) -> Result<u64, StoreError> {
        let kinds = "DELETE FROM usage_minute WHERE (minute, token, model, channel, backend, outcome) IN ( \
            SELECT minute, token, model, channel, backend, outcome FROM usage_minute WHERE minute < $1 \
            ORDER BY minute LIMIT $2)";
        let sums = "DELETE FROM usage_sums WHERE span = $1 AND kind = 'all' AND start < $2 AND start IN ( \
            SELECT start FROM usage_sums WHERE span = $1 AND kind = 'all' ORDER BY start LIMIT $3)";
        let most = i64::from(most);
        let mut tx = self.db.write().await?;
        let deleted = on!(&mut tx, conn => {
            let kinds = sqlx::query(kinds).bind(second).bind(most).execute(&mut *conn).await?;
            let sums = sqlx::query(sums).bind(MINUTE).bind(second).bind(most).execute(conn).await?;
            kinds.rows_affected().max(sums.rows_affected())
        });
        tx.commit().await?;
        Ok(deleted)
    }
}

/// `time` is the column of [`UsageKey::minute`].
async fn add(
    tx: &mut Tx,
    table: &str,
    time: &str,
    rows: &[(UsageKey<'_>, UsageCounts)],
) -> Result<(), StoreError> {
    let keys = [time, "token", "model", "channel", "backend", "outcome"];
    let counts: Vec<_> = counts().collect();
    for rows in rows.chunks(ROWS) {
        let insert = upsert(table, &keys, &counts, &places(rows.len(), keys.len() + counts.len()));
        on!(&mut *tx, conn => {
            // Nothing but names and numbers of ours was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(insert));
            for (key, counts) in rows {
                query = query.bind(key.minute).bind(key.token).bind(key.model);
                query = query.bind(key.channel).bind(key.backend).bind(key.outcome);
                query = counts.numbers().fold(query, |query, number| query.bind(number));
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

async fn add_sums(tx: &mut Tx, rows: &[(SumKey<'_>, Sum)]) -> Result<(), StoreError> {
    let keys = ["span", "kind", "start", "id"];
    let counts: Vec<_> = std::iter::once("failed").chain(counts()).collect();
    for rows in rows.chunks(ROWS) {
        let insert = upsert("usage_sums", &keys, &counts, &places(rows.len(), keys.len() + counts.len()));
        on!(&mut *tx, conn => {
            // Nothing but names and numbers of ours was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(insert));
            for (key, sum) in rows {
                query = query.bind(key.span).bind(key.kind.as_str()).bind(key.start).bind(key.id);
                query = query.bind(sum.failed);
                query = sum.counts.numbers().fold(query, |query, number| query.bind(number));
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}
