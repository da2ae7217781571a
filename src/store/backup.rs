//! Copies of the database: taken while it is in use, and put back.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteJournalMode;
use sqlx::{Connection as _, SqliteConnection};

use super::db::{Pools, sqlite};
use super::folder::{self, Folder};
use super::seal::Key;
use super::text::new_id;
use super::{BackendRow, Lost, Store, StoreError, WithoutKey, migrate};
use crate::config::Secret;

/// What came of [`restore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub tokens: usize,
    pub accounts: usize,
    /// Saved ones.
    pub settings: usize,
    pub channels: usize,
    pub backends: usize,
    /// Whether the backup brought its key, and the key file now holds it.
    pub with_key: bool,
    /// Where the database that was there is now.
    pub aside: Option<PathBuf>,
    /// Backends whose credential was sealed with a key that is not here, and must be entered anew.
    pub lost: Vec<(BackendRow, Lost)>,
}

impl Store {
    /// Copies the database to a new file that only its owner may read, while others go on reading and writing. The copy
    /// is of one moment. With `with_key` it holds the key, too: whoever reads it then reads all credentials.
    ///
    /// # Errors
    /// [`StoreError::Exists`]; those of files and of the database. Then there is no file.
    pub async fn backup(&self, file: &Path, with_key: bool) -> Result<(), StoreError> {
        folder::new_file(file)?;
        let copied = self.copy(file, with_key).await.and_then(|()| folder::sync(file));
        if copied.is_err() {
            let _ = fs::remove_file(file);
        }
        copied
    }

    /// [`Store::backup`] without the key, as bytes.
    ///
    /// # Errors
    /// Those of files and of the database.
    pub async fn backup_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let file = self.folder.database().with_extension(format!("{}.part", new_id()));
        self.backup(&file, false).await?;
        let read = fs::read(&file);
        let _ = fs::remove_file(&file);
        read.map_err(|error| StoreError::io("read", file, error))
    }

    async fn copy(&self, file: &Path, with_key: bool) -> Result<(), StoreError> {
        // Absolute, as a name that begins with `file:` is read as a URL.
        let absolute = std::path::absolute(file).map_err(|error| StoreError::io("find", file, error))?;
        let no_text = || std::io::Error::new(std::io::ErrorKind::InvalidFilename, "the name is not UTF-8");
        let name = absolute.to_str().ok_or_else(|| StoreError::io("write", file, no_text()))?;
        let Pools::Sqlite { .. } = &self.db.pools;
        let mut source =
            SqliteConnection::connect_with(&sqlite(&self.folder.database()).read_only(true)).await?;
        let done = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut source).await;
        let closed = source.close().await;
        done?;
        closed?;
        if with_key {
            let mut copy = open_copy(file).await?;
            let done = sqlx::query("INSERT INTO meta (name, value) VALUES ('secret_key', $1)")
                .bind(self.key.to_base64().as_str())
                .execute(&mut copy)
                .await;
            let closed = copy.close().await;
            done?;
            closed?;
        }
        Ok(())
    }
}

/// Puts a backup in the place of the database of a data folder. With `force` one that is there is put aside under a
/// name that ends in `.replaced` and maybe a number, and so is the key file if the backup brings another key. Credentials are opened with
/// `secret`, else with the key of the backup, else with the key file.
///
/// # Errors
/// [`StoreError::InUse`], forced or not; [`StoreError::Exists`]; [`StoreError::NotABackup`]; [`StoreError::Newer`];
/// those of files and of the database.
pub async fn restore(
    data_dir: &Path,
    file: &Path,
    secret: Option<&Secret>,
    force: bool,
) -> Result<Restored, StoreError> {
    // Before anything is made or complained of: there may be nothing to restore.
    let is_file = fs::metadata(file).map_err(|error| StoreError::io("read", file, error))?.is_file();
    if !is_file {
        return Err(StoreError::NotABackup(file.to_owned()));
    }
    let folder = Folder::create(data_dir)?;
    let alone = folder.alone().await?;
    let database = folder.database();
    if !force && database.exists() {
        return Err(StoreError::Exists(database));
    }
    let copy = database.with_extension("db.part");
    let taken = take(file, &copy).await;
    let key = match taken {
        Ok(key) => key,
        Err(error) => {
            let _ = fs::remove_file(&copy);
            return Err(error);
        }
    };
    let replaces_key = key.is_some() && secret.is_none();
    let aside = folder.put_aside(replaces_key)?;
    if let Some(key) = key.as_ref().filter(|_| replaces_key) {
        folder.write_key(key)?;
    }
    fs::rename(&copy, &database).map_err(|error| StoreError::io("move", copy, error))?;
    folder::sync(data_dir)?;
    drop(alone);
    Ok(Restored { aside, ..report(data_dir, secret, replaces_key).await? })
}

/// Copies a backup and takes the key out of the copy, which is what will be used.
async fn take(file: &Path, copy: &Path) -> Result<Option<Key>, StoreError> {
    let _ = fs::remove_file(copy);
    folder::new_file(copy)?;
    fs::copy(file, copy).map_err(|error| StoreError::io("copy", file, error))?;
    folder::make_private(copy)?;
    match migrate::applied(copy).await {
        Ok(Some(_)) => {}
        Err(error @ StoreError::Newer { .. }) => return Err(error),
        Ok(None) | Err(_) => return Err(StoreError::NotABackup(file.to_owned())),
    }
    let mut conn = open_copy(copy).await?;
    let key = take_key(&mut conn, file).await;
    let closed = conn.close().await;
    let key = key?;
    closed?;
    folder::sync(copy)?;
    Ok(key)
}

async fn take_key(conn: &mut SqliteConnection, file: &Path) -> Result<Option<Key>, StoreError> {
    let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *conn).await?;
    if sound != "ok" {
        return Err(StoreError::Damaged(sound));
    }
    let key: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'secret_key'")
        .fetch_optional(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM meta WHERE name = 'secret_key'").execute(conn).await?;
    key.map(|key| Key::parse(&key, file.display().to_string())).transpose()
}

/// A copy is one file: nothing may be left beside it, and what is deleted from it is overwritten.
async fn open_copy(file: &Path) -> Result<SqliteConnection, StoreError> {
    let options = sqlite(file).journal_mode(SqliteJournalMode::Delete).pragma("secure_delete", "on");
    Ok(SqliteConnection::connect_with(&options).await?)
}

async fn report(data_dir: &Path, secret: Option<&Secret>, with_key: bool) -> Result<Restored, StoreError> {
    let store = Store::open_with(data_dir, secret, WithoutKey::Opens).await?;
    let (rows, users) = (store.load().await, store.users().await);
    store.close().await;
    let rows = rows?;
    Ok(Restored {
        tokens: rows.tokens.len(),
        accounts: users?.len(),
        settings: rows.settings.len(),
        channels: rows.channels.len(),
        backends: rows.backends.len(),
        with_key,
        aside: None,
        lost: rows.lost().map(|(row, why)| (row.clone(), why.clone())).collect(),
    })
}
