//! Whether a backend is worth a request: a circuit breaker with half-open recovery, and the pause after a 429.
//!
//! Speaks to nobody and decides by no clock of its own: who sends requests and probes says what came of them, and when.
//! Only what people are told has the time of day.

mod cooldown;
#[cfg(test)]
mod tests;
mod window;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use cooldown::{Cooldown, DEFAULT_COOLDOWN, MAX_COOLDOWN};
use window::{SLOT, Window};

/// So many failed connections in a row take a backend down.
const CONNECT_FAULTS: u32 = 3;
/// So many faults of any kind in a row take a backend down.
const FAULTS: u32 = 5;
/// The first wait of a backend that went down; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait when nothing probes.
const LONGEST_UNPROBED: Duration = Duration::from_secs(60);
/// So long a trial keeps others out; after that one more may try, for a whole answer may take minutes.
const TRIAL_PATIENCE: Duration = Duration::from_secs(5);
/// Most characters of an error that are kept.
const MAX_ERROR: usize = 300;

/// The backend is not up.
const NOT_UP: u64 = 1 << 63;
/// It is up, with faults that the next success must clear.
const PENDING: u64 = 1 << 62;
/// Below the number of the slot: the successes within it.
const COUNT_BITS: u32 = 32;

/// What came of a request, as far as the backend is to be judged by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered as it should.
    Ok,
    /// No connection could be made.
    ConnectFault,
    /// Any other fault of the backend: closed before headers, no headers in time, 5xx, a broken answer.
    Fault,
    /// Says nothing of it: the client's fault, a client that left, 401 or 429 of a credential.
    Neutral,
}

/// How a backend stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Send.
    Up,
    /// Send nothing; a probe is due from `probe_due` on. Of several that are down, the one whose probe is due
    /// first is the least bad.
    Down { probe_due: Instant },
    /// Send one request, if [`Trial::begin`] gives leave.
    HalfOpen,
    /// Send nothing until the request that decides has ended, or has taken 5 s.
    OnTrial,
}

/// The last fault of a backend, for people who look after it.
#[derive(Debug, Clone)]
pub struct LastError {
    pub at: Timestamp,
    pub text: Arc<str>,
}

/// The health of one backend. Goes down after 3 failed connections in a row, 5 faults of any kind in a row, or
/// over 80 % faults among at least 5 requests of the last minute.
///
/// While it is up and nothing is wrong, [`Breaker::state`] is one relaxed load and [`Breaker::report`] of a
/// success a load and an add.
#[derive(Debug)]
#[repr(C)]
pub struct Breaker {
    /// Flags, the number of the running slot, and the successes within it that the window does not know yet.
    hot: AtomicU64,
    cooldown: Cooldown,
    born: Instant,
    /// What waits are multiplied by.
    shortening: f64,
    /// Between probes, in milliseconds; 0 = nothing probes.
    interval: AtomicU64,
    /// Apart, so that what each request reads lies together.
    inner: Mutex<Box<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    connect_faults: u32,
    faults: u32,
    window: Window,
    trials: u64,
    last_error: Option<LastError>,
    /// Since when it was not up at any time.
    down_since: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Phase {
    #[default]
    Up,
    /// `waits`: how often it waited already.
    Down { since: Instant, waits: u32 },
    /// `trial`: the number of the last trial that runs, and since when.
    HalfOpen { waits: u32, trial: Option<(u64, Instant)> },
}

impl Breaker {
    /// A backend that is thought to be up.
    ///
    /// `interval` is the health interval (0 = nothing probes, time alone makes a backend half-open) and the
    /// longest wait. `jitter`, a random number from 0 to 1, shortens the waits of this backend by up to a fifth,
    /// so that those that went down together are not probed together.
    #[must_use]
    pub fn new(now: Instant, interval: Duration, jitter: f64) -> Self {
        let breaker = Breaker {
            born: now,
            shortening: 1.0 - 0.2 * jitter.clamp(0.0, 1.0),
            interval: AtomicU64::new(0),
            hot: AtomicU64::new(0),
            inner: Mutex::default(),
            cooldown: Cooldown::new(now),
        };
        breaker.set_interval(interval);
        breaker
    }

