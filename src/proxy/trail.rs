//! What a request has been through before its answer. Shared by its calls, which may run at once.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::telemetry::{Attempt, Trace};

/// Times are kept in microseconds since the arrival; 0 = it has not happened.
#[derive(Debug)]
pub(super) struct Trail {
    arrived: Instant,
    sent: AtomicU64,
    answered: AtomicU64,
    /// Spent in the waiting room, all calls together.
    queued: AtomicU64,
    /// Of what was spent before the first call was sent, what the gateway itself has used.
    prepared: AtomicU64,
    failed: Mutex<Vec<Attempt>>,
    /// While traces are on.
    pub(super) trace: Option<Arc<Trace>>,
}

impl Trail {
    pub(super) fn new(arrived: Instant) -> Self {
        let [sent, answered, queued, prepared] = Default::default();
        Trail { arrived, sent, answered, queued, prepared, failed: Mutex::default(), trace: None }
    }

    fn since(&self, now: Instant) -> u64 {
        micros(now.saturating_duration_since(self.arrived)).max(1)
    }

    /// A call has waited for a place.
    pub(super) fn queued(&self, wait: Duration) {
        self.queued.fetch_add(micros(wait), Relaxed);
    }

    /// A backend is asked: from now on, a request that is cut may have cost something.
    pub(super) fn send(&self, now: Instant) {
        let since = self.since(now);
        if self.sent.compare_exchange(0, since, Relaxed, Relaxed).is_ok() {
            self.prepared.store(since.saturating_sub(self.queued.load(Relaxed)), Relaxed);
        }
    }

    /// A backend has answered, as far as was waited for.
    pub(super) fn answer(&self, now: Instant) {
        self.answered.fetch_max(self.since(now), Relaxed);
    }

    /// A backend has not served.
    pub(super) fn fail(&self, attempt: Attempt) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }

    /// Whether a backend was asked.
    pub(super) fn was_sent(&self) -> bool {
        self.sent.load(Relaxed) > 0
    }

    /// Time in the waiting room.
    pub(super) fn waited(&self) -> Duration {
        Duration::from_micros(self.queued.load(Relaxed))
    }

    /// What the gateway itself has used of `total`: all of it when nobody was asked; before the first call, and for a
    /// whole reply after the last answer.
    pub(super) fn own(&self, total: Duration, is_stream: bool) -> Duration {
        if !self.was_sent() {
            return total.saturating_sub(self.waited());
        }
        let answered = self.answered.load(Relaxed);
        let after = if is_stream || answered == 0 { 0 } else { micros(total).saturating_sub(answered) };
        Duration::from_micros(self.prepared.load(Relaxed) + after)
    }

    /// Attempts that have failed, in order.
    pub(super) fn take_failed(&self) -> Vec<Attempt> {
        std::mem::take(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn own_time_is_neither_waiting_nor_the_backends() {
        let arrived = Instant::now();
        let trail = Trail::new(arrived);
        assert_eq!(trail.own(3 * MS, false), 3 * MS, "nobody was asked");
        trail.queued(10 * MS);
        trail.send(arrived + 12 * MS);
        trail.answer(arrived + 500 * MS);
        trail.send(arrived + 501 * MS);
        trail.answer(arrived + 900 * MS);
        assert_eq!(trail.own(905 * MS, false), 7 * MS);
        assert_eq!(trail.own(905 * MS, true), 2 * MS, "a stream is translated while it is made");
        assert_eq!(trail.waited(), 10 * MS);
    }
}
