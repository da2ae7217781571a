//! The gateway as a value: built from a configuration, with nothing global, so that tests can run several.

mod jobs;
mod listen;
mod logs;
mod traces;
mod trim;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{Admin, Caution, Front, Kept, Passwords, cautions};
use crate::config::{Config, Loaded, Standing};
use crate::http::Ids;
use crate::import;
use crate::ledger::Ledger;
use crate::limits::RetryBudget;
use crate::proxy::{Closing, Proxy};
use crate::serve::{Certificate, Listeners, Planes, Server};
use crate::snapshot::{Lasting, Registry, Reloader};
use crate::store::{Store, StoreError};
use crate::upstream::Sight;
use jobs::{follow, keep, note_newer, sweep, tell};
use listen::{Bound, listen};

/// How long a write waits while another process writes: whoever has asked for it is waiting, too.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two times that counts are written down.
const KEEP: Duration = Duration::from_secs(1);
/// Backends whose counts are written at once: those of thousands must not slow requests.
const KEEP_AT_ONCE: usize = 1000;
/// The same for usage: what a kill may take with it is less than a second of it.
const USAGE: Duration = Duration::from_millis(500);
/// Kinds of usage (by token, model, channel, backend and outcome) that are written at once.
const USAGE_AT_ONCE: usize = 250;
/// The same for the request log.
const LOG: Duration = Duration::from_millis(500);

/// What is left to do after a second signal may take so long.
const HURRY: Duration = Duration::from_secs(2);

/// How long the database may take to close.
const CLOSE: Duration = Duration::from_secs(5);

/// Sockets that listen already, opened by whoever starts the gateway, such as systemd.
#[derive(Debug, Default)]
pub struct Passed {
    /// In place of `HOST` and `PORT`, unless there is none.
    pub tcp: Vec<std::net::TcpListener>,
}

/// How the gateway has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Whether all requests ended by themselves.
    pub in_time: bool,
    /// Whether all that was counted is stored.
    pub is_stored: bool,
}

/// A gateway that listens.
#[derive(Debug)]
pub struct App {
    /// Where it listens; the port is the system's choice when 0 was configured.
    pub addr: SocketAddr,
    /// Where it listens for the panel alone, if it does.
    pub admin_addr: Option<SocketAddr>,
    /// What TCP ports speak TLS with, if they do.
    pub certificate: Option<Arc<Certificate>>,
    /// The data plane.
    pub proxy: Arc<Proxy>,
    /// What was taken over from the Node program at this start, the first one in its data folder.
    pub imported: Option<import::First>,
    /// What whoever starts it should know; all of it is in the log, too.
    pub cautions: Vec<Caution>,
    admin: Arc<Admin>,
    server: Arc<Server>,
    reloader: Arc<Reloader>,
    accepting: TaskTracker,
    background: TaskTracker,
    stop: CancellationToken,
    first: watch::First,
    /// While traces are on.
    exporter: Option<Arc<traces::Exporter>>,
}

/// A sign of life of a gateway.
#[derive(Debug, Clone)]
pub struct Pulse {
    reloader: Arc<Reloader>,
    tasks: TaskTracker,
}

/// What the log and the greeting tell at the start.
async fn beware(admin: &Admin) -> Result<Vec<Caution>, StoreError> {
    let all = cautions(admin).await?;
    all.iter().for_each(|Caution { text, .. }| tracing::warn!("{text}"));
    Ok(all)
}

impl App {
    /// Binds the port and begins to serve.
    ///
    /// # Errors
    /// The system's, when the port cannot be bound or gives no random numbers.
    pub async fn start(loaded: Loaded) -> anyhow::Result<App> {
        App::start_on(loaded, Passed::default()).await
    }

