//! Settings that were changed at run time, by name. What they mean is known to `config`.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

use super::db::{Tx, on, sqlite};
use super::{Store, StoreError, folder, meta, migrate};

const ALL: &str = "SELECT name, value FROM settings ORDER BY name";

/// All of them, by name.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?)
}

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
    pub async fn save_settings(&self, changes: &[(&str, Option<String>)]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for (name, value) in changes {
            on!(&mut tx, conn => match value {
                Some(value) => sqlx::query(
                        "INSERT INTO settings (name, value) VALUES ($1, $2) \
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value")
                    .bind(name).bind(value).execute(conn).await.map(drop),
                None => sqlx::query("DELETE FROM settings WHERE name = $1").bind(name)
                    .execute(conn).await.map(drop),
            })?;
        }
        meta::changed(&mut tx).await?;
        tx.commit().await
    }
}
