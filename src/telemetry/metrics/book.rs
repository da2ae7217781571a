//! Sums of records. What names a series here is one of a closed set of words, or configured; where it is more, there is
//! an end to it.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::histogram::Histogram;
use super::names;
use crate::http::Outcome;
use crate::telemetry::{Consumer, Node, OTHER, Record};

/// Models that are told apart for each operation; what comes later is [`OTHER`].
const MODELS: usize = 200;
/// API tokens that are told apart; what comes later is [`OTHER`].
const TOKENS: usize = 2000;

/// All that records have told.
#[derive(Debug, Clone)]
pub(super) struct Book {
    /// By method, endpoint and status; those that backends had to do with.
    pub(super) requests: BTreeMap<(&'static str, &'static str, StatusCode), u64>,
    /// By method and endpoint.
    pub(super) durations: BTreeMap<(&'static str, &'static str), Histogram>,
    /// Of chats: prompts and completions.
    pub(super) chat_tokens: [u64; 2],
    /// Of all clients, of an address, of a token.
    pub(super) limit_hits: [u64; 3],
    /// By the status of the answer; `None` = the connection failed.
    pub(super) upstream_errors: BTreeMap<Option<NonZero<u16>>, u64>,
    /// By endpoint and outcome.
    pub(super) outcomes: BTreeMap<(&'static str, &'static str), u64>,
    pub(super) refusals: BTreeMap<&'static str, u64>,
    pub(super) retries: BTreeMap<&'static str, u64>,
    pub(super) own: Histogram,
    pub(super) wait: Histogram,
    pub(super) cached_tokens: u64,
    /// By operation and model.
    pub(super) models: BTreeMap<&'static str, HashMap<Box<str>, OfModel>>,
    /// By id.
    pub(super) backends: HashMap<Box<str>, OfBackend>,
    /// By id.
    pub(super) tokens: HashMap<Box<str>, OfToken>,
    /// By what was written.
    pub(super) writes: BTreeMap<&'static str, (Histogram, u64)>,
}

/// Of one model in one operation.
#[derive(Debug, Clone)]
pub(super) struct OfModel {
    pub(super) duration: Histogram,
    pub(super) first: Histogram,
    pub(super) per_token: Histogram,
    pub(super) input: Histogram,
    pub(super) output: Histogram,
}

/// Of one backend.
#[derive(Debug, Clone)]
pub(super) struct OfBackend {
    pub(super) attempts: BTreeMap<&'static str, u64>,
    /// Of prompts and completions.
    pub(super) tokens: [u64; 2],
    pub(super) first: Histogram,
}

/// Of one API token.
#[derive(Debug, Clone)]
pub(super) struct OfToken {
    pub(super) consumer: Arc<Consumer>,
    pub(super) requests: u64,
    /// Of prompts and completions.
    pub(super) tokens: [u64; 2],
}

impl Default for Book {
    fn default() -> Self {
        Book {
            requests: BTreeMap::new(),
            durations: BTreeMap::new(),
            chat_tokens: [0; 2],
            limit_hits: [0; 3],
            upstream_errors: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            refusals: BTreeMap::new(),
            retries: BTreeMap::new(),
            own: Histogram::new(names::SHORT_SECONDS),
            wait: Histogram::new(names::WAIT_SECONDS),
            cached_tokens: 0,
            models: BTreeMap::new(),
            backends: HashMap::new(),
            tokens: HashMap::new(),
            // A rate of errors needs a series before the first error.
            writes: BTreeMap::from(
                ["changes", "request_log", "totals", "usage"].map(|what| (what, no_writes())),
            ),
        }
    }
}

impl Default for OfModel {
    fn default() -> Self {
        OfModel {
            duration: Histogram::new(names::LONG_SECONDS),
            first: Histogram::new(names::FIRST_SECONDS),
            per_token: Histogram::new(names::TOKEN_SECONDS),
            input: Histogram::new(names::TOKEN_COUNTS),
            output: Histogram::new(names::TOKEN_COUNTS),
        }
    }
}

impl Default for OfBackend {
    fn default() -> Self {
        let first = Histogram::new(names::FEW_SECONDS);
        OfBackend { attempts: BTreeMap::new(), tokens: [0; 2], first }
    }
}

impl Book {
    pub(super) fn add(&mut self, record: &Record) {
        *self.outcomes.entry((record.endpoint, record.outcome.as_str())).or_default() += 1;
        self.own.add_time(record.own);
        if record.queued > Duration::ZERO {
            self.wait.add_time(record.queued);
        }
        self.cached_tokens += record.cached;
        match (&record.node, record.attempts.is_empty() && record.calls.is_empty()) {
            (None, true) => self.add_refused(record),
            (node, _) => self.add_attempts(record, node.as_ref()),
        }
        self.add_as_before(record);
        if let Some(consumer) = &record.consumer {
            self.add_token(record, consumer);
        }
    }

    /// What the Node program counts: what backends have answered or failed to, without what broke off.
    fn add_as_before(&mut self, record: &Record) {
        let is_chat = record.endpoint == "/v1/chat/completions";
        let [prompt, completion] = spent(record);
        if is_chat {
            self.chat_tokens[0] += prompt;
            self.chat_tokens[1] += completion;
        }
        let is_list = record.endpoint == "/v1/models" && record.outcome == Outcome::Ok;
        let has_failed = record.node.is_none() && !record.attempts.is_empty();
        let is_answered = record.node.is_some() && record.outcome == Outcome::Ok;
        let is_left = record.outcome == Outcome::ClientGone;
        if is_left || !(is_list || has_failed || is_answered) {
            return;
        }
        let method = match record.endpoint {
            _ if record.is_head => "HEAD",
            "/v1/models" => "GET",
            _ => "POST",
        };
        if let Ok(status) = StatusCode::from_u16(record.status) {
            *self.requests.entry((method, record.endpoint, status)).or_default() += 1;
        }
        if !has_failed {
            let new = || Histogram::new(names::SEED_SECONDS);
            self.durations.entry((method, record.endpoint)).or_insert_with(new).add_time(record.total);
        }
    }

