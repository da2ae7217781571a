//! A gateway as a process of its own: what it prints, what it logs, and its end.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::wait::within;

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

    /// Ends it in order; gives the rest of what it printed, and of its log.
    pub async fn ended(mut self) -> (String, String) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let (mut out, mut log) = (String::new(), String::new());
        within("the end of what it prints", self.out.read_to_string(&mut out)).await.unwrap();
        within("the end of the log", self.log.read_to_string(&mut log)).await.unwrap();
        within("the stopped program is gone", self.child.wait()).await.unwrap();
        (out, log)
    }

    /// Ends it at once.
    pub async fn kill(mut self) {
        self.child.start_kill().unwrap();
        within("the killed program is gone", self.child.wait()).await.unwrap();
    }
}
