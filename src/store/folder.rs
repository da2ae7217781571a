//! The data folder: its files, their permissions, the key file, and who uses it. Not here: what is in the database.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreError;
use super::seal::Key;
use crate::config::Secret;

/// How often, and with which pauses, the database is asked for before it is taken for in use.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);
const DATABASE: &str = "ollama2openai.db";
const KEY: &str = "secret.key";
const IN_USE: &str = "ollama2openai.lock";
/// A database that is being made.
const STAGE: &str = "ollama2openai.db.new";
/// What SQLite keeps beside a database while it is open, or after it was killed.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];
/// Read and written by the owner alone.
const PRIVATE: u32 = 0o600;

/// Holds a lock until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// A data folder that exists.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder, made when it is missing, with mode 0700.
    pub(super) fn create(path: &Path) -> Result<Folder, StoreError> {
        if path.exists() && !path.is_dir() {
            return Err(StoreError::NotAFolder(path.to_owned()));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| failed("create the folder", path, error))?;
        Ok(Folder(path.to_owned()))
    }

    pub(super) fn database(&self) -> PathBuf {
        database(&self.0)
    }

    /// Waits until nobody else starts in this folder: two processes must not make the key or migrate at once.
    pub(super) async fn starting(&self) -> Result<Lock, StoreError> {
        let folder = self.0.clone();
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::open(&folder)?;
            file.lock()?;
            Ok(file)
        });
        let locked = locked.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        locked.map(Lock).map_err(|error| StoreError::io("lock the folder", &self.0, error))
    }

    /// Says to [`Folder::alone`] that the database is in use. Any number of processes may.
    pub(super) fn in_use(&self) -> Result<Lock, StoreError> {
        self.lock(File::try_lock_shared)
    }

    /// Keeps every other process from using the database. One that is about to end is waited for.
    pub(super) async fn alone(&self) -> Result<Lock, StoreError> {
        for _ in 1..TRIES {
            match self.lock(File::try_lock) {
                Err(StoreError::InUse(_)) => tokio::time::sleep(PAUSE).await,
                done => return done,
            }
        }
        self.lock(File::try_lock)
    }

    fn lock(&self, how: fn(&File) -> Result<(), TryLockError>) -> Result<Lock, StoreError> {
        let path = self.0.join(IN_USE);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(&path);
        let file = file.map_err(|error| StoreError::io("open", &path, error))?;
        match how(&file) {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path, error)),
        }
    }

    /// Makes the database file when it is missing, and sees that it can be written to. SQLite would make it readable
    /// by all; what it makes beside it gets the mode of this file.
    pub(super) fn prepare_database(&self) -> Result<(), StoreError> {
        let path = self.database();
        let file = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(&path);
        file.map(drop).map_err(|error| StoreError::io("open", path, error))
    }

    /// An empty file for a database that is being made. What a killed process left of one goes.
    pub(super) fn new_stage(&self) -> Result<PathBuf, StoreError> {
        for end in std::iter::once("").chain(COMPANIONS) {
            let old = self.0.join(format!("{STAGE}{end}"));
            unless_missing(fs::remove_file(&old), &old)?;
        }
        let path = self.0.join(STAGE);
        new_file(&path)?;
        Ok(path)
    }

    /// Makes the database that was made, and is closed, that of the folder.
    pub(super) fn enter_stage(&self) -> Result<(), StoreError> {
        let (from, to) = (self.0.join(STAGE), self.database());
        sync(&from)?;
        fs::rename(&from, &to).map_err(|error| StoreError::io("move", from, error))?;
        sync(&self.0)
    }

    /// `given` if there is one, else that of the key file, if there is one.
    pub(super) fn key(&self, given: Option<&Secret>) -> Result<Option<Key>, StoreError> {
        match given {
            Some(given) => Key::parse(given.expose(), "SECRET_KEY").map(Some),
            None => self.key_file(),
        }
    }

    /// A new key, in the key file.
    pub(super) fn make_key(&self) -> Result<Key, StoreError> {
        let key = Key::random()?;
        self.write_key(&key)?;
        Ok(key)
    }

    /// What to say when there is no key.
    pub(super) fn without_key(&self) -> StoreError {
        StoreError::NoKey(self.0.join(KEY))
    }

    /// The key of the key file.
    pub(super) fn key_file(&self) -> Result<Option<Key>, StoreError> {
        let path = self.0.join(KEY);
        match fs::read_to_string(&path) {
            Ok(text) => Key::parse(&text, path.display().to_string()).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", path, error)),
        }
    }

    /// Whole or not at all: a key that is cut off would lose every credential.
    pub(super) fn write_key(&self, key: &Key) -> Result<(), StoreError> {
        let (path, part) = (self.0.join(KEY), self.0.join("secret.key.part"));
        let write = || {
            let _ = fs::remove_file(&part);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&part)?;
            file.write_all(format!("{}\n", *key.to_base64()).as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|error| StoreError::io("write", path.clone(), error))
    }

    /// Puts the database aside, and the key file if asked to, under names that end in `.replaced` and, from the second
    /// time on, a number. Gives that of the database, if there was one.
    pub(super) fn put_aside(&self, with_key: bool) -> Result<Option<PathBuf>, StoreError> {
        let replaces = self.database().exists();
        let end = self.free_end();
        // The companions of a database are found by its name: `x.replaced-wal` belongs to `x.replaced`.
        for companion in COMPANIONS {
            let from = self.0.join(format!("{DATABASE}{companion}"));
            match replaces {
                true => unless_missing(
                    fs::rename(&from, self.0.join(format!("{DATABASE}{end}{companion}"))),
                    &from,
                )?,
                // Left behind by a database that is gone, it would be taken for that of the next one.
                false => unless_missing(fs::remove_file(&from), &from)?,
            }
        }
        let names: &[&str] = if with_key { &[DATABASE, KEY] } else { &[DATABASE] };
        for name in names {
            let from = self.0.join(name);
            unless_missing(fs::rename(&from, self.0.join(format!("{name}{end}"))), &from)?;
        }
        Ok(replaces.then(|| self.0.join(format!("{DATABASE}{end}"))))
    }

    /// What no file that was put aside ends in yet.
    fn free_end(&self) -> String {
        let is_free = |end: &String| {
            !self.0.join(format!("{DATABASE}{end}")).exists() && !self.0.join(format!("{KEY}{end}")).exists()
        };
        let numbered = (2..).map(|number: u32| format!(".replaced.{number}"));
        let mut ends = std::iter::once(".replaced".to_owned()).chain(numbered);
        ends.find(is_free).expect("numbers do not end")
    }
}

/// What went wrong with a data folder.
pub(super) fn failed(doing: &'static str, data_dir: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotADirectory => StoreError::NotAFolder(data_dir.to_owned()),
        _ => StoreError::io(doing, data_dir, error),
    }
}

/// The database of a data folder, whether they exist or not.
pub(super) fn database(data_dir: &Path) -> PathBuf {
    data_dir.join(DATABASE)
}

fn unless_missing(done: io::Result<()>, path: &Path) -> Result<(), StoreError> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io("move", path, error)),
        _ => Ok(()),
    }
}

/// A new and empty file that only its owner may read.
pub(super) fn new_file(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(StoreError::Exists(path.to_owned()))
        }
        Err(error) => Err(StoreError::io("create", path, error)),
    }
}

/// Copying gives a file the mode of the one that was copied.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    fs::set_permissions(path, Permissions::from_mode(PRIVATE))
        .map_err(|error| StoreError::io("set the mode of", path, error))
}

/// What was written to the file is on the disk.
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| StoreError::io("write", path, error))
}

/// The user that this process runs as, where `/proc` tells.
pub(super) fn uid() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|process| process.uid())
}
