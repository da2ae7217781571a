//! Tokens of clients.

use serde_json::{Map, Value};

use super::audit::{self, By, Entry};
use super::backends::unique;
use super::db::{Tx, on, starred};
use super::keys::check;
use super::rows::Totals;
use super::text::{from_json, to_json};
use super::token_rows::{NewToken, TokenChange, TokenRow, TokenText, TokenUse};
use super::{Conflict, Store, StoreError, meta, shown};
use crate::config::TokenHash;

/// A row as the database has it.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    id: String,
    name: String,
    hash: Vec<u8>,
    prefix: String,
    last_four: String,
    weak: bool,
    enabled: bool,
    expires_at: Option<String>,
    models: String,
    ips: String,
    rate_limit: Option<i64>,
    tokens_per_minute: Option<i64>,
    quota_limit: Option<i64>,
    max_concurrent: i64,
    allow_client_options: bool,
    capture: bool,
    note: String,
    metadata: String,
    created_at: String,
    revision: i64,
    quota_used: i64,
    quota_month: Option<String>,
    total_requests: i64,
    failed_requests: i64,
    total_tokens: i64,
    last_used: Option<String>,
}

impl Stored {
    pub(super) fn open(self) -> Result<TokenRow, StoreError> {
        let place = format!("tokens.{}", self.id);
        let hash = <[u8; 32]>::try_from(self.hash)
            .map_err(|_| StoreError::Damaged(format!("hash of {place}: it has not 32 bytes")))?;
        Ok(TokenRow {
            hash: TokenHash::from_bytes(hash),
            models: from_json(&place, "models", &self.models)?,
            ips: from_json(&place, "ips", &self.ips)?,
            metadata: from_json::<Map<String, Value>>(&place, "metadata", &self.metadata)?,
            totals: Totals {
                total_requests: self.total_requests,
                failed_requests: self.failed_requests,
                total_tokens: self.total_tokens,
                last_used: self.last_used,
            },
            id: self.id,
            name: self.name,
            prefix: self.prefix,
            last_four: self.last_four,
            weak: self.weak,
            enabled: self.enabled,
            expires_at: self.expires_at,
            rate_limit: self.rate_limit,
            tokens_per_minute: self.tokens_per_minute,
            quota_limit: self.quota_limit,
            max_concurrent: self.max_concurrent,
            allow_client_options: self.allow_client_options,
            capture: self.capture,
            note: self.note,
            created_at: self.created_at,
            revision: self.revision,
            quota_used: self.quota_used,
            quota_month: self.quota_month,
        })
    }
}

