//! What the database knows of itself.

use super::StoreError;
use super::db::{Tx, on};

/// Counts a change on that a reader of all rows must see.
pub(super) async fn changed(tx: &mut Tx) -> Result<(), StoreError> {
    let count = "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'revision'";
    on!(tx, conn => sqlx::query(count).execute(conn).await.map(drop))?;
    Ok(())
}

/// [`changed`], for a change of tokens.
pub(super) async fn changed_tokens(tx: &mut Tx) -> Result<(), StoreError> {
    changed(tx).await?;
    let count =
        "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'tokens_revision'";
    on!(tx, conn => sqlx::query(count).execute(conn).await.map(drop))?;
    Ok(())
}

/// Counts a change of settings on; [`changed`] is for all that was done together.
pub(super) async fn changed_settings(tx: &mut Tx) -> Result<(), StoreError> {
    let count =
        "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'settings_revision'";
    on!(tx, conn => sqlx::query(count).execute(conn).await.map(drop))?;
    Ok(())
}

pub(super) async fn settings_revision(tx: &mut Tx) -> Result<i64, StoreError> {
    let count = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'settings_revision'";
    Ok(on!(tx, conn => sqlx::query_scalar(count).fetch_one(conn).await)?)
}

pub(super) async fn tokens_revision(tx: &mut Tx) -> Result<i64, StoreError> {
    let count = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'tokens_revision'";
    Ok(on!(tx, conn => sqlx::query_scalar(count).fetch_one(conn).await)?)
}

pub(super) async fn revision(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(on!(tx, conn => sqlx::query_scalar("SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'revision'")
        .fetch_one(conn).await)?)
}

/// Notes for ever that there was a token.
pub(super) async fn note_tokens(tx: &mut Tx) -> Result<(), StoreError> {
    let note = "INSERT INTO meta (name, value) VALUES ('had_tokens', '1') ON CONFLICT (name) DO NOTHING";
    on!(tx, conn => sqlx::query(note).execute(conn).await.map(drop))?;
    Ok(())
}

pub(super) async fn had_tokens(tx: &mut Tx) -> Result<bool, StoreError> {
    let count = "SELECT COUNT(*) FROM meta WHERE name = 'had_tokens'";
    Ok(on!(tx, conn => sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await)? > 0)
}

/// Notes for ever that something was imported.
pub(super) async fn note_import(tx: &mut Tx) -> Result<(), StoreError> {
    let note = "INSERT INTO meta (name, value) VALUES ('had_import', '1') ON CONFLICT (name) DO NOTHING";
    on!(tx, conn => sqlx::query(note).execute(conn).await.map(drop))?;
    Ok(())
}

pub(super) async fn had_import(tx: &mut Tx) -> Result<bool, StoreError> {
    let count = "SELECT COUNT(*) FROM meta WHERE name = 'had_import'";
    Ok(on!(tx, conn => sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await)? > 0)
}

/// Notes for ever that credentials are sealed with a key that is kept elsewhere.
pub(super) async fn note_key(tx: &mut Tx) -> Result<(), StoreError> {
    let note = "INSERT INTO meta (name, value) VALUES ('had_secret_key', '1') ON CONFLICT (name) DO NOTHING";
    on!(tx, conn => sqlx::query(note).execute(conn).await.map(drop))?;
    Ok(())
}

pub(super) async fn had_key(tx: &mut Tx) -> Result<bool, StoreError> {
    let count = "SELECT COUNT(*) FROM meta WHERE name = 'had_secret_key'";
    Ok(on!(tx, conn => sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await)? > 0)
}

/// Notes something under a name.
pub(super) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    let set = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    on!(tx, conn => sqlx::query(set).bind(name).bind(value).execute(conn).await.map(drop))?;
    Ok(())
}

/// The number of the last row of the request log; 0 = there was none yet.
pub(super) async fn last_log_number(tx: &mut Tx) -> Result<i64, StoreError> {
    let last = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'request_log_seq'";
    Ok(on!(tx, conn => sqlx::query_scalar(last).fetch_one(conn).await)?)
}

/// Takes so many numbers for rows of the request log, and gives the first.
pub(super) async fn take_log_numbers(tx: &mut Tx, count: usize) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let take = "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + $1 AS TEXT) WHERE name = 'request_log_seq' \
        RETURNING CAST(value AS BIGINT)";
    let last: i64 = on!(tx, conn => sqlx::query_scalar(take).bind(count).fetch_one(conn).await)?;
    Ok(last - count + 1)
}
