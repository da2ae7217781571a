//! Sends spans to a collector: as soon as there are enough of them, and by the clock. One that is dead costs spans, and
//! no request any time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::config::{self, Collector, Secret};
use crate::http::{Failure, Retry};
use crate::ledger::Ledger;
use crate::telemetry::{Batch, Journal, Sampler, Traces};
use crate::upstream::{Client, Host, Hosts, Reading, Response, read_whole};

/// Between two times that spans are sent.
const PERIOD: Duration = Duration::from_secs(5);
/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all may take that is left when the gateway stops.
const LAST: Duration = Duration::from_secs(2);
/// Longest answer of a collector that is read.
const ANSWER_BYTES: usize = 64 << 10;
/// How often a kept-alive connection that has died may be replaced.
const MAX_REUSED: usize = 3;
/// Between two warnings that a collector takes nothing.
const QUIET: Duration = Duration::from_secs(600);

/// The way to a collector.
#[derive(Debug)]
pub(super) struct Exporter {
    traces: Arc<Traces>,
    client: Arc<Client>,
    host: Arc<Host>,
    path: String,
    headers: Vec<(String, Secret)>,
    warned: Mutex<Warned>,
}

/// What the log was told of a collector that takes nothing.
#[derive(Debug, Default)]
struct Warned {
    at: Option<Instant>,
    /// Whether it was not told since then that all is well.
    is_open: bool,
}

/// Why a batch was not taken.
enum Refusal {
    /// It would not be taken another time either.
    ForGood(String),
    /// The collector is busy or not there.
    ForNow(String),
}

/// The ledger, and the exporter while traces are on.
pub(super) fn start(
    config: &config::Traces,
    client: &Arc<Client>,
    journal: Arc<Journal>,
) -> (Arc<Ledger>, Option<Arc<Exporter>>) {
    let exporter = Exporter::new(config, client).map(Arc::new);
    let traces = exporter.as_ref().map(|exporter| Arc::clone(&exporter.traces));
    (Arc::new(Ledger::new(journal, traces)), exporter)
}

impl Exporter {
    /// `None` while traces are off.
    fn new(config: &config::Traces, client: &Arc<Client>) -> Option<Self> {
        let Collector { base, path } = config.collector.clone()?;
        let sampler = Sampler { follows_parent: config.follows_parent, ratio: config.ratio };
        Some(Exporter {
            traces: Arc::new(Traces::new(&config.service, sampler)),
            client: Arc::clone(client),
            host: Hosts::default().get(base),
            path,
            headers: config.headers.clone(),
            warned: Mutex::default(),
        })
    }

    /// Sends what there is, for ever.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            // What does not fill a batch waits; what has filled one that was refused waits, too.
            match self.traces.exports().failing.is_some() {
                true => sleep(PERIOD).await,
                false => timeout(PERIOD, self.traces.filled()).await.unwrap_or_default(),
            }
            self.send_all().await;
        }
    }

    /// Sends what is left, when nothing more is to come.
    pub(super) async fn finish(&self) {
        let _ = timeout(LAST, self.send_all()).await;
        let left = self.traces.give_up();
        if left > 0 {
            tracing::warn!(spans = left, "the last traces are lost: the collector did not take them in time");
        }
    }

    /// Sends batch by batch, until there are none or the collector takes no more.
    async fn send_all(&self) {
        while let Some(batch) = self.traces.batch() {
            let sent = timeout(PATIENCE, self.send(&batch)).await;
            let sent = sent.unwrap_or_else(|_| Err(Refusal::ForNow("it took too long".to_owned())));
            match sent {
                Ok(rejected) => {
                    self.traces.sent(&batch, rejected);
                    self.tell_success();
                }
                Err(Refusal::ForGood(why)) => {
                    self.traces.sent(&batch, batch.spans);
                    self.tell_failure(&why);
                }
                Err(Refusal::ForNow(why)) => return self.tell_failure(&why),
            }
        }
    }

    fn tell_success(&self) {
        self.traces.tried(Ok(()));
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut warned.is_open) {
            let (failed, dropped) = (self.traces.exports().failed, self.traces.dropped());
            tracing::info!(failed, dropped, "the collector takes traces again");
        }
    }

    /// Counted at once; the log has a line in ten minutes.
    fn tell_failure(&self, error: &str) {
        let collector = &self.host.base;
        self.traces.tried(Err(&format!("{collector}: {error}")));
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.at.is_none_or(|at| at.elapsed() >= QUIET) {
            *warned = Warned { at: Some(Instant::now()), is_open: true };
            let failed = self.traces.exports().failed;
            tracing::warn!(%collector, error, failed, "the collector takes no traces: they wait or are dropped");
        }
    }

    /// Sends a batch; gives how many of its spans were rejected.
    async fn send(&self, batch: &Batch) -> Result<usize, Refusal> {
        let mut response = self.post(batch).await;
        for _ in 0..MAX_REUSED {
            match response {
                Err(Failure { retry: Retry::Reused, .. }) => response = self.post(batch).await,
                _ => break,
            }
        }
        let for_now = |failure: Failure| {
            Refusal::ForNow(failure.cause().map_or_else(|| failure.error.message.clone(), str::to_owned))
        };
        let Response { status, body, .. } = response.map_err(for_now)?;
        let deadline = Some((Instant::now() + PATIENCE, PATIENCE));
        let reading = Reading { limit: ANSWER_BYTES, idle: PATIENCE, deadline };
        let answer = read_whole(body, reading).await.unwrap_or_default();
        match status.as_u16() {
            200..=299 => Ok(rejected(&answer)),
            429 | 502..=504 => Err(Refusal::ForNow(format!("status {status}"))),
            _ => Err(Refusal::ForGood(format!("status {status}"))),
        }
    }

    async fn post(&self, batch: &Batch) -> Result<Response, Failure> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose().to_owned()));
        let headers: Vec<_> = headers.collect();
        self.client.post(&self.host, &self.path, &headers, batch.body.as_bytes()).await
    }
}

/// Spans that a collector has not taken of a batch that it has taken (`ExportTracePartialSuccess`).
fn rejected(answer: &[u8]) -> usize {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let rejected = &answer["partialSuccess"]["rejectedSpans"];
    // A number of 64 bits: a text in JSON.
    let number = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok());
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}