impl Store {
    /// Stores tokens, all or none. From the first one on, [`Rows::had_tokens`](super::Rows::had_tokens) holds.
    ///
    /// # Errors
    /// [`Conflict::Token`] when one of the same text exists, [`Conflict::Id`]; those of the database.
    pub async fn create_tokens(&self, new: &[NewToken], by: &By) -> Result<Vec<TokenRow>, StoreError> {
        let mut tx = self.db.write().await?;
        let rows: Vec<TokenRow> = new.iter().map(TokenRow::from).collect();
        for row in &rows {
            insert(&mut tx, row).await?;
            audit::write(&mut tx, by, &entry("token.create", row).after(shown::token(row))).await?;
        }
        if !rows.is_empty() {
            meta::note_tokens(&mut tx).await?;
            meta::changed_tokens(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(rows)
    }

    /// Changes a token, and gives it as it now is. With `expected`, only if it is still at that revision. Where nothing
    /// differs nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; those of the database.
    pub async fn update_token(
        &self,
        id: &str,
        change: &TokenChange,
        expected: Option<i64>,
        by: &By,
    ) -> Result<TokenRow, StoreError> {
        let mut tx = self.db.write().await?;
        let mut row = one(&mut tx, id).await?.ok_or_else(|| not_found(id))?.open()?;
        check(expected, row.revision)?;
        let old = row.clone();
        change.apply(&mut row);
        if row == old && !change.is_quota_reset {
            return Ok(row);
        }
        update(&mut tx, &mut row, change.is_quota_reset).await?;
        let action = if change.is_quota_reset { "token.reset_quota" } else { "token.update" };
        audit::write(&mut tx, by, &entry(action, &row).changed(shown::token(&old), shown::token(&row)))
            .await?;
        meta::changed_tokens(&mut tx).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Gives a token another text; all else stays. With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`], [`Conflict::Token`]; those of the database.
    pub async fn regenerate_token(
        &self,
        id: &str,
        text: &TokenText,
        expected: Option<i64>,
        by: &By,
    ) -> Result<TokenRow, StoreError> {
        let mut tx = self.db.write().await?;
        let row = one(&mut tx, id).await?.ok_or_else(|| not_found(id))?.open()?;
        check(expected, row.revision)?;
        let done = on!(&mut tx, conn => sqlx::query(REGENERATE)
            .bind(id)
            .bind(text.hash.as_bytes().as_slice())
            .bind(&text.prefix)
            .bind(&text.last_four)
            .execute(conn).await.map(drop));
        done.map_err(|error| if unique(&error) { Conflict::Token.into() } else { StoreError::from(error) })?;
        meta::changed_tokens(&mut tx).await?;
        let before = shown::token(&row);
        let row = one(&mut tx, id).await?.ok_or_else(|| not_found(id))?.open()?;
        audit::write(&mut tx, by, &entry("token.regenerate", &row).changed(before, shown::token(&row)))
            .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`Conflict::Revision`]; those of the database.
    pub async fn delete_token(&self, id: &str, expected: Option<i64>, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        if !delete(&mut tx, (id, expected), by).await? {
            return Err(not_found(id));
        }
        meta::changed_tokens(&mut tx).await?;
        tx.commit().await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn token(&self, id: &str) -> Result<TokenRow, StoreError> {
        one(&mut self.db.read().await?, id).await?.ok_or_else(|| not_found(id))?.open()
    }
}

/// Deletes a token; gives whether it was there.
pub(super) async fn delete(
    tx: &mut Tx,
    (id, expected): (&str, Option<i64>),
    by: &By,
) -> Result<bool, StoreError> {
    let Some(row) = one(tx, id).await?.map(Stored::open).transpose()? else { return Ok(false) };
    check(expected, row.revision)?;
    on!(tx, conn => sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(conn).await.map(drop))?;
    audit::write(tx, by, &entry("token.delete", &row).before(shown::token(&row))).await?;
    Ok(true)
}

/// Turns a token on or off; gives whether it is there.
pub(super) async fn enable(tx: &mut Tx, id: &str, on: bool, by: &By) -> Result<bool, StoreError> {
    let Some(mut row) = one(tx, id).await?.map(Stored::open).transpose()? else { return Ok(false) };
    if row.enabled == on {
        return Ok(true);
    }
    let before = shown::token(&row);
    row.enabled = on;
    update(tx, &mut row, false).await?;
    audit::write(tx, by, &entry("token.update", &row).changed(before, shown::token(&row))).await?;
    Ok(true)
}

fn entry(action: &'static str, row: &TokenRow) -> Entry {
    Entry::new(action, "token", &row.id, &row.name)
}

/// Adds what tokens have used. Ids that are gone count for nothing. What was used in another month than the stored one
/// begins a new count if the month is later, and counts for no quota if it is over. No revision changes.
pub(super) async fn add_use(tx: &mut Tx, used: &[(&str, TokenUse)]) -> Result<(), StoreError> {
    for (id, used) in used {
        on!(tx, conn => sqlx::query(ADD)
            .bind(*id)
            .bind(used.totals.total_requests)
            .bind(used.totals.failed_requests)
            .bind(used.totals.total_tokens)
            .bind(&used.totals.last_used)
            .bind(used.quota)
            .bind(&used.month)
            .execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// All of them, in the order in which they were made.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Stored>, StoreError> {
    Ok(on!(tx, conn => starred("SELECT * FROM tokens ORDER BY created_at, id").fetch_all(conn).await)?)
}

async fn one(tx: &mut Tx, id: &str) -> Result<Option<Stored>, StoreError> {
    Ok(on!(tx, conn => starred("SELECT * FROM tokens WHERE id = $1")
        .bind(id)
        .fetch_optional(conn).await)?)
}

const INSERT: &str = "\
    INSERT INTO tokens (id, name, hash, prefix, last_four, weak, enabled, expires_at, models, ips, rate_limit, \
      tokens_per_minute, quota_limit, max_concurrent, allow_client_options, note, metadata, created_at, revision, \
      quota_used, quota_month, total_requests, failed_requests, total_tokens, last_used, capture) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
      $24, $25, $26) \
    ON CONFLICT (hash) DO NOTHING";

pub(super) async fn insert(tx: &mut Tx, row: &TokenRow) -> Result<(), StoreError> {
    let done = on!(tx, conn => sqlx::query(INSERT)
        .bind(&row.id)
        .bind(&row.name)
        .bind(row.hash.as_bytes().as_slice())
        .bind(&row.prefix)
        .bind(&row.last_four)
        .bind(row.weak)
        .bind(row.enabled)
        .bind(&row.expires_at)
        .bind(to_json(&row.models))
        .bind(to_json(&row.ips))
        .bind(row.rate_limit)
        .bind(row.tokens_per_minute)
        .bind(row.quota_limit)
        .bind(row.max_concurrent)
        .bind(row.allow_client_options)
        .bind(&row.note)
        .bind(to_json(&row.metadata))
        .bind(&row.created_at)
        .bind(row.revision)
        .bind(row.quota_used)
        .bind(&row.quota_month)
        .bind(row.totals.total_requests)
        .bind(row.totals.failed_requests)
        .bind(row.totals.total_tokens)
        .bind(&row.totals.last_used)
        .bind(row.capture)
        .execute(conn).await.map(|done| done.rows_affected()));
    match done {
        Ok(0) => Err(Conflict::Token.into()),
        Ok(_) => Ok(()),
        Err(error) if unique(&error) => Err(Conflict::Id(row.id.clone()).into()),
        Err(error) => Err(error.into()),
    }
}

const REGENERATE: &str = "\
    UPDATE tokens SET hash = $2, prefix = $3, last_four = $4, weak = FALSE, revision = revision + 1 WHERE id = $1";

const UPDATE: &str = "\
    UPDATE tokens SET name = $3, enabled = $4, expires_at = $5, models = $6, ips = $7, rate_limit = $8, \
      tokens_per_minute = $9, quota_limit = $10, max_concurrent = $11, allow_client_options = $12, note = $13, \
      metadata = $14, quota_used = CASE WHEN $15 THEN 0 ELSE quota_used END, capture = $16, \
      revision = revision + 1 \
    WHERE id = $1 AND revision = $2";

/// Writes what may change, and counts the revision on.
async fn update(tx: &mut Tx, row: &mut TokenRow, is_quota_reset: bool) -> Result<(), StoreError> {
    let updated = on!(tx, conn => sqlx::query(UPDATE)
        .bind(&row.id)
        .bind(row.revision)
        .bind(&row.name)
        .bind(row.enabled)
        .bind(&row.expires_at)
        .bind(to_json(&row.models))
        .bind(to_json(&row.ips))
        .bind(row.rate_limit)
        .bind(row.tokens_per_minute)
        .bind(row.quota_limit)
        .bind(row.max_concurrent)
        .bind(row.allow_client_options)
        .bind(&row.note)
        .bind(to_json(&row.metadata))
        .bind(is_quota_reset)
        .bind(row.capture)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    let expected = row.revision;
    row.revision += 1;
    match updated {
        // Where writers do not wait for each other, one may have come between reading and writing.
        0 => Err(Conflict::Revision { expected, found: row.revision }.into()),
        _ => Ok(()),
    }
}

const ADD: &str = "\
    UPDATE tokens SET total_requests = total_requests + $2, failed_requests = failed_requests + $3, \
      total_tokens = total_tokens + $4, \
      last_used = CASE WHEN last_used IS NULL OR last_used < $5 THEN $5 ELSE last_used END, \
      quota_used = CASE WHEN quota_month = $7 THEN quota_used + $6 \
        WHEN quota_month IS NULL OR quota_month < $7 THEN $6 ELSE quota_used END, \
      quota_month = CASE WHEN quota_month IS NULL OR quota_month < $7 THEN $7 ELSE quota_month END \
    WHERE id = $1";

fn not_found(id: &str) -> StoreError {
    StoreError::NotFound { what: "token", id: id.to_owned() }
}
