//! Records added up, as they are written.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::Record;
use crate::store::{TokenUse, Totals, UsageCounts, UsageKey};

/// Kinds of usage that are told apart while they wait. Beyond it models are not: their names come from clients.
const KINDS: usize = 20_000;

/// Usage by hours, and of tokens by the month whose quota it counts for.
#[derive(Debug, Default)]
pub(super) struct Sums {
    hours: HashMap<UsageKey, UsageCounts>,
    tokens: BTreeMap<(String, Option<Date>), Used>,
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

impl Sums {
    pub(super) fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.tokens.is_empty()
    }

    /// Of usage by hours.
    pub(super) fn kinds(&self) -> usize {
        self.hours.len()
    }

    pub(super) fn add_all(&mut self, records: Vec<Record>) {
        records.into_iter().for_each(|record| self.add_one(record));
    }

    /// Adds what could not be written.
    pub(super) fn add(&mut self, other: Sums) {
        for (key, counts) in other.hours {
            self.count(key, counts);
        }
        for (key, used) in other.tokens {
            self.charge(key, used);
        }
    }

    fn add_one(&mut self, record: Record) {
        let Record { at, token, model, channel, backend, outcome, is_failed, .. } = record;
        let (prompt, completion) = (number(record.prompt), number(record.completion));
        let counts = UsageCounts {
            requests: 1,
            prompt_tokens: prompt,
            completion_tokens: completion,
            cached_tokens: number(record.cached),
        };
        if !token.is_empty() {
            let month = record.charged.map(|(month, _)| month);
            let used = Used {
                requests: 1,
                failed: i64::from(is_failed),
                tokens: prompt.saturating_add(completion),
                quota: number(record.charged.map_or(0, |(_, tokens)| tokens)),
                last: at,
            };
            self.charge((token.clone(), month), used);
        }
        let hour = at.as_second() - at.as_second().rem_euclid(3600);
        let key = UsageKey { hour, token, model, channel, backend, outcome: outcome.to_owned() };
        self.count(key, counts);
    }

    fn count(&mut self, mut key: UsageKey, counts: UsageCounts) {
        if self.hours.len() >= KINDS && !self.hours.contains_key(&key) {
            key.model.clear();
        }
        let sum = self.hours.entry(key).or_default();
        sum.requests = sum.requests.saturating_add(counts.requests);
        sum.prompt_tokens = sum.prompt_tokens.saturating_add(counts.prompt_tokens);
        sum.completion_tokens = sum.completion_tokens.saturating_add(counts.completion_tokens);
        sum.cached_tokens = sum.cached_tokens.saturating_add(counts.cached_tokens);
    }

    fn charge(&mut self, key: (String, Option<Date>), used: Used) {
        let sum = self.tokens.entry(key).or_default();
        sum.requests += used.requests;
        sum.failed += used.failed;
        sum.tokens = sum.tokens.saturating_add(used.tokens);
        sum.quota = sum.quota.saturating_add(used.quota);
        sum.last = sum.last.max(used.last);
    }

    /// As the store takes them, in an order in which neighbours are written together.
    pub(super) fn hours(&self) -> Vec<(UsageKey, UsageCounts)> {
        let mut hours: Vec<_> = self.hours.iter().map(|(key, counts)| (key.clone(), *counts)).collect();
        hours.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        hours
    }

    /// Takes all that concerns tokens, and at most `most` kinds of usage.
    pub(super) fn split(&mut self, most: usize) -> Sums {
        let tokens = std::mem::take(&mut self.tokens);
        if self.hours.len() <= most {
            return Sums { hours: std::mem::take(&mut self.hours), tokens };
        }
        let keys: Vec<_> = self.hours.keys().take(most).cloned().collect();
        let hours = keys.iter().filter_map(|key| self.hours.remove_entry(key)).collect();
        Sums { hours, tokens }
    }

    /// Earlier months first, as the store begins a later one anew.
    pub(super) fn tokens(&self) -> Vec<(String, TokenUse)> {
        let row = |((id, month), used): (&(String, Option<Date>), &Used)| {
            let totals = Totals {
                total_requests: used.requests,
                failed_requests: used.failed,
                total_tokens: used.tokens,
                last_used: Some(format!("{:.3}", used.last)),
            };
            (id.clone(), TokenUse { totals, quota: used.quota, month: month.map(|month| month.to_string()) })
        };
        self.tokens.iter().map(row).collect()
    }
}

/// The database counts in `i64`.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
