//! A pause that a backend asked for: 429 with `Retry-After`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The pause after a 429 that names none.
pub const DEFAULT_COOLDOWN: Duration = Duration::from_secs(5);
/// No pause is believed to be longer: a header must not take a credential out for a day.
pub const MAX_COOLDOWN: Duration = Duration::from_secs(600);

/// Until when a credential is left alone. Reading it costs one relaxed load.
#[derive(Debug)]
pub struct Cooldown {
    born: Instant,
    /// In milliseconds after `born`; 0 = never asked for.
    until: AtomicU64,
}

impl Cooldown {
    /// None yet. `now` is any moment before those that follow.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Cooldown { born: now, until: AtomicU64::new(0) }
    }

    /// Begins a pause: what `Retry-After` says, 5 s without it, 10 min at most. A running one is never shortened.
    pub fn cool(&self, now: Instant, retry_after: Option<Duration>) {
        let pause = retry_after.unwrap_or(DEFAULT_COOLDOWN).min(MAX_COOLDOWN);
        self.until.fetch_max(self.millis(now + pause), Ordering::Relaxed);
    }

    /// When the pause ends, if one is running.
    #[must_use]
    pub fn until(&self, now: Instant) -> Option<Instant> {
        let until = self.until.load(Ordering::Relaxed);
        (until > 0 && until > self.millis(now)).then(|| self.born + Duration::from_millis(until))
    }

    /// Ends a pause.
    pub fn end(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }
}
