//! The gateway as a value: built from a configuration, with nothing global, so that tests can run several.

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
use listen::{Bound, listen};

/// How long a write waits while another process writes: whoever has asked for it is waiting, too.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what is left is tried to be written at the end, while others write.
const LAST_PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether another process, such as the command line, has changed what is stored.
const FOLLOW: Duration = Duration::from_millis(500);
/// How long the first request that is over waits for others to be told of with it.
const TELL: Duration = Duration::from_millis(100);
/// Between two times that forgotten addresses are looked for.
const SWEEP: Duration = Duration::from_secs(60);
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
    server: Arc<Server>,
    reloader: Arc<Reloader>,
    accepting: TaskTracker,
    background: TaskTracker,
    stop: CancellationToken,
    first: watch::First,
    /// While traces are on.
    exporter: Option<Arc<traces::Exporter>>,
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
        let config = loaded.config.clone();
        let Bound { listeners, addr, admin_addr } = listen(&config)?;
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
        let cautions = beware(&admin).await?;
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
        let planes = Planes { proxy: Arc::clone(&proxy), admin };
        let server = Arc::new(Server::new(&config.listen, certificate.clone(), planes, TaskTracker::new()));
        let (found, first) = tokio::sync::watch::channel(None);
        let app = App {
            addr,
            admin_addr,
            certificate,
            proxy,
            imported,
            cautions,
            server,
            reloader,
            accepting: TaskTracker::new(),
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            first,
            exporter,
        };
        app.begin(listeners, found, store);
        Ok(app)
    }

    /// Serves, and does what goes on beside it.
    fn begin(&self, listeners: Listeners, found: watch::Found, store: Arc<Store>) {
        self.accepting.spawn(Arc::clone(&self.server).run(listeners));
        self.run_beside(watch::run(Arc::clone(&self.proxy), found));
        self.run_beside(follow(Arc::clone(&self.reloader)));
        self.run_beside(sweep(Arc::clone(&self.proxy)));
        self.certificate.iter().for_each(|certificate| self.run_beside(Arc::clone(certificate).watch()));
        self.keep_books(store);
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

    /// Reads the certificate again, as is done by itself when its files change. Gives whether there is another one now.
    ///
    /// # Errors
    /// When it cannot be used: the one in use stays.
    pub fn reload_certificates(&self) -> anyhow::Result<bool> {
        self.certificate.as_ref().map_or(Ok(false), |certificate| certificate.reload())
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
        store.tell_changes(Arc::clone(&self.proxy.ledger.metrics));
        let (reloader, mut left) = (Arc::clone(&self.reloader), Vec::new());
        let books = Arc::clone(&self.proxy.ledger);
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
        self.background.spawn(keep("counts", || sleep(KEEP), self.stop.clone(), counts));
        let ledger = Arc::clone(&self.proxy.ledger);
        let rows = Arc::clone(&store);
        let usage = async move |is_last| match is_last {
            true => ledger.write_all(&store).await,
            false => ledger.write(&store, USAGE_AT_ONCE).await,
        };
        self.background.spawn(keep("usage", || sleep(USAGE), self.stop.clone(), usage));
        self.run_beside(tell(Arc::clone(&self.proxy.ledger)));
        self.run_beside(trim::minutes(Arc::clone(&rows)));
        self.keep_logs(rows);
        self.exporter.iter().for_each(|exporter| self.run_beside(Arc::clone(exporter).run()));
    }

    /// Writes the request log, what was captured and the files, and deletes what is too old.
    fn keep_logs(&self, store: Arc<Store>) {
        let (ledger, rows) = (Arc::clone(&self.proxy.ledger), Arc::clone(&store));
        let journal = Arc::clone(&ledger.journal);
        let pause = async move || {
            // Whether the time or the room comes to an end, rows are written.
            let _ = tokio::time::timeout(LOG, journal.many_rows()).await;
        };
        let log = async move |_| ledger.log(&rows).await;
        self.background.spawn(keep("the request log", pause, self.stop.clone(), log));
        let (ledger, rows) = (Arc::clone(&self.proxy.ledger), Arc::clone(&store));
        let capture = async move |_| ledger.capture(&rows).await;
        self.background.spawn(keep("captured requests", || sleep(LOG), self.stop.clone(), capture));
        self.run_beside(trim::requests(Arc::clone(&self.reloader), Arc::clone(&store)));
        self.run_beside(trim::captures(Arc::clone(&self.reloader), Arc::clone(&store)));
        let (folder, ledger) = (self.settings().config.data_dir.join("logs"), Arc::clone(&self.proxy.ledger));
        let files = logs::Files::new(folder, ledger, store, Arc::clone(&self.reloader));
        self.background.spawn(files.run(self.stop.clone()));
    }

    /// Stops in order: no new connections, running requests finish, or are told when the drain timeout has passed or
    /// `hurry` is done, jobs end. Gives whether all of them finished.
    pub async fn shutdown(self, hurry: impl Future<Output = ()>) -> bool {
        self.proxy.ledger.journal.close();
        let in_time = self.server.stop(self.settings().config.listen.drain_timeout, hurry).await;
        // Before anybody writes for the last time.
        self.proxy.ledger.tell();
        self.stop.cancel();
        for tasks in [&self.accepting, &self.background] {
            tasks.close();
            tasks.wait().await;
        }
        if let Some(exporter) = &self.exporter {
            exporter.finish().await;
        }
        self.reloader.close().await;
        in_time
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

/// Tells of requests that are over, those of a moment together.
async fn tell(ledger: Arc<Ledger>) {
    loop {
        ledger.arrived().await;
        sleep(TELL).await;
        while ledger.tell_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// Puts changes of other processes in force.
async fn follow(reloader: Arc<Reloader>) {
    let mut last = String::new();
    loop {
        sleep(FOLLOW).await;
        match reloader.follow().await {
            Ok(true) => tracing::info!("what is stored was read anew: another process has changed it"),
            Ok(false) => last.clear(),
            Err(error) => {
                let error = error.to_string();
                if error != last {
                    tracing::error!(error, "what is stored cannot be read; what is in force stays");
                }
                last = error;
            }
        }
    }
}

/// Gives back the memory of addresses that ask no more.
async fn sweep(proxy: Arc<Proxy>) {
    loop {
        sleep(SWEEP).await;
        if let Some(addresses) = &proxy.snapshot.load().limits.address {
            addresses.window.sweep(Instant::now());
        }
    }
}

/// Writes again and again, after a pause each, until the gateway stops, and then for the last time, which `write` is told;
/// never half: what was taken to be written is written or put back. The ledger tells of failures.
async fn keep(
    what: &'static str,
    mut pause: impl AsyncFnMut(),
    stop: CancellationToken,
    mut write: impl AsyncFnMut(bool) -> Result<(), StoreError>,
) {
    while stop.run_until_cancelled(pause()).await.is_some() {
        // What could not be written is there the next time.
        let _ = write(false).await;
    }
    let end = Instant::now() + LAST_PATIENCE;
    while let Err(error) = write(true).await {
        if !matches!(error, StoreError::Locked) || Instant::now() >= end {
            tracing::error!(%error, "{what} of the last second are lost");
            return;
        }
        pause().await;
    }
}
