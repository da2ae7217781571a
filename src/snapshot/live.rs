//! The one swappable pointer, and who puts a new view there after a change. Whoever needs a snapshot takes it once; a
//! swap changes nothing for those who hold one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio_util::task::TaskTracker;

use super::{BadRow, Registry, Snapshot, Target};
use crate::cache::Caches;
use crate::config::{Config, Loaded, Log, Standing};
use crate::limits::WaitingRoom;
use crate::store::{Rows, Store, StoreError, Totals};
use crate::telemetry::{self, Journal, JournalRules, Levels, Redact};
use crate::upstream::{Client, Counted};

/// The current snapshot.
#[derive(Debug)]
pub struct Current(ArcSwap<Snapshot>);

impl Current {
    /// The snapshot of this moment.
    #[must_use]
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }
}

/// Why a change is stored but not in force. The former snapshot goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// What works by settings and outlives snapshots.
#[derive(Debug, Clone)]
pub struct Lasting {
    pub client: Arc<Client>,
    pub room: Arc<WaitingRoom>,
    pub caches: Arc<Caches>,
    pub journal: Arc<Journal>,
}

impl Lasting {
    /// As `config` says it.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Lasting {
            client: Arc::new(Client::new(&config.upstream)),
            room: Arc::new(WaitingRoom::new(config.routing.max_queue)),
            caches: Arc::new(Caches::new(&config.caches)),
            journal: Arc::new(Journal::new(journal_rules(&config.log))),
        }
    }

    fn set(&self, config: &Config) {
        self.client.set_connect_timeout(config.upstream.connect_timeout);
        self.room.set_max(config.routing.max_queue);
        self.caches.set_rules(&config.caches);
        self.journal.set(journal_rules(&config.log));
        self.journal.captures.set(Redact::new(&config.capture.redact));
        telemetry::set_levels(&levels(&config.log));
    }
}

fn journal_rules(log: &Log) -> JournalRules {
    JournalRules { recent: log.recent, has_rows: log.has_request_log, has_file: log.to_file }
}

/// `LOG_LEVEL` and `LOG_LEVELS`.
#[must_use]
pub fn levels(log: &Log) -> Levels<'_> {
    let parts = log.levels.iter().map(|(part, level)| (part.as_str(), level.as_str()));
    Levels { all: log.level.as_str(), parts: parts.collect() }
}

/// What backends have done that is not in the database, by id.
#[derive(Debug)]
pub struct UnwrittenTotals {
    backends: HashMap<String, Totals>,
    /// How often some was written before.
    written: u64,
}

/// Makes snapshots of what is stored.
#[derive(Debug)]
pub struct Reloader {
    store: Arc<Store>,
    registry: Registry,
    lasting: Lasting,
    current: Arc<Current>,
    writes: TaskTracker,
    /// How often totals were written.
    written: AtomicU64,
    /// Held while a snapshot is made, so that an older one never replaces a newer.
    in_force: Mutex<InForce>,
}

#[derive(Debug)]
struct InForce {
    /// Below what was saved.
    configured: Arc<Loaded>,
    /// Of the rows.
    revision: i64,
    settings: Arc<Standing>,
    settings_revision: i64,
}

impl InForce {
    fn of(rows: &Rows, configured: Arc<Loaded>, settings: Arc<Standing>) -> InForce {
        InForce { configured, revision: rows.revision, settings, settings_revision: rows.settings_revision }
    }
}

impl Reloader {
    /// The first snapshot, of what is stored now.
    ///
    /// # Errors
    /// Those of the database, and a row that no snapshot can be made of.
    pub async fn start(
        loaded: Loaded,
        store: Arc<Store>,
        registry: Registry,
        lasting: Lasting,
    ) -> Result<Self, ReloadError> {
        let rows = store.load().await?;
        for (row, why) in rows.lost() {
            tracing::warn!(
                backend = row.name,
                base_url = row.base_url,
                "a credential cannot be read: {why}; enter it again"
            );
        }
        let settings = Arc::new(loaded.with_saved(&rows.settings));
        warn_of_new(&settings, &[]);
        let first = registry.build(&settings.config, &rows)?;
        lasting.set(&settings.config);
        let current = Arc::new(Current(ArcSwap::from_pointee(first)));
        let in_force = Mutex::new(InForce::of(&rows, Arc::new(loaded), settings));
        Ok(Reloader {
            store,
            registry,
            lasting,
            current,
            writes: TaskTracker::new(),
            written: AtomicU64::new(0),
            in_force,
        })
    }

    /// What is configured, below what was saved.
    #[must_use]
    pub fn configured(&self) -> Arc<Loaded> {
        Arc::clone(&self.in_force().configured)
    }

