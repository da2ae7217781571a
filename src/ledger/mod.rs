//! What was used, on its way from requests to the database: one bounded queue, which never drops anything. What cannot
//! be written yet is added up in memory.
//!
//! Knows nothing of what a request is: whoever settles one says what it has cost.

mod sums;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::store::{Store, StoreError};
use sums::Sums;

/// Records that wait one by one. More are added up at once, by whoever brings the next.
const QUEUE: usize = 8192;

/// One request that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub at: Timestamp,
    /// Id of the token, or another word for who asked; empty for nobody in particular.
    pub token: String,
    /// As the client named it; empty when nobody served it, for clients can name anything.
    pub model: String,
    /// Its id; empty for a backend of the pool.
    pub channel: String,
    /// Its id; empty when nobody served.
    pub backend: String,
    /// The word of its outcome.
    pub outcome: &'static str,
    /// Whether that is a bad one.
    pub is_failed: bool,
    pub prompt: u64,
    pub completion: u64,
    /// Of both: those that came from a cache.
    pub cached: u64,
    /// What it costs of the quota of a month, whose first day this is.
    pub charged: Option<(Date, u64)>,
}

/// Records that are not written yet.
#[derive(Debug, Default)]
pub struct Ledger {
    queue: Mutex<Vec<Record>>,
    kept: Mutex<Kept>,
}

/// Records that were added up.
#[derive(Debug, Default)]
struct Kept {
    /// What is written now. Nothing is added to it, so that each kind of usage has its turn.
    turn: Sums,
    /// What is written after that.
    next: Sums,
}

impl Ledger {
    /// Takes a record. Waits for nothing but others that do the same.
    pub fn push(&self, record: Record) {
        let mut queue = lock(&self.queue);
        queue.push(record);
        if queue.len() >= QUEUE {
            let full = std::mem::take(&mut *queue);
            drop(queue);
            lock(&self.kept).next.add_all(full);
        }
    }

    /// Writes down all that is there.
    ///
    /// # Errors
    /// As [`Ledger::write`].
    pub async fn write_all(&self, store: &Store) -> Result<(), StoreError> {
        self.write(store, usize::MAX).await
    }

    /// Writes down what tokens have used, and at most `most` kinds of usage by hours: those of thousands of backends must
    /// not slow requests. What cannot be written is kept, and written another time.
    ///
    /// # Errors
    /// Those of the database; nothing was written then.
    pub async fn write(&self, store: &Store, most: usize) -> Result<(), StoreError> {
        let waiting = std::mem::take(&mut *lock(&self.queue));
        let sums = {
            let mut kept = lock(&self.kept);
            kept.next.add_all(waiting);
            if kept.turn.is_empty() {
                kept.turn = std::mem::take(&mut kept.next);
            }
            let mut sums = kept.turn.split(most);
            let left = most - sums.kinds();
            sums.add(kept.next.split(left));
            sums
        };
        if sums.is_empty() {
            return Ok(());
        }
        let written = store.add_usage(&sums.hours(), &sums.tokens()).await;
        if written.is_err() {
            lock(&self.kept).next.add(sums);
        }
        written
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
