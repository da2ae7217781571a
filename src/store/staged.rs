//! A first database that is there when it is complete, and not before: it is made under another name.

use std::path::Path;

use super::db::Db;
use super::folder::{Folder, Lock};
use super::{Store, StoreError, migrate, note_key};
use crate::config::Secret;

/// A database in the making. Dropped before [`Staged::finish`], or killed, it has never been there.
#[derive(Debug)]
pub struct Staged {
    store: Store,
    /// Nobody else may start in this folder meanwhile.
    _starting: Lock,
}

impl Store {
    /// Begins to make the database of a data folder, as [`Store::open`] does; `None` when there is one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn stage(data_dir: &Path, secret: Option<&Secret>) -> Result<Option<Staged>, StoreError> {
        let folder = Folder::create(data_dir)?;
        let starting = folder.starting().await?;
        if folder.database().exists() {
            return Ok(None);
        }
        let in_use = folder.in_use()?;
        let key = folder.key(secret)?.map_or_else(|| folder.make_key(), Ok)?;
        let db = Db::sqlite(&folder.new_stage()?).await?;
        migrate::run(&db).await?;
        note_key(&db, secret).await?;
        Ok(Some(Staged { store: Store::of(db, key, folder, in_use), _starting: starting }))
    }
}

impl Staged {
    /// What is being filled.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Puts the database where it belongs.
    ///
    /// # Errors
    /// Those of files; the database is not there then.
    pub async fn finish(self) -> Result<(), StoreError> {
        self.store.close_shared().await;
        self.store.folder.enter_stage()
    }
}
