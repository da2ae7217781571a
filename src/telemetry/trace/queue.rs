//! Spans on their way to a collector: one bounded queue, which whoever sends takes from.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http::HeaderMap;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::{Sampler, Trace, otlp};
use crate::http::Ids;
use crate::telemetry::{Dropped, Losses, Record};

/// Spans that wait at most; more are dropped and counted.
const QUEUE: usize = 2048;
/// Spans that are sent at once, but for the last request among them.
const BATCH: usize = 512;

/// The traces of all requests.
#[derive(Debug)]
pub struct Traces {
    sampler: Sampler,
    /// `service.name`.
    service: Box<str>,
    queue: Mutex<Queue>,
    dropped: Dropped,
    filled: Notify,
    exports: Mutex<Exports>,
}

/// How it goes with sending.
#[derive(Debug, Clone, Default)]
pub struct Exports {
    /// Those that have failed, tries of the same batch included.
    pub failed: u64,
    /// Since when they fail, and why the last one has; `None` when it went well.
    pub failing: Option<(Timestamp, Box<str>)>,
}

#[derive(Debug, Default)]
struct Queue {
    /// The spans of one request each, as they are sent, and their number.
    waiting: VecDeque<(Box<str>, usize)>,
    spans: usize,
}

/// What is sent at once.
#[derive(Debug)]
pub struct Batch {
    /// JSON of OTLP.
    pub body: String,
    requests: usize,
    pub spans: usize,
}

impl Traces {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(service: &str, sampler: Sampler) -> Self {
        let (queue, dropped, filled, exports) = Default::default();
        Traces { sampler, service: service.into(), queue, dropped, filled, exports }
    }

    /// The trace of a request that has arrived.
    #[must_use]
    pub fn begin(&self, headers: &HeaderMap, arrived: Instant, ids: &Ids) -> Arc<Trace> {
        Arc::new(Trace::new(headers, arrived, ids, self.sampler))
    }

    /// Takes what is sampled of requests that are over.
    pub fn take(&self, records: &[Record]) {
        for (record, trace) in records.iter().filter_map(|record| Some((record, record.trace.as_deref()?))) {
            if !trace.is_sampled {
                continue;
            }
            let spans = 1 + trace.calls().len();
            if self.queue().spans + spans > QUEUE {
                self.drop_some(spans);
                continue;
            }
            let text = otlp::spans(record, trace).into();
            let mut queue = self.queue();
            queue.waiting.push_back((text, spans));
            queue.spans += spans;
            if queue.spans >= BATCH {
                self.filled.notify_one();
            }
        }
    }

    /// Ends when there is enough for a batch.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// The oldest spans, which stay until [`Traces::sent`]; `None` when there are none.
    #[must_use]
    pub fn batch(&self) -> Option<Batch> {
        let queue = self.queue();
        let (mut requests, mut spans) = (0, 0);
        let fitting = queue.waiting.iter().take_while(|(_, more)| {
            let fits = spans < BATCH;
            (requests, spans) = if fits { (requests + 1, spans + more) } else { (requests, spans) };
            fits
        });
        let texts: Vec<_> = fitting.map(|(text, _)| &**text).collect();
        let body = (!texts.is_empty()).then(|| otlp::body(&self.service, &texts))?;
        Some(Batch { body, requests, spans })
    }

    /// Lets go of a batch; the collector has `rejected` so many of its spans.
    pub fn sent(&self, batch: &Batch, rejected: usize) {
        let mut queue = self.queue();
        queue.waiting.drain(..batch.requests);
        queue.spans -= batch.spans;
        drop(queue);
        self.drop_some(rejected);
    }

    /// Lets go of all that waits; gives how many spans that were.
    pub fn give_up(&self) -> usize {
        let left = std::mem::take(&mut *self.queue()).spans;
        self.drop_some(left);
        left
    }

    /// A batch was sent, or why it was not.
    pub fn tried(&self, result: Result<(), &str>) {
        let mut exports = self.state_of_exports();
        exports.failed += u64::from(result.is_err());
        let since = exports.failing.take().map(|(since, _)| since);
        exports.failing = result.err().map(|why| (since.unwrap_or_else(Timestamp::now), why.into()));
    }

    /// How it goes with sending.
    #[must_use]
    pub fn exports(&self) -> Exports {
        self.state_of_exports().clone()
    }

    fn state_of_exports(&self) -> MutexGuard<'_, Exports> {
        self.exports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spans that no collector has taken.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.count()
    }

    /// The same, of now.
    #[must_use]
    pub fn losses(&self) -> Option<Losses> {
        self.dropped.recent()
    }

    fn drop_some(&self, spans: usize) {
        self.dropped.add(spans as u64);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