    /// No backend had to do with it.
    fn add_refused(&mut self, record: &Record) {
        let Some(kind) = record.kind.filter(|_| is_refusal(record.outcome)) else { return };
        *self.refusals.entry(kind).or_default() += 1;
        if record.outcome == Outcome::RateLimited {
            let place = match kind {
                "rate_limit_global" => 0,
                "rate_limit_ip" => 1,
                _ => 2,
            };
            self.limit_hits[place] += 1;
        }
    }

    fn add_attempts(&mut self, record: &Record, node: Option<&Arc<Node>>) {
        for attempt in &record.attempts {
            // Who leaves says nothing of who was asked.
            if attempt.outcome != Outcome::ClientGone {
                *self.upstream_errors.entry(attempt.status).or_default() += 1;
            }
            self.add_attempt(&attempt.node, attempt.outcome);
        }
        // The last one was followed by another only if that one has served.
        let followed = record.attempts.len().saturating_sub(usize::from(node.is_none()));
        for attempt in &record.attempts[..followed] {
            *self.retries.entry(attempt.outcome.as_str()).or_default() += 1;
        }
        for call in &record.calls {
            let backend = self.add_attempt(&call.node, call.outcome);
            if record.is_stream {
                backend.first.add_time(call.first);
            }
        }
        let Some(node) = node else { return };
        if matches!(record.outcome, Outcome::UpstreamStream | Outcome::Timeout) {
            *self.upstream_errors.entry(None).or_default() += 1;
        }
        let [prompt, completion] = spent(record);
        let backend = self.backend(node);
        backend.tokens[0] += prompt;
        backend.tokens[1] += completion;
        self.add_model(record, [prompt, completion]);
    }

    fn add_attempt(&mut self, node: &Node, outcome: Outcome) -> &mut OfBackend {
        let backend = self.backend(node);
        *backend.attempts.entry(outcome.as_str()).or_default() += 1;
        backend
    }

    fn backend(&mut self, node: &Node) -> &mut OfBackend {
        if !self.backends.contains_key(&node.backend) {
            self.backends.insert(node.backend.clone(), OfBackend::default());
        }
        self.backends.get_mut(&node.backend).expect("it was inserted")
    }

    fn add_model(&mut self, record: &Record, [prompt, completion]: [u64; 2]) {
        let operation = match record.endpoint {
            "/v1/embeddings" => "embeddings",
            "/v1/completions" => "text_completion",
            _ => "chat",
        };
        let known = self.models.entry(operation).or_default();
        let has_room = known.len() < MODELS || known.contains_key(&*record.counted);
        let name = if has_room { &*record.counted } else { OTHER };
        if !known.contains_key(name) {
            known.insert(name.into(), OfModel::default());
        }
        let model = known.get_mut(name).expect("it was inserted");
        if prompt > 0 {
            model.input.add_count(prompt);
        }
        if completion > 0 {
            model.output.add_count(completion);
        }
        if record.outcome != Outcome::Ok {
            return;
        }
        model.duration.add_time(record.total);
        let Some(first) = record.first.filter(|_| record.is_stream) else { return };
        model.first.add_time(first);
        if let Some(more) = completion.checked_sub(1).filter(|more| *more > 0) {
            #[expect(clippy::cast_precision_loss, reason = "no reply has 2^53 tokens")]
            model.per_token.add(record.total.saturating_sub(first).as_secs_f64() / more as f64);
        }
    }

    fn add_token(&mut self, record: &Record, consumer: &Arc<Consumer>) {
        let has_room = self.tokens.len() < TOKENS || self.tokens.contains_key(&consumer.id);
        let id = if has_room { &*consumer.id } else { OTHER };
        if !self.tokens.contains_key(id) {
            let consumer = match has_room {
                true => Arc::clone(consumer),
                false => Arc::new(Consumer { id: OTHER.into(), name: OTHER.into() }),
            };
            self.tokens.insert(id.into(), OfToken { consumer, requests: 0, tokens: [0; 2] });
        }
        let token = self.tokens.get_mut(id).expect("it was inserted");
        if has_room && !Arc::ptr_eq(&token.consumer, consumer) {
            token.consumer = Arc::clone(consumer);
        }
        let [prompt, completion] = spent(record);
        token.requests += 1;
        token.tokens[0] += prompt;
        token.tokens[1] += completion;
    }

    /// A write to the database; `None` = it failed.
    pub(super) fn add_write(&mut self, what: &'static str, took: Option<Duration>) {
        let (times, failed) = self.writes.entry(what).or_insert_with(no_writes);
        match took {
            Some(took) => times.add_time(took),
            None => *failed += 1,
        }
    }
}

fn no_writes() -> (Histogram, u64) {
    (Histogram::new(names::SHORT_SECONDS), 0)
}

/// Tokens of prompt and completion, those of caches left out: of what is known in part, the prompt was.
fn spent(record: &Record) -> [u64; 2] {
    let from_prompt = record.cached.min(record.prompt);
    [record.prompt - from_prompt, record.completion.saturating_sub(record.cached - from_prompt)]
}

fn is_refusal(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::BadRequest
            | Outcome::Unauthorized
            | Outcome::RateLimited
            | Outcome::Quota
            | Outcome::NoModel
            | Outcome::Overloaded
    )
}

#[cfg(test)]
mod tests;
