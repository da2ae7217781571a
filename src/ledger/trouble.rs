//! Which writes fail now, since when, and what the log is told of it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::store::StoreError;

/// Writes may fail for so long before the log is told: a large change of the gateway's own may be all that is in the way.
const GRACE: Duration = Duration::from_secs(2);
/// Between two warnings.
const AGAIN: Duration = Duration::from_secs(60);

/// Writes that fail.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By what is written.
    failing: BTreeSet<&'static str>,
    /// When the first of them began to fail.
    since: Option<(Instant, Timestamp)>,
    /// The last failure.
    why: String,
    warned: Option<Instant>,
    /// Whether the log was told of this trouble.
    is_told: bool,
    /// Whether something is not tried again.
    is_over: bool,
}

/// What is known while the database takes no writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub since: Timestamp,
    pub why: String,
}

/// What is kept in memory until it can be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// That nobody was told of yet.
    pub records: usize,
    /// Kinds of usage.
    pub sums: usize,
    /// Of the request log.
    pub rows: usize,
    pub captures: usize,
}

impl Troubles {
    /// A write that began then is over.
    pub(super) fn note(
        &self,
        what: &'static str,
        begun: Instant,
        error: Option<&StoreError>,
        waiting: impl FnOnce() -> Waiting,
    ) {
        let mut state = self.state();
        match error {
            Some(error) => state.fails(what, begun, error, waiting),
            None => state.succeeds(what),
        }
    }

    /// What fails is not tried again.
    pub(super) fn give_up(&self) {
        self.state().is_over = true;
    }

    pub(super) fn gave_up(&self) -> bool {
        self.state().is_over
    }

    pub(super) fn now(&self) -> Option<Trouble> {
        let state = self.state();
        state.since.map(|(_, since)| Trouble { since, why: state.why.clone() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fails(
        &mut self,
        what: &'static str,
        begun: Instant,
        error: &StoreError,
        waiting: impl FnOnce() -> Waiting,
    ) {
        self.failing.insert(what);
        self.why = error.to_string();
        let (first, since) = *self.since.get_or_insert_with(|| (begun, Timestamp::now() - begun.elapsed()));
        let is_soon = self.warned.is_some_and(|at| at.elapsed() < AGAIN);
        if is_soon || first.elapsed() < GRACE {
            return;
        }
        (self.warned, self.is_told) = (Some(Instant::now()), true);
        let Waiting { records, sums, rows, captures } = waiting();
        tracing::warn!(
            what = self.what(),
            since = format!("{since:.0}"),
            %error,
            records,
            sums,
            rows,
            captures,
            "the database cannot be written to; what waits is kept in memory"
        );
    }

    fn succeeds(&mut self, what: &'static str) {
        let was_failing = self.failing.remove(what);
        if !was_failing || !self.failing.is_empty() {
            return;
        }
        let Some((first, since)) = self.since.take() else { return };
        if std::mem::take(&mut self.is_told) {
            let seconds = first.elapsed().as_secs();
            tracing::info!(since = format!("{since:.0}"), seconds, "the database can be written to again");
        }
    }

    fn what(&self) -> String {
        self.failing.iter().copied().collect::<Vec<_>>().join(", ")
    }
}
