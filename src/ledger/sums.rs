//! Records added up, as they are written.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::http::Outcome;
use crate::store::{ErrorCount, TokenUse, Totals, UsageCounts, UsageKey};
use crate::telemetry::{Consumer, Node, OTHER, Record};

/// Kinds of usage that are told apart while they wait. Beyond it less is: nothing is dropped, and memory has an end.
const KINDS: usize = 20_000;

/// Usage by minutes, errors by minutes and kinds, and usage of tokens by the month whose quota it counts for.
#[derive(Debug, Default)]
pub(super) struct Sums {
    minutes: HashMap<Place, (Kind, UsageCounts)>,
    errors: HashMap<(i64, &'static str), i64>,
    tokens: HashMap<(usize, Option<Date>), (Arc<Consumer>, Used)>,
}

/// What is counted together.
#[derive(Debug, Clone)]
struct Kind {
    minute: i64,
    consumer: Option<Arc<Consumer>>,
    node: Option<Arc<Node>>,
    /// `None` = not told apart.
    model: Option<Arc<str>>,
    outcome: Outcome,
}

/// Where the parts of a [`Kind`] are in memory. Two places may mean the same kind: they are written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    minute: i64,
    consumer: usize,
    node: usize,
    model: usize,
    outcome: Outcome,
}

impl Kind {
    fn place(&self) -> Place {
        Place {
            minute: self.minute,
            consumer: self.consumer.as_ref().map_or(0, |consumer| Arc::as_ptr(consumer).addr()),
            node: self.node.as_ref().map_or(0, |node| Arc::as_ptr(node).addr()),
            model: self.model.as_ref().map_or(0, |model| model.as_ptr().addr()),
            outcome: self.outcome,
        }
    }

    fn key(&self) -> UsageKey<'_> {
        let node = self.node.as_deref();
        UsageKey {
            minute: self.minute,
            token: self.consumer.as_ref().map_or("", |consumer| &consumer.id),
            model: self.model.as_deref().unwrap_or(OTHER),
            channel: node.map_or("", |node| &node.channel),
            backend: node.map_or("", |node| &node.backend),
            outcome: self.outcome.as_str(),
        }
    }
}

/// [`TokenUse`] before it becomes text.
#[derive(Debug, Default, Clone, Copy)]
struct Used {
    requests: i64,
    failed: i64,
    tokens: i64,
    quota: i64,
    last: Timestamp,
}

impl Used {
    fn add(&mut self, other: Used) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.quota = self.quota.saturating_add(other.quota);
        self.last = self.last.max(other.last);
    }
}

impl Sums {
    pub(super) fn is_empty(&self) -> bool {
        self.minutes.is_empty() && self.errors.is_empty() && self.tokens.is_empty()
    }

    /// Of usage by minutes.
    pub(super) fn kinds(&self) -> usize {
        self.minutes.len()
    }

