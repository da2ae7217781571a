//! Rows of the table `backends`: how they are read and written, whomever they belong to.

use super::db::{Tx, on, starred};
use super::rows::{BackendRow, NewBackend, Totals};
use super::seal::Key;
use super::text::{from_json, new_id, now, to_json};
use super::{Conflict, StoreError};

/// A row as the database has it.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) id: String,
    channel_id: Option<String>,
    position: i64,
    name: String,
    base_url: String,
    credential: Vec<u8>,
    enabled: bool,
    priority: i64,
    weight: i64,
    max_concurrent: i64,
    models: String,
    model_mapping: String,
    key_group: String,
    tags: String,
    added_at: String,
    revision: i64,
    total_requests: i64,
    failed_requests: i64,
    total_tokens: i64,
    last_used: Option<String>,
}

/// Where a credential is kept: binds it to its row, so that it cannot be moved to another one.
fn place(id: &str) -> String {
    format!("backends.credential.{id}")
}

impl Stored {
    pub(super) fn open(self, key: &Key) -> Result<BackendRow, StoreError> {
        let place = place(&self.id);
        Ok(BackendRow {
            credential: key.open(&place, &self.credential),
            models: from_json(&place, "models", &self.models)?,
            model_mapping: from_json(&place, "model_mapping", &self.model_mapping)?,
            tags: from_json(&place, "tags", &self.tags)?,
            totals: Totals {
                total_requests: self.total_requests,
                failed_requests: self.failed_requests,
                total_tokens: self.total_tokens,
                last_used: self.last_used,
            },
            id: self.id,
            channel_id: self.channel_id,
            position: self.position,
            name: self.name,
            base_url: self.base_url,
            enabled: self.enabled,
            priority: self.priority,
            weight: self.weight,
            max_concurrent: self.max_concurrent,
            group: self.key_group,
            added_at: self.added_at,
            revision: self.revision,
        })
    }
}

/// The row that a new backend becomes.
pub(super) fn row(new: &NewBackend, channel_id: Option<&str>, position: i64) -> BackendRow {
    BackendRow {
        id: new.id.clone().unwrap_or_else(new_id),
        channel_id: channel_id.map(str::to_owned),
        position,
        name: new.name.clone(),
        base_url: new.base_url.clone(),
        credential: Ok(new.credential.clone()),
        enabled: new.enabled,
        priority: new.priority,
        weight: new.weight,
        max_concurrent: new.max_concurrent,
        models: new.models.clone(),
        model_mapping: new.model_mapping.clone(),
        group: new.group.clone(),
        tags: new.tags.clone(),
        added_at: new.added_at.clone().unwrap_or_else(now),
        revision: 1,
        totals: new.totals.clone(),
    }
}

/// Whether there is a credential that a key has sealed.
pub(super) async fn has_sealed(tx: &mut Tx) -> Result<bool, StoreError> {
    let count = "SELECT COUNT(*) FROM backends WHERE length(credential) > 0";
    Ok(on!(tx, conn => sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await)? > 0)
}

const INSERT: &str = "\
    INSERT INTO backends (id, channel_id, position, name, base_url, credential, fingerprint, enabled, priority, weight, \
      max_concurrent, models, model_mapping, key_group, tags, added_at, revision, total_requests, failed_requests, \
      total_tokens, last_used) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
    ON CONFLICT (fingerprint) WHERE channel_id IS NULL DO NOTHING";

