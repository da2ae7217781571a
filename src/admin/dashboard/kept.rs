//! What takes long to find among thousands of tokens and backends, found once for all who look within some seconds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::attention::{self, Item, MOST};
use crate::snapshot::Snapshot;

/// How long it is shown. A panel asks every few seconds.
const LIFE: Duration = Duration::from_secs(5);

/// What was found last.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Changes that admins have made.
    changes: AtomicU64,
    /// Held while it is looked for, so that those who come meanwhile find it here.
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    at: Instant,
    changes: u64,
    /// Of the snapshot.
    revision: i64,
    found: Found,
}

/// The first of them in order, and how many there are.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) items: Arc<[Item]>,
    pub(super) count: usize,
}

impl Kept {
    /// An admin has changed something, or had it looked at anew.
    pub(in crate::admin) fn forget(&self) {
        self.0.changes.fetch_add(1, Relaxed);
    }

    /// What there is now. It is looked for off the threads that serve requests.
    pub(super) async fn found(&self, snapshot: &Arc<Snapshot>, now: Timestamp) -> Found {
        let (state, snapshot) = (Arc::clone(&self.0), Arc::clone(snapshot));
        let found = tokio::task::spawn_blocking(move || state.found(&snapshot, now)).await;
        found.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
    }
}

impl State {
    fn found(&self, snapshot: &Snapshot, now: Timestamp) -> Found {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (changes, revision) = (self.changes.load(Relaxed), snapshot.configured.revision);
        let is_fresh =
            |last: &&Last| (last.changes, last.revision) == (changes, revision) && last.at.elapsed() < LIFE;
        if let Some(last) = last.as_ref().filter(is_fresh) {
            return last.found.clone();
        }
        let mut items = attention::slow(snapshot, now);
        let count = items.len();
        items.sort_unstable();
        items.truncate(MOST);
        let found = Found { items: items.into(), count };
        *last = Some(Last { at: Instant::now(), changes, revision, found: found.clone() });
        found
    }
}
