//! The gateway under test: the whole application in this process, on a port of the system's choice, with an
//! environment of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ollama2openai::app::App;
use ollama2openai::config::{self, Sources};
use ollama2openai::ledger::Ledger;
use ollama2openai::store::{By, NewChannel, NewKey, NewToken, Store};
use ollama2openai::upstream::look;
use serde_json::Value;
use tempfile::TempDir;

use super::client::{self, Request, Response, Stream};
use super::wait::within;

/// No test is to meet a limit by chance.
const UNLIMITED: [(&str, &str); 3] = [
    ("RATE_LIMIT_GLOBAL_ENABLED", "false"),
    ("RATE_LIMIT_IP_ENABLED", "false"),
    ("RATE_LIMIT_TOKEN_ENABLED", "false"),
];

/// A `DATA_DIR` with these channels and keys of the pool.
async fn home_with(channels: &[NewChannel], keys: &[NewKey]) -> TempDir {
    let home = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(home.path(), None).await.expect("a database is made");
    for channel in channels {
        store.create_channel(channel, &By::cli()).await.expect("the test's channel is in order");
    }
    store.create_keys(keys, &By::cli()).await.expect("the test's keys are in order");
    store.close().await;
    home
}

/// A `DATA_DIR` with these tokens.
pub async fn home_with_tokens(tokens: &[NewToken]) -> TempDir {
    let home = home_with(&[], &[]).await;
    let store = Store::open(home.path(), None).await.expect("a database is there");
    store.create_tokens(tokens, &By::cli()).await.expect("the test's tokens are in order");
    store.close().await;
    home
}

/// A running gateway. [`Gateway::shutdown`] ends it in order; one that is dropped ends with its test.
pub struct Gateway {
    pub addr: SocketAddr,
    app: App,
    /// Its working directory and `DATA_DIR`.
    home: TempDir,
}

impl Gateway {
    /// Starts a gateway with these variables and no others, except `HOST`, `PORT` and `DATA_DIR`, and without limits
    /// of rates unless they are given, for tests come from one address. No `.env` and no `config.toml` is read. Panics when the configuration has mistakes.
    pub async fn start(env: &[(&str, &str)]) -> Gateway {
        Gateway::start_in(tempfile::tempdir().expect("a temporary directory"), env).await
    }

    /// As [`Gateway::start`], with these channels and keys of the pool in its database.
    pub async fn with_rows(env: &[(&str, &str)], channels: &[NewChannel], keys: &[NewKey]) -> Gateway {
        Gateway::start_in(home_with(channels, keys).await, env).await
    }

    /// As [`Gateway::start`], with these tokens in its database.
    pub async fn with_tokens(env: &[(&str, &str)], tokens: &[NewToken]) -> Gateway {
        Gateway::start_in(home_with_tokens(tokens).await, env).await
    }

    /// As [`Gateway::start`], with this folder as its `DATA_DIR`.
    pub async fn start_in(home: TempDir, env: &[(&str, &str)]) -> Gateway {
        let data = home.path().to_string_lossy().into_owned();
        let ours = [("HOST", "127.0.0.1"), ("PORT", "0"), ("DATA_DIR", data.as_str())];
        let both = ours.iter().chain(&UNLIMITED).chain(env);
        let env: BTreeMap<String, String> = both.map(|&(name, value)| (name.into(), value.into())).collect();
        let sources = Sources { env, dir: home.path().to_owned(), ..Sources::default() };
        let loaded = config::load(&sources).expect("the test's configuration is in order");
        let app = App::start(loaded).await.expect("the system has a free port");
        Gateway { addr: app.addr, app, home }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where this gateway keeps its state.
    pub fn home(&self) -> &Path {
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

    /// Stops it in order; gives its working directory.
    pub async fn stopped(self) -> TempDir {
        within("the end of the gateway", self.app.shutdown(std::future::pending())).await;
        self.home
    }

    /// Stops it in order and says whether all requests ended in time.
    pub async fn shutdown(self) -> bool {
        within("the end of the gateway", self.app.shutdown(std::future::pending())).await.in_time
    }

    /// What it knows of requests that are over; outlives it.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.app.proxy.ledger)
    }

    /// How many requests wait for a free place.
    pub fn waiting(&self) -> usize {
        self.app.proxy.room.depth()
    }

    /// Where it listens for the panel alone.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.app.admin_addr
    }

    /// Reads its certificate again, as is done by itself when its files change.
    pub fn reload_certificates(&self) -> anyhow::Result<bool> {
        self.app.certificate.as_ref().expect("it has a certificate").reload()
    }

    /// Looks at its backends, as the program does at its start.
    pub async fn look(&self) {
        let snapshot = self.app.proxy.snapshot.load();
        for target in snapshot.targets() {
            let sight = look(&self.app.proxy.client, &[Arc::clone(&target.backend)]).await;
            sight.expect("a backend was given").found.expect("the backend answers");
        }
    }

    /// The same in a hurry, as a second signal does it.
    pub async fn shutdown_at_once(self) -> bool {
        within("the end of the gateway", self.app.shutdown(std::future::ready(()))).await.in_time
    }
}
