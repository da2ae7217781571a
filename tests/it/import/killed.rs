//! A first start that is killed: nothing of the import is there, or all of it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::{folder, old_files, stored};
use crate::support::wait::{until, within};

/// Tokens of a folder whose import takes a while.
const MANY: usize = 3000;

/// A gateway in another process.
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    log: BufReader<ChildStderr>,
}

/// Starts the program in a folder, with this environment and no other.
pub fn serve(dir: &Path, env: &[(String, String)]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .current_dir(dir)
        .env_clear()
        .envs(env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (out, log) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    Running { child, out: BufReader::new(out), log: BufReader::new(log) }
}

impl Running {
    /// The next line that it prints.
    pub async fn printed(&mut self) -> String {
        let mut line = String::new();
        let read = within("the next line that is printed", self.out.read_line(&mut line)).await;
        assert!(read.unwrap() > 0, "it ended");
        line
    }

    /// The first line of its log that holds a text.
    pub async fn line(&mut self, wanted: &str) -> String {
        let mut line = String::new();
        within(&format!("a line with {wanted:?}"), async {
            while !line.contains(wanted) {
                line.clear();
                assert!(self.log.read_line(&mut line).await.unwrap() > 0, "the log ended without {wanted:?}");
            }
        })
        .await;
        line
    }

    /// Ends it at once.
    pub async fn kill(mut self) {
        self.child.start_kill().unwrap();
        within("the killed program is gone", self.child.wait()).await.unwrap();
    }
}

/// A folder with many tokens.
fn large() -> tempfile::TempDir {
    let mut tokens = String::new();
    for number in 0..MANY {
        let comma = if number == 0 { "" } else { "," };
        write!(
            tokens,
            "{comma}{{\"id\":\"t-{number}\",\"name\":\"t\",\"token\":\"secret-{number}\",\"enabled\":true}}"
        )
        .unwrap();
    }
    folder(&[("tokens.json".to_owned(), format!("{{\"tokens\":[{tokens}]}}"))])
}

#[tokio::test]
async fn a_start_that_is_killed_within_the_import_leaves_nothing_and_the_next_one_does_all_of_it() {
    let home = large();
    let before = old_files(home.path());
    let data =
        [("DATA_DIR".to_owned(), home.path().display().to_string()), ("PORT".to_owned(), "0".to_owned())];
    let (database, stage) = (home.path().join("ollama2openai.db"), home.path().join("ollama2openai.db.new"));
    let wal = home.path().join("ollama2openai.db.new-wal");
    let size = |path: &Path| std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    // When it has just begun, and further and further within.
    let mut cut = 0;
    for least in [0, 1, 100_000, 300_000] {
        let running = serve(home.path(), &data);
        until("the import is under way, or done", || {
            database.exists() || stage.exists() && (least == 0 || size(&stage) + size(&wal) >= least)
        })
        .await;
        running.kill().await;
        if database.exists() {
            break;
        }
        cut += 1;
        assert!(!home.path().join("import-report.txt").exists() || stage.exists());
        assert_eq!(old_files(home.path()), before);
    }
    assert!(cut > 0, "it was never killed within the import");
    let running = serve(home.path(), &data);
    until("the database is there", || database.exists()).await;
    running.kill().await;
    let (rows, _) = stored(home.path()).await;
    assert_eq!(rows.tokens.len(), MANY);
    assert!(!stage.exists() && home.path().join("import-report.txt").exists());
}
