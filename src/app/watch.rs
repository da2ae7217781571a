//! Keeps an eye on all addresses, and tells when one is found or lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::proxy::Proxy;
use crate::snapshot::Snapshot;
use crate::upstream::{Due, Rounds, Sight, look};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// Between two times that idle connections are closed where nobody asks any more.
const SWEEP: Duration = Duration::from_secs(30);
/// Looks that run at once.
const AT_ONCE: usize = 32;

/// What the first look at all addresses found; `None` until all of them have answered or not.
pub(super) type First = watch::Receiver<Option<Vec<Sight>>>;
/// Where it is put.
pub(super) type Found = watch::Sender<Option<Vec<Sight>>>;

/// An address and what a look found there, unless it only read the list.
type Looked = (String, Option<Sight>);

/// Looks at every address once, for people; none of them delays the others.
pub(super) async fn look_at_all(proxy: &Arc<Proxy>) -> Vec<Sight> {
    let mut watch = Watch::new(proxy);
    // Any period makes all of them due.
    watch.begin(Some(TICK));
    let mut sights = Vec::new();
    while let Some(done) = watch.running.join_next().await {
        sights.extend(done.ok().and_then(|(_, sight)| sight));
    }
    sorted(sights)
}

/// Looks whenever an address is due; one line in the log for each change after the first look, which is given to
/// `first`. Without probes there is no first look.
pub(super) async fn run(proxy: Arc<Proxy>, first: Found) {
    let mut watch = Watch::new(&proxy);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweeps = tokio::time::interval(SWEEP);
    let mut opening = proxy.snapshot.load().health_interval.is_some().then(|| Opening::new(first));
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let interval = proxy.snapshot.load().health_interval;
                let begun = watch.begin(interval);
                if let Some(opening) = &mut opening {
                    opening.begin(begun);
                }
            }
            _ = sweeps.tick() => proxy.snapshot.load().targets().for_each(|target| target.backend.host.close_idle()),
            Some(done) = watch.running.join_next(), if !watch.running.is_empty() => {
                let Ok((address, sight)) = done else { continue };
                watch.rounds.done(&address);
                watch.tell(sight.as_ref(), opening.is_some());
                if let Some(opening) = &mut opening {
                    opening.done(&address, sight);
                }
                // A backend that came back may serve those who wait.
                proxy.room.notify();
            }
        }
        if opening.as_ref().is_some_and(|opening| opening.waits_for.as_ref().is_some_and(HashSet::is_empty)) {
            opening.take().into_iter().for_each(Opening::end);
        }
    }
}

struct Watch<'r> {
    proxy: &'r Arc<Proxy>,
    /// The one whose backends are known to `rounds`.
    snapshot: Option<Arc<Snapshot>>,
    rounds: Rounds,
    running: JoinSet<Looked>,
    permits: Arc<Semaphore>,
    /// Whether each address was found when it was looked at last.
    found: HashMap<String, bool>,
}

impl<'r> Watch<'r> {
    fn new(proxy: &'r Arc<Proxy>) -> Self {
        let (rounds, running, found) = (Rounds::default(), JoinSet::new(), HashMap::new());
        Watch { proxy, snapshot: None, rounds, running, permits: Arc::new(Semaphore::new(AT_ONCE)), found }
    }

    /// Begins the looks that are due and gives their addresses.
    fn begin(&mut self, interval: Option<Duration>) -> HashSet<String> {
        let now = self.proxy.snapshot.load();
        // Nothing is gone through anew while nothing has changed: there may be thousands.
        if !self.snapshot.as_ref().is_some_and(|known| Arc::ptr_eq(known, &now)) {
            self.rounds.set(now.targets().map(|target| Arc::clone(&target.backend)));
            self.snapshot = Some(now);
        }
        let due = self.rounds.due(interval, Instant::now(), || self.proxy.ids.chance());
        let mut begun = HashSet::new();
        for due in due {
            begun.insert(due.address.clone());
            let (proxy, permits) = (Arc::clone(self.proxy), Arc::clone(&self.permits));
            self.running.spawn(async move {
                let _permit = permits.acquire().await;
                look_as_due(&proxy, due).await
            });
        }
        begun
    }

    fn tell(&mut self, sight: Option<&Sight>, is_quiet: bool) {
        let Some(sight) = sight else { return };
        let was_found = self.found.insert(sight.name.clone(), sight.found.is_ok());
        match (&sight.found, was_found) {
            _ if is_quiet => {}
            (Ok((version, models)), None | Some(false)) => {
                tracing::info!(backend = sight.name, version, models = models.join(", "), "found Ollama");
            }
            (Err(reason), None | Some(true)) => tracing::warn!(backend = sight.name, reason, "lost Ollama"),
            _ => {}
        }
    }
}

async fn look_as_due(proxy: &Proxy, due: Due) -> Looked {
    let sight = match due.sharing.first() {
        Some(first) if due.only_list => {
            if let Err(failure) = first.host.inventory.models(&proxy.client, first).await {
                tracing::debug!(address = due.address, error = failure.error.message, "no list of models");
            }
            None
        }
        _ => look(&proxy.client, &due.sharing).await,
    };
    (due.address, sight)
}

/// The first look, while it runs.
struct Opening {
    first: Found,
    /// `None` before it has begun.
    waits_for: Option<HashSet<String>>,
    sights: Vec<Sight>,
}

impl Opening {
    fn new(first: Found) -> Self {
        Opening { first, waits_for: None, sights: Vec::new() }
    }

    fn begin(&mut self, begun: HashSet<String>) {
        self.waits_for.get_or_insert(begun);
    }

    fn done(&mut self, address: &str, sight: Option<Sight>) {
        if self.waits_for.as_mut().is_some_and(|waits_for| waits_for.remove(address)) {
            self.sights.extend(sight);
        }
    }

    fn end(self) {
        self.first.send_replace(Some(sorted(self.sights)));
    }
}

fn sorted(mut sights: Vec<Sight>) -> Vec<Sight> {
    sights.sort_by(|one, other| one.name.cmp(&other.name));
    sights
}
