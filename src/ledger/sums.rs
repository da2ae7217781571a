//! Records added up, as they are written.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::http::Outcome;
use crate::store::{TokenUse, Totals, UsageCounts, UsageKey};
use crate::telemetry::{Consumer, Node, Record};

/// Kinds of usage that are told apart while they wait. Beyond it models are not: their names come from clients.
const KINDS: usize = 20_000;

/// Usage by hours, and of tokens by the month whose quota it counts for.
#[derive(Debug, Default)]
pub(super) struct Sums {
    hours: HashMap<Place, (Kind, UsageCounts)>,
    tokens: HashMap<(usize, Option<Date>), (Arc<Consumer>, Used)>,
}

/// What is counted together.
#[derive(Debug, Clone)]
struct Kind {
    hour: i64,
    consumer: Option<Arc<Consumer>>,
    node: Option<Arc<Node>>,
    model: Arc<str>,
    outcome: Outcome,
}

/// Where the parts of a [`Kind`] are in memory. Two places may mean the same kind: they are written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    hour: i64,
    consumer: usize,
    node: usize,
    model: usize,
    outcome: Outcome,
}

impl Kind {
    fn place(&self) -> Place {
        Place {
            hour: self.hour,
            consumer: self.consumer.as_ref().map_or(0, |consumer| Arc::as_ptr(consumer).addr()),
            node: self.node.as_ref().map_or(0, |node| Arc::as_ptr(node).addr()),
            model: self.model.as_ptr().addr(),
            outcome: self.outcome,
        }
    }

    fn key(&self) -> UsageKey<'_> {
        let node = self.node.as_deref();
        UsageKey {
            hour: self.hour,
            token: self.consumer.as_ref().map_or("", |consumer| &consumer.id),
            model: &self.model,
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
        self.hours.is_empty() && self.tokens.is_empty()
    }

    /// Of usage by hours.
    pub(super) fn kinds(&self) -> usize {
        self.hours.len()
    }

    pub(super) fn add_all(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.add_one(record));
    }

    /// Adds what could not be written.
    pub(super) fn add(&mut self, other: Sums) {
        for (kind, counts) in other.hours.into_values() {
            self.count(kind, counts);
        }
        for ((_, month), (consumer, used)) in other.tokens {
            self.charge(&consumer, month, used);
        }
    }

    fn add_one(&mut self, record: &Record) {
        let (prompt, completion) = (number(record.prompt), number(record.completion));
        let counts = UsageCounts {
            requests: 1,
            prompt_tokens: prompt,
            completion_tokens: completion,
            cached_tokens: number(record.cached),
        };
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
        // Clients can name anything: what nobody served has no model.
        let is_served = node.is_some() || record.cached > 0;
        let model = if is_served { Arc::clone(&record.model) } else { Arc::default() };
        let hour = at.as_second() - at.as_second().rem_euclid(3600);
        self.count(Kind { hour, consumer, node, model, outcome }, counts);
    }

    fn count(&mut self, mut kind: Kind, counts: UsageCounts) {
        let mut place = kind.place();
        if self.hours.len() >= KINDS && !self.hours.contains_key(&place) {
            kind.model = Arc::default();
            place = kind.place();
        }
        let (_, sum) = self.hours.entry(place).or_insert_with(|| (kind, UsageCounts::default()));
        sum.add(&counts);
    }

    fn charge(&mut self, consumer: &Arc<Consumer>, month: Option<Date>, used: Used) {
        let place = (Arc::as_ptr(consumer).addr(), month);
        let (_, sum) = self.tokens.entry(place).or_insert_with(|| (Arc::clone(consumer), Used::default()));
        sum.add(used);
    }

    /// As the store takes them: each key once, in an order in which neighbours are written together.
    pub(super) fn hours(&self) -> Vec<(UsageKey<'_>, UsageCounts)> {
        let mut hours: Vec<_> = self.hours.values().map(|(kind, counts)| (kind.key(), *counts)).collect();
        hours.sort_unstable_by_key(|(key, _)| *key);
        hours.dedup_by(|(one, counts), (first, sum)| {
            let is_same = one == first;
            if is_same {
                sum.add(counts);
            }
            is_same
        });
        hours
    }

    /// Takes all that concerns tokens, and at most `most` kinds of usage.
    pub(super) fn split(&mut self, most: usize) -> Sums {
        let tokens = std::mem::take(&mut self.tokens);
        if self.hours.len() <= most {
            return Sums { hours: std::mem::take(&mut self.hours), tokens };
        }
        let places: Vec<_> = self.hours.keys().take(most).copied().collect();
        let hours = places.iter().filter_map(|place| self.hours.remove_entry(place)).collect();
        Sums { hours, tokens }
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

/// The database counts in `i64`.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