    /// Changes the health interval; waits that run follow.
    pub fn set_interval(&self, interval: Duration) {
        self.interval.store(u64::try_from(interval.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How the backend stands.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        if self.hot.load(Ordering::Relaxed) & NOT_UP == 0 {
            return State::Up;
        }
        match self.lock().phase {
            Phase::Up => State::Up,
            Phase::HalfOpen { trial, .. } if is_held(trial, now) => State::OnTrial,
            Phase::HalfOpen { .. } => State::HalfOpen,
            Phase::Down { since, waits } => {
                let probe_due = since + self.wait(waits);
                let by_time = self.interval.load(Ordering::Relaxed) == 0 && now >= probe_due;
                if by_time { State::HalfOpen } else { State::Down { probe_due } }
            }
        }
    }

    /// Counts what came of a request that was sent while the backend was up. Once it is down this says nothing
    /// new; only a [`Trial`] or a probe brings it back.
    pub fn report(&self, now: Instant, verdict: Verdict) {
        if verdict == Verdict::Neutral || (verdict == Verdict::Ok && self.counted(now)) {
            return;
        }
        self.change(now, |inner, slot| inner.count(now, slot, verdict));
    }

    /// Tells what came of a probe (`/api/version`). For a backend that is up a failure counts as a failed
    /// connection; a success only ends a row of those, for it does not show that models run. What `began` before the
    /// backend went down does not bring it back.
    pub fn probe(&self, began: Instant, now: Instant, is_ok: bool) {
        if is_ok && self.hot.load(Ordering::Relaxed) & (NOT_UP | PENDING) == 0 {
            return;
        }
        self.change(now, |inner, slot| match inner.phase {
            Phase::Up if is_ok => inner.connect_faults = 0,
            Phase::Up => inner.count(now, slot, Verdict::ConnectFault),
            Phase::Down { since, .. } if is_ok && began < since => {}
            Phase::Down { waits, .. } if is_ok => inner.phase = Phase::HalfOpen { waits, trial: None },
            Phase::Down { waits, .. } | Phase::HalfOpen { waits, trial: None } if !is_ok => {
                inner.phase = Phase::Down { since: now, waits: waits.saturating_add(1) };
            }
            // A trial that runs says more than a probe.
            _ => {}
        });
    }

    /// The number of the one request that decides, if the backend is half-open and no other has it.
    fn begin_trial(&self, now: Instant) -> Option<u64> {
        if self.state(now) != State::HalfOpen {
            return None;
        }
        let mut inner = self.lock();
        let waits = match inner.phase {
            Phase::HalfOpen { waits, trial } if !is_held(trial, now) => waits,
            // `state` found that its time has come, unless another thread was quicker.
            Phase::Down { since, waits } if now >= since + self.wait(waits) => waits,
            _ => return None,
        };
        inner.trials += 1;
        let number = inner.trials;
        inner.phase = Phase::HalfOpen { waits, trial: Some((number, now)) };
        Some(number)
    }

    /// Forgets all faults and pauses: up, as if new.
    pub fn reset(&self, now: Instant) {
        self.cooldown.end();
        self.change(now, |inner, _| {
            inner.recover();
            inner.last_error = None;
        });
    }

    /// Leaves the backend alone for what `Retry-After` says, 5 s without it, 10 min at most.
    pub fn cool(&self, now: Instant, retry_after: Option<Duration>) {
        self.cooldown.cool(now, retry_after);
    }

    /// Whether it is left alone.
    #[must_use]
    pub fn is_cool(&self, now: Instant) -> bool {
        self.cool_until(now).is_some()
    }

    /// Until when it is left alone.
    #[must_use]
    pub fn cool_until(&self, now: Instant) -> Option<Instant> {
        self.cooldown.until(now)
    }

    /// Remembers the text of a fault, its first 300 characters. It must hold no secret.
    pub fn note_error(&self, text: &str) {
        let text = text.char_indices().nth(MAX_ERROR).map_or(text, |(end, _)| &text[..end]);
        self.lock().last_error = Some(LastError { at: Timestamp::now(), text: text.into() });
    }

    /// The last fault that was noted since the last reset.
    #[must_use]
    pub fn last_error(&self) -> Option<LastError> {
        self.lock().last_error.clone()
    }

    /// Since when it was not up at any time; `None` while it is.
    #[must_use]
    pub fn down_since(&self) -> Option<Timestamp> {
        self.lock().down_since
    }

    /// Counts a success without a lock, if nothing else is to be done.
    fn counted(&self, now: Instant) -> bool {
        // A flag makes the numbers differ.
        let is_plain = self.hot.load(Ordering::Relaxed) >> COUNT_BITS == self.slot(now);
        if is_plain {
            self.hot.fetch_add(1, Ordering::Relaxed);
        }
        is_plain
    }

    /// Changes what the lock guards, then tells the hot path. Successes that are counted meanwhile are not lost.
    fn change(&self, now: Instant, change: impl FnOnce(&mut Inner, u64)) {
        let mut inner = self.lock();
        let slot = self.slot(now);
        let before = self.hot.swap(NOT_UP | PENDING | (slot << COUNT_BITS), Ordering::Relaxed);
        let slot_before = (before & !(NOT_UP | PENDING)) >> COUNT_BITS;
        inner.window.succeed(slot_before, u64::from(before as u32));
        change(&mut inner, slot);
        let flags = match inner.phase {
            Phase::Up if inner.faults == 0 && inner.connect_faults == 0 => 0,
            Phase::Up => PENDING,
            Phase::Down { .. } | Phase::HalfOpen { .. } => NOT_UP,
        };
        let stray = self.hot.swap(flags | (slot << COUNT_BITS), Ordering::Relaxed);
        inner.window.succeed(slot, u64::from(stray as u32));
    }

    /// The number of the slot that runs at `now`.
    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.born).as_secs() / SLOT.as_secs()
    }