/// Whether it was inserted; not if it is a key that the pool has already.
pub(super) async fn insert(tx: &mut Tx, key: &Key, row: &BackendRow) -> Result<bool, StoreError> {
    let credential = row.credential.as_ref().expect("a new row has its credential");
    let sealed = key.seal(&place(&row.id), credential)?;
    let done = on!(tx, conn => sqlx::query(INSERT)
        .bind(&row.id)
        .bind(&row.channel_id)
        .bind(row.position)
        .bind(&row.name)
        .bind(&row.base_url)
        .bind(sealed)
        .bind(key.fingerprint(&row.base_url, credential))
        .bind(row.enabled)
        .bind(row.priority)
        .bind(row.weight)
        .bind(row.max_concurrent)
        .bind(to_json(&row.models))
        .bind(to_json(&row.model_mapping))
        .bind(&row.group)
        .bind(to_json(&row.tags))
        .bind(&row.added_at)
        .bind(row.revision)
        .bind(row.totals.total_requests)
        .bind(row.totals.failed_requests)
        .bind(row.totals.total_tokens)
        .bind(&row.totals.last_used)
        .execute(conn).await.map(|done| done.rows_affected()));
    match done {
        Ok(inserted) => Ok(inserted == 1),
        Err(error) if unique(&error) => Err(Conflict::Id(row.id.clone()).into()),
        Err(error) => Err(error.into()),
    }
}

const UPDATE: &str = "\
    UPDATE backends SET position = $3, name = $4, base_url = $5, enabled = $6, priority = $7, weight = $8, \
      max_concurrent = $9, models = $10, model_mapping = $11, key_group = $12, tags = $13, revision = revision + 1 \
    WHERE id = $1 AND revision = $2";

/// Writes what may change but for the credential, counts the revision on, and says whether the row was still at the
/// revision of `row`.
pub(super) async fn update(tx: &mut Tx, row: &mut BackendRow) -> Result<bool, StoreError> {
    let updated = on!(tx, conn => sqlx::query(UPDATE)
        .bind(&row.id)
        .bind(row.revision)
        .bind(row.position)
        .bind(&row.name)
        .bind(&row.base_url)
        .bind(row.enabled)
        .bind(row.priority)
        .bind(row.weight)
        .bind(row.max_concurrent)
        .bind(to_json(&row.models))
        .bind(to_json(&row.model_mapping))
        .bind(&row.group)
        .bind(to_json(&row.tags))
        .execute(conn).await.map(|done| done.rows_affected()))?;
    row.revision += 1;
    Ok(updated == 1)
}

/// Seals the credential of a row anew, and finds out its fingerprint. A lost one is left as it is.
pub(super) async fn seal(tx: &mut Tx, key: &Key, row: &BackendRow) -> Result<(), StoreError> {
    let Ok(credential) = &row.credential else { return Ok(()) };
    let sealed = key.seal(&place(&row.id), credential)?;
    let done = on!(tx, conn => sqlx::query(
            "UPDATE backends SET credential = $2, fingerprint = $3 WHERE id = $1")
        .bind(&row.id)
        .bind(sealed)
        .bind(key.fingerprint(&row.base_url, credential))
        .execute(conn).await.map(drop));
    match done {
        Err(error) if unique(&error) => Err(Conflict::Key.into()),
        other => Ok(other?),
    }
}

/// Those of a channel, in order.
pub(super) async fn of_channel(tx: &mut Tx, channel: &str) -> Result<Vec<Stored>, StoreError> {
    Ok(on!(tx, conn => starred(
            "SELECT * FROM backends WHERE channel_id = $1 ORDER BY position, id")
        .bind(channel)
        .fetch_all(conn).await)?)
}

/// The keys of the pool, in order.
pub(super) async fn of_pool(tx: &mut Tx) -> Result<Vec<Stored>, StoreError> {
    Ok(on!(tx, conn => starred(
            "SELECT * FROM backends WHERE channel_id IS NULL ORDER BY position, id")
        .fetch_all(conn).await)?)
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Stored>, StoreError> {
    Ok(on!(tx, conn => starred("SELECT * FROM backends ORDER BY position, id").fetch_all(conn).await)?)
}

pub(super) async fn delete(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
    let deleted = on!(tx, conn => sqlx::query("DELETE FROM backends WHERE id = $1")
        .bind(id)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(deleted == 1)
}

pub(super) fn unique(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}
