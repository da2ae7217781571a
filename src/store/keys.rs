//! Keys of the pool: backends that belong to no channel.

use super::audit::{self, By, Entry, NEW_SECRET};
use super::backends::{self, Stored};
use super::db::{Tx, on, starred};
use super::rows::{BackendRow, ChannelChange, Created, KeyChange, NewKey};
use super::seal::Key;
use super::{Conflict, Store, StoreError, meta, shown};

impl Store {
    /// Stores keys behind those that are there, all or none, and says of each in order what became of it. A key that
    /// the pool has already, with the same base URL, is left as it is.
    ///
    /// # Errors
    /// [`Conflict::Id`] when a given id is taken; those of the database.
    pub async fn create_keys(&self, keys: &[NewKey], by: &By) -> Result<Vec<Created>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut next = next_position(&mut tx).await?;
        let mut created = Vec::with_capacity(keys.len());
        for new in keys {
            let row = backends::row(new, None, next);
            if backends::insert(&mut tx, &self.key, &row).await? {
                next += 1;
                audit::write(&mut tx, by, &entry("key.create", &row).after(shown::key(&row))).await?;
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

    /// Changes a key, and gives it as it now is. With `expected`, only if it is still at that revision. Where nothing
    /// differs nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; [`Conflict::Key`] when another key has the same credential
    /// and base URL; those of the database.
    pub async fn update_key(
        &self,
        id: &str,
        change: &KeyChange,
        expected: Option<i64>,
        by: &By,
    ) -> Result<BackendRow, StoreError> {
        let mut tx = self.db.write().await?;
        let row = self.alter_key(&mut tx, id, (change, expected), by).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(row)
    }

    pub(super) async fn alter_key(
        &self,
        tx: &mut Tx,
        id: &str,
        (change, expected): (&KeyChange, Option<i64>),
        by: &By,
    ) -> Result<BackendRow, StoreError> {
        let old = self.key_row(tx, id).await?;
        check(expected, old.revision)?;
        let mut row = old.clone();
        change.apply(&mut row);
        if row == old {
            return Ok(row);
        }
        let found = row.revision;
        if !backends::update(tx, &mut row).await? {
            return Err(Conflict::Revision { expected: found, found: found + 1 }.into());
        }
        let mut after = shown::key(&row);
        if old.credential != row.credential {
            after["credential"] = NEW_SECRET.into();
        }
        if old.base_url != row.base_url || old.credential != row.credential {
            backends::seal(tx, &self.key, &row).await?;
        }
        audit::write(tx, by, &entry("key.update", &row).changed(shown::key(&old), after)).await?;
        Ok(row)
    }

    /// With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; those of the database.
    pub async fn delete_key(&self, id: &str, expected: Option<i64>, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        self.drop_key(&mut tx, (id, expected), by).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await
    }

    pub(super) async fn drop_key(
        &self,
        tx: &mut Tx,
        (id, expected): (&str, Option<i64>),
        by: &By,
    ) -> Result<(), StoreError> {
        let row = self.key_row(tx, id).await?;
        check(expected, row.revision)?;
        backends::delete(tx, id).await?;
        audit::write(tx, by, &entry("key.delete", &row).before(shown::key(&row))).await
    }

    /// Lets a key or a channel take part, or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn set_enabled(&self, id: &str, enabled: bool, by: &By) -> Result<(), StoreError> {
        let change = KeyChange { enabled: Some(enabled), ..KeyChange::default() };
        match self.update_key(id, &change, None, by).await {
            Err(StoreError::NotFound { .. }) => {}
            done => return done.map(drop),
        }
        let change = ChannelChange { enabled: Some(enabled), ..ChannelChange::default() };
        match self.update_channel(id, &change, None, by).await {
            Err(StoreError::NotFound { id, .. }) => Err(StoreError::NotFound { what: "channel or key", id }),
            done => done.map(drop),
        }
    }

    /// Empties the pool and says how many keys it had. Backends of channels stay.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_all_keys(&self, by: &By) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        for stored in backends::of_pool(&mut tx).await? {
            let row = stored.open(&self.key)?;
            audit::write(&mut tx, by, &entry("key.delete", &row).before(shown::key(&row))).await?;
        }
        let deleted = on!(&mut tx, conn => sqlx::query("DELETE FROM backends WHERE channel_id IS NULL")
            .execute(conn).await.map(|done| done.rows_affected()))?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    async fn key_row(&self, tx: &mut Tx, id: &str) -> Result<BackendRow, StoreError> {
        let stored: Option<Stored> = on!(tx, conn => starred(
                "SELECT * FROM backends WHERE id = $1 AND channel_id IS NULL")
            .bind(id)
            .fetch_optional(conn).await)?;
        stored.ok_or_else(|| not_found(id))?.open(&self.key)
    }
}

fn entry(action: &'static str, row: &BackendRow) -> Entry {
    Entry::new(action, "key", &row.id, &row.name)
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
    let stored: Stored = on!(tx, conn => starred(
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