    fn wait(&self, waits: u32) -> Duration {
        let interval = Duration::from_millis(self.interval.load(Ordering::Relaxed));
        let longest = if interval.is_zero() { LONGEST_UNPROBED } else { interval };
        (FIRST_WAIT * (1 << waits.min(16))).min(longest).mul_f64(self.shortening)
    }

    fn lock(&self) -> MutexGuard<'_, Box<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a trial runs that others must wait for.
fn is_held(trial: Option<(u64, Instant)>, now: Instant) -> bool {
    trial.is_some_and(|(_, since)| now < since + TRIAL_PATIENCE)
}

impl Inner {
    /// Counts a verdict of a backend that is up.
    fn count(&mut self, now: Instant, slot: u64, verdict: Verdict) {
        if !matches!(self.phase, Phase::Up) {
            return;
        }
        match verdict {
            Verdict::Neutral => return,
            Verdict::Ok => {
                (self.connect_faults, self.faults) = (0, 0);
                return self.window.succeed(slot, 1);
            }
            Verdict::ConnectFault => self.connect_faults += 1,
            Verdict::Fault => self.connect_faults = 0,
        }
        self.faults += 1;
        self.window.fault(slot);
        if self.connect_faults >= CONNECT_FAULTS || self.faults >= FAULTS || self.window.is_bad(slot) {
            self.phase = Phase::Down { since: now, waits: 0 };
            self.down_since = Some(Timestamp::now());
        }
    }

    fn recover(&mut self) {
        (self.phase, self.down_since) = (Phase::Up, None);
        (self.connect_faults, self.faults) = (0, 0);
        self.window = Window::default();
    }
}

impl AsRef<Breaker> for Breaker {
    fn as_ref(&self) -> &Breaker {
        self
    }
}

/// Leave to send a request to a backend that is not up. Dropped without a verdict, it is given back.
#[must_use]
pub struct Trial {
    /// What the breaker is a part of.
    of: Arc<dyn AsRef<Breaker> + Send + Sync>,
    /// `None`: a last resort.
    number: Option<u64>,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Trial {
    /// Leave to send the one request that decides, if the backend is half-open and no other has it. Who has it for
    /// more than 5 s does not keep it to itself.
    #[must_use]
    pub fn begin<B: AsRef<Breaker> + Send + Sync + 'static>(of: &Arc<B>, now: Instant) -> Option<Trial> {
        let number = (**of).as_ref().begin_trial(now)?;
        Some(Trial { of: Arc::<B>::clone(of), number: Some(number) })
    }

    /// Leave to send a request although the backend is down, because all are. A success brings it up; a failure
    /// changes nothing, so many may try.
    pub fn last_resort<B: AsRef<Breaker> + Send + Sync + 'static>(of: &Arc<B>) -> Trial {
        Trial { of: Arc::<B>::clone(of), number: None }
    }

    fn breaker(&self) -> &Breaker {
        (*self.of).as_ref()
    }

    /// Tells what came of it: a success brings the backend up, a fault of the one trial takes it down for longer.
    /// For a stream, tell it at the first content: until then no other request is let through.
    pub fn report(mut self, now: Instant, verdict: Verdict) {
        if verdict == Verdict::Neutral {
            return;
        }
        let number = self.number.take();
        self.breaker().change(now, |inner, slot| match inner.phase {
            Phase::Up => inner.count(now, slot, verdict),
            _ if verdict == Verdict::Ok => {
                inner.recover();
                inner.window.succeed(slot, 1);
            }
            Phase::HalfOpen { waits, trial: Some((last, _)) } if Some(last) == number => {
                inner.phase = Phase::Down { since: now, waits: waits.saturating_add(1) };
            }
            Phase::HalfOpen { .. } | Phase::Down { .. } => {}
        });
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut inner = self.breaker().lock();
        if let Phase::HalfOpen { trial, .. } = &mut inner.phase
            && trial.is_some_and(|(last, _)| last == number)
        {
            *trial = None;
        }
    }
}
