//! Why nothing was imported.

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// Nothing was imported, and no file was changed. No text of a file is repeated: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(
        "{file}, line {line}, is damaged: {what}; nothing was imported, and the file stays as it is: mend it, or move \
         it away to do without it"
    )]
    Damaged {
        /// With its folder, where that is known.
        file: String,
        /// From 1.
        line: usize,
        what: String,
    },
    #[error(
        "{path:?} cannot be read: {source}; give it to this user (chown -R on the folder), or move it away"
    )]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{0:?} is not there")]
    Missing(PathBuf),
    #[error("{0:?} is a file: name the folder that it is in")]
    NoFolder(PathBuf),
    #[error("{0:?} holds nothing of the Node program: no keys.json, channels.json, tokens.json, …")]
    Nothing(PathBuf),
    #[error("the report {path:?} cannot be written: {source}")]
    Report { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}
