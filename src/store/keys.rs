//! Keys of the pool: backends that belong to no channel.

use super::backends::{self, Stored};
use super::db::{Tx, on};
use super::rows::{BackendRow, Created, KeyChange, NewKey};
use super::seal::Key;
use super::{Conflict, Store, StoreError, meta};

impl Store {
    /// Stores keys behind those that are there, all or none, and says of each in order what became of it. A key that
    /// the pool has already, with the same base URL, is left as it is.
    ///
    /// # Errors
    /// [`Conflict::Id`] when a given id is taken; those of the database.
    pub async fn create_keys(&self, keys: &[NewKey]) -> Result<Vec<Created>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut next = next_position(&mut tx).await?;
        let mut created = Vec::with_capacity(keys.len());
        for new in keys {
            let row = backends::row(new, None, next);
            if backends::insert(&mut tx, &self.key, &row).await? {
                next += 1;
                created.push(Created::Added(row));
            } else {
                created.push(Created::Duplicate(twin(&mut tx, &self.key, new).await?));
            }
        }
        if created.iter().any(|created| matches!(created, Created::Added(_))) {
            meta::changed(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(created)
    }

    /// Changes a key, and gives it as it now is. With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; [`Conflict::Key`] when another key has the same credential
    /// and base URL; those of the database.
    pub async fn update_key(
        &self,
        id: &str,
        change: &KeyChange,
        expected: Option<i64>,
    ) -> Result<BackendRow, StoreError> {
        let mut tx = self.db.write().await?;
        let stored: Option<Stored> = on!(&mut tx, conn => sqlx::query_as(
                "SELECT * FROM backends WHERE id = $1 AND channel_id IS NULL")
            .bind(id)
            .fetch_optional(conn).await)?;
        let mut row = stored.ok_or_else(|| not_found(id))?.open(&self.key)?;
        check(expected, row.revision)?;
        let before = (row.base_url.clone(), row.credential.clone());
        change.apply(&mut row);
        let found = row.revision;
        if !backends::update(&mut tx, &mut row).await? {
            return Err(Conflict::Revision { expected: found, found: found + 1 }.into());
        }
        if before != (row.base_url.clone(), row.credential.clone()) {
            backends::seal(&mut tx, &self.key, &row).await?;
        }
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn delete_key(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let deleted = on!(&mut tx, conn => sqlx::query(
                "DELETE FROM backends WHERE id = $1 AND channel_id IS NULL")
            .bind(id)
            .execute(conn).await.map(|done| done.rows_affected()))?;
        if deleted == 0 {
            return Err(not_found(id));
        }
        meta::changed(&mut tx).await?;
        tx.commit().await
    }

    /// Empties the pool and says how many keys it had. Backends of channels stay.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_all_keys(&self) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let deleted = on!(&mut tx, conn => sqlx::query("DELETE FROM backends WHERE channel_id IS NULL")
            .execute(conn).await.map(|done| done.rows_affected()))?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}

/// The place behind the keys that are there.
pub(super) async fn next_position(tx: &mut Tx) -> Result<i64, StoreError> {
    let last = on!(tx, conn => sqlx::query_scalar::<_, Option<i64>>(
            "SELECT MAX(position) FROM backends WHERE channel_id IS NULL")
        .fetch_one(conn).await)?;
    Ok(last.map_or(0, |last| last + 1))
}

/// The key of the pool that stands in the way of a new one.
async fn twin(tx: &mut Tx, key: &Key, new: &NewKey) -> Result<BackendRow, StoreError> {
    let stored: Stored = on!(tx, conn => sqlx::query_as(
            "SELECT * FROM backends WHERE fingerprint = $1 AND channel_id IS NULL")
        .bind(key.fingerprint(&new.base_url, &new.credential))
        .fetch_one(conn).await)?;
    stored.open(key)
}

pub(super) fn check(expected: Option<i64>, found: i64) -> Result<(), Conflict> {
    match expected {
        Some(expected) if expected != found => Err(Conflict::Revision { expected, found }),
        _ => Ok(()),
    }
}

fn not_found(id: &str) -> StoreError {
    StoreError::NotFound { what: "key", id: id.to_owned() }
}
