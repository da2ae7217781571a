//! The commands that work on what is stored, through the real program: what they print, their exit codes, and what a
//! gateway makes of it.

mod channels;
mod files;
mod gateway;
mod keys;
mod saved;
mod settings;
mod start;
mod tokens;
mod users;

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::wait::within;

/// A text that must never be printed.
const MARKER: &str = "sk-mArKeR-5b1f9c";

/// How a command ended, and what it said.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// What was printed by a command that must have succeeded.
    pub fn good(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// The complaint of a command that must have failed with this code.
    pub fn bad(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.contains("error: "), "{}", self.err);
        self.err
    }
}

/// A working directory with nothing but `DATA_DIR`, which is made by the first command that adds something.
struct Home {
    dir: TempDir,
    env: Vec<(String, String)>,
}

impl Home {
    fn new() -> Home {
        Home::unnamed().env("DATA_DIR", "data")
    }

    /// Where nobody has said which folder is meant.
    fn unnamed() -> Home {
        Home { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    fn env(mut self, name: &str, value: &str) -> Home {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    async fn run(&self, args: &[&str]) -> Ran {
        self.with_input(args, "").await
    }

    async fn with_input(&self, args: &[&str], input: &str) -> Ran {
        run_in(self.dir.path(), &self.env, args, input).await
    }

    /// The rows of `key list --json` or `channel list --json`.
    async fn rows(&self, what: &str) -> Vec<Value> {
        let mut json: Value = parsed(&self.run(&[what, "list", "--json"]).await.good());
        match json[format!("{what}s")].take() {
            Value::Array(rows) => rows,
            other => panic!("no rows: {other}"),
        }
    }

    /// The one row of `key list --json` or `channel list --json`.
    async fn row(&self, what: &str) -> Value {
        let rows = self.rows(what).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }
}

/// Runs the program in a folder, with this environment and no other.
pub async fn run_in(dir: &Path, env: &[(String, String)], args: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .envs(env.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = async move {
        // A command that does not read its input may end before it was given.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
    };
    let (output, ()) =
        within("the command ends", async { tokio::join!(child.wait_with_output(), writing) }).await;
    ran(output.unwrap())
}

fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// A text of a row.
fn field<'v>(row: &'v Value, name: &str) -> &'v str {
    row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))
}
