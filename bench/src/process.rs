//! A server under test: started on its own core, its processor time and memory read from `/proc`, killed at the end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::Context as _;

/// The core of the server under test; everything else is on [`OTHER_CORE`].
const SERVER_CORE: &str = "0";
const OTHER_CORE: &str = "1";

/// Moves this process to the core of load and upstream. Threads started later stay there too.
pub(crate) fn pin_self() -> anyhow::Result<()> {
    let id = std::process::id().to_string();
    let moved = Command::new("taskset").args(["-cp", OTHER_CORE, &id]).output();
    let moved = moved.context("taskset (util-linux) is needed")?;
    anyhow::ensure!(moved.status.success(), "two cores are needed: one for the server, one for the load");
    Ok(())
}

/// A child process, with what it started itself. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts `program` on the server's core, in `folder` and with nothing in its environment but `env`; what it
    /// says goes to `log.txt` there.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        env: &[(&str, String)],
        folder: &Path,
    ) -> anyhow::Result<Server> {
        let log = fs::File::create(folder.join("log.txt"))?;
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE])
            .arg(program)
            .args(args)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Server { child })
    }

    /// The process and its children: nginx works in one of them.
    fn pids(&self) -> Vec<u32> {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        std::iter::once(own).chain(children).collect()
    }

    /// Processor time of all threads so far, in nanoseconds.
    pub(crate) fn cpu_ns(&self) -> u64 {
        let threads = self.pids().into_iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/task")));
        threads
            .flatten()
            .flatten()
            .filter_map(|thread| {
                // Time on a processor, in nanoseconds, comes first; `stat` knows only hundredths of a second.
                let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
                text.split_whitespace().next()?.parse::<u64>().ok()
            })
            .sum()
    }

    /// Resident memory, in KB.
    pub(crate) fn rss_kb(&self) -> u64 {
        let of = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        self.pids().into_iter().filter_map(of).sum()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pids: Vec<String> = self.pids().iter().map(u32::to_string).collect();
        // Children first: a master would start them again.
        let _ = Command::new("kill").arg("-KILL").args(&pids).output();
        let _ = self.child.wait();
    }
}
