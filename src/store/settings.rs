//! Settings that were changed at run time, by name. What they mean is known to `config`.

use std::path::Path;

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use super::audit::{self, By, Entry};
use super::db::{Tx, on, sqlite};
use super::{Conflict, Store, StoreError, folder, meta, migrate};

const ALL: &str = "SELECT name, value FROM settings ORDER BY name";

impl Store {
    /// All of a data folder, by name; none where there is no database. Changes nothing.
    ///
    /// # Errors
    /// As [`Store::pending`].
    pub async fn saved_settings(data_dir: &Path) -> Result<Vec<(String, String)>, StoreError> {
        let file = folder::database(data_dir);
        if !file.exists() || migrate::applied(&file).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut conn = SqliteConnection::connect_with(&sqlite(&file).read_only(true)).await?;
        let all = sqlx::query_as(ALL).fetch_all(&mut conn).await;
        conn.close().await?;
        Ok(all?)
    }

    /// Saves all of these, or none; `None` removes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn save_settings(&self, changes: &[(&str, Option<String>)], by: &By) -> Result<(), StoreError> {
        self.save_settings_at(None, changes, by).await
    }

    /// The same, with `expected` only if nobody has saved any since that revision.
    ///
    /// # Errors
    /// [`Conflict::Revision`]; those of the database.
    pub async fn save_settings_at(
        &self,
        expected: Option<i64>,
        changes: &[(&str, Option<String>)],
        by: &By,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let found = meta::settings_revision(&mut tx).await?;
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Conflict::Revision { expected, found }.into());
        }
        for (name, value) in changes {
            let before = setting(&mut tx, name).await?;
            if before == *value {
                continue;
            }
            let action = if value.is_some() { "setting.update" } else { "setting.delete" };
            match value {
                Some(value) => set(&mut tx, name, value).await?,
                None => remove(&mut tx, name).await?,
            }
            let state = |value: &String| json!({ "value": value });
            let (before, after) = (before.as_ref().map(state), value.as_ref().map(state));
            audit::write(&mut tx, by, &Entry { before, after, ..Entry::new(action, "setting", name, name) })
                .await?;
        }
        meta::changed(&mut tx).await?;
        tx.commit().await
    }
}

/// All of them, by name.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?)
}

pub(super) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    meta::changed_settings(tx).await?;
    on!(tx, conn => sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn).await.map(drop))?;
    Ok(())
}

async fn remove(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    meta::changed_settings(tx).await?;
    on!(tx, conn => sqlx::query("DELETE FROM settings WHERE name = $1")
        .bind(name)
        .execute(conn).await.map(drop))?;
    Ok(())
}

async fn setting(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(conn).await)?)
}
