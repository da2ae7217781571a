//! The trace of a request: where it belongs, and the calls to backends that it was made of. Only there while traces are
//! on; a request carries a pointer then, and all else is done when it is over.

mod otlp;
mod parent;
mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::uri::Authority;

use super::record::Node;
use crate::http::{Failure, Ids, Outcome};
use parent::Parent;

pub use queue::{Batch, Traces};

/// Names of models and other texts that clients choose are cut to so many characters.
const MAX_NAME: usize = 256;
/// What went wrong is cut to so many.
const MAX_REASON: usize = 1024;

/// When requests are sampled. A client that says whether its own trace is sampled decides for its requests, if it is
/// asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Whether the client's word counts.
    pub follows_parent: bool,
    /// Of the others, the part that is sampled: from 0 to 1.
    pub ratio: f64,
}

impl Sampler {
    /// As OpenTelemetry's `TraceIdRatioBased`: services with the same ratio sample the same traces.
    fn samples(self, id: u128) -> bool {
        // The lower half of an id is the random one. A float beyond `u64` becomes its largest number.
        let bound = (self.ratio * 2f64.powi(64)) as u64;
        self.ratio >= 1.0 || (id as u64) < bound
    }
}

/// Where a request belongs, and its calls.
#[derive(Debug)]
pub struct Trace {
    id: u128,
    /// Of the request itself.
    span: u64,
    /// The client's.
    parent: Option<u64>,
    is_sampled: bool,
    /// `tracestate`, as it came.
    state: Option<Box<str>>,
    arrived: Instant,
    calls: Mutex<Vec<Call>>,
}

/// A backend that was asked.
#[derive(Debug)]
struct Call {
    span: u64,
    node: Arc<Node>,
    model: Box<str>,
    server: Authority,
    /// Since the arrival.
    sent: Duration,
    end: End,
}

/// How a call ended; times since the arrival.
#[derive(Debug)]
enum End {
    /// With the request, as far as is known: a stream runs on, or the client leaves.
    WithRequest,
    Served(Duration),
    Failed(Duration, Outcome, Box<str>),
}

impl Trace {
    /// The trace of a request with these headers: the client's, or a new one.
    pub(super) fn new(headers: &HeaderMap, arrived: Instant, ids: &Ids, sampler: Sampler) -> Self {
        let span = new_span(ids);
        let calls = Mutex::default();
        match Parent::of(headers) {
            Some(Parent { id, span: parent, is_sampled, state }) => {
                let is_sampled = if sampler.follows_parent { is_sampled } else { sampler.samples(id) };
                Trace { id, span, parent: Some(parent), is_sampled, state, arrived, calls }
            }
            None => {
                let id = u128::from(new_span(ids)) << 64 | u128::from(new_span(ids));
                let is_sampled = sampler.samples(id);
                Trace { id, span, parent: None, is_sampled, state: None, arrived, calls }
            }
        }
    }

    /// A backend is asked. Gives the call's span.
    pub fn ask(&self, node: &Arc<Node>, model: &str, server: &Authority, now: Instant, ids: &Ids) -> u64 {
        let span = new_span(ids);
        if self.is_sampled {
            let (node, model, server) = (Arc::clone(node), cut(model, MAX_NAME).into(), server.clone());
            let sent = self.since(now);
            self.calls().push(Call { span, node, model, server, sent, end: End::WithRequest });
        }
        span
    }

    /// The headers of that call.
    #[must_use]
    pub fn headers(&self, span: u64) -> Vec<(&'static str, String)> {
        let mut headers = vec![(parent::TRACEPARENT, parent::text(self.id, span, self.is_sampled))];
        if let Some(state) = &self.state {
            headers.push((parent::TRACESTATE, state.to_string()));
        }
        headers
    }

    /// That call has brought a whole answer.
    pub fn served(&self, span: u64, now: Instant) {
        self.end(span, || End::Served(self.since(now)));
    }

    /// That call has failed, for a reason without secrets.
    pub fn failed(&self, span: u64, now: Instant, failure: &Failure) {
        let reason = || cut(&failure.written(), MAX_REASON).into();
        self.end(span, || End::Failed(self.since(now), failure.outcome, reason()));
    }

    fn end(&self, span: u64, end: impl FnOnce() -> End) {
        if let Some(call) = self.calls().iter_mut().rev().find(|call| call.span == span) {
            call.end = end();
        }
    }

    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.arrived)
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Zero is no span.
fn new_span(ids: &Ids) -> u64 {
    ids.next().max(1)
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_all_traces_is_sampled() {
        let ids = Ids::new(7);
        let share = |ratio| {
            let sampler = Sampler { follows_parent: true, ratio };
            (0..10_000).filter(|_| sampler.samples(u128::from(ids.next()))).count()
        };
        assert_eq!((share(0.0), share(1.0)), (0, 10_000));
        assert!((2_300..2_700).contains(&share(0.25)));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!((cut("äöü", 2), cut("äöü", 3), cut("", 1)), ("äö", "äöü", ""));
    }
}
