//! What is written of channels and backends alike, by id: their totals, and whether they take part.

use super::db::{Tx, on};
use super::rows::Totals;
use super::{Store, StoreError, meta};

/// Counts on. The later of the two times stays, as batches may come in any order.
macro_rules! add {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET total_requests = total_requests + $2, failed_requests = failed_requests + $3, \
             total_tokens = total_tokens + $4, last_used = CASE WHEN last_used IS NULL OR last_used < $5 \
             THEN $5 ELSE last_used END WHERE id = $1"
        )
    };
}

macro_rules! enable {
    ($table:literal) => {
        concat!("UPDATE ", $table, " SET enabled = $2, revision = revision + 1 WHERE id = $1")
    };
}

impl Store {
    /// Adds to the totals of channels and backends, all or none. Ids that are gone count for nothing. Totals are no
    /// configuration: no revision changes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add_totals(&self, deltas: &[(String, Totals)]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for (id, delta) in deltas {
            if !add(&mut tx, add!("backends"), id, delta).await? {
                add(&mut tx, add!("channels"), id, delta).await?;
            }
        }
        tx.commit().await
    }

    /// Lets a channel or a backend take part, or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn set_enabled(&self, id: &str, enabled: bool) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let found = enable(&mut tx, enable!("backends"), id, enabled).await?
            || enable(&mut tx, enable!("channels"), id, enabled).await?;
        if !found {
            return Err(StoreError::NotFound { what: "channel or key", id: id.to_owned() });
        }
        meta::changed(&mut tx).await?;
        tx.commit().await
    }
}

async fn add(tx: &mut Tx, update: &'static str, id: &str, delta: &Totals) -> Result<bool, StoreError> {
    let updated = on!(tx, conn => sqlx::query(update)
        .bind(id)
        .bind(delta.total_requests)
        .bind(delta.failed_requests)
        .bind(delta.total_tokens)
        .bind(&delta.last_used)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(updated == 1)
}

async fn enable(tx: &mut Tx, update: &'static str, id: &str, enabled: bool) -> Result<bool, StoreError> {
    let updated = on!(tx, conn => sqlx::query(update)
        .bind(id)
        .bind(enabled)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(updated == 1)
}
