//! The gateway as a value: built from a configuration, with nothing global, so that tests can run several.

mod watch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{Admin, Passwords};
use crate::cache::Caches;
use crate::config::Config;
use crate::http::Ids;
use crate::limits::{RetryBudget, WaitingRoom};
use crate::proxy::{Closing, Proxy};
use crate::serve::{Planes, Server, bind};
use crate::snapshot::{Registry, Reloader};
use crate::store::Store;
use crate::upstream::{Client, Sight};

/// Between two looks whether another process, such as the command line, has changed channels or keys.
const FOLLOW: Duration = Duration::from_millis(500);
/// Between two times that counts are written down.
const KEEP: Duration = Duration::from_secs(1);
/// It is at least so many times as long as the last writing took: that of thousands of backends must not slow requests.
const KEEP_SHARE: u32 = 50;
/// The longest of those times.
const KEEP_LATEST: Duration = Duration::from_secs(10);

/// A gateway that listens.
#[derive(Debug)]
pub struct App {
    /// Where it listens; the port is the system's choice when 0 was configured.
    pub addr: SocketAddr,
    /// The data plane.
    pub proxy: Arc<Proxy>,
    server: Arc<Server>,
    reloader: Arc<Reloader>,
    accepting: TaskTracker,
    background: TaskTracker,
    stop: CancellationToken,
    drain_timeout: Duration,
    first: watch::First,
}

impl App {
    /// Binds the port and begins to serve.
    ///
    /// # Errors
    /// The system's, when the port cannot be bound or gives no random numbers.
    pub async fn start(config: &Config) -> anyhow::Result<App> {
        let wanted = SocketAddr::new(config.listen.host, config.listen.port);
        let listener = bind(wanted).with_context(|| {
            format!("cannot listen on {wanted}: if another program has the port, choose another with --port")
        })?;
        let addr = listener.local_addr()?;
        let store = Arc::new(Store::open(&config.data_dir, config.secret_key.as_ref()).await?);
        let ids = Arc::new(Ids::new(getrandom::u64().map_err(io::Error::other)?));
        let room = Arc::new(WaitingRoom::new(config.routing.max_queue));
        let registry = Registry::new(Arc::clone(&room), Arc::clone(&ids), config.routing.health_interval);
        let reloader = Arc::new(Reloader::start(config.clone(), Arc::clone(&store), registry).await?);
        let client = Arc::new(Client::new(&config.upstream));
        let caches = Arc::new(Caches::new(&config.caches));
        let admin = Arc::new(Admin {
            store,
            reloader: Arc::clone(&reloader),
            client: Arc::clone(&client),
            caches: Arc::clone(&caches),
            ids: Arc::clone(&ids),
            passwords: Passwords::new(config.access.admin_password.clone()).map_err(io::Error::other)?,
            default_base: config.upstream.key_base.clone(),
            max_body_bytes: config.listen.max_body_bytes,
        });
        let proxy = Arc::new(Proxy {
            snapshot: Arc::clone(reloader.current()),
            client,
            room,
            caches,
            budget: RetryBudget::new(Instant::now()),
            ids,
            started: Instant::now(),
            closing: Arc::new(Closing::default()),
        });
        let planes = Planes { proxy: Arc::clone(&proxy), admin };
        let server = Arc::new(Server::new(&config.listen, planes, TaskTracker::new()));
        let accepting = TaskTracker::new();
        accepting.spawn(Arc::clone(&server).run(listener));
        let drain_timeout = config.listen.drain_timeout;
        let (found, first) = tokio::sync::watch::channel(None);
        let (background, stop) = (TaskTracker::new(), CancellationToken::new());
        let app = App {
            addr,
            proxy,
            server,
            reloader: Arc::clone(&reloader),
            accepting,
            background,
            stop,
            drain_timeout,
            first,
        };
        app.run_beside(watch::run(Arc::clone(&app.proxy), found));
        app.run_beside(follow(Arc::clone(&reloader)));
        app.run_beside(keep_totals(reloader));
        Ok(app)
    }

    /// What the first look at all backends found, as soon as each of them has answered or its time is over. With
    /// `HEALTH_CHECK_INTERVAL=0`, which looks at nothing by itself, this looks.
    pub async fn first_look(&self) -> Vec<Sight> {
        let mut first = self.first.clone();
        let found = first.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
        match found {
            Some(found) => found,
            None => watch::look_at_all(&self.proxy).await,
        }
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
        if let Err(error) = self.reloader.write_totals().await {
            tracing::error!(%error, "counts of the last second are lost");
        }
        self.reloader.close().await;
        in_time
    }
}

/// Puts changes of other processes in force.
async fn follow(reloader: Arc<Reloader>) {
    let mut last = String::new();
    loop {
        tokio::time::sleep(FOLLOW).await;
        match reloader.follow().await {
            Ok(true) => tracing::info!("channels and keys were read anew: another process has changed them"),
            Ok(false) => last.clear(),
            Err(error) => {
                let error = error.to_string();
                if error != last {
                    tracing::error!(error, "channels and keys cannot be read; those in force stay");
                }
                last = error;
            }
        }
    }
}

/// Writes counts of backends and channels down, again and again; those that cannot be written are kept.
async fn keep_totals(reloader: Arc<Reloader>) {
    let (mut was_good, mut pause) = (true, KEEP);
    loop {
        tokio::time::sleep(pause).await;
        let began = Instant::now();
        match reloader.write_totals().await {
            Ok(()) => was_good = true,
            Err(error) if was_good => {
                was_good = false;
                tracing::error!(%error, "counts cannot be written; they are kept until they can");
            }
            Err(_) => {}
        }
        pause = (began.elapsed() * KEEP_SHARE).clamp(KEEP, KEEP_LATEST);
    }
}
