//! A sliding window of requests: two buckets and an estimate, so that no burst at a window's edge doubles a limit.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts what was let through in the last `period`.
#[derive(Debug)]
pub struct Window {
    period: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    previous: u64,
    current: u64,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub fn new(period: Duration, now: Instant) -> Self {
        Window { period, state: Mutex::new(State { started: now, previous: 0, current: 0 }) }
    }

    /// Whether one more fits under `limit` now; it is then counted.
    pub fn take(&self, limit: u64, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(now, self.period);
        let fits = state.estimate(now, self.period) < limit;
        state.current += u64::from(fits);
        fits
    }

    /// Whether one more would fit, without counting it.
    pub fn has_room(&self, limit: u64, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance(now, self.period);
        state.estimate(now, self.period) < limit
    }
}

impl State {
    fn advance(&mut self, now: Instant, period: Duration) {
        let passed = now.saturating_duration_since(self.started);
        if passed >= period * 2 {
            *self = State { started: now, previous: 0, current: 0 };
        } else if passed >= period {
            *self = State { started: self.started + period, previous: self.current, current: 0 };
        }
    }

    /// The current bucket and the part of the previous one that the window still covers, rounded up.
    fn estimate(&self, now: Instant, period: Duration) -> u64 {
        let passed = now.saturating_duration_since(self.started).min(period);
        let left = (period - passed).as_nanos();
        let covered = (u128::from(self.previous) * left).div_ceil(period.as_nanos().max(1));
        self.current + u64::try_from(covered).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_over_every_window() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let window = Window::new(Duration::from_secs(1), start);
        let admitted: Vec<u64> = (0..5000).filter(|ms| window.take(10, at(*ms))).collect();
        for from in 0..4000 {
            let inside = admitted.iter().filter(|ms| (from..from + 1000).contains(*ms)).count();
            assert!(inside <= 20, "{inside} in the window from {from}");
        }
        assert_eq!(admitted.iter().filter(|ms| **ms < 1000).count(), 10, "an idle window admits the limit");
        assert!((40..=60).contains(&admitted.len()), "{} over five windows", admitted.len());
    }
}
