//! A gateway as a process of its own: what it prints, what it logs, and its end.

use std::net::SocketAddr;
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

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ollama2openai");

/// Starts the program in a folder, with this environment and no other.
pub fn serve(dir: &Path, env: &[(String, String)]) -> Running {
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir).env_clear().envs(env.iter().cloned()).stdin(Stdio::null());
    started(command)
}

/// Starts it by a command of the test's own.
pub fn started(mut command: Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
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
        self.lines_to(wanted).await.lines().last().unwrap_or_default().to_owned()
    }

    /// The lines of its log up to the first that holds a text.
    pub async fn lines_to(&mut self, wanted: &str) -> String {
        let mut lines = String::new();
        within(&format!("a line with {wanted:?}"), async {
            while !lines.contains(wanted) {
                assert!(
                    self.log.read_line(&mut lines).await.unwrap() > 0,
                    "the log ended without {wanted:?}"
                );
            }
        })
        .await;
        lines
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent =
            std::process::Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// The address that it prints when it listens.
    pub async fn addr(&mut self) -> SocketAddr {
        loop {
            let line = self.printed().await;
            if let Some((_, rest)) = line.split_once("http://") {
                return rest.split('/').next().unwrap().trim().parse().expect("an address is printed");
            }
        }
    }

    /// Waits for its end; gives the exit code and the rest of the log.
    pub async fn exited(mut self) -> (i32, String) {
        let mut log = String::new();
        within("the end of the log", self.log.read_to_string(&mut log)).await.unwrap();
        let status = within("the program ends", self.child.wait()).await.unwrap();
        (status.code().expect("no signal has killed it"), log)
    }

    /// Ends it in order; gives the rest of what it printed, and of its log.
    pub async fn ended(mut self) -> (String, String) {
        self.signal("TERM");
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
