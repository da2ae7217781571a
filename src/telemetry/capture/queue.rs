//! Captured requests that wait for the database: bounded by number and size. What finds no room is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Captured, Redact};
use crate::telemetry::{Dropped, Losses};

/// Requests that wait.
const WAITING: usize = 1024;
/// Bytes of all of them.
const BYTES: usize = 32 << 20;

/// See above.
#[derive(Debug, Default)]
pub struct Captures {
    state: Mutex<State>,
    dropped: Dropped,
}

#[derive(Debug, Default)]
struct State {
    redact: Arc<Redact>,
    waiting: VecDeque<Captured>,
    bytes: usize,
}

impl State {
    fn has_room(&self, size: usize) -> bool {
        self.waiting.len() < WAITING && self.bytes + size <= BYTES
    }
}

impl Captures {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What must not be kept, from now on.
    pub fn set(&self, redact: Redact) {
        self.state().redact = Arc::new(redact);
    }

    /// What must not be kept.
    #[must_use]
    pub fn redact(&self) -> Arc<Redact> {
        Arc::clone(&self.state().redact)
    }

    /// Takes a request that is over.
    pub fn push(&self, captured: Captured) {
        let size = captured.size();
        let mut state = self.state();
        match state.has_room(size) {
            true => {
                state.bytes += size;
                state.waiting.push_back(captured);
            }
            false => self.dropped.add(1),
        }
    }

    /// At most `most` requests, the oldest first.
    pub fn take(&self, most: usize) -> Vec<Captured> {
        let mut state = self.state();
        let most = most.min(state.waiting.len());
        let taken: Vec<_> = state.waiting.drain(..most).collect();
        state.bytes -= taken.iter().map(Captured::size).sum::<usize>();
        taken
    }

    /// Takes requests back that could not be written; there must be room.
    pub fn put_back(&self, captured: Vec<Captured>) {
        let mut state = self.state();
        for captured in captured.into_iter().rev() {
            let size = captured.size();
            match state.has_room(size) {
                true => {
                    state.bytes += size;
                    state.waiting.push_front(captured);
                }
                false => self.dropped.add(1),
            }
        }
    }

    /// Forgets what waits.
    pub fn clear(&self) {
        let mut state = self.state();
        state.waiting.clear();
        state.bytes = 0;
    }

    /// Requests that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Requests that found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.count()
    }

    /// The same, of now.
    #[must_use]
    pub fn losses(&self) -> Option<Losses> {
        self.dropped.recent()
    }
}
