//! The real program with everything on that tells of requests.

use std::fs::File;
use std::net::SocketAddr;

use ollama2openai::access::Minted;
use ollama2openai::config::Secret;
use ollama2openai::store::{By, NewBackend, NewChannel, NewToken, Store};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::PASSWORD;
use super::upstreams::{Fleet, Machine};
use crate::metrics::page::Page;
use crate::support::client::{self, Request, Response};
use crate::support::wait::{until, within};

/// Tokens of the tests: each has a limit of its own kind, the first two none.
pub const ALICE: &str = "sk-alice";
pub const BOB: &str = "sk-bob";
pub const NARROW: &str = "sk-narrow";
pub const POOR: &str = "sk-poor";
pub const THRIFTY: &str = "sk-thrifty";
pub const LONE: &str = "sk-lone";
pub const TOKENS: [&str; 6] = [ALICE, BOB, NARROW, POOR, THRIFTY, LONE];

/// Channels that serve no other model than the one that is called like them.
pub const APART: [&str; 4] = ["slow", "narrow", "half", "dead"];
/// What the other channels serve.
pub const MODELS: [&str; 7] = ["m", "alias", "boom", "flaky", "endless", "breaks", "absent-*"];

const SETTINGS: [(&str, &str); 18] = [
    ("PORT", "0"),
    ("LOG_FORMAT", "json"),
    ("LOG_TO_FILE", "true"),
    ("ADMIN_PASSWORD", PASSWORD),
    ("CACHE_CHAT", "true"),
    ("MAX_RETRIES", "1"),
    ("TRUST_PROXY", "true"),
    // Requests that all clients together, and each address, may make.
    ("RATE_LIMIT_GLOBAL_MAX", "4500"),
    ("RATE_LIMIT_GLOBAL_WINDOW", "1h"),
    ("RATE_LIMIT_IP_MAX", "100"),
    ("RATE_LIMIT_TOKEN_ENABLED", "false"),
    // A stream that nobody answers has a heartbeat before it fails.
    ("SSE_HEARTBEAT", "1s"),
    ("REQUEST_TIMEOUT", "1500"),
    ("STREAM_IDLE_TIMEOUT", "1500"),
    ("WHOLE_TIMEOUT", "6s"),
    ("MAX_QUEUE", "3"),
    ("QUEUE_TIMEOUT", "4s"),
    ("DRAIN_TIMEOUT", "300"),
];

pub struct Program {
    pub addr: SocketAddr,
    child: Child,
    home: tempfile::TempDir,
    collector: String,
    /// How often it has begun.
    run: usize,
}

fn tokens() -> [NewToken; 6] {
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
        NewToken { max_concurrent: 1, ..token(LONE) },
    ]
}

/// The name of a token is its text here.
pub fn id_of(token: &str) -> String {
    format!("id-of-{token}")
}

fn backend(machine: &Machine) -> NewBackend {
    NewBackend {
        id: Some(format!("id-of-{}", machine.name)),
        max_concurrent: i64::from(machine.channel == "narrow"),
        ..NewBackend::new(machine.name, machine.url.clone(), Secret::new(""))
    }
}

fn channels(fleet: &Fleet) -> Vec<NewChannel> {
    let channel = |name: &'static str| {
        let machines: Vec<_> = fleet.machines.iter().filter(|machine| machine.channel == name).collect();
        let is_apart = APART.contains(&name);
        let (models, mapped) = if is_apart { (vec![name], name) } else { (MODELS.to_vec(), "alias") };
        NewChannel {
            backends: machines.iter().map(|machine| backend(machine)).collect(),
            models: models.into_iter().map(str::to_owned).collect(),
            model_mapping: vec![(mapped.to_owned(), "m".to_owned())],
            ..NewChannel::new(name, machines[0].url.clone())
        }
    };
    ["left", "right"].into_iter().chain(APART).map(channel).collect()
}

/// Starts it in this folder.
async fn begin(home: &tempfile::TempDir, run: usize, collector: &str) -> (Child, SocketAddr) {
    let log = home.path().join(log_of(run));
    let child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .current_dir(home.path())
        .env_clear()
        .env("DATA_DIR", home.path())
        .envs(SETTINGS)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
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
    (child, url().unwrap().trim_start_matches("http://").parse().unwrap())
}

fn log_of(run: usize) -> String {
    format!("stderr-{run}")
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
        let collector = fleet.collector.url();
        let (child, addr) = begin(&home, 0, &collector).await;
        Program { addr, child, home, collector, run: 0 }
    }

    /// Starts it again when it has ended: what it tells of before is what it has kept, and its limits begin anew.
    pub async fn again(&mut self) {
        self.run += 1;
        (self.child, self.addr) = begin(&self.home, self.run, &self.collector).await;
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

    /// Asks it to end.
    pub fn stop(&self) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Ends when it has ended.
    pub async fn ended(&mut self) {
        within("the end of the program", self.child.wait()).await.unwrap();
    }

    /// Lines of its log about requests, of all runs.
    pub fn log(&self) -> Vec<Value> {
        let mut log: Vec<_> = (0..=self.run).flat_map(|run| self.read(&log_of(run))).collect();
        log.retain(|line| line["target"] == "request");
        log
    }

    /// How many of them the first run has.
    pub fn log_lines(&self) -> usize {
        let log = std::fs::read_to_string(self.home.path().join(log_of(0))).unwrap();
        log.matches("\"target\":\"request\"}\n").count()
    }

    /// Those of `requests.jsonl`.
    pub fn file(&self) -> Vec<Value> {
        self.read("logs/requests.jsonl")
    }

    fn read(&self, file: &str) -> Vec<Value> {
        lines(&std::fs::read_to_string(self.home.path().join(file)).unwrap())
    }
}

pub fn lines(text: &str) -> Vec<Value> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
