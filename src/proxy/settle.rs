//! What became of a request: told exactly once, however it ended, when this is dropped.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use jiff::Timestamp;
use wire::openai::Usage;

use super::admit::{Asker, Standings};
use super::grant::Grant;
use super::plan::Served;
use super::route::Endpoint;
use super::source::Sources;
use super::trail::Trail;
use crate::http::{Failure, Held, Limit, Outcome};
use crate::ledger::Ledger;
use crate::snapshot::{Group, Plan, Target};
use crate::telemetry::{Capture, Consumer, Facts, Naming, Presence, Record, Trace};

/// Bytes of a model's name that are kept with captured texts.
const MODEL: usize = 256;

/// The record of one request. Until somebody says otherwise, the client left.
#[derive(Debug)]
pub(super) struct Settle {
    endpoint: Endpoint,
    pub(super) id: HeaderValue,
    client: IpAddr,
    pub(super) started: Instant,
    is_head: bool,
    outcome: Outcome,
    status: u16,
    first: Option<Duration>,
    kind: Option<&'static str>,
    cause: Option<Box<str>>,
    /// As the client named it.
    pub(super) model: Arc<str>,
    /// Whether events were asked for.
    pub(super) stream: bool,
    /// Token counts and times, as far as the upstream told them.
    usage: Usage,
    /// Whether it told all of them.
    is_counted: bool,
    /// About how many more tokens were seen.
    seen: u64,
    /// Tokens that came from a cache.
    from_cache: u64,
    /// What is known of the model's name where a reply that came from a cache was made.
    cached_naming: Naming,
    /// Tokens of the prompt, estimated.
    pub(super) estimate: u64,
    /// Who asks, once it is known.
    pub(super) consumer: Option<Arc<Consumer>>,
    /// The same, once it was let in.
    pub(super) asker: Option<Arc<Asker>>,
    ledger: Arc<Ledger>,
    /// Counts among those that run.
    _running: Presence,
    /// What it has taken out of limits.
    pub(super) grant: Grant,
    /// How far limits are used up.
    pub(super) standings: Standings,
    /// Who answered.
    pub(super) by: Option<Served>,
    /// Where it belongs, while traces are on.
    pub(super) trace: Option<Arc<Trace>>,
    /// Its texts, where they are kept.
    capture: Option<Box<Capture>>,
}

impl Settle {
    pub(super) fn new(
        endpoint: Endpoint,
        id: HeaderValue,
        client: IpAddr,
        is_head: bool,
        ledger: Arc<Ledger>,
    ) -> Self {
        Settle {
            endpoint,
            id,
            client,
            started: Instant::now(),
            is_head,
            outcome: Outcome::ClientGone,
            status: 0,
            first: None,
            kind: None,
            cause: None,
            model: Arc::default(),
            stream: false,
            usage: Usage::default(),
            is_counted: false,
            seen: 0,
            from_cache: 0,
            cached_naming: Naming::Unlisted,
            estimate: 0,
            consumer: None,
            asker: None,
            _running: ledger.metrics.requests.enter(),
            ledger,
            grant: Grant::default(),
            standings: Standings::default(),
            by: None,
            trace: None,
            capture: None,
        }
    }

    /// The reply is complete, as far as the gateway is concerned.
    pub(super) fn succeed(&mut self) {
        (self.outcome, self.status) = (Outcome::Ok, 200);
    }

    /// Events have begun: the status is out, the end is open.
    pub(super) fn begin(&mut self) {
        self.status = 200;
    }

    /// The first content is on its way.
    pub(super) fn first_content(&mut self) {
        self.first.get_or_insert_with(|| self.started.elapsed());
    }

    /// The upstream has told all token counts.
    pub(super) fn count(&mut self, usage: Usage) {
        (self.usage, self.is_counted) = (usage, true);
    }

    /// So many tokens of it were made before.
    pub(super) fn note_cached(&mut self, tokens: u64, plan: &Plan) {
        self.from_cache = tokens;
        if tokens > 0 {
            let groups = plan.tiers.iter().flat_map(|tier| &tier.groups);
            let mut namings = groups
                .flat_map(|group| group.members.iter().map(|target| naming(group, target, &plan.model)));
            let known = namings.find(|naming| *naming != Naming::Unlisted);
            self.cached_naming = known.unwrap_or(Naming::Unlisted);
        }
    }

    /// A stream ends here, with counts of the choices that are done, and so many pieces of the others.
    pub(super) fn cut(&mut self, sources: &Sources) {
        (self.usage, self.seen) = (sources.usage(), sources.pieces());
        if let Some(asker) = &self.asker {
            asker.trail.complete(|call| sources.is_whole(call));
        }
    }

    /// Its texts are kept, so many bytes of each.
    pub(super) fn capture(&mut self, most: usize, body: &[u8]) {
        let mut capture = Box::new(Capture::new(most));
        capture.request(body);
        self.capture = Some(capture);
    }

    /// This is its whole answer.
    pub(super) fn answered(&mut self, body: &[u8]) {
        if let Some(capture) = &mut self.capture {
            capture.response(body);
        }
    }

