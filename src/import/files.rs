//! The files of the Node program: which there are, and where they come from. Not here: what is in them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};

use super::{ImportError, Report};

/// Newest records of a log that are taken: it was never rotated and may be of any size.
pub(super) const MOST_RECORDS: usize = 100_000;

/// A file of the Node program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    Keys,
    Channels,
    Tokens,
    Stats,
    Access,
    Requests,
    Audit,
    Env,
}

impl File {
    /// In the order in which they are reported.
    pub const ALL: [File; 8] = [
        File::Keys,
        File::Channels,
        File::Tokens,
        File::Stats,
        File::Access,
        File::Requests,
        File::Audit,
        File::Env,
    ];

    /// Its path in the data folder; `.env` stood beside that.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            File::Keys => "keys.json",
            File::Channels => "channels.json",
            File::Tokens => "tokens.json",
            File::Stats => "stats.json",
            File::Access => "access.json",
            File::Requests => "logs/requests.jsonl",
            File::Audit => "logs/audit.jsonl",
            File::Env => ".env",
        }
    }

    /// The file of this name, with or without the folder of logs.
    #[must_use]
    pub fn named(name: &str) -> Option<File> {
        File::ALL
            .into_iter()
            .find(|file| file.name() == name || file.name().strip_prefix("logs/") == Some(name))
    }

    pub(super) fn is_log(self) -> bool {
        matches!(self, File::Requests | File::Audit)
    }

    fn is_json(self) -> bool {
        !self.is_log() && self != File::Env
    }
}

/// The texts of some of the files.
#[derive(Default)]
pub struct Files {
    texts: BTreeMap<File, String>,
    /// Where they were found; nowhere if they were uploaded.
    places: BTreeMap<File, PathBuf>,
    /// Logs that are there and were not read.
    pub(super) left: Vec<File>,
    /// Lines before those that were read, of a log that is longer than what is taken of one.
    pub(super) skipped: BTreeMap<File, usize>,
}

impl std::fmt::Debug for Files {
    /// Names only: the texts hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.texts.keys()).finish()
    }
}

impl Files {
    /// The files in a folder: the data folder of the Node program, or that in which it was installed, which has `data`
    /// below it. `.env` is taken when it is there, logs when they are asked for.
    ///
    /// # Errors
    /// [`ImportError::Missing`], [`ImportError::NoFolder`], [`ImportError::Nothing`], [`ImportError::Unreadable`],
    /// [`ImportError::Damaged`] for what is no text.
    pub fn in_folder(folder: &Path, logs: bool) -> Result<Files, ImportError> {
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => return Err(ImportError::NoFolder(folder.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ImportError::Missing(folder.to_owned()));
            }
            // What cannot be looked at is told of with the first file.
            Ok(_) | Err(_) => {}
        }
        let below = folder.join("data");
        let data = if !has_any(folder) && has_any(&below) { &below } else { folder };
        let mut files = Files::default();
        for file in File::ALL {
            let path = if file == File::Env { folder } else { data }.join(file.name());
            if file.is_log() && !logs {
                if path.is_file() {
                    files.left.push(file);
                }
                continue;
            }
            files.take(file, path)?;
        }
        match files.texts.is_empty() {
            true => Err(ImportError::Nothing(folder.to_owned())),
            false => Ok(files),
        }
    }

    /// The JSON files in a data folder; none of them need be there.
    ///
    /// # Errors
    /// As [`Files::in_folder`].
    pub(super) fn json_in(data: &Path) -> Result<Files, ImportError> {
        let mut files = Files::default();
        for file in File::ALL.into_iter().filter(|file| file.is_json()) {
            files.take(file, data.join(file.name()))?;
        }
        files.left =
            [File::Requests, File::Audit].into_iter().filter(|log| data.join(log.name()).is_file()).collect();
        Ok(files)
    }

    /// Adds a file that was given by its text.
    pub fn give(&mut self, file: File, text: String) {
        self.texts.insert(file, text);
    }

    fn take(&mut self, file: File, path: PathBuf) -> Result<(), ImportError> {
        let read = match file.is_log() {
            true => newest(&path).map(|(bytes, skipped)| {
                self.skipped.insert(file, skipped);
                bytes
            }),
            false => fs::read(&path),
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            // A folder of that name is no file of the Node program; `.env` is a usual name for one.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => {
                return Ok(());
            }
            Err(source) => return Err(ImportError::Unreadable { path, source }),
        };
        self.places.insert(file, path);
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            self.damaged(file, line, "it is not UTF-8")
        })?;
        self.texts.insert(file, text);
        Ok(())
    }

    /// The text of a file that is there.
    pub(super) fn text(&self, file: File) -> Option<&str> {
        self.texts.get(&file).map(|text| text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    pub(super) fn damaged(&self, file: File, line: usize, what: impl Into<String>) -> ImportError {
        let line = line + self.skipped.get(&file).copied().unwrap_or_default();
        ImportError::Damaged { file: self.shown(file), line, what: what.into() }
    }

    /// A file as a person finds it.
    pub(super) fn shown(&self, file: File) -> String {
        self.places.get(&file).map_or_else(|| file.name().to_owned(), |path| path.display().to_string())
    }
}

/// Whether a folder has one of the JSON files.
pub(super) fn has_any(folder: &Path) -> bool {
    File::ALL.into_iter().any(|file| file.is_json() && folder.join(file.name()).is_file())
}

/// The newest lines of a log, and how many there are before them.
fn newest(path: &Path) -> io::Result<(Vec<u8>, usize)> {
    let lines = io::BufReader::new(fs::File::open(path)?);
    let mut kept = std::collections::VecDeque::new();
    let mut skipped = 0;
    for line in lines.split(b'\n') {
        kept.push_back(line?);
        if kept.len() > MOST_RECORDS {
            kept.pop_front();
            skipped += 1;
        }
    }
    let bytes = kept.into_iter().flat_map(|mut line| {
        line.push(b'\n');
        line
    });
    Ok((bytes.collect(), skipped))
}

/// Deletes the old files that hold secrets and of which nothing is missing here, and says so of each; of one that stays
/// it says why. `.env` always stays: it is the configuration of whoever runs there.
///
/// # Errors
/// The first file that could not be deleted.
pub fn remove_source(files: &Files, report: &mut Report) -> io::Result<Vec<String>> {
    let mut told = Vec::new();
    for file in report.secrets.clone() {
        let shown = files.shown(file);
        if file == File::Env {
            told.push(format!("{shown} stays: delete it yourself, once its values are where they belong"));
        } else if !report.is_complete(file) {
            told.push(format!("{shown} stays: not all of it was taken over"));
        } else if let Some(path) = files.places.get(&file) {
            fs::remove_file(path)
                .map_err(|error| io::Error::new(error.kind(), format!("{shown}: {error}")))?;
            told.push(format!("{shown} was deleted"));
            report.secrets.retain(|secret| *secret != file);
        }
    }
    Ok(told)
}
