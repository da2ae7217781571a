//! State that outlives the process: channels, backends, tokens, settings, accounts and the audit, in a SQLite file of the
//! data folder. All SQL is here, in one text that PostgreSQL understands, too (see `db`).
//!
//! A row is only what is stored: what it means for a request is known to `snapshot`. No live state is kept here, such
//! as health or requests in flight.

mod admin_tokens;
mod audit;
mod backends;
mod backup;
mod bulk;
mod calm;
mod captures;
mod channels;
mod db;
mod error;
mod folder;
mod import;
mod imported;
mod keys;
mod meta;
mod migrate;
mod request_log;
mod rows;
mod seal;
mod sessions;
mod settings;
mod shown;
mod staged;
mod text;
mod token_list;
mod token_rows;
mod tokens;
mod totals;
mod usage;
mod users;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Secret;
use crate::telemetry::Metrics;
use db::Db;
use folder::{Folder, Lock};
use seal::Key;

pub use admin_tokens::{AdminTokenRow, NewAdminToken};
pub use audit::{ActorKind, AuditFilter, AuditRow, By, Entry};
pub use backup::{Restored, restore};
pub use captures::{CaptureRow, CaptureTexts};
pub use error::{Conflict, StoreError};
pub use import::{Batch, DailyUse, Imported, Landed, LogKind, OldRecord, UseOf};
pub use migrate::Pending;
pub use request_log::{LogBounds, LogFacts, LogFilter, LogRow};
pub use rows::{
    BackendRow, ChannelChange, ChannelRow, Created, KeyChange, NewBackend, NewChannel, NewKey, Rows, Totals,
};
pub use seal::Lost;
pub use sessions::{LIFE, NewSession, SessionRow};
pub use staged::Staged;
pub use text::is_id;
pub use token_list::{Sorted, TokenKind, TokenOrder, TokenQuery};
pub use token_rows::{NewToken, TokenChange, TokenRow, TokenText, TokenUse};
pub use usage::{
    BUCKETS, BackendDay, DayUse, ErrorCount, Histogram, HourlyUse, OutcomeSum, Overview, Stretch, StretchUse,
    UsageCounts, UsageKey, UsageRow, UseSum, Window,
};
pub use users::{FIRST, NewPassword, NewUser, Role, UserChange, UserRow};

/// What happens to a database whose key is neither given nor found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WithoutKey {
    /// What would be sealed with another one is of no use to who has the key.
    Refuses,
    /// Whoever opens it tells of what is lost.
    Opens,
}

/// A key in the place of one that is neither given nor found.
async fn missing_key(db: &Db, folder: &Folder, without_key: WithoutKey) -> Result<Key, StoreError> {
    let mut tx = db.read().await?;
    let (is_elsewhere, has_sealed) = (meta::had_key(&mut tx).await?, backends::has_sealed(&mut tx).await?);
    match without_key {
        WithoutKey::Refuses if is_elsewhere || has_sealed => Err(folder.without_key()),
        // It is not gone: the next one who opens it brings it.
        WithoutKey::Opens if is_elsewhere => Key::random(),
        WithoutKey::Refuses | WithoutKey::Opens => folder.make_key(),
    }
}

/// Notes that a key was given: it is in no file that a later process finds by itself.
async fn note_key(db: &Db, secret: Option<&Secret>) -> Result<(), StoreError> {
    if secret.is_none() || meta::had_key(&mut db.read().await?).await? {
        return Ok(());
    }
    let mut tx = db.write().await?;
    meta::note_key(&mut tx).await?;
    tx.commit().await
}

/// The database of a data folder, open. Any number of processes may have it open at once.
#[derive(Debug)]
pub struct Store {
    db: Db,
    key: Key,
    folder: Folder,
    open_block: request_log::Open,
    _in_use: Lock,
}

impl Store {
    /// Opens the database of a data folder and brings it up to date. What is missing is made: the folder, the
    /// database, and the key that seals credentials, unless `secret` gives it as 32 bytes in base64.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::Newer`], [`StoreError::BadKey`], [`StoreError::NoKey`],
    /// [`StoreError::InUse`] while a backup is being restored; those of files and of the database. A key that is not the one with which credentials were
    /// sealed is no error: see [`Rows::lost`].
    pub async fn open(data_dir: &Path, secret: Option<&Secret>) -> Result<Store, StoreError> {
        Store::open_with(data_dir, secret, WithoutKey::Refuses).await
    }

