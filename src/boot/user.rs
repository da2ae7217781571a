//! `RUN_AS`: a gateway that root starts, as in a container, owns its files and runs as somebody else. Before any thread
//! is started and any port is bound: the system's calls change the calling thread alone, and later ones inherit it.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{
    CapabilitySet, capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid, set_thread_uid,
};

use super::ownership::take_over;
use crate::config::{Config, RunAs};

/// What is made the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// `DATA_DIR`, which is made when it is missing.
    DataDir,
}

/// Becomes who `RUN_AS` names, if it is set and this process is root's. Gives a warning when it goes on as root.
///
/// # Errors
/// When it cannot, and `DATA_DIR` would not be writable either.
pub fn step_down(config: &Config, takes: Takes) -> anyhow::Result<Option<String>> {
    let Some(who) = config.run_as.filter(|_| geteuid().is_root()) else { return Ok(None) };
    let RunAs { uid, gid } = who;
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let folder = &config.data_dir;
    // First, as it shows whether this root may change at all; files can still be taken over after it.
    if let Err(error) = set_thread_groups(&[group]) {
        return stay(folder, takes, error).map(Some);
    }
    let mut warning = None;
    if takes == Takes::DataDir {
        warning = take_over(folder, who).with_context(|| {
            format!("RUN_AS: {} cannot be given to {uid}:{gid}{}", folder.display(), lacks())
        })?;
    }
    let failed = || format!("RUN_AS: root cannot become {uid}:{gid}{}", lacks());
    set_thread_res_gid(group, group, group).with_context(failed)?;
    set_thread_res_uid(user, user, user).with_context(failed)?;
    if set_thread_uid(Uid::ROOT).is_ok() {
        bail!("RUN_AS: {uid}:{gid} could become root again; start it without capabilities that allow that");
    }
    if takes == Takes::DataDir && !is_writable(folder) {
        bail!(
            "RUN_AS: {uid}:{gid} cannot write to {}; a folder above it may keep it out: `chmod a+x` opens that",
            folder.display()
        );
    }
    Ok(warning)
}

/// A root without capabilities cannot become anybody, and may do no harm either.
fn stay(folder: &Path, takes: Takes, error: Errno) -> anyhow::Result<String> {
    if takes == Takes::DataDir {
        // What is missing is made as it is without RUN_AS.
        std::fs::create_dir_all(folder).or_else(|error| match is_writable(folder) {
            true => Ok(()),
            false => Err(anyhow!(error).context(no_way(folder))),
        })?;
        if !is_writable(folder) {
            bail!(no_way(folder));
        }
    }
    Ok(format!("RUN_AS does not count: this root may not become another user ({error}); it goes on as it is"))
}

fn no_way(folder: &Path) -> String {
    format!(
        "RUN_AS: this root may neither become another user nor write to {}: give it the capabilities CHOWN, SETUID, \
         SETGID and DAC_OVERRIDE, or start it as the owner of that folder",
        folder.display()
    )
}

/// Which capabilities that this needs root does not have, to follow what failed.
fn lacks() -> String {
    let needed = [
        (CapabilitySet::CHOWN, "CHOWN"),
        (CapabilitySet::DAC_OVERRIDE, "DAC_OVERRIDE"),
        (CapabilitySet::SETGID, "SETGID"),
        (CapabilitySet::SETUID, "SETUID"),
    ];
    let Ok(has) = capabilities(None) else { return String::new() };
    let lacks = needed.iter().filter(|(capability, _)| !has.effective.contains(*capability));
    match lacks.map(|(_, name)| *name).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        names => format!(" (this root has no capability {names})"),
    }
}

fn is_writable(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
