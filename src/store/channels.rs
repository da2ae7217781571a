//! Channels and the backends that belong to them.

use super::audit::{self, By, Entry};
use super::backends::{self, unique};
use super::db::{Tx, on, starred};
use super::keys::check;
use super::rows::{BackendRow, ChannelChange, ChannelRow, NewBackend, NewChannel, Totals};
use super::seal::Key;
use super::text::{from_json, new_id, now, to_json};
use super::{Conflict, Store, StoreError, meta, shown};

/// A row as the database has it.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    id: String,
    name: String,
    enabled: bool,
    priority: i64,
    weight: i64,
    models: String,
    model_mapping: String,
    max_concurrent: i64,
    rate_limit: Option<i64>,
    tags: String,
    base_url: String,
    created_at: String,
    revision: i64,
    total_requests: i64,
    failed_requests: i64,
    total_tokens: i64,
    last_used: Option<String>,
}

impl Stored {
    pub(super) fn open(self) -> Result<ChannelRow, StoreError> {
        let place = format!("channels.{}", self.id);
        Ok(ChannelRow {
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
            name: self.name,
            enabled: self.enabled,
            priority: self.priority,
            weight: self.weight,
            max_concurrent: self.max_concurrent,
            rate_limit: self.rate_limit,
            base_url: self.base_url,
            created_at: self.created_at,
            revision: self.revision,
        })
    }
}

impl Store {
    /// Stores a channel and its backends, all or nothing.
    ///
    /// # Errors
    /// [`Conflict::Name`], [`Conflict::Id`]; those of the database.
    pub async fn create_channel(
        &self,
        new: &NewChannel,
        by: &By,
    ) -> Result<(ChannelRow, Vec<BackendRow>), StoreError> {
        let mut tx = self.db.write().await?;
        let added = add(&mut tx, &self.key, new).await?;
        let entry = entry("channel.create", &added.0).after(shown::channel(&added.0, &added.1));
        audit::write(&mut tx, by, &entry).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Changes a channel and its backends, and gives it as it now is. With `expected`, only if it is still at that
    /// revision. Where nothing differs nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`Conflict::Revision`], [`Conflict::Name`]; those of the database.
    pub async fn update_channel(
        &self,
        id: &str,
        change: &ChannelChange,
        expected: Option<i64>,
        by: &By,
    ) -> Result<(ChannelRow, Vec<BackendRow>), StoreError> {
        let mut tx = self.db.write().await?;
        let changed = self.alter_channel(&mut tx, id, (change, expected), by).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(changed)
    }

    pub(super) async fn alter_channel(
        &self,
        tx: &mut Tx,
        id: &str,
        (change, expected): (&ChannelChange, Option<i64>),
        by: &By,
    ) -> Result<(ChannelRow, Vec<BackendRow>), StoreError> {
        let (mut channel, old) = self.whole(tx, id).await?;
        check(expected, channel.revision)?;
        let channel_before = channel.clone();
        change.apply(&mut channel);
        if channel == channel_before && change.backends.is_none() {
            return Ok((channel, old));
        }
        let before = shown::channel(&channel_before, &old);
        update(tx, &mut channel).await?;
        let backends = match &change.backends {
            Some(new) => self.replace(tx, id, old, new).await?,
            None => self.move_along(tx, old, &channel_before.base_url, &channel.base_url).await?,
        };
        let entry = entry("channel.update", &channel).changed(before, shown::channel(&channel, &backends));
        audit::write(tx, by, &entry).await?;
        Ok((channel, backends))
    }

    /// A channel and its backends.
    async fn whole(&self, tx: &mut Tx, id: &str) -> Result<(ChannelRow, Vec<BackendRow>), StoreError> {
        let stored: Option<Stored> = on!(&mut *tx, conn => starred("SELECT * FROM channels WHERE id = $1")
            .bind(id)
            .fetch_optional(conn).await)?;
        let channel = stored.ok_or_else(|| not_found(id))?.open()?;
        let backends = backends::of_channel(tx, id).await?.into_iter().map(|row| row.open(&self.key));
        Ok((channel, backends.collect::<Result<_, _>>()?))
    }

    /// Gives a channel exactly these backends. Those that it has already keep their row.
    async fn replace(
        &self,
        tx: &mut Tx,
        channel: &str,
        mut old: Vec<BackendRow>,
        new: &[NewBackend],
    ) -> Result<Vec<BackendRow>, StoreError> {
        let (mut rows, mut inserts) = (Vec::with_capacity(new.len()), Vec::new());
        for (position, new) in (0..).zip(new) {
            let mut row = backends::row(new, Some(channel), position);
            let is_same = |old: &BackendRow| old.base_url == row.base_url && old.credential == row.credential;
            match old.iter().position(is_same) {
                Some(same) => {
                    let old = old.remove(same);
                    row.id.clone_from(&old.id);
                    row.added_at.clone_from(&old.added_at);
                    row.totals.clone_from(&old.totals);
                    row.revision = old.revision;
                    if row != old {
                        backends::update(tx, &mut row).await?;
                    }
                }
                None => inserts.push(rows.len()),
            }
            rows.push(row);
        }
        for gone in old {
            backends::delete(tx, &gone.id).await?;
        }
        // After the deletes: an id that was given anew may be one of those.
        for at in inserts {
            backends::insert(tx, &self.key, &rows[at]).await?;
        }
        Ok(rows)
    }

    /// Moves those of a channel's backends that stood at its old base URL to the new one.
    async fn move_along(
        &self,
        tx: &mut Tx,
        mut rows: Vec<BackendRow>,
        from: &str,
        to: &str,
    ) -> Result<Vec<BackendRow>, StoreError> {
        for row in rows.iter_mut().filter(|row| from != to && row.base_url == from) {
            to.clone_into(&mut row.base_url);
            backends::update(tx, row).await?;
            backends::seal(tx, &self.key, row).await?;
        }
        Ok(rows)
    }

    /// Deletes a channel with its backends. With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; those of the database.
    pub async fn delete_channel(&self, id: &str, expected: Option<i64>, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        self.drop_channel(&mut tx, (id, expected), by).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await
    }

    pub(super) async fn drop_channel(
        &self,
        tx: &mut Tx,
        (id, expected): (&str, Option<i64>),
        by: &By,
    ) -> Result<(), StoreError> {
        let (channel, backends) = self.whole(tx, id).await?;
        check(expected, channel.revision)?;
        on!(&mut *tx, conn => sqlx::query("DELETE FROM channels WHERE id = $1")
            .bind(id)
            .execute(conn).await.map(drop))?;
        let entry = entry("channel.delete", &channel).before(shown::channel(&channel, &backends));
        audit::write(tx, by, &entry).await
    }
}

/// All channels, in the order in which they were made.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Stored>, StoreError> {
    Ok(on!(tx, conn => starred("SELECT * FROM channels ORDER BY created_at, id").fetch_all(conn).await)?)
}

