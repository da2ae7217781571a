//! How many retries all requests together may make, so that a failing fleet is not asked ever more.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Seconds that count as recent: the running one and those before it.
const WINDOW: u64 = 10;
/// One retry for so many recent requests.
const REQUESTS_PER_RETRY: u64 = 5;
/// Retries that every second may have, whatever happened before.
const FLOOR: u64 = 10;
/// Below the number of the second: its count.
const COUNT_BITS: u32 = 24;

/// The retry budget: 20 % of the requests of the last 10 s, never below 10 in a second.
///
/// The first failover of a request to another healthy backend is free: do not ask for it.
#[derive(Debug)]
pub struct RetryBudget {
    born: Instant,
    requests: Window,
    retries: Mutex<Window>,
}

impl RetryBudget {
    /// A budget that has seen nothing.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        RetryBudget { born: now, requests: Window::default(), retries: Mutex::default() }
    }

    /// Counts a request (not its retries). One load and one add.
    pub fn deposit(&self, now: Instant) {
        self.requests.add(self.second(now));
    }

    /// Whether one more retry is in the budget; if so it is taken out.
    #[must_use]
    pub fn withdraw(&self, now: Instant) -> bool {
        let second = self.second(now);
        // The lock keeps two from taking the last one.
        let retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        let is_granted = retries.count(second, 1) < FLOOR
            || (retries.count(second, WINDOW) + 1) * REQUESTS_PER_RETRY
                <= self.requests.count(second, WINDOW);
        if is_granted {
            retries.add(second);
        }
        is_granted
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.born).as_secs()
    }
}

/// Counts by second. A cell whose second is long past is taken over.
#[derive(Debug, Default)]
struct Window([AtomicU64; WINDOW as usize]);

impl Window {
    fn add(&self, second: u64) {
        let cell = &self.0[(second % WINDOW) as usize];
        let mut seen = cell.load(Ordering::Relaxed);
        while seen >> COUNT_BITS < second {
            let fresh = second << COUNT_BITS;
            match cell.compare_exchange_weak(seen, fresh, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => seen = other,
            }
        }
        // A late caller may count into a later second: the sum is what matters.
        cell.fetch_add(1, Ordering::Relaxed);
    }

    /// The sum of the last `seconds` seconds, the running one included.
    fn count(&self, second: u64, seconds: u64) -> u64 {
        let cells = self.0.iter().map(|cell| cell.load(Ordering::Relaxed));
        let recent = cells.filter(|cell| (cell >> COUNT_BITS) + seconds > second);
        recent.map(|cell| cell & ((1 << COUNT_BITS) - 1)).sum()
    }
}