    /// All settings as they are in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Standing> {
        Arc::clone(&self.in_force().settings)
    }

    /// Grows with each change of settings; of those in force.
    #[must_use]
    pub fn settings_revision(&self) -> i64 {
        self.in_force().settings_revision
    }

    fn in_force(&self) -> MutexGuard<'_, InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the snapshot in force is found.
    #[must_use]
    pub fn current(&self) -> &Arc<Current> {
        &self.current
    }

    /// Puts what is stored now in force, for requests that begin from now on.
    ///
    /// # Errors
    /// As [`Reloader::start`]; nothing has changed then.
    pub async fn reload(self: &Arc<Self>) -> Result<(), ReloadError> {
        // What no row names any more is forgotten, its counts too; its channel keeps them. Those that cannot be
        // written now are written later.
        let _ = self.write_totals().await;
        let known = self.current.load().tokens.revision;
        let rows = self.store.load_since(known).await?;
        self.put(&rows, None)?;
        Ok(())
    }

    /// Puts another configuration in force, below what was saved, for requests that begin from now on.
    ///
    /// # Errors
    /// As [`Reloader::start`]; nothing has changed then.
    pub async fn configure(&self, next: Loaded) -> Result<(), ReloadError> {
        let next = Arc::new(next);
        loop {
            let known = self.current.load().tokens.revision;
            let rows = self.store.load_since(known).await?;
            // Rows that somebody else has overtaken meanwhile are read again.
            if self.put(&rows, Some(&next))? {
                return Ok(());
            }
        }
    }

    /// [`Reloader::reload`] if another process, such as the command line, has changed something. Gives whether it has.
    ///
    /// # Errors
    /// As [`Reloader::reload`].
    pub async fn follow(self: &Arc<Self>) -> Result<bool, ReloadError> {
        let known = self.in_force().revision;
        let has_changed = self.store.revision().await? != known;
        if has_changed {
            self.reload().await?;
        }
        Ok(has_changed)
    }

    /// Whether the database answers, be it with an error.
    pub async fn answers(&self) -> bool {
        self.store.answers().await
    }

    /// Closes the database when what is written now is. The snapshot goes on.
    pub async fn close(&self) {
        self.writes.close();
        self.writes.wait().await;
        self.store.close_shared().await;
    }

    /// Where requests wait.
    #[must_use]
    pub fn room(&self) -> &WaitingRoom {
        &self.lasting.room
    }

    /// Live state by id.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Writes down what backends and channels have done since the last time. What cannot be written is kept. It goes on
    /// when nobody waits for it any more: what was taken must be written or put back.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write_totals(self: &Arc<Self>) -> Result<(), StoreError> {
        let own = Arc::clone(self);
        let write = async move {
            let mut left = own.registry.counting();
            own.write_some_totals(&mut left, usize::MAX).await.map(drop)
        };
        let written = self.writes.spawn(write).await;
        written.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
    }

    /// Writes down what at most `most` of these backends have done, and takes those that were looked at off the list.
    /// Gives whether there was anything. Must not be dropped before it is done.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write_some_totals(
        &self,
        left: &mut Vec<Arc<Target>>,
        most: usize,
    ) -> Result<bool, StoreError> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(target) = left.pop()
        {
            taken.extend(target.counts.tally.take().map(|counted| (target, counted)));
        }
        if taken.is_empty() {
            return Ok(false);
        }
        let of = |(target, counted): &(Arc<Target>, Counted)| {
            let channel = Some(&*target.node.channel).filter(|id| !id.is_empty()).map(str::to_owned);
            let ids = std::iter::once(target.backend.id.clone()).chain(channel);
            let counted = *counted;
            ids.map(move |id| (id, totals(counted)))
        };
        let deltas: Vec<_> = taken.iter().flat_map(of).collect();
        let written = self.store.add_totals(&deltas).await;
        for (target, counted) in &taken {
            match written {
                Ok(()) => target.counts.tally.written(*counted),
                Err(_) => target.counts.tally.put_back(*counted),
            }
        }
        self.written.fetch_add(u64::from(written.is_ok()), Relaxed);
        written.map(|()| true)
    }

    /// What backends have done that is not written down.
    #[must_use]
    pub fn unwritten_totals(&self) -> UnwrittenTotals {
        let written = self.written.load(Relaxed);
        let counting = self.registry.counting().into_iter();
        let of =
            |target: Arc<Target>| Some((target.backend.id.clone(), totals(target.counts.tally.unwritten()?)));
        UnwrittenTotals { written, backends: counting.filter_map(of).collect() }
    }

    /// Adds to rows that were read since then what they lack, unless some of it was written meanwhile.
    pub fn add_totals(&self, unwritten: &UnwrittenTotals, rows: &mut Rows) {
        if self.written.load(Relaxed) != unwritten.written {
            return;
        }
        let mut channels = HashMap::<&str, &mut Totals>::new();
        channels.extend(rows.channels.iter_mut().map(|row| (row.id.as_str(), &mut row.totals)));
        for row in &mut rows.backends {
            let Some(more) = unwritten.backends.get(&row.id) else { continue };
            row.totals.add(more);
            let channel = row.channel_id.as_deref().and_then(|id| channels.get_mut(id));
            channel.into_iter().for_each(|channel| channel.add(more));
        }
    }

    /// Gives whether these rows are not older than those in force.
    fn put(&self, rows: &Rows, next: Option<&Arc<Loaded>>) -> Result<bool, BadRow> {
        let mut in_force = self.in_force();
        if rows.revision < in_force.revision {
            return Ok(false);
        }
        let configured = Arc::clone(next.unwrap_or(&in_force.configured));
        let is_same = next.is_none() && in_force.settings.saved == rows.settings;
        let settings = match is_same {
            true => Arc::clone(&in_force.settings),
            false => Arc::new(configured.with_saved(&rows.settings)),
        };
        let snapshot = self.registry.build(&settings.config, rows)?;
        if !is_same {
            warn_of_new(&settings, &in_force.settings.warnings);
            self.lasting.set(&settings.config);
        }
        self.current.0.store(Arc::new(snapshot));
        *in_force = InForce::of(rows, configured, settings);
        Ok(true)
    }
}

/// Each warning once, as long as it stands.
fn warn_of_new(settings: &Standing, known: &[String]) {
    for warning in settings.warnings.iter().filter(|warning| !known.contains(warning)) {
        tracing::warn!("{warning}");
    }
}

fn totals(counted: Counted) -> Totals {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(number(counted.last_used)).ok();
    Totals {
        total_requests: number(counted.requests),
        failed_requests: number(counted.failed),
        total_tokens: number(counted.tokens),
        last_used: at.filter(|_| counted.last_used > 0).map(|at| format!("{at:.3}")),
    }
}
