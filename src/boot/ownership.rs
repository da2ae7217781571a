//! Gives a folder and all that is in it to a user. Whoever owned it before may have laid traps, so nothing is reached by
//! a path twice: what was looked at is what is given away.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, StatxFlags, chownat, fstat, openat, statx,
};
use rustix::process::{Gid, Uid};

use crate::config::RunAs;

/// Folders within folders; the gateway itself makes one level.
const DEEPEST: usize = 32;
/// Folders that no program owns alone, volumes of their own or not.
const SHARED: [&str; 48] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/snap",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/etc",
    "/usr/include",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/backups",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/mail",
    "/var/opt",
    "/var/run",
    "/var/spool",
    "/var/tmp",
];
/// Without these nothing goes on, so that a warning does not do.
const NEEDED: [&[u8]; 5] = [
    b"ollama2openai.db",
    b"ollama2openai.db-wal",
    b"ollama2openai.db-shm",
    b"ollama2openai.lock",
    b"secret.key",
];

/// What a thing is mounted with. Two mounts may show the same device; systems before Linux 5.8 do not tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mount {
    device: u64,
    id: Option<u64>,
}

impl Mount {
    fn of(found: BorrowedFd<'_>, stat: &Stat) -> Mount {
        let told = statx(found, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok();
        let told = told.filter(|told| told.stx_mask & StatxFlags::MNT_ID.bits() != 0);
        Mount { device: stat.st_dev, id: told.map(|told| told.stx_mnt_id) }
    }
}

/// What is not given away, and how many of them.
#[derive(Debug, Default)]
struct Left {
    first: Option<String>,
    count: usize,
}

/// Gives `folder`, which is made when it is missing, and what is in it to `to`. Links are given, never followed; what is
/// mounted in it is left alone. Gives a warning when something else was left, too.
///
/// # Errors
/// The system's, and when the folder is one that many programs share.
pub(super) fn take_over(folder: &Path, to: RunAs) -> anyhow::Result<Option<String>> {
    // Before it is made as well as where it leads to.
    refuse_shared(folder)?;
    create(folder).context("it cannot be made")?;
    let real = folder.canonicalize()?;
    refuse_shared(&real)?;
    let top = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mount = Mount::of(top.as_fd(), &fstat(&top)?);
    if real.parent() == Some(Path::new("/")) && !is_own(&top, mount)? {
        bail!(
            "{} lies directly below / and holds what is not the gateway's: name a folder of its own in DATA_DIR",
            real.display()
        );
    }
    let mut left = Left::default();
    give_folder(&top, mount, to, &mut left, DEEPEST)?;
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

fn refuse_shared(folder: &Path) -> anyhow::Result<()> {
    if SHARED.iter().any(|shared| folder == Path::new(shared)) {
        bail!("all of {} would be: name a folder of its own in DATA_DIR", folder.display());
    }
    Ok(())
}

/// Whether a folder directly below the root is the gateway's: a volume, empty, or with its database.
fn is_own(folder: &OwnedFd, mount: Mount) -> anyhow::Result<bool> {
    let root = openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    if Mount::of(root.as_fd(), &fstat(&root)?) != mount {
        return Ok(true);
    }
    let mut is_empty = true;
    for entry in Dir::read_from(folder)? {
        match entry?.file_name().to_bytes() {
            b"." | b".." => {}
            name if NEEDED.contains(&name) => return Ok(true),
            _ => is_empty = false,
        }
    }
    Ok(is_empty)
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
    mount: Mount,
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
        if Mount::of(found.as_fd(), &stat) != mount {
            continue;
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            if depth == 0 {
                left.add(name, "folders are nested too deeply");
                continue;
            }
            let inner =
                openat(&found, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            give_folder(&inner, mount, to, left, depth - 1)?;
        } else if stat.st_nlink > 1 && !is_of(&stat, to) {
            let way = format!(
                "it has another name elsewhere, which may be somebody else's; if it is not: chown {}:{}",
                to.uid, to.gid
            );
            if depth == DEEPEST && NEEDED.contains(&name.to_bytes()) {
                bail!("{}: {way}", name.to_string_lossy());
            }
            left.add(name, &way);
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