    /// [`App::start`] on sockets that were passed, if there are any.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_on(loaded: Loaded, passed: Passed) -> anyhow::Result<App> {
        let config = loaded.config.clone();
        let Bound { listeners, addr, admin_addr } = listen(&config, passed)?;
        let (store, imported) = open(&config).await?;
        let ids = Arc::new(Ids::new(getrandom::u64().map_err(io::Error::other)?));
        let lasting = Lasting::new(&config);
        let Lasting { client, room, caches, journal } = lasting.clone();
        let registry = Registry::new(Arc::clone(&room), Arc::clone(&ids));
        let reloader = Arc::new(Reloader::start(loaded, Arc::clone(&store), registry, lasting).await?);
        let (ledger, exporter) = traces::start(&config.traces, &client, journal);
        let certificate = Certificate::open(&config, Arc::clone(&ledger.metrics))?;
        let admin = Arc::new(Admin {
            store: Arc::clone(&store),
            reloader: Arc::clone(&reloader),
            client: Arc::clone(&client),
            caches: Arc::clone(&caches),
            ledger,
            started: Instant::now(),
            ids: Arc::clone(&ids),
            passwords: Passwords::new(config.access.admin_password.clone()).map_err(io::Error::other)?,
            default_base: config.upstream.key_base.clone(),
            attention: Kept::default(),
            refreshing: Semaphore::new(1),
            quota_zone: config.limits.zone.clone(),
            front: admin_addr.map(|_| Front { addr, is_tls: certificate.is_some() }),
        });
        let proxy = Arc::new(Proxy {
            snapshot: Arc::clone(reloader.current()),
            client,
            room,
            caches,
            ledger: Arc::clone(&admin.ledger),
            budget: RetryBudget::new(Instant::now()),
            ids,
            started: admin.started,
            unbelieved: std::sync::Once::new(),
            closing: Arc::new(Closing::default()),
        });
        let planes = Planes { proxy: Arc::clone(&proxy), admin: Arc::clone(&admin) };
        let server = Arc::new(Server::new(&config.listen, certificate.clone(), planes, TaskTracker::new()));
        let (found, first) = tokio::sync::watch::channel(None);
        let app = App {
            addr,
            admin_addr,
            certificate,
            proxy,
            imported,
            cautions: beware(&admin).await?,
            admin,
            server,
            reloader,
            accepting: TaskTracker::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            first,
            exporter,
        };
        Ok(app.begin(listeners, found, store))
    }

    /// Serves, and does what goes on beside it.
    fn begin(self, listeners: Listeners, found: watch::Found, store: Arc<Store>) -> App {
        self.accepting.spawn(Arc::clone(&self.server).run(listeners));
        self.run_beside(watch::run(Arc::clone(&self.proxy), found));
        self.certificate.iter().for_each(|certificate| self.run_beside(Arc::clone(certificate).watch()));
        self.keep_books(store);
        self
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

    /// All settings as they are in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Standing> {
        self.reloader.settings()
    }

    /// Puts another configuration in force, as SIGHUP has found it: whole, or not at all. All that is read from files
    /// while the gateway runs is read anew here. Gives whether there is another certificate now.
    ///
    /// # Errors
    /// When it cannot be put in force. What was in force stays, the certificate, too.
    pub async fn configure(&self, next: Loaded) -> anyhow::Result<bool> {
        let fresh = self.certificate.as_ref().map(|certificate| certificate.read()).transpose()?;
        let password = next.config.access.admin_password.clone();
        self.reloader.configure(next).await?;
        self.admin.passwords.set(password);
        Ok(self.certificate.as_ref().zip(fresh).is_some_and(|(certificate, fresh)| certificate.serve(fresh)))
    }

    /// What is configured, below what was saved.
    #[must_use]
    pub fn configured(&self) -> Arc<Loaded> {
        self.reloader.configured()
    }

    /// Tells whether the gateway lives, while it stops, too.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse { reloader: Arc::clone(&self.reloader), tasks: TaskTracker::new() }
    }

    /// Runs a job beside the server until the gateway stops.
    pub fn run_beside(&self, job: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.background.spawn(async move {
            stop.run_until_cancelled(job).await;
        });
    }

    /// Tells of what is over and of changes, and writes down what is counted, while the gateway runs and once when it has stopped.
    fn keep_books(&self, store: Arc<Store>) {
        self.run_beside(follow(Arc::clone(&self.reloader)));
        self.run_beside(note_newer(Arc::clone(&store)));
        self.run_beside(sweep(Arc::clone(&self.proxy)));
        store.tell_changes(Arc::clone(&self.proxy.ledger.metrics));
        let (reloader, mut left) = (Arc::clone(&self.reloader), Vec::new());
        let books = self.ledger();
        let counts = async move |is_last| {
            if left.is_empty() || is_last {
                left = reloader.registry().counting();
            }
            let begun = Instant::now();
            let most = if is_last { usize::MAX } else { KEEP_AT_ONCE };
            let written = reloader.write_some_totals(&mut left, most).await;
            let is_nothing = matches!(written, Ok(false));
            let written = written.map(drop);
            match is_nothing {
                true => books.has_written("totals"),
                false => books.wrote("totals", begun, &written),
            }
            written
        };
        self.background.spawn(keep("counts", self.ledger(), || sleep(KEEP), self.stop.clone(), counts));
        let ledger = self.ledger();
        let rows = Arc::clone(&store);
        let usage = async move |is_last| match is_last {
            true => ledger.write_all(&store).await,
            false => ledger.write(&store, USAGE_AT_ONCE).await,
        };
        self.background.spawn(keep("usage", self.ledger(), || sleep(USAGE), self.stop.clone(), usage));
        self.run_beside(tell(self.ledger()));
        self.run_beside(trim::minutes(Arc::clone(&rows)));
        self.keep_logs(rows);
        self.exporter.iter().for_each(|exporter| self.run_beside(Arc::clone(exporter).run()));
    }

    fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.proxy.ledger)
    }

    /// Writes the request log, what was captured and the files, and deletes what is too old.
    fn keep_logs(&self, store: Arc<Store>) {
        let (ledger, rows) = (self.ledger(), Arc::clone(&store));
        let journal = Arc::clone(&ledger.journal);
        let pause = async move || {
            // Whether the time or the room comes to an end, rows are written.
            let _ = tokio::time::timeout(LOG, journal.many_rows()).await;
        };
        let log = async move |_| ledger.log(&rows).await;
        self.background.spawn(keep("the request log", self.ledger(), pause, self.stop.clone(), log));
        let (ledger, rows) = (self.ledger(), Arc::clone(&store));
        let capture = async move |_| ledger.capture(&rows).await;
        let captures = keep("captured requests", self.ledger(), || sleep(LOG), self.stop.clone(), capture);
        self.background.spawn(captures);
        self.run_beside(trim::requests(Arc::clone(&self.reloader), Arc::clone(&store)));
        self.run_beside(trim::captures(Arc::clone(&self.reloader), Arc::clone(&store)));
        let (folder, ledger) = (self.settings().config.data_dir.join("logs"), self.ledger());
        let files = logs::Files::new(folder, ledger, store, Arc::clone(&self.reloader));
        self.background.spawn(files.run(self.stop.clone()));
    }

    /// Stops in order: not ready any more, after the grace no new connections, running requests finish, or are told when
    /// the drain timeout has passed or `hurry` is done, jobs end and store what was counted.
    pub async fn shutdown(self, hurry: impl Future<Output = ()>) -> Ended {
        let hurried = CancellationToken::new();
        let hurrying = async {
            hurry.await;
            hurried.cancel();
            sleep(HURRY).await;
        };
        let ended = tokio::select! {
            biased;
            () = hurrying => Ended { in_time: false, is_stored: false },
            in_time = self.end(&hurried) => Ended { in_time, is_stored: self.proxy.ledger.is_kept() },
        };
        if !ended.is_stored {
            self.proxy.ledger.tell_loss();
        }
        ended
    }

    async fn end(&self, hurried: &CancellationToken) -> bool {
        self.server.announce();
        let (shutdown_grace, drain_timeout) = self.settings().config.listen.times_of_a_stop();
        hurried.run_until_cancelled(sleep(shutdown_grace)).await;
        self.proxy.ledger.journal.close();
        let in_time = self.server.stop(drain_timeout, hurried.cancelled()).await;
        // Before anybody writes for the last time.
        self.proxy.ledger.tell();
        self.stop.cancel();
        for tasks in [&self.accepting, &self.background] {
            tasks.close();
            tasks.wait().await;
        }
        if let Some(exporter) = &self.exporter {
            hurried.run_until_cancelled(exporter.finish()).await;
        }
        // It empties SQLite's log into its file; without that the next start does.
        if tokio::time::timeout(CLOSE, self.reloader.close()).await.is_err() {
            tracing::warn!("the database does not close; the next start ends that");
        }
        in_time
    }
}

impl Pulse {
    /// Whether a worker of the runtime and the database answer. Silence, of which there is no end, is none.
    pub async fn is_felt(&self) -> bool {
        let reloader = Arc::clone(&self.reloader);
        self.tasks.spawn(async move { reloader.answers().await }).await.unwrap_or_default()
    }
}

/// The database, and what was imported into a new one.
async fn open(config: &Config) -> anyhow::Result<(Arc<Store>, Option<import::First>)> {
    let (folder, secret) = (&config.data_dir, config.secret_key.as_ref());
    let here = import::Surroundings::here(config.upstream.key_base.clone(), config.limits.zone.clone());
    let imported = import::at_first_start(folder, secret, &here).await?;
    let store = Store::open(folder, secret).await?.with_patience(PATIENCE).await?;
    if let Some(hint) = import::forgotten(folder, &store).await? {
        tracing::warn!("{hint}");
    }
    Ok((Arc::new(store), imported))
}
