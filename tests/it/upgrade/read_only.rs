//! A file system that takes nothing but the data, as that of a strict container.

use std::path::Path;
use std::process::Stdio;

use ollama2openai::config::Secret;
use ollama2openai::store::{By, NewBackend, Store};
use tokio::process::Command;

use super::{NOBODY, env};
use crate::support::child::is_root;
use crate::support::client::{Request, send};
use crate::support::running::{PROGRAM, started};

/// More than SQLite sorts without a file, unless it is told to.
const KEYS: usize = 1000;

/// The program, where nobody can write to any of the folders that SQLite takes for temporary files. The data is at `/mnt`.
fn without_temporary_files(data: &Path) -> Command {
    let script = "exec 3<\"$0\"; mount --bind \"$1\" /mnt && cd /proc || exit 9; for folder in /tmp /var/tmp /usr/tmp; do \
        [ ! -d $folder ] || mount -t tmpfs -o ro tmpfs $folder || exit 9; done; exec /proc/self/fd/3";
    let mut command = Command::new("unshare");
    command.args(if is_root() { &["-m"][..] } else { &["-r", "-m"] });
    command.args(["sh", "-c", script, PROGRAM]).arg(data);
    command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

#[tokio::test]
async fn no_temporary_file_is_wanted_however_much_there_is() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let store = Store::open(&data, None).await.unwrap();
    let key = |number: usize| {
        let credential = Secret::new(format!("k-{number}-{}", "x".repeat(8000)));
        NewBackend::new(format!("key {number}"), "http://127.0.0.1:1", credential)
    };
    store.create_keys(&(0..KEYS).map(key).collect::<Vec<_>>(), &By::cli()).await.unwrap();
    store.close().await;
    let mut command = without_temporary_files(&data);
    command.envs(env(home.path(), &[NOBODY, ("DATA_DIR", "/mnt"), ("HEALTH_CHECK_INTERVAL", "0")]));
    let mut gateway = started(command);
    let addr = gateway.addr().await;
    let asked =
        Request::get("/admin/api/dashboard?range=30d").header("authorization", "Bearer of-the-upgrade");
    let reply = send(addr, &asked).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    gateway.kill().await;
}