    async fn open_with(
        data_dir: &Path,
        secret: Option<&Secret>,
        without_key: WithoutKey,
    ) -> Result<Store, StoreError> {
        let folder = Folder::create(data_dir)?;
        let starting = folder.starting().await?;
        let in_use = folder.in_use()?;
        let key = folder.key(secret)?;
        folder.prepare_database()?;
        let file = folder.database();
        // Before anything is written, by changing the mode of the file for instance.
        migrate::applied(&file).await?;
        let db = Db::sqlite(&file).await?;
        migrate::run(&db).await?;
        let key = match key {
            Some(key) => Ok(key),
            None => missing_key(&db, &folder, without_key).await,
        };
        let key = match key {
            Ok(key) => key,
            Err(error) => {
                db.close().await;
                return Err(error);
            }
        };
        note_key(&db, secret).await?;
        users::begin(&db).await?;
        drop(starting);
        Ok(Store::of(db, key, folder, in_use))
    }

    fn of(db: Db, key: Key, folder: Folder, in_use: Lock) -> Store {
        Store { db, key, folder, open_block: request_log::Open::default(), _in_use: in_use }
    }

    /// The same, but a write waits only so long while another process writes, and is [`StoreError::Locked`] then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_patience(mut self, patience: Duration) -> Result<Store, StoreError> {
        self.db.hurry(patience).await?;
        Ok(self)
    }

    /// Tells of changes that are stored: how long each took.
    pub fn tell_changes(&self, metrics: Arc<Metrics>) {
        // The first one that asked for it is told.
        let _ = self.db.changes.metrics.set(metrics);
    }

    /// Whether a data folder has a database.
    #[must_use]
    pub fn exists(data_dir: &Path) -> bool {
        folder::database(data_dir).exists()
    }

    /// What [`Store::migrate`] would do to the database of a data folder. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Newer`]; those of files and of the database.
    pub async fn pending(data_dir: &Path) -> Result<Vec<Pending>, StoreError> {
        migrate::pending(data_dir).await
    }

    /// Brings the database of a data folder up to date, as [`Store::open`] does, and says what was done.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn migrate(data_dir: &Path, secret: Option<&Secret>) -> Result<Vec<Pending>, StoreError> {
        let pending = Store::pending(data_dir).await?;
        Store::open(data_dir, secret).await?.close().await;
        Ok(pending)
    }

    /// All channels, backends, tokens and settings, as they are at one moment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load(&self) -> Result<Rows, StoreError> {
        self.read(|_| true).await
    }

    /// [`Store::load`] without tokens, of which there may be a hundred thousand.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_backends(&self) -> Result<Rows, StoreError> {
        self.read(|_| false).await
    }

    /// [`Store::load`], without the tokens if they are still those of [`Rows::tokens_revision`] `known`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_since(&self, known: i64) -> Result<Rows, StoreError> {
        self.read(|revision| revision != known).await
    }

    /// With tokens, if those of this revision are wanted.
    async fn read(&self, wants_tokens: impl Fn(i64) -> bool) -> Result<Rows, StoreError> {
        let mut tx = self.db.read().await?;
        let revision = meta::revision(&mut tx).await?;
        let channels = channels::all(&mut tx).await?;
        let backends = backends::all(&mut tx).await?;
        let tokens_revision = meta::tokens_revision(&mut tx).await?;
        let has_tokens = wants_tokens(tokens_revision);
        let tokens = if has_tokens { tokens::all(&mut tx).await? } else { Vec::new() };
        let had_tokens = meta::had_tokens(&mut tx).await?;
        let settings = settings::all(&mut tx).await?;
        let settings_revision = meta::settings_revision(&mut tx).await?;
        drop(tx);
        Ok(Rows {
            revision,
            channels: channels.into_iter().map(channels::Stored::open).collect::<Result<_, _>>()?,
            backends: backends.into_iter().map(|row| row.open(&self.key)).collect::<Result<_, _>>()?,
            tokens: tokens.into_iter().map(tokens::Stored::open).collect::<Result<_, _>>()?,
            has_tokens,
            tokens_revision,
            had_tokens,
            settings,
            settings_revision,
        })
    }

    /// Grows with every change of channels, backends, tokens and settings, whichever process makes it. Totals do not count.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        meta::revision(&mut self.db.read().await?).await
    }

    /// Whether the threads of the database answer. An error is an answer: only silence is none.
    pub async fn answers(&self) -> bool {
        !self.db.is_silent().await
    }

    /// Waits for what is running and closes the files, so that the database is one file again. A store that is only
    /// dropped loses nothing either.
    pub async fn close(self) {
        self.close_shared().await;
    }

    /// [`Store::close`] for one that others hold, too: nothing works after it.
    pub async fn close_shared(&self) {
        self.db.close().await;
    }
}
