//! A monthly quota of tokens: what may cost something is reserved before it runs and settled with what it cost.

mod month;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use month::{Period, period};

/// The quota of one token. Its limit may change at any time and is given with each question; what was used stays.
#[derive(Debug)]
pub struct Quota(Mutex<State>);

#[derive(Debug)]
struct State {
    period: Period,
    used: u64,
    /// Of what runs and was reserved in this period.
    reserved: u64,
}

/// What was used, as it is shown and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The month that counts now.
    pub period: Period,
    /// Tokens that were settled.
    pub used: u64,
    /// Tokens that are set aside for what runs.
    pub reserved: u64,
}

/// A quota has too little left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    pub limit: u64,
    /// The least that was to be set aside.
    pub needs: u64,
    /// Neither used nor reserved.
    pub left: u64,
    /// When all of the limit is there again.
    pub resets_at: Timestamp,
}

impl Quota {
    /// A quota of which nothing is used.
    #[must_use]
    pub fn new(now: Timestamp, zone: &TimeZone) -> Self {
        Quota::stored(0, None, now, zone)
    }

    /// A quota as it was stored: `used` counts if `month` (its first day) is still the current one.
    #[must_use]
    pub fn stored(used: u64, month: Option<Date>, now: Timestamp, zone: &TimeZone) -> Self {
        let period = period(now, zone);
        let used = if month == Some(period.month) { used } else { 0 };
        Quota(Mutex::new(State { period, used, reserved: 0 }))
    }

    /// Sets aside what a request may cost: its prompt as estimated, and the reply that it may get. Where less than both
    /// is left the reply must be shorter, see [`Reservation::completion`]. Without a limit all fits, and is counted.
    ///
    /// # Errors
    /// When what is left does not hold the prompt, and one token of a reply if there is to be one.
    pub fn reserve(
        self: &Arc<Self>,
        limit: Option<u64>,
        prompt: u64,
        completion: u64,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Reservation, Exhausted> {
        let mut state = self.lock();
        state.advance(now, zone);
        let mut completion = completion;
        if let Some(limit) = limit {
            let left = limit.saturating_sub(state.used).saturating_sub(state.reserved);
            let least = prompt.saturating_add(completion.min(1)).max(1);
            if left < least {
                return Err(Exhausted { limit, needs: least, left, resets_at: state.period.next_reset });
            }
            completion = completion.min(left - prompt);
        }
        let amount = prompt.saturating_add(completion);
        state.reserved = state.reserved.saturating_add(amount);
        let month = state.period.month;
        drop(state);
        Ok(Reservation { quota: Arc::clone(self), month, amount, completion, is_limited: limit.is_some() })
    }

    /// What was used in the month that `now` is in.
    #[must_use]
    pub fn usage(&self, now: Timestamp, zone: &TimeZone) -> Usage {
        let mut state = self.lock();
        state.advance(now, zone);
        Usage { period: state.period, used: state.used, reserved: state.reserved }
    }

    /// Begins the month anew, as an admin may want.
    pub fn reset(&self) {
        self.lock().used = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Begins the next month once it is there. A clock that was set back does not bring an old one back.
    fn advance(&mut self, now: Timestamp, zone: &TimeZone) {
        if now >= self.period.next_reset {
            *self = State { period: period(now, zone), used: 0, reserved: 0 };
        }
    }
}

/// What was set aside for a request. Dropped without [`Reservation::settle`], it costs nothing.
#[derive(Debug)]
pub struct Reservation {
    quota: Arc<Quota>,
    month: Date,
    amount: u64,
    completion: u64,
    is_limited: bool,
}

impl Reservation {
    /// Tokens that the reply may have, at least 1 if one was asked for; `None` = no quota limits it.
    #[must_use]
    pub fn completion(&self) -> Option<u64> {
        self.is_limited.then_some(self.completion)
    }

    /// The first day of the month that it counts for.
    #[must_use]
    pub fn month(&self) -> Date {
        self.month
    }

    /// Replaces what was set aside by what it cost, in one step. A request belongs to the month in which it began: if
    /// that is over, it costs nothing of the new one.
    pub fn settle(mut self, tokens: u64) {
        self.release(tokens);
    }

    fn release(&mut self, tokens: u64) {
        let mut state = self.quota.lock();
        if state.period.month == self.month {
            state.reserved = state.reserved.saturating_sub(self.amount);
            state.used = state.used.saturating_add(tokens);
        }
        drop(state);
        // Once: what is dropped after it was settled gives nothing back.
        self.amount = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.amount > 0 {
            self.release(0);
        }
    }
}
