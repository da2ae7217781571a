//! What is known of requests that are over, on its way to all who tell of them: the log at once, the database in
//! batches. One bounded queue, off the way of requests, which never drops what was used: what cannot be written yet is
//! added up in memory.

mod sums;
#[cfg(test)]
mod tests;
mod trouble;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::store::{ErrorCount, Store, StoreError, TokenUse, UsageCounts, UsageKey};
use crate::telemetry::{self, Captured, Journal, Metrics, ModelNames, Record, Redacted, Traces};
use sums::Sums;
use trouble::Troubles;
pub use trouble::{Trouble, Waiting};

/// Records that wait one by one. More are told of at once, by whoever brings the next.
const QUEUE: usize = 8192;
/// Records that are told of in one go while requests are served: about 150 us.
const SOME: usize = 32;
/// Rows of the request log that are written at once: they take some milliseconds.
const ROWS: usize = 4096;

/// Captured requests that are written at once: each may be large.
const CAPTURES: usize = 64;
/// How long a write waits for the one before it.
const TURN: Duration = Duration::from_secs(5);

/// Records that are not written yet.
#[derive(Debug)]
pub struct Ledger {
    queue: Mutex<VecDeque<Record>>,
    /// Held while records are told of, so that who tells has told of those before, too.
    telling: Mutex<()>,
    arrived: Notify,
    /// By which models are counted.
    names: Mutex<ModelNames>,
    kept: Mutex<Kept>,
    /// One write at a time.
    writing: Semaphore,
    /// The same of the request log.
    logging: Semaphore,
    /// And of what was captured.
    capturing: Semaphore,
    writes: TaskTracker,
    troubles: Troubles,
    traces: Option<Arc<Traces>>,
    /// For those who look at single requests.
    pub journal: Arc<Journal>,
    /// What Prometheus is told.
    pub metrics: Arc<Metrics>,
}

/// Records that were added up.
#[derive(Debug, Default)]
struct Kept {
    /// What is written now. Nothing is added to it, so that each kind of usage has its turn.
    turn: Sums,
    /// What is written after that.
    next: Sums,
    /// What a write has with it.
    away: Option<Arc<Sums>>,
    /// Writes that went well.
    writes: u64,
}

impl Kept {
    fn parts(&self) -> impl Iterator<Item = &Sums> {
        [&self.turn, &self.next].into_iter().chain(self.away.as_deref())
    }
}

/// Usage that is not in the database.
#[derive(Debug)]
pub struct Unwritten {
    sums: Sums,
    /// As in [`Kept`].
    writes: u64,
}

impl Unwritten {
    /// As [`Store::add_usage`] takes them.
    #[must_use]
    pub fn minutes(&self) -> Vec<(UsageKey<'_>, UsageCounts)> {
        self.sums.minutes()
    }

    #[must_use]
    pub fn errors(&self) -> Vec<ErrorCount> {
        self.sums.errors()
    }

    /// By id.
    #[must_use]
    pub fn tokens(&self) -> Vec<(&str, TokenUse)> {
        self.sums.tokens()
    }
}

impl Ledger {
    /// With traces, if they are on.
    #[must_use]
    pub fn new(journal: Arc<Journal>, traces: Option<Arc<Traces>>) -> Self {
        Ledger {
            queue: Mutex::default(),
            telling: Mutex::default(),
            arrived: Notify::new(),
            names: Mutex::default(),
            kept: Mutex::default(),
            writing: Semaphore::new(1),
            logging: Semaphore::new(1),
            capturing: Semaphore::new(1),
            writes: TaskTracker::new(),
            troubles: Troubles::default(),
            traces,
            journal,
            metrics: Arc::default(),
        }
    }

    /// Traces, while they are on.
    #[must_use]
    pub fn traces(&self) -> Option<&Traces> {
        self.traces.as_deref()
    }

    /// Takes a record. Waits for nothing but others that do the same.
    pub fn push(&self, record: Record) {
        let mut queue = lock(&self.queue);
        queue.push_back(record);
        let waiting = queue.len();
        drop(queue);
        if waiting == 1 {
            self.arrived.notify_one();
        } else if waiting >= QUEUE {
            self.tell_some();
        }
    }

