//! What can go wrong with state, in sentences for the person who can mend it.

use std::io;
use std::path::PathBuf;

/// Why the store did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no {what} with the id {id:?}")]
    NotFound {
        /// Such as "channel" or "key".
        what: &'static str,
        id: String,
    },
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The database was written by a later version of the program.
    #[error(
        "the database is of version {found}, and this program knows versions up to {known} only: \
         start a program that is as new as the one that wrote it, or restore a backup from before"
    )]
    Newer { found: i64, known: i64 },
    /// Somebody else is writing and did not end in time.
    #[error(
        "the database is busy: somebody else, such as another program, is writing to it; nothing was changed, try again"
    )]
    Locked,
    #[error("the disk that holds the database is full: free some space; nothing else needs to be done")]
    Full,
    #[error("the database cannot be written to: see to the permissions of its file and folder")]
    ReadOnly,
    #[error("the database is damaged ({0}): stop the gateway and restore a backup")]
    Damaged(String),
    /// The folder, or a file in it, may not be written to by this user.
    #[error(
        "{path:?} cannot be written to by this user{}: give the folder to it (chown -R), or set DATA_DIR \
         to another one", user(.uid)
    )]
    NotWritable { path: PathBuf, uid: Option<u32> },
    #[error("cannot {doing} {path:?}: {cause}")]
    Io { doing: &'static str, path: PathBuf, cause: io::Error },
    #[error("{0:?} is no folder: set DATA_DIR to one, or to where one can be made")]
    NotAFolder(PathBuf),
    /// `SECRET_KEY` or the key file.
    #[error("{0} is not a key: it must be 32 bytes in base64, as `openssl rand -base64 32` prints them")]
    BadKey(String),
    /// There is neither, and another one would not open what is sealed, or the gateway would not open what it seals.
    #[error(
        "the key that seals the credentials of this database is not here: set SECRET_KEY or SECRET_KEY_FILE as the \
         gateway has it, or bring {0:?} back; if it is gone for good, set SECRET_KEY to a new one and enter the \
         credentials again"
    )]
    NoKey(PathBuf),
    #[error("the database in {0:?} is in use: stop the gateway first")]
    InUse(PathBuf),
    /// A file that would be overwritten.
    #[error("{0:?} exists")]
    Exists(PathBuf),
    #[error("{0:?} is not a backup of this program")]
    NotABackup(PathBuf),
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("the database could not be brought up to date: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
}

/// A change that contradicts what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("a channel named {0:?} exists")]
    Name(String),
    #[error("an account named {0:?} exists")]
    User(String),
    #[error("an API token named {0:?} exists")]
    AdminToken(String),
    /// Nobody could manage anything any more.
    #[error("it is the last admin that is enabled: make another one first")]
    LastAdmin,
    #[error("the id {0:?} is taken")]
    Id(String),
    /// A key of the pool with the same credential and base URL.
    #[error("the same key for the same base URL exists")]
    Key,
    /// Of a text, only the hash of which is known.
    #[error("the same token exists")]
    Token,
    #[error(
        "it was changed by somebody else: it is now at revision {found}, the change was made to {expected}"
    )]
    Revision { expected: i64, found: i64 },
}

fn user(uid: &Option<u32>) -> String {
    uid.map(|uid| format!(" (uid {uid})")).unwrap_or_default()
}

impl StoreError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> StoreError {
        let path = path.into();
        match cause.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::NotWritable { path, uid: super::folder::uid() }
            }
            io::ErrorKind::StorageFull => StoreError::Full,
            _ => StoreError::Io { doing, path, cause },
        }
    }
}

// SQLite's primary result codes; sqlx gives the extended ones, whose low byte they are.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOTADB: i32 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return StoreError::Locked;
        }
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
        match code.map(|code| code & 0xff) {
            Some(BUSY | LOCKED) => StoreError::Locked,
            Some(FULL) => StoreError::Full,
            Some(READONLY) => StoreError::ReadOnly,
            Some(CORRUPT | NOTADB) => StoreError::Damaged(error.to_string()),
            _ => StoreError::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> StoreError {
        use sqlx::migrate::MigrateError;
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => StoreError::Migrate(other),
        }
    }
}

impl From<getrandom::Error> for StoreError {
    fn from(error: getrandom::Error) -> StoreError {
        StoreError::Random(error)
    }
}
