//! Running one test of this binary in another process: as another user, in a file system of its own, or to be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::support::wait::within;

const FOLDER: &str = "STORE_TEST_CHILD";

/// The folder to work in, if this process is such a child.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// `test` again in a child that works in `folder`, started by `wrapper` if there is one.
pub fn command(test: &str, folder: &Path, wrapper: &[&str]) -> Command {
    // By its descriptor: another user might not get through the folders that lead to the program.
    let program = File::open(std::env::current_exe().unwrap()).unwrap();
    let line = [wrapper, &["/proc/self/fd/0"]].concat();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).current_dir("/").stdin(program).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end, which must be a good one.
pub async fn run(test: &str, folder: &Path, wrapper: &[&str]) {
    let output = command(test, folder, wrapper).stderr(Stdio::piped()).output();
    let output = within("the child ends", output).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "the child failed:\n{out}\n{err}");
}