    /// So is this.
    pub(super) fn answered_with(&mut self, failure: &Failure) {
        if let Some(capture) = &mut self.capture {
            capture.response(&failure.error.to_json());
        }
    }

    /// These events are on their way.
    pub(super) fn sent(&mut self, events: &[u8]) {
        if let Some(capture) = &mut self.capture {
            capture.events(events);
        }
    }

    /// Hands on what is kept of its texts.
    fn hand_on_texts(&mut self, at: Timestamp, consumer: Option<&Arc<Consumer>>) {
        let Some((capture, consumer)) = self.capture.take().zip(consumer) else { return };
        self.ledger.journal.captures.push(capture.finish(Facts {
            id: self.id.to_str().unwrap_or_default().to_owned(),
            at,
            endpoint: self.endpoint.path(),
            consumer: Arc::clone(consumer),
            model: self.model[..self.model.floor_char_boundary(MODEL)].into(),
        }));
    }

    /// What it has cost, and how that is known. What was begun and cut costs its prompt and what was seen.
    fn cost(&self) -> (u64, u64, Option<&'static str>) {
        let Usage { prompt, completion, .. } = self.usage;
        let has_counts = prompt > 0 || completion > 0;
        if self.is_counted && (has_counts || self.estimate == 0) {
            return (prompt, completion, Some("measured"));
        }
        let was_sent = || self.asker.as_ref().is_some_and(|asker| asker.trail.was_sent());
        let has_begun = has_counts || self.seen > 0 || (self.outcome == Outcome::ClientGone && was_sent());
        if !self.is_counted && !has_begun {
            return (0, 0, None);
        }
        let prompt = if prompt > 0 { prompt } else { self.estimate };
        (prompt, completion + self.seen, Some(if self.is_counted { "estimated" } else { "partial" }))
    }

    /// Where the time has gone up to now: the value of `Server-Timing`, in milliseconds.
    pub(super) fn timing(&self) -> HeaderValue {
        let (total, trail) = (self.started.elapsed(), self.asker.as_ref().map(|asker| &asker.trail));
        let queue = trail.map(Trail::waited).unwrap_or_default();
        let own = trail.map_or(total, |trail| trail.own(total, false));
        let upstream = total.saturating_sub(queue + own);
        let [queue, upstream, own] = [queue, upstream, own].map(|time| time.as_secs_f64() * 1e3);
        let text = format!("queue;dur={queue:.1}, upstream;dur={upstream:.1}, own;dur={own:.1}");
        HeaderValue::try_from(text).expect("numbers are visible ASCII")
    }

    /// It failed; the status stays when it is out already.
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.outcome = failure.outcome;
        self.kind = failure.limit.map(Limit::as_str).or(failure.error.code);
        if self.status == 0 {
            self.status = failure.error.status;
        }
        self.cause = Some(failure.written().into());
    }
}

impl Held for Settle {}

/// What is known of a model's name where it was served.
fn naming(group: &Group, target: &Target, model: &str) -> Naming {
    let is_mapped = group.mapping.get(model).is_some();
    match if is_mapped { Some(true) } else { target.backend.host.inventory.has(model) } {
        Some(true) => Naming::Listed,
        _ if group.models.has(model) => Naming::Listed,
        Some(false) => Naming::Unlisted,
        None => Naming::Believed,
    }
}

impl Drop for Settle {
    fn drop(&mut self) {
        let (prompt, completion, source) = self.cost();
        let tokens = prompt + completion;
        let cached = self.from_cache.min(tokens);
        let month = std::mem::take(&mut self.grant).settle(tokens - cached);
        if let Some(by) = &self.by {
            by.target.counts.tally.tokens(tokens);
        }
        let (at, consumer) = (Timestamp::now(), self.consumer.take());
        self.hand_on_texts(at, consumer.as_ref());
        let (total, trail) = (self.started.elapsed(), self.asker.as_ref().map(|asker| &asker.trail));
        self.ledger.push(Record {
            id: self.id.clone(),
            at,
            endpoint: self.endpoint.path(),
            is_head: self.is_head,
            client: self.client,
            consumer,
            model: Arc::clone(&self.model),
            naming: match &self.by {
                Some(by) => naming(&by.group, &by.target, &self.model),
                None => self.cached_naming,
            },
            counted: Arc::default(),
            is_stream: self.stream,
            served: self.by.as_ref().and_then(|by| by.group.mapping.get(&self.model)).map(Into::into),
            node: self.by.as_ref().map(|by| Arc::clone(&by.target.node)),
            calls: trail.map(|trail| trail.take_served(self.outcome)).unwrap_or_default(),
            outcome: self.outcome,
            status: self.status,
            kind: self.kind,
            error: self.cause.take(),
            attempts: trail.map(|trail| trail.take_failed(self.outcome)).unwrap_or_default(),
            queued: trail.map(Trail::waited).unwrap_or_default(),
            first: self.first,
            own: trail.map_or(total, |trail| trail.own(total, self.stream)),
            total,
            prompt,
            completion,
            cached,
            gpu: self.usage.gpu,
            source,
            charged: month.map(|month| (month, tokens - cached)),
            trace: self.trace.take(),
        });
    }
}
