//! Running one test of this binary in another process: as another user, in a file system of its own, or to be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::wait::within;

const FOLDER: &str = "TEST_CHILD_FOLDER";

/// The folder to work in, if this process is such a child.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Runs `work` of a test on a file system of 1.25 MiB, which nobody else sees and which ends with the child. It gets the
/// folder, and a file there that takes up space until it is removed.
pub async fn on_small_disk(test: &str, work: impl AsyncFnOnce(&Path, &Path)) {
    let Some(folder) = folder() else {
        let temp = tempfile::tempdir().unwrap();
        let wrapper = if is_root() { &["unshare", "-m"][..] } else { &["unshare", "-r", "-m"] };
        return run(test, temp.path(), wrapper).await;
    };
    let mut mount = std::process::Command::new("mount");
    assert!(
        mount.args(["-t", "tmpfs", "-o", "size=1280k", "tmpfs"]).arg(&folder).status().unwrap().success()
    );
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![0; 300 << 10]).unwrap();
    work(&folder, &ballast).await;
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