    /// Ends when there is a record to tell of.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Tells of the records that wait, and adds them up.
    pub fn tell(&self) {
        self.tell_of(usize::MAX);
    }

    /// The same of so few of them that no request waits long behind it. Gives whether there are more.
    pub fn tell_some(&self) -> bool {
        self.tell_of(SOME);
        !lock(&self.queue).is_empty()
    }

    fn tell_of(&self, most: usize) {
        let _turn = lock(&self.telling);
        let records: Vec<Record> = self.metrics.count(|| {
            let mut queue = lock(&self.queue);
            let most = most.min(queue.len());
            let mut records: Vec<_> = queue.drain(..most).collect();
            lock(&self.names).name_all(&mut records);
            records
        });
        telemetry::batched(|| records.iter().for_each(telemetry::tell));
        self.traces.iter().for_each(|traces| traces.take(&records));
        lock(&self.kept).next.add_all(&records);
        self.journal.take(records);
    }

    /// Records that nobody was told of yet, and sums of usage that are not written.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let records = lock(&self.queue).len();
        (records, lock(&self.kept).parts().map(Sums::kinds).sum())
    }

    /// All that waits to be written.
    #[must_use]
    pub fn all_waiting(&self) -> Waiting {
        let (records, sums) = self.waiting();
        let (rows, captures) = (self.journal.unwritten_rows(), self.journal.captures.waiting());
        Waiting { records, sums, rows, captures }
    }

    /// While writes fail, since when and why.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.troubles.now()
    }

    /// A write that began then is over: for numbers, and for the log.
    pub fn wrote(&self, what: &'static str, begun: Instant, written: &Result<(), StoreError>) {
        self.metrics.wrote(what, written.is_ok().then(|| begun.elapsed()));
        self.troubles.note(what, begun, written.as_ref().err(), || self.all_waiting());
    }

    /// There is nothing to write, nor is anything left of what failed.
    pub fn has_written(&self, what: &'static str) {
        self.troubles.note(what, Instant::now(), None, || self.all_waiting());
    }

    /// The last write has failed, and what it would have written is lost.
    pub fn lose(&self, what: &str, error: &StoreError) {
        self.troubles.give_up();
        tracing::error!(%error, "{what} could not be written at the stop");
    }

    /// Whether all that was counted is written, as far as it was tried for the last time.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.troubles.gave_up()
    }

    /// Tells the log how much the end of the process takes with it, and since when that was not written.
    pub fn tell_loss(&self) {
        let left = self.unwritten();
        let minutes = left.minutes();
        let requests: i64 = minutes.iter().map(|(_, counts)| counts.requests).sum();
        let begun = minutes.iter().filter_map(|(key, _)| Timestamp::from_second(key.minute).ok()).min();
        let since = self.trouble().map(|trouble| trouble.since).or(begun).unwrap_or_else(Timestamp::now);
        let Waiting { rows, captures, .. } = self.all_waiting();
        let since = format!("{since:.0}");
        tracing::error!(since, requests, rows, captures, "what was counted since then is lost");
    }

    /// What was used until now and is not in the database.
    #[must_use]
    pub fn unwritten(&self) -> Unwritten {
        self.tell();
        let (mut sums, kept) = (Sums::default(), lock(&self.kept));
        kept.parts().for_each(|part| sums.add(part));
        Unwritten { sums, writes: kept.writes }
    }

    /// Whether none of it was written since it was taken.
    #[must_use]
    pub fn is_still(&self, unwritten: &Unwritten) -> bool {
        lock(&self.kept).writes == unwritten.writes
    }

    /// Writes down all that is there.
    ///
    /// # Errors
    /// As [`Ledger::write`].
    pub async fn write_all(self: &Arc<Self>, store: &Arc<Store>) -> Result<(), StoreError> {
        self.write(store, usize::MAX).await
    }

    /// Writes down what tokens have used, and at most `most` kinds of usage by minutes: those of thousands of backends must
    /// not slow requests. What cannot be written is kept, and written another time. A write that has begun goes on when
    /// nobody waits for it any more: an admin call whose caller has left must not take with it what it held.
    ///
    /// # Errors
    /// Those of the database; nothing was written then.
    pub async fn write(self: &Arc<Self>, store: &Arc<Store>, most: usize) -> Result<(), StoreError> {
        let (ledger, store) = (Arc::clone(self), Arc::clone(store));
        self.to_its_end(async move { ledger.write_in_turn(&store, most).await }).await
    }

    /// Writes the request log as far as there are requests. What cannot be written is kept while there is room, and
    /// goes on as [`Ledger::write`] does.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn log(self: &Arc<Self>, store: &Arc<Store>) -> Result<(), StoreError> {
        let (ledger, store) = (Arc::clone(self), Arc::clone(store));
        self.to_its_end(async move { ledger.log_in_turn(&store).await }).await
    }

    /// Writes what was captured, as [`Ledger::log`] does. Apart from it, as patterns may take their time.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn capture(self: &Arc<Self>, store: &Arc<Store>) -> Result<(), StoreError> {
        let (ledger, store) = (Arc::clone(self), Arc::clone(store));
        self.to_its_end(async move { ledger.capture_in_turn(&store).await }).await
    }

    async fn to_its_end(
        &self,
        write: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Result<(), StoreError> {
        let written = self.writes.spawn(write).await;
        written.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
    }

    async fn log_in_turn(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = turn(&self.logging).await?;
        self.tell();
        // Those that come meanwhile are for another time, so that this ends.
        let mut left = self.journal.waiting_rows();
        while left > 0 {
            let rows = self.journal.take_rows(ROWS.min(left));
            left = left.saturating_sub(rows.len().max(1));
            let begun = Instant::now();
            let written = store.log_requests(&rows).await;
            match &written {
                Ok(()) => self.journal.rows_are_written(rows.len()),
                Err(_) => self.journal.put_back(rows),
            }
            self.wrote("request_log", begun, &written);
            written?;
        }
        self.has_written("request_log");
        Ok(())
    }

    /// Without what must not be kept.
    async fn capture_in_turn(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = turn(&self.capturing).await?;
        let captures = &self.journal.captures;
        let mut left = captures.waiting();
        while left > 0 {
            let (captured, redact) = (captures.take(CAPTURES.min(left)), captures.redact());
            left = left.saturating_sub(captured.len().max(1));
            // Patterns may take a while: off the threads that serve requests.
            let texts = move || {
                let texts = captured.iter().map(|captured| captured.redacted(&redact)).collect();
                (captured, texts)
            };
            let redacted = tokio::task::spawn_blocking(texts).await;
            let (captured, texts): (Vec<Captured>, Vec<Redacted>) =
                redacted.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()));
            let rows: Vec<_> = captured.iter().map(|captured| &captured.facts).zip(texts).collect();
            let begun = Instant::now();
            let written = store.keep_captures(&rows).await;
            if written.is_err() {
                captures.put_back(captured);
            }
            self.wrote("captures", begun, &written);
            written?;
        }
        self.has_written("captures");
        Ok(())
    }

    /// In turn, so that who has waited for a write has waited for those before it too.
    async fn write_in_turn(&self, store: &Store, most: usize) -> Result<(), StoreError> {
        let _turn = turn(&self.writing).await?;
        self.tell();
        let sums = {
            let mut kept = lock(&self.kept);
            if kept.turn.is_empty() {
                kept.turn = std::mem::take(&mut kept.next);
            }
            let mut sums = kept.turn.split(most);
            let left = most - sums.kinds();
            sums.add(&kept.next.split(left));
            let sums = Arc::new(sums);
            kept.away = Some(Arc::clone(&sums));
            sums
        };
        let begun = Instant::now();
        let written = match sums.is_empty() {
            true => Ok(()),
            false => store.add_usage(&sums.minutes(), &sums.errors(), &sums.tokens()).await,
        };
        let mut kept = lock(&self.kept);
        kept.away = None;
        match written {
            Ok(()) => kept.writes += 1,
            Err(_) => kept.next.add(&sums),
        }
        drop(kept);
        if !sums.is_empty() {
            self.wrote("usage", begun, &written);
        }
        written
    }
}

/// # Errors
/// [`StoreError::Locked`] when the ones before it take too long: nothing was taken then.
async fn turn(one: &Semaphore) -> Result<SemaphorePermit<'_>, StoreError> {
    let turn = timeout(TURN, one.acquire()).await;
    turn.ok().and_then(Result::ok).ok_or(StoreError::Locked)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
