//! What a request has been through before its answer. Shared by its calls, which may run at once.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::Outcome;
use crate::telemetry::{Attempt, Call, Node, Trace};

/// Times are kept in microseconds since the arrival; 0 = it has not happened.
#[derive(Debug)]
pub(super) struct Trail {
    arrived: Instant,
    sent: AtomicU64,
    answered: AtomicU64,
    /// Spent in the waiting room, all calls together.
    queued: AtomicU64,
    /// Spent on asking backends what their models can do.
    looked_up: AtomicU64,
    /// Of what was spent before the first call was sent, what the gateway itself has used.
    prepared: AtomicU64,
    failed: Mutex<Vec<Attempt>>,
    served: Mutex<Vec<Serving>>,
    /// Who was asked and had not answered when the request ended, and for how long.
    left: Mutex<Vec<(Arc<Node>, Duration)>>,
    /// While traces are on.
    pub(super) trace: Option<Arc<Trace>>,
}

impl Trail {
    pub(super) fn new(arrived: Instant) -> Self {
        let [sent, answered, queued, looked_up, prepared] = Default::default();
        let (failed, served, left) = Default::default();
        Trail { arrived, sent, answered, queued, looked_up, prepared, failed, served, left, trace: None }
    }

    fn since(&self, now: Instant) -> u64 {
        micros(now.saturating_duration_since(self.arrived)).max(1)
    }

    /// A call has waited for a place.
    pub(super) fn queued(&self, wait: Duration) {
        self.queued.fetch_add(micros(wait).max(1), Relaxed);
    }

    /// Backends are asked what their models can do, until this falls.
    pub(super) fn look_up(&self) -> LookUp<'_> {
        LookUp { trail: self, begun: Instant::now() }
    }

    /// A backend is asked: from now on, a request that is cut may have cost something.
    pub(super) fn send(&self, node: &Arc<Node>, now: Instant) -> Pending<'_> {
        let since = self.since(now);
        if self.sent.compare_exchange(0, since, Relaxed, Relaxed).is_ok() {
            let others = self.queued.load(Relaxed) + self.looked_up.load(Relaxed);
            self.prepared.store(since.saturating_sub(others), Relaxed);
        }
        Pending { trail: self, node: Some(Arc::clone(node)), begun: now }
    }

    /// A backend has answered, as far as was waited for.
    pub(super) fn answer(&self, now: Instant) {
        self.answered.fetch_max(self.since(now), Relaxed);
    }

    /// A backend has not served.
    pub(super) fn fail(&self, attempt: Attempt) {
        lock(&self.failed).push(attempt);
    }

    /// A backend has begun to serve, so long after it was asked. Gives the number of the call.
    pub(super) fn serve(&self, node: &Arc<Node>, first: Duration) -> usize {
        let mut served = lock(&self.served);
        served.push(Serving { node: Arc::clone(node), first, is_whole: false });
        served.len() - 1
    }

    /// All has come of these calls: they are not to blame for what becomes of others.
    pub(super) fn complete(&self, is_whole: impl Fn(usize) -> bool) {
        lock(&self.served)
            .iter_mut()
            .enumerate()
            .for_each(|(call, serving)| serving.is_whole |= is_whole(call));
    }

    /// Calls that were served, when the request has ended so.
    pub(super) fn take_served(&self, outcome: Outcome) -> Vec<Call> {
        let served = std::mem::take(&mut *lock(&self.served)).into_iter();
        let call = |Serving { node, first, is_whole }| {
            let outcome = if is_whole { Outcome::Ok } else { outcome };
            Call { node, outcome, first }
        };
        served.map(call).collect()
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
            let looked_up = Duration::from_micros(self.looked_up.load(Relaxed));
            return total.saturating_sub(self.waited() + looked_up);
        }
        let answered = self.answered.load(Relaxed);
        let after = if is_stream || answered == 0 { 0 } else { micros(total).saturating_sub(answered) };
        Duration::from_micros(self.prepared.load(Relaxed) + after)
    }

    /// Attempts that have failed, in order, and those that the end of the request has cut.
    pub(super) fn take_failed(&self, outcome: Outcome) -> Vec<Attempt> {
        let take = |failed: &Mutex<Vec<Attempt>>| std::mem::take(&mut *lock(failed));
        let mut failed = take(&self.failed);
        // Where another call of the same request has failed, those beside it are not to blame.
        if matches!(outcome, Outcome::Timeout | Outcome::ClientGone | Outcome::Internal) {
            let reason = "it had not answered when the request ended";
            let cut = |(node, took)| Attempt { node, outcome, status: None, reason: reason.into(), took };
            failed.extend(lock(&self.left).drain(..).map(cut));
        }
        failed
    }
}

/// A backend that serves.
#[derive(Debug)]
struct Serving {
    node: Arc<Node>,
    first: Duration,
    is_whole: bool,
}

/// What is spent on asking what models can do, also when the client leaves meanwhile.
pub(super) struct LookUp<'t> {
    trail: &'t Trail,
    begun: Instant,
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        self.trail.looked_up.fetch_add(micros(self.begun.elapsed()), Relaxed);
    }
}

/// A backend that is asked. Dropped before it has answered, its request has ended first.
pub(super) struct Pending<'t> {
    trail: &'t Trail,
    node: Option<Arc<Node>>,
    begun: Instant,
}

impl Pending<'_> {
    /// It has answered, or failed to.
    pub(super) fn answered(mut self) {
        self.node = None;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            lock(&self.trail.left).push((node, self.begun.elapsed()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let [channel, channel_name] = Default::default();
        let node = Arc::new(Node { backend: "b".into(), name: "b".into(), channel, channel_name });
        trail.send(&node, arrived + 12 * MS).answered();
        trail.answer(arrived + 500 * MS);
        trail.send(&node, arrived + 501 * MS).answered();
        trail.answer(arrived + 900 * MS);
        assert_eq!(trail.own(905 * MS, false), 7 * MS);
        assert_eq!(trail.own(905 * MS, true), 2 * MS, "a stream is translated while it is made");
        assert_eq!(trail.waited(), 10 * MS);
    }
}
