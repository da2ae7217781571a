//! Files of lines that grow to a bound: a full one, or one of another day, is put aside under its day, and the oldest of
//! those are deleted when there is too much.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How large files may get, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileBounds {
    pub one: u64,
    /// All of the folder together.
    pub all: u64,
}

/// A file `NAME.jsonl` in a folder, and those that were put aside as `NAME-2026-01-31.1.jsonl`.
#[derive(Debug)]
pub struct LineFile {
    folder: PathBuf,
    name: &'static str,
}

struct Open {
    file: File,
    size: u64,
    /// Of its last line, in UTC.
    day: Date,
}

impl LineFile {
    #[must_use]
    pub fn new(folder: PathBuf, name: &'static str) -> Self {
        LineFile { folder, name }
    }

    /// Appends lines. It is opened each time, so that others may move it. Files and their folder are for their owner
    /// alone.
    ///
    /// # Errors
    /// The system's; some lines may be there then, the last one in part.
    pub fn append(&self, lines: &[Arc<str>], now: Timestamp, bounds: &FileBounds) -> io::Result<()> {
        let (mut lines, today) = (lines, day_of(now));
        while let Some(first) = lines.first() {
            let mut open = self.open(today)?;
            if open.day != today || open.size > 0 && open.size + first.len() as u64 + 1 > bounds.one {
                drop(open.file);
                self.put_aside(open.day)?;
                self.delete_oldest(bounds.all.saturating_sub(bounds.one))?;
                continue;
            }
            let mut text = String::new();
            let fitting = lines.iter().take_while(|line| {
                let size = open.size + (text.len() + line.len()) as u64 + 1;
                let fits = text.is_empty() || size <= bounds.one;
                if fits {
                    text.push_str(line);
                    text.push('\n');
                }
                fits
            });
            lines = &lines[fitting.count()..];
            open.file.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// Where its lines go now.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.jsonl", self.name))
    }

    fn open(&self, today: Date) -> io::Result<Open> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(self.path())?;
        let told = file.metadata()?;
        let day = match told.len() {
            0 => today,
            _ => Timestamp::try_from(told.modified()?).map_or(today, day_of),
        };
        Ok(Open { file, size: told.len(), day })
    }

    fn put_aside(&self, day: Date) -> io::Result<()> {
        let place = |number: u32| self.folder.join(format!("{}-{day}.{number}.jsonl", self.name));
        let free = (1..).map(place).find(|path| !path.exists());
        free.map_or(Ok(()), |free| fs::rename(self.path(), free))
    }

    /// Deletes files that were put aside until all of them have `most` bytes.
    fn delete_oldest(&self, most: u64) -> io::Result<()> {
        let mut aside = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let told = entry.metadata()?;
            if is_aside(&entry.path()) && told.is_file() {
                aside.push((told.modified()?, entry.path(), told.len()));
            }
        }
        aside.sort();
        let mut all: u64 = aside.iter().map(|(_, _, size)| size).sum();
        for (_, path, size) in aside {
            if all <= most {
                break;
            }
            fs::remove_file(path)?;
            all -= size;
        }
        Ok(())
    }
}

/// `requests-2026-01-31.1.jsonl`, of whatever name.
fn is_aside(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".jsonl"));
    let parts = name.and_then(|name| name.rsplit_once('.'));
    parts.is_some_and(|(head, number)| {
        let day = head.get(head.len().saturating_sub(10)..);
        number.parse::<u32>().is_ok() && day.is_some_and(|day| day.parse::<Date>().is_ok())
    })
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<(String, String)> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_full_file_and_one_of_another_day_are_put_aside_and_the_oldest_deleted() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine.1.jsonl"), "stays").unwrap();
        let (now, file) = (Timestamp::now(), LineFile::new(folder.clone(), "requests"));
        let append = |texts: &[&str]| {
            let lines: Vec<Arc<str>> = texts.iter().map(|text| Arc::from(*text)).collect();
            file.append(&lines, now, &FileBounds { one: 12, all: 40 }).unwrap();
        };
        append(&["aaaa", "bbbb", "cccc"]);
        append(&["a line that is far too long"]);
        let of_today = |number: u32| format!("requests-{}.{number}.jsonl", day_of(now));
        let kept = names(&folder);
        assert_eq!(kept[1], (of_today(1), "aaaa\nbbbb\n".to_owned()));
        assert_eq!(kept[2], (of_today(2), "cccc\n".to_owned()));
        let other_day: Timestamp = "2026-01-31T23:59:00Z".parse().unwrap();
        File::options()
            .append(true)
            .open(folder.join("requests.jsonl"))
            .unwrap()
            .set_modified(other_day.into())
            .unwrap();
        append(&["dd"]);
        let kept = names(&folder);
        assert_eq!(kept.last().unwrap(), &("requests.jsonl".to_owned(), "dd\n".to_owned()));
        let aside = "requests-2026-01-31.1.jsonl";
        assert!(!kept.iter().any(|(name, _)| name == aside), "the oldest is deleted first: {kept:?}");
        assert_eq!(kept[0].1, "stays");
        assert_eq!(kept.len(), 4, "what fits stays: {kept:?}");
        append(&["ee"]);
        assert_eq!(names(&folder).last().unwrap().1, "dd\nee\n");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_and_mends() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        fs::write(&folder, "no folder").unwrap();
        let file = LineFile::new(folder.clone(), "requests");
        let bounds = FileBounds { one: 100, all: 1000 };
        assert!(file.append(&["x".into()], Timestamp::now(), &bounds).is_err());
        fs::remove_file(&folder).unwrap();
        file.append(&["y".into()], Timestamp::now(), &bounds).unwrap();
        assert_eq!(fs::read_to_string(folder.join("requests.jsonl")).unwrap(), "y\n");
    }
}
