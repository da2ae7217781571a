//! A sliding window that admits no more than its limit in any span of its length, and says when there is room again.
//!
//! The time is cut into cells, 31 to a window. A cell counts until all of it has left the window, so what is admitted
//! is at most the limit, and one who always asks gets at least 31/32 of it.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Cells that are kept: those of a window, and the one that is leaving it.
const CELLS: usize = 32;

/// What is left of a limit, for people and for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub limit: u64,
    /// What can still be taken now.
    pub remaining: u64,
    /// Until all of the limit is there again, if nobody takes anything meanwhile.
    pub reset: Duration,
}

/// What was taken out of a window, to be corrected once the true count is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub standing: Standing,
    cell: u64,
    weight: u32,
}

/// A window had no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub standing: Standing,
    /// What was to be taken.
    pub asked: u64,
    /// Until what was asked for fits, if nobody else takes anything meanwhile; `None` = never, the limit is 0.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// [`Refusal::retry_after`] in whole seconds, rounded up, for the header of that name.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        let wait = self.retry_after?;
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

/// The cells of one window. `Clock` knows how long each lasts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cells {
    /// Number of the newest cell.
    newest: u64,
    /// A cell stands at its number modulo [`CELLS`].
    counts: [u32; CELLS],
    /// The sum of the counts.
    total: u64,
}

/// Cuts time into cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    epoch: Instant,
    cell: Duration,
}

impl Clock {
    pub(super) fn new(window: Duration, epoch: Instant) -> Self {
        let nanos = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        Clock { epoch, cell: Duration::from_nanos(nanos.div_ceil(CELLS as u64 - 1).max(1)) }
    }

    /// The number of the cell that `now` is in, and how long it has been going on. The first 32 numbers stay free, so
    /// that a cell that never was is an old one.
    fn at(&self, now: Instant) -> (u64, Duration) {
        // 64 bits of nanoseconds are 584 years.
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2);
        let (passed, cell) = (nanos(now.saturating_duration_since(self.epoch)), nanos(self.cell));
        (passed / cell + CELLS as u64, Duration::from_nanos(passed % cell))
    }
}

impl Cells {
    /// Takes `weight` if it fits under `limit`. More than the limit fits when nothing is taken: it could never else.
    pub(super) fn take(
        &mut self,
        clock: &Clock,
        limit: u64,
        weight: u64,
        now: Instant,
    ) -> Result<Taken, Refusal> {
        let since = self.advance(clock, now);
        let asked = weight.min(limit).max(u64::from(limit == 0));
        if self.total.saturating_add(asked) > limit {
            let retry_after = (limit > 0).then(|| self.wait(clock, limit - asked, since));
            return Err(Refusal { standing: self.standing(clock, limit, since), asked: weight, retry_after });
        }
        let (cell, weight) = (self.newest, self.add(weight));
        Ok(Taken { standing: self.standing(clock, limit, since), cell, weight })
    }

    /// Replaces what was taken by the true weight. What it is more counts from now on; what it is less is given back
    /// if it still counts.
    pub(super) fn settle(&mut self, clock: &Clock, taken: &Taken, weight: u64, now: Instant) {
        self.advance(clock, now);
        match weight.checked_sub(taken.weight.into()) {
            Some(more) => _ = self.add(more),
            None if taken.cell + (CELLS as u64) > self.newest => {
                let count = &mut self.counts[place(taken.cell)];
                let before = *count;
                // What weighs less than a `u32` is one.
                *count = before.saturating_sub(taken.weight - weight as u32);
                self.total -= u64::from(before - *count);
            }
            None => {}
        }
    }

    /// What is left, without taking anything.
    pub(super) fn look(&mut self, clock: &Clock, limit: u64, now: Instant) -> Standing {
        let since = self.advance(clock, now);
        self.standing(clock, limit, since)
    }

    /// All that counts now.
    pub(super) fn count(&mut self, clock: &Clock, now: Instant) -> u64 {
        self.advance(clock, now);
        self.total
    }

    /// Counts in the newest cell, and says how much of it.
    fn add(&mut self, weight: u64) -> u32 {
        let count = &mut self.counts[place(self.newest)];
        let before = *count;
        *count = before.saturating_add(u32::try_from(weight).unwrap_or(u32::MAX));
        let added = *count - before;
        self.total += u64::from(added);
        added
    }

    /// Empties the cells that have left the window. Gives how long the newest has been going on. Time never goes back:
    /// a thread that looked at the clock earlier and came later counts in the newest cell.
    fn advance(&mut self, clock: &Clock, now: Instant) -> Duration {
        let (number, since) = clock.at(now);
        if number < self.newest {
            return Duration::ZERO;
        }
        let gone = (number - self.newest).min(CELLS as u64);
        for number in number + 1 - gone..=number {
            self.total -= u64::from(std::mem::take(&mut self.counts[place(number)]));
        }
        self.newest = number;
        since
    }

    /// Until no more than `most` counts.
    fn wait(&self, clock: &Clock, most: u64, since: Duration) -> Duration {
        let mut sum = self.total;
        for (left, number) in (1..).zip(self.newest + 1 - CELLS as u64..=self.newest) {
            if sum <= most {
                return clock.until(left - 1, since);
            }
            sum -= u64::from(self.counts[place(number)]);
        }
        clock.until(CELLS as u32, since)
    }

    /// Until nothing counts. Where many come, the newest cells hold something, so this ends at once.
    fn reset(&self, clock: &Clock, since: Duration) -> Duration {
        let is_filled = |number: &u64| self.counts[place(*number)] > 0;
        let newest = (self.newest + 1 - CELLS as u64..=self.newest).rev();
        let empty = newest.take_while(|number| !is_filled(number)).count();
        clock.until((CELLS - empty) as u32, since)
    }

    fn standing(&self, clock: &Clock, limit: u64, since: Duration) -> Standing {
        Standing { limit, remaining: limit.saturating_sub(self.total), reset: self.reset(clock, since) }
    }
}

impl Clock {
    /// Until so many cells more have begun.
    fn until(&self, cells: u32, since: Duration) -> Duration {
        (self.cell * cells).saturating_sub(since)
    }
}

fn place(number: u64) -> usize {
    // The remainder is below 32.
    (number % CELLS as u64) as usize
}

/// One window, shared by all who count in it. Another length makes another window; what was counted is forgotten then.
#[derive(Debug)]
pub struct Sliding {
    clock: Clock,
    cells: Mutex<Cells>,
}

impl Sliding {
    /// An empty window of this length.
    #[must_use]
    pub fn new(window: Duration, now: Instant) -> Self {
        Sliding { clock: Clock::new(window, now), cells: Mutex::default() }
    }

    /// Takes `weight` (1 for a request, the estimate for tokens) if it fits under `limit`. What weighs more than the
    /// whole limit fits when nothing else counts. A limit of 0 refuses all.
    ///
    /// # Errors
    /// When it does not fit; nothing was taken then.
    pub fn take(&self, limit: u64, weight: u64, now: Instant) -> Result<Taken, Refusal> {
        self.lock().take(&self.clock, limit, weight, now)
    }

    /// Replaces what was taken by the true weight; 0 gives it back. What it is more counts from now on, over the limit,
    /// too; what it is less is given back unless it has left the window.
    pub fn settle(&self, taken: &Taken, weight: u64, now: Instant) {
        self.lock().settle(&self.clock, taken, weight, now);
    }

    /// What is left of `limit`, without taking anything.
    #[must_use]
    pub fn look(&self, limit: u64, now: Instant) -> Standing {
        self.lock().look(&self.clock, limit, now)
    }

    fn lock(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
