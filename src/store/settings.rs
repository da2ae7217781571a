//! Settings that were changed at run time, by name. What they mean is known to `config`.

use serde_json::json;

use super::audit::{self, By, Entry};
use super::db::{Tx, on};
use super::{Store, StoreError, meta};

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        all(&mut self.db.read().await?).await
    }

    /// # Errors
    /// Those of the database.
    pub async fn set_setting(&self, name: &str, value: &str, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let before = setting(&mut tx, name).await?;
        set(&mut tx, name, value).await?;
        let entry = Entry {
            before: before.map(|value| json!({ "value": value })),
            ..Entry::new("setting.update", "setting", name, name).after(json!({ "value": value }))
        };
        audit::write(&mut tx, by, &entry).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await
    }

    /// Whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_setting(&self, name: &str, by: &By) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let Some(before) = setting(&mut tx, name).await? else { return Ok(false) };
        on!(&mut tx, conn => sqlx::query("DELETE FROM settings WHERE name = $1")
            .bind(name)
            .execute(conn).await.map(drop))?;
        let entry = Entry::new("setting.delete", "setting", name, name).before(json!({ "value": before }));
        audit::write(&mut tx, by, &entry).await?;
        meta::changed(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// All of them, by name.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_as("SELECT name, value FROM settings ORDER BY name")
        .fetch_all(conn).await)?)
}

pub(super) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    on!(tx, conn => sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn).await.map(drop))?;
    Ok(())
}

async fn setting(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(conn).await)?)
}