/// Stores a channel and its backends.
pub(super) async fn add(
    tx: &mut Tx,
    key: &Key,
    new: &NewChannel,
) -> Result<(ChannelRow, Vec<BackendRow>), StoreError> {
    let channel = row(new);
    insert(tx, &channel).await?;
    let mut backends = Vec::with_capacity(new.backends.len());
    for (position, new) in (0..).zip(&new.backends) {
        let row = backends::row(new, Some(&channel.id), position);
        backends::insert(tx, key, &row).await?;
        backends.push(row);
    }
    Ok((channel, backends))
}

fn entry(action: &'static str, row: &ChannelRow) -> Entry {
    Entry::new(action, "channel", &row.id, &row.name)
}

/// The row that a new channel becomes.
fn row(new: &NewChannel) -> ChannelRow {
    ChannelRow {
        id: new.id.clone().unwrap_or_else(new_id),
        name: new.name.clone(),
        enabled: new.enabled,
        priority: new.priority,
        weight: new.weight,
        models: new.models.clone(),
        model_mapping: new.model_mapping.clone(),
        max_concurrent: new.max_concurrent,
        rate_limit: new.rate_limit,
        tags: new.tags.clone(),
        base_url: new.base_url.clone(),
        created_at: new.created_at.clone().unwrap_or_else(now),
        revision: 1,
        totals: new.totals.clone(),
    }
}

const INSERT: &str = "\
    INSERT INTO channels (id, name, enabled, priority, weight, models, model_mapping, max_concurrent, rate_limit, tags, \
      base_url, created_at, revision, total_requests, failed_requests, total_tokens, last_used) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
    ON CONFLICT (id) DO NOTHING";

async fn insert(tx: &mut Tx, row: &ChannelRow) -> Result<(), StoreError> {
    let done = on!(tx, conn => sqlx::query(INSERT)
        .bind(&row.id)
        .bind(&row.name)
        .bind(row.enabled)
        .bind(row.priority)
        .bind(row.weight)
        .bind(to_json(&row.models))
        .bind(to_json(&row.model_mapping))
        .bind(row.max_concurrent)
        .bind(row.rate_limit)
        .bind(to_json(&row.tags))
        .bind(&row.base_url)
        .bind(&row.created_at)
        .bind(row.revision)
        .bind(row.totals.total_requests)
        .bind(row.totals.failed_requests)
        .bind(row.totals.total_tokens)
        .bind(&row.totals.last_used)
        .execute(conn).await.map(|done| done.rows_affected()));
    match named(done, row)? {
        0 => Err(Conflict::Id(row.id.clone()).into()),
        _ => Ok(()),
    }
}

const UPDATE: &str = "\
    UPDATE channels SET name = $3, enabled = $4, priority = $5, weight = $6, models = $7, model_mapping = $8, \
      max_concurrent = $9, rate_limit = $10, tags = $11, base_url = $12, revision = revision + 1 \
    WHERE id = $1 AND revision = $2";

/// Writes what may change, and counts the revision on.
async fn update(tx: &mut Tx, row: &mut ChannelRow) -> Result<(), StoreError> {
    let done = on!(tx, conn => sqlx::query(UPDATE)
        .bind(&row.id)
        .bind(row.revision)
        .bind(&row.name)
        .bind(row.enabled)
        .bind(row.priority)
        .bind(row.weight)
        .bind(to_json(&row.models))
        .bind(to_json(&row.model_mapping))
        .bind(row.max_concurrent)
        .bind(row.rate_limit)
        .bind(to_json(&row.tags))
        .bind(&row.base_url)
        .execute(conn).await.map(|done| done.rows_affected()));
    let expected = row.revision;
    row.revision += 1;
    match named(done, row)? {
        // Where writers do not wait for each other, one may have come between reading and writing.
        0 => Err(Conflict::Revision { expected, found: row.revision }.into()),
        _ => Ok(()),
    }
}

/// What is unique in a channel beside its id is its name.
fn named(done: Result<u64, sqlx::Error>, row: &ChannelRow) -> Result<u64, StoreError> {
    done.map_err(|error| match unique(&error) {
        true => Conflict::Name(row.name.clone()).into(),
        false => error.into(),
    })
}

fn not_found(id: &str) -> StoreError {
    StoreError::NotFound { what: "channel", id: id.to_owned() }
}