    pub(super) fn add_all(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.add_one(record));
    }

    /// Adds others.
    pub(super) fn add(&mut self, other: &Sums) {
        for (kind, counts) in other.minutes.values() {
            self.count(kind.clone(), counts);
        }
        for (&(minute, kind), &requests) in &other.errors {
            self.count_errors(minute, kind, requests);
        }
        for (&(_, month), (consumer, used)) in &other.tokens {
            self.charge(consumer, month, *used);
        }
    }

    fn add_one(&mut self, record: &Record) {
        let (prompt, completion) = (number(record.prompt), number(record.completion));
        let mut counts = UsageCounts {
            requests: 1,
            prompt_tokens: prompt,
            completion_tokens: completion,
            cached_tokens: number(record.cached),
            gpu_ms: millis(record.gpu),
            ..UsageCounts::default()
        };
        counts.latency.count(record.total);
        record.first.iter().for_each(|first| counts.first.count(*first));
        record.first_of_backend().iter().for_each(|first| counts.first_of_backend.count(*first));
        let minute = begin(record.at.as_second(), 60);
        record.kind.iter().for_each(|kind| self.count_errors(minute, kind, 1));
        let Record { at, outcome, .. } = *record;
        let (consumer, node) = (record.consumer.clone(), record.node.clone());
        if let Some(consumer) = &consumer {
            let used = Used {
                requests: 1,
                failed: i64::from(!matches!(outcome, Outcome::Ok | Outcome::ClientGone)),
                tokens: prompt.saturating_add(completion),
                quota: number(record.charged.map_or(0, |(_, tokens)| tokens)),
                last: at,
            };
            self.charge(consumer, record.charged.map(|(month, _)| month), used);
        }
        let model = Some(Arc::clone(&record.counted));
        self.count(Kind { minute, consumer, node, model, outcome }, &counts);
    }

    fn count(&mut self, mut kind: Kind, counts: &UsageCounts) {
        let mut place = kind.place();
        let waiting = self.minutes.len();
        if waiting >= KINDS && !self.minutes.contains_key(&place) {
            kind.minute = begin(kind.minute, 3600);
            kind.model.take_if(|model| !model.is_empty());
            kind.node.take_if(|_| waiting >= 2 * KINDS);
            kind.consumer.take_if(|_| waiting >= 3 * KINDS);
            place = kind.place();
        }
        let (_, sum) = self.minutes.entry(place).or_insert_with(|| (kind, UsageCounts::default()));
        sum.add(counts);
    }

    fn count_errors(&mut self, mut minute: i64, kind: &'static str, requests: i64) {
        if self.errors.len() >= KINDS {
            minute = begin(minute, 3600);
        }
        *self.errors.entry((minute, kind)).or_default() += requests;
    }

    fn charge(&mut self, consumer: &Arc<Consumer>, month: Option<Date>, used: Used) {
        let place = (Arc::as_ptr(consumer).addr(), month);
        let (_, sum) = self.tokens.entry(place).or_insert_with(|| (Arc::clone(consumer), Used::default()));
        sum.add(used);
    }

    /// As the store takes them: each key once, in an order in which neighbours are written together.
    pub(super) fn minutes(&self) -> Vec<(UsageKey<'_>, UsageCounts)> {
        let mut minutes: Vec<_> = self.minutes.values().map(|(kind, counts)| (kind.key(), *counts)).collect();
        minutes.sort_unstable_by_key(|(key, _)| *key);
        minutes.dedup_by(|(one, counts), (first, sum)| {
            let is_same = one == first;
            if is_same {
                sum.add(counts);
            }
            is_same
        });
        minutes
    }

    /// As the store takes them.
    pub(super) fn errors(&self) -> Vec<ErrorCount> {
        let count = |(&(minute, kind), &requests): (&(i64, _), _)| ErrorCount { minute, kind, requests };
        self.errors.iter().map(count).collect()
    }

    /// Takes all that concerns tokens and errors, and at most `most` kinds of usage.
    pub(super) fn split(&mut self, most: usize) -> Sums {
        let (tokens, errors) = (std::mem::take(&mut self.tokens), std::mem::take(&mut self.errors));
        if self.minutes.len() <= most {
            return Sums { minutes: std::mem::take(&mut self.minutes), errors, tokens };
        }
        let places: Vec<_> = self.minutes.keys().take(most).copied().collect();
        let minutes = places.iter().filter_map(|place| self.minutes.remove_entry(place)).collect();
        Sums { minutes, errors, tokens }
    }

    /// Earlier months first, as the store begins a later one anew.
    pub(super) fn tokens(&self) -> Vec<(&str, TokenUse)> {
        let mut tokens: Vec<_> =
            self.tokens.iter().map(|((_, month), (consumer, used))| (&*consumer.id, *month, used)).collect();
        tokens.sort_unstable_by_key(|(id, month, _)| (*id, *month));
        let row = |(id, month, used): (_, Option<Date>, &Used)| {
            let totals = Totals {
                total_requests: used.requests,
                failed_requests: used.failed,
                total_tokens: used.tokens,
                last_used: Some(format!("{:.3}", used.last)),
            };
            (id, TokenUse { totals, quota: used.quota, month: month.map(|month| month.to_string()) })
        };
        tokens.into_iter().map(row).collect()
    }
}

/// The first second of the span of so many that this one is in.
fn begin(second: i64, span: i64) -> i64 {
    second - second.rem_euclid(span)
}

/// Rounded, as many short times are added up.
fn millis(time: Duration) -> i64 {
    i64::try_from((time.as_micros() + 500) / 1000).unwrap_or(i64::MAX)
}

/// The database counts in `i64`.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
