//! The gateway as a value: built from a configuration, with nothing global, so that tests can run several.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::Caches;
use crate::config::Config;
use crate::http::Ids;
use crate::limits::{RetryBudget, WaitingRoom};
use crate::proxy::{Closing, Proxy};
use crate::serve::{Server, bind};
use crate::snapshot::{Current, Registry};
use crate::store::Store;
use crate::upstream::Client;

/// A gateway that listens.
#[derive(Debug)]
pub struct App {
    /// Where it listens; the port is the system's choice when 0 was configured.
    pub addr: SocketAddr,
    /// The data plane.
    pub proxy: Arc<Proxy>,
    server: Arc<Server>,
    accepting: TaskTracker,
    background: TaskTracker,
    stop: CancellationToken,
    drain_timeout: Duration,
}

impl App {
    /// Binds the port and begins to serve.
    ///
    /// # Errors
    /// The system's, when the port cannot be bound or gives no random numbers.
    pub async fn start(config: &Config) -> anyhow::Result<App> {
        let listener = bind(SocketAddr::new(config.listen.host, config.listen.port))?;
        let addr = listener.local_addr()?;
        let store = Store::open(&config.data_dir, None).await?;
        let ids = Arc::new(Ids::new(getrandom::u64().map_err(io::Error::other)?));
        let room = Arc::new(WaitingRoom::new(config.routing.max_queue));
        let registry = Registry::new(Arc::clone(&room), Arc::clone(&ids), config.routing.health_interval);
        let snapshot = registry.build(config, &store.load().await?)?;
        let proxy = Arc::new(Proxy {
            snapshot: Current::new(snapshot),
            client: Client::new(&config.upstream),
            room,
            caches: Arc::new(Caches::new(&config.caches)),
            budget: RetryBudget::new(Instant::now()),
            ids,
            started: Instant::now(),
            closing: Arc::new(Closing::default()),
        });
        let server = Arc::new(Server::new(&config.listen, Arc::clone(&proxy), TaskTracker::new()));
        let accepting = TaskTracker::new();
        accepting.spawn(Arc::clone(&server).run(listener));
        let drain_timeout = config.listen.drain_timeout;
        let (background, stop) = (TaskTracker::new(), CancellationToken::new());
        Ok(App { addr, proxy, server, accepting, background, stop, drain_timeout })
    }

    /// Runs a job beside the server until the gateway stops.
    pub fn run_beside(&self, job: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.background.spawn(async move {
            stop.run_until_cancelled(job).await;
        });
    }

    /// Stops in order: no new connections, running requests finish, or are told when the drain timeout has passed or
    /// `hurry` is done, jobs end. Gives whether all of them finished.
    pub async fn shutdown(self, hurry: impl Future<Output = ()>) -> bool {
        let in_time = self.server.stop(self.drain_timeout, hurry).await;
        self.stop.cancel();
        for tasks in [&self.accepting, &self.background] {
            tasks.close();
            tasks.wait().await;
        }
        in_time
    }
}
