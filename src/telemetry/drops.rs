//! What was lost on its way to where it is kept: how much of it, and whether that goes on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Losses are over when there was none for so long.
pub const CALM: SignedDuration = SignedDuration::from_mins(5);

/// Things of one kind that were lost.
#[derive(Debug, Default)]
pub struct Dropped(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    last: Option<Losses>,
}

/// Losses without a pause of [`CALM`] between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Losses {
    pub count: u64,
    /// When the first was.
    pub since: Timestamp,
    /// When the last was.
    pub last: Timestamp,
}

impl Dropped {
    /// So many more are lost.
    pub fn add(&self, count: u64) {
        self.add_at(count, Timestamp::now());
    }

    fn add_at(&self, count: u64, now: Timestamp) {
        if count == 0 {
            return;
        }
        let mut state = self.state();
        state.count += count;
        let before = state.last.filter(|losses| losses.go_on(now));
        let losses = before.unwrap_or(Losses { count: 0, since: now, last: now });
        state.last = Some(Losses { count: losses.count + count, last: now, ..losses });
    }

    /// How many since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// Those of now, if there are any.
    #[must_use]
    pub fn recent(&self) -> Option<Losses> {
        self.recent_at(Timestamp::now())
    }

    fn recent_at(&self, now: Timestamp) -> Option<Losses> {
        self.state().last.filter(|losses| losses.go_on(now))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Losses {
    fn go_on(&self, now: Timestamp) -> bool {
        now.duration_since(self.last) < CALM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_over_after_a_pause_and_their_number_stays() {
        let at = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).unwrap();
        let dropped = Dropped::default();
        dropped.add_at(0, at(0));
        assert_eq!((dropped.count(), dropped.recent_at(at(0))), (0, None));
        dropped.add_at(2, at(10));
        dropped.add_at(3, at(300));
        assert_eq!(dropped.recent_at(at(599)), Some(Losses { count: 5, since: at(10), last: at(300) }));
        assert_eq!((dropped.count(), dropped.recent_at(at(600))), (5, None), "five minutes are calm");
        dropped.add_at(1, at(700));
        assert_eq!(dropped.recent_at(at(701)), Some(Losses { count: 1, since: at(700), last: at(700) }));
        assert_eq!(dropped.count(), 6);
    }
}
