//! Gives a folder and all that is in it to a user. Whoever owned it before may have laid traps, so nothing is reached by
//! a path twice: what was looked at is what is given away.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, chownat, fstat, openat};
use rustix::process::{Gid, Uid};

use crate::config::RunAs;

/// Folders within folders; the gateway itself makes one level.
const DEEPEST: usize = 32;
/// Folders that no program owns alone.
const SHARED: [&str; 16] = [
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin",
    "/sys", "/tmp", "/usr",
];

/// What is not given away, and how many of them.
#[derive(Debug, Default)]
struct Left {
    first: Option<String>,
    count: usize,
}

/// Gives `folder`, which is made when it is missing, and what is in it to `to`. Links are given, never followed; other
/// file systems that are mounted in it are left alone. Gives a warning when something else was left, too.
///
/// # Errors
/// The system's, and when the folder is one that many programs share.
pub(super) fn take_over(folder: &Path, to: RunAs) -> anyhow::Result<Option<String>> {
    create(folder).context("it cannot be made")?;
    let real = folder.canonicalize()?;
    if SHARED.iter().any(|shared| real == Path::new(shared)) {
        bail!("all of {} would be: name a folder of its own in DATA_DIR", real.display());
    }
    let top = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let device = fstat(&top)?.st_dev;
    let mut left = Left::default();
    give_folder(&top, device, to, &mut left, DEEPEST)?;
    Ok(left.first.map(|first| {
        let count = left.count;
        format!(
            "RUN_AS: {count} things in {} were not given to {}:{}: {first}",
            folder.display(),
            to.uid,
            to.gid
        )
    }))
}

/// As the gateway makes it, but the folders above it can be entered by all.
fn create(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    DirBuilder::new().mode(0o700).create(folder)
}

fn give_folder(
    folder: &OwnedFd,
    device: u64,
    to: RunAs,
    left: &mut Left,
    depth: usize,
) -> anyhow::Result<()> {
    give(folder.as_fd(), &fstat(folder)?, to)?;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        // Only a name for what lies there: opening it truly could start a device, or wait for a pipe.
        let found = openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        let found = match found {
            Ok(found) => found,
            Err(rustix::io::Errno::NOENT) => continue,
            Err(error) => return Err(error).with_context(|| name.to_string_lossy().into_owned()),
        };
        let stat = fstat(&found)?;
        if stat.st_dev != device {
            continue;
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            if depth == 0 {
                left.add(name, "folders are nested too deeply");
                continue;
            }
            let inner =
                openat(&found, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            give_folder(&inner, device, to, left, depth - 1)?;
        } else if stat.st_nlink > 1 && !is_of(&stat, to) {
            left.add(name, "it has another name elsewhere, which may be somebody else's");
        } else {
            give(found.as_fd(), &stat, to).with_context(|| name.to_string_lossy().into_owned())?;
        }
    }
    Ok(())
}

fn give(found: BorrowedFd<'_>, stat: &Stat, to: RunAs) -> rustix::io::Result<()> {
    if is_of(stat, to) {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    chownat(found, c"", Some(user), Some(group), AtFlags::EMPTY_PATH)
}

fn is_of(stat: &Stat, to: RunAs) -> bool {
    (stat.st_uid, stat.st_gid) == (to.uid, to.gid)
}

impl Left {
    fn add(&mut self, name: &std::ffi::CStr, why: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| format!("{}: {why}", name.to_string_lossy()));
    }
}
