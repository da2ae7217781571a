//! The gateway under test: started with an environment of its own on a port of the system's choice.

use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::client::{self, Request, Response, Stream};
use super::wait::{Beside, beside, within};

/// A running gateway. Dropping it ends it.
pub struct Gateway {
    pub addr: SocketAddr,
    child: Child,
    /// Its working directory and `DATA_DIR`, empty at first.
    home: TempDir,
    _output: Vec<Beside<()>>,
}

impl Gateway {
    /// Starts a gateway with these variables and no others, except `HOST`, `PORT` and `DATA_DIR`, and
    /// `LOG_LEVEL=warn` unless it is given. No `.env` and no `config.toml` is read.
    pub async fn start(env: &[(&str, &str)]) -> Gateway {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
            .current_dir(home.path())
            .env_clear()
            .envs([("HOST", "127.0.0.1"), ("PORT", "0"), ("LOG_LEVEL", "warn"), ("NO_COLOR", "1")])
            .env("DATA_DIR", home.path())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary of the gateway starts");
        let (found, mut addr) = tokio::sync::mpsc::channel(1);
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let output = vec![beside(watch(stdout, found.clone())), beside(watch(stderr, found))];
        let addr = within("the address that the gateway prints", addr.recv()).await;
        let addr = addr.expect("the gateway ended without printing its address");
        Gateway { addr, child, home, _output: output }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where this gateway keeps its state.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub async fn get(&self, path: &str) -> Response {
        client::get(self.addr, path).await
    }

    pub async fn post(&self, path: &str, json: &Value) -> Response {
        client::post_json(self.addr, path, json).await
    }

    /// Sends any request and reads the reply whole.
    pub async fn send(&self, request: &Request) -> Response {
        client::send(self.addr, request).await
    }

    /// A `POST` of JSON whose reply is read block by block.
    pub async fn stream(&self, path: &str, json: &Value) -> Stream {
        client::open(self.addr, &Request::post(path, json)).await
    }

    /// Stops it and waits until it has ended.
    pub async fn shutdown(mut self) {
        self.child.start_kill().expect("a process that runs can be ended");
        within("the end of the gateway", self.child.wait()).await.expect("the gateway ends");
    }
}

/// Reads an output to its end, so that the process never waits for it, and reports the address it shows.
async fn watch(output: impl AsyncRead + Unpin, found: tokio::sync::mpsc::Sender<SocketAddr>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(addr) = address_in(&line) {
            let _ = found.try_send(addr);
        }
    }
}

/// The address of the first `http://127.0.0.1:PORT` in a line.
pub fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://127.0.0.1:")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("127.0.0.1:{port}").parse().ok()
}
