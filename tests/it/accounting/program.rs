//! The real program with everything on that tells of requests.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;

use ollama2openai::access::Minted;
use ollama2openai::config::Secret;
use ollama2openai::store::{By, NewBackend, NewChannel, NewToken, Store};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::PASSWORD;
use super::upstreams::Fleet;
use crate::metrics::page::Page;
use crate::support::client::{self, Request, Response};
use crate::support::wait::{until, within};

/// Tokens of the tests: each has a limit of its own kind, the first two none.
pub const ALICE: &str = "sk-alice";
pub const BOB: &str = "sk-bob";
pub const NARROW: &str = "sk-narrow";
pub const POOR: &str = "sk-poor";
pub const THRIFTY: &str = "sk-thrifty";

/// Requests that all clients together, and each address, may make.
const OF_ALL: &str = "4500";
const OF_ADDRESS: &str = "100";

pub struct Program {
    pub addr: SocketAddr,
    child: Child,
    home: tempfile::TempDir,
}

fn tokens() -> [NewToken; 5] {
    let token = |text: &str| {
        let minted = Minted::of(text.to_owned());
        let id = Some(format!("id-of-{text}"));
        NewToken { id, ..NewToken::new(text, minted.hash, minted.prefix, minted.last_four) }
    };
    [
        token(ALICE),
        token(BOB),
        NewToken { rate_limit: Some(40), ..token(NARROW) },
        NewToken { quota_limit: Some(3000), ..token(POOR) },
        NewToken { tokens_per_minute: Some(2000), ..token(THRIFTY) },
    ]
}

/// The name of a token is its text here.
pub fn id_of(token: &str) -> String {
    format!("id-of-{token}")
}

fn channels(fleet: &Fleet) -> [NewChannel; 2] {
    let backend = |at: usize| {
        let url = fleet.0[at].url();
        NewBackend {
            id: Some(format!("b{at}")),
            ..NewBackend::new(format!("backend-{at}"), url, Secret::new(""))
        }
    };
    let channel = |at: usize| NewChannel {
        backends: vec![backend(2 * at), backend(2 * at + 1)],
        model_mapping: vec![("alias".to_owned(), "m".to_owned())],
        ..NewChannel::new(format!("channel-{at}"), fleet.0[2 * at].url())
    };
    [channel(0), channel(1)]
}

impl Program {
    pub async fn start(fleet: &Fleet) -> Program {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), None).await.unwrap();
        store.create_tokens(&tokens(), &By::cli()).await.unwrap();
        for channel in channels(fleet) {
            store.create_channel(&channel, &By::cli()).await.unwrap();
        }
        store.close().await;
        let log = home.path().join("stderr");
        let child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
            .current_dir(home.path())
            .env_clear()
            .env("DATA_DIR", home.path())
            .envs([("PORT", "0"), ("LOG_FORMAT", "json"), ("LOG_TO_FILE", "true")])
            .envs([("ADMIN_PASSWORD", PASSWORD), ("CACHE_CHAT", "true"), ("MAX_RETRIES", "1")])
            .envs([
                ("TRUST_PROXY", "true"),
                ("RATE_LIMIT_GLOBAL_MAX", OF_ALL),
                ("RATE_LIMIT_IP_MAX", OF_ADDRESS),
            ])
            .envs([("RATE_LIMIT_GLOBAL_WINDOW", "1h"), ("RATE_LIMIT_TOKEN_ENABLED", "false")])
            .stdout(std::process::Stdio::null())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = || {
            lines(&std::fs::read_to_string(&log).unwrap())
                .iter()
                .find_map(|line| Some(line["url"].as_str()?.to_owned()))
        };
        until("it listens", || url().is_some()).await;
        let addr = url().unwrap().trim_start_matches("http://").parse().unwrap();
        Program { addr, child, home }
    }

    pub async fn called(&self, path: &str) -> Response {
        let request = Request::get(path).header("authorization", &format!("Bearer {PASSWORD}"));
        let reply = client::send(self.addr, &request).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply
    }

    pub async fn get(&self, path: &str) -> Value {
        self.called(&format!("/admin/api{path}")).await.json()
    }

    pub async fn scrape(&self) -> Page {
        Page::read(&client::get(self.addr, "/metrics").await.text())
    }

    /// Ends it in order; gives the lines of its log about requests, and those of `requests.jsonl`.
    pub async fn ended(mut self) -> (Vec<Value>, Vec<Value>) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        within("the end of the program", self.child.wait()).await.unwrap();
        let read = |path: PathBuf| lines(&std::fs::read_to_string(path).unwrap());
        let mut log = read(self.home.path().join("stderr"));
        log.retain(|line| line["target"] == "request");
        (log, read(self.home.path().join("logs/requests.jsonl")))
    }
}

pub fn lines(text: &str) -> Vec<Value> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
