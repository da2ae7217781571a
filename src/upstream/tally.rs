//! What a backend or a channel has done, counted between two times that it is written down.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// Running counts.
#[derive(Debug, Default)]
pub struct Tally {
    requests: AtomicU64,
    failed: AtomicU64,
    tokens: AtomicU64,
    /// Of the last request, in milliseconds since 1970.
    last_used: AtomicU64,
}

/// Counts that were taken out of a [`Tally`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Attempts, failed ones included.
    pub requests: u64,
    pub failed: u64,
    /// Of prompts and replies together.
    pub tokens: u64,
    /// In milliseconds since 1970; 0 = never.
    pub last_used: u64,
}

impl Tally {
    /// One attempt has begun.
    pub fn request(&self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.requests.fetch_add(1, Relaxed);
        self.last_used.fetch_max(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// One attempt has failed.
    pub fn failure(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// A reply is over; it and its prompt had so many tokens.
    pub fn tokens(&self, count: u64) {
        self.tokens.fetch_add(count, Relaxed);
    }

    /// Takes what was counted since the last time; `None` when that is nothing.
    #[must_use]
    pub fn take(&self) -> Option<Counted> {
        let counted = Counted {
            requests: self.requests.swap(0, Relaxed),
            failed: self.failed.swap(0, Relaxed),
            tokens: self.tokens.swap(0, Relaxed),
            last_used: self.last_used.load(Relaxed),
        };
        let is_nothing = counted.requests == 0 && counted.failed == 0 && counted.tokens == 0;
        (!is_nothing).then_some(counted)
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, counted: Counted) {
        self.requests.fetch_add(counted.requests, Relaxed);
        self.failed.fetch_add(counted.failed, Relaxed);
        self.tokens.fetch_add(counted.tokens, Relaxed);
    }
}
