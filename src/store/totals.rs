//! The totals of channels and backends, by id.

use std::collections::BTreeMap;

use super::db::{AT_ONCE, Tx, on, places};
use super::rows::Totals;
use super::{Store, StoreError};

impl Store {
    /// Adds to the totals of channels and backends, all or none. Ids that are gone count for nothing. Totals are no
    /// configuration: no revision changes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add_totals(&self, deltas: &[(String, Totals)]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for deltas in summed(deltas).chunks(AT_ONCE) {
            if add(&mut tx, "backends", deltas).await? < deltas.len() as u64 {
                add(&mut tx, "channels", deltas).await?;
            }
        }
        tx.commit().await
    }
}

/// Each id once, as one statement changes a row once; in order, so that neighbours are written together.
fn summed(deltas: &[(String, Totals)]) -> Vec<(&str, Totals)> {
    let mut sums = BTreeMap::<&str, Totals>::new();
    for (id, delta) in deltas {
        let sum = sums.entry(id).or_default();
        sum.add(delta);
    }
    sums.into_iter().collect()
}

impl Totals {
    /// Counts on.
    pub fn add(&mut self, more: &Totals) {
        self.total_requests += more.total_requests;
        self.failed_requests += more.failed_requests;
        self.total_tokens += more.total_tokens;
        self.last_used = self.last_used.take().max(more.last_used.clone());
    }
}

/// Counts on, and says how many rows were found. The later of the two times stays, as batches may come in any order.
async fn add(tx: &mut Tx, table: &'static str, deltas: &[(&str, Totals)]) -> Result<u64, StoreError> {
    let update = format!(
        "WITH delta (id, requests, failed, tokens, used) AS (VALUES {}) \
         UPDATE {table} SET total_requests = total_requests + delta.requests, \
           failed_requests = failed_requests + delta.failed, total_tokens = total_tokens + delta.tokens, \
           last_used = CASE WHEN last_used IS NULL OR last_used < delta.used THEN delta.used ELSE last_used END \
         FROM delta WHERE {table}.id = delta.id",
        places(deltas.len(), 5)
    );
    let updated = on!(tx, conn => {
        // Nothing but the name of a table and numbers was put into the text.
        let query = sqlx::query(sqlx::AssertSqlSafe(update));
        let query = deltas.iter().fold(query, |query, (id, delta)| {
            query
                .bind(*id)
                .bind(delta.total_requests)
                .bind(delta.failed_requests)
                .bind(delta.total_tokens)
                .bind(&delta.last_used)
        });
        query.execute(conn).await.map(|done| done.rows_affected())
    })?;
    Ok(updated)
}
