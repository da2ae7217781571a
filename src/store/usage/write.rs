//! Writing usage, and deleting that of minutes which are over for long.

use std::sync::Arc;

use super::columns::{counts, upsert};
use super::fold::{HOUR, MINUTE, Sum, SumKey, hours, sums};
use super::{ErrorCount, UsageCounts, UsageKey};
use crate::store::db::{AT_ONCE, Tx, on};
use crate::store::token_rows::TokenUse;
use crate::store::{Store, StoreError, tokens};

/// Rows of one statement, packed or not. SQLite looks for each parameter by its name.
const ROWS: [usize; 2] = [AT_ONCE / 2, 2];

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
        let sums = "DELETE FROM usage_sums WHERE span = $1 AND kind IN ('all', 'error', 'outcome') AND start < $2 AND start IN ( \
            SELECT start FROM usage_sums WHERE span = $1 AND kind = 'all' ORDER BY start LIMIT $3)";
        let hours = "DELETE FROM usage_sums WHERE (span, kind, start, id) IN ( \
            SELECT span, kind, start, id FROM usage_sums \
            WHERE span = $1 AND kind IN ('token', 'model', 'backend', 'channel') AND start < $2 LIMIT $3)";
        let most = i64::from(most);
        let mut tx = self.db.write().await?;
        let deleted = on!(&mut tx, conn => {
            let kinds = sqlx::query(kinds).bind(second).bind(most).execute(&mut *conn).await?;
            let sums = sqlx::query(sums).bind(MINUTE).bind(second).bind(most).execute(&mut *conn).await?;
            let hours = sqlx::query(hours).bind(HOUR).bind(second).bind(most).execute(conn).await?;
            kinds.rows_affected().max(sums.rows_affected()).max(hours.rows_affected())
        });
        tx.commit().await?;
        Ok(deleted)
    }
}

/// The text of a statement, kept while the next one is the same: it takes longer to write than to run.
struct Insert<'r> {
    table: &'r str,
    keys: &'r [&'r str],
    counts: Vec<&'static str>,
    last: Option<((usize, bool), Arc<str>)>,
}

impl<'r> Insert<'r> {
    fn new(table: &'r str, keys: &'r [&'r str], counts: Vec<&'static str>) -> Self {
        Insert { table, keys, counts, last: None }
    }

    fn of(&mut self, rows: usize, is_packed: bool) -> Arc<str> {
        let form = (rows, is_packed);
        let last = self.last.take().filter(|(known, _)| *known == form);
        let make = || (form, upsert(self.table, self.keys, &self.counts, rows, is_packed).into());
        let (_, text) = self.last.insert(last.unwrap_or_else(make));
        Arc::clone(text)
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
    let mut insert = Insert::new(table, &keys, counts().collect());
    for (is_packed, rows) in statements(rows, |(_, counts)| counts) {
        let insert = insert.of(rows.len(), is_packed);
        on!(&mut *tx, conn => {
            // Nothing but names and numbers of ours was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(insert));
            for ((key, _), numbers) in rows {
                query = query.bind(key.minute).bind(key.token).bind(key.model);
                query = query.bind(key.channel).bind(key.backend).bind(key.outcome);
                query = numbers.into_iter().fold(query, |query, number| query.bind(number));
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

async fn add_sums(tx: &mut Tx, rows: &[(SumKey<'_>, Sum)]) -> Result<(), StoreError> {
    let keys = ["span", "kind", "start", "id"];
    let mut insert = Insert::new("usage_sums", &keys, std::iter::once("failed").chain(counts()).collect());
    for (is_packed, rows) in statements(rows, |(_, sum)| &sum.counts) {
        let insert = insert.of(rows.len(), is_packed);
        on!(&mut *tx, conn => {
            // Nothing but names and numbers of ours was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(insert));
            for ((key, sum), numbers) in rows {
                query = query.bind(key.span).bind(key.kind.as_str()).bind(key.start).bind(key.id);
                query = query.bind(sum.failed);
                query = numbers.into_iter().fold(query, |query, number| query.bind(number));
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

/// A row with the numbers that a statement takes of it.
type Bound<'r, R> = (&'r R, Vec<i64>);

/// Rows of each statement with the numbers that it takes, and whether these are packed.
fn statements<R>(rows: &[R], counts: impl Fn(&R) -> &UsageCounts) -> Vec<(bool, Vec<Bound<'_, R>>)> {
    let (mut packed, mut wide) = (Vec::new(), Vec::new());
    for row in rows {
        let (is_packed, numbers) = counts(row).bound();
        if is_packed { packed.push((row, numbers)) } else { wide.push((row, numbers)) }
    }
    let mut statements = Vec::new();
    for (is_packed, rows, most) in [(true, packed, ROWS[0]), (false, wide, ROWS[1])] {
        let mut left = rows.into_iter().peekable();
        while left.peek().is_some() {
            statements.push((is_packed, left.by_ref().take(most).collect()));
        }
    }
    statements
}
