//! What a backend or a channel has done, counted between two times that it is written down.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Answers whose times are kept.
const RECENT: usize = 32;

/// Running counts.
#[derive(Debug, Default)]
pub struct Tally {
    waiting: Counts,
    /// What a write has with it.
    away: Counts,
    /// Of the last request, in milliseconds since 1970.
    last_used: AtomicU64,
    /// Answers whose times were noted.
    answers: AtomicU64,
    /// How long the last ones took, in milliseconds.
    recent: [AtomicU32; RECENT],
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    failed: AtomicU64,
    tokens: AtomicU64,
}

impl Counts {
    fn add(&self, counted: Counted) {
        self.requests.fetch_add(counted.requests, Relaxed);
        self.failed.fetch_add(counted.failed, Relaxed);
        self.tokens.fetch_add(counted.tokens, Relaxed);
    }

    fn subtract(&self, counted: Counted) {
        self.requests.fetch_sub(counted.requests, Relaxed);
        self.failed.fetch_sub(counted.failed, Relaxed);
        self.tokens.fetch_sub(counted.tokens, Relaxed);
    }
}

/// Counts of a [`Tally`].
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
        self.waiting.requests.fetch_add(1, Relaxed);
        self.last_used.fetch_max(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// One attempt has failed.
    pub fn failure(&self) {
        self.waiting.failed.fetch_add(1, Relaxed);
    }

    /// It has answered, so long after it was asked.
    pub fn answered(&self, took: Duration) {
        let place = self.answers.fetch_add(1, Relaxed) as usize % RECENT;
        self.recent[place].store(u32::try_from(took.as_millis()).unwrap_or(u32::MAX), Relaxed);
    }

    /// How long half of the last answers took at most, in milliseconds; `None` before the first.
    #[must_use]
    pub fn median(&self) -> Option<u32> {
        let known = RECENT.min(usize::try_from(self.answers.load(Relaxed)).unwrap_or(RECENT));
        let mut times: Vec<_> = self.recent[..known].iter().map(|time| time.load(Relaxed)).collect();
        times.sort_unstable();
        times.get(known.saturating_sub(1) / 2).copied()
    }

    /// A reply is over; it and its prompt had so many tokens.
    pub fn tokens(&self, count: u64) {
        self.waiting.tokens.fetch_add(count, Relaxed);
    }

    /// Takes what was counted since the last time; `None` when that is nothing.
    #[must_use]
    pub fn take(&self) -> Option<Counted> {
        let Counts { requests, failed, tokens } = &self.waiting;
        let counted = self.counted([requests, failed, tokens].map(|count| count.swap(0, Relaxed)))?;
        self.away.add(counted);
        Some(counted)
    }

    /// What was counted and is not written down; `None` when that is nothing.
    #[must_use]
    pub fn unwritten(&self) -> Option<Counted> {
        let both = |of: fn(&Counts) -> &AtomicU64| {
            of(&self.waiting).load(Relaxed).saturating_add(of(&self.away).load(Relaxed))
        };
        self.counted([
            both(|counts| &counts.requests),
            both(|counts| &counts.failed),
            both(|counts| &counts.tokens),
        ])
    }

    fn counted(&self, [requests, failed, tokens]: [u64; 3]) -> Option<Counted> {
        let last_used = self.last_used.load(Relaxed);
        let is_nothing = requests == 0 && failed == 0 && tokens == 0;
        (!is_nothing).then_some(Counted { requests, failed, tokens, last_used })
    }

    /// What was taken is written down.
    pub fn written(&self, counted: Counted) {
        self.away.subtract(counted);
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, counted: Counted) {
        self.away.subtract(counted);
        self.waiting.add(counted);
    }
}
