//! Counting, so that accounts can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::metrics::page::{Labels, Page};

pub type Counts = BTreeMap<String, u64>;

/// How many things there are of each name; those without one are left out.
pub fn count<T>(things: &[T], name: impl Fn(&T) -> Option<String>) -> Counts {
    sum(things, |thing| name(thing).map(|name| (name, 1)))
}

/// The same with a number of each thing.
pub fn sum<T>(things: &[T], number: impl Fn(&T) -> Option<(String, u64)>) -> Counts {
    let mut sums = Counts::new();
    for (name, number) in things.iter().filter_map(number) {
        *sums.entry(name).or_default() += number;
    }
    sums
}

/// Series of a family, added up by what `name` makes of their labels.
pub fn series(page: &Page, family: &str, name: impl Fn(&Labels) -> String) -> Counts {
    let of: Vec<_> = page.samples.iter().filter(|(known, ..)| known == family).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counters of whole things")]
    without_zeros(sum(&of, |(_, labels, value)| Some((name(labels), *value as u64))))
}

pub fn without_zeros(mut counts: Counts) -> Counts {
    counts.retain(|_, count| *count > 0);
    counts
}

/// The member of a row that says whether a backend has served it.
pub const SERVED: &str = "isServed";

pub fn is_served(row: &Value) -> bool {
    row[SERVED] == true
}

/// Those that a backend has served.
pub fn served(rows: &[Value]) -> impl Iterator<Item = &Value> {
    rows.iter().filter(|row| is_served(row))
}

pub fn text<'r>(record: &'r Value, name: &str) -> &'r str {
    record[name].as_str().unwrap_or_default()
}

pub fn number(record: &Value, name: &str) -> u64 {
    record[name].as_u64().unwrap_or_default()
}

/// Requests, failed ones, and tokens: of prompts, of answers, and of both those from a cache.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    pub requests: u64,
    pub failed: u64,
    pub prompt: u64,
    pub completion: u64,
    pub cached: u64,
}

impl Use {
    /// Of rows of the request log.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Value>) -> Use {
        rows.into_iter().fold(Use::default(), |sum, row| Use {
            requests: sum.requests + 1,
            // A client that has left is nobody's failure.
            failed: sum.failed + u64::from(!matches!(text(row, "outcome"), "ok" | "client_gone")),
            prompt: sum.prompt + number(row, "promptTokens"),
            completion: sum.completion + number(row, "completionTokens"),
            cached: sum.cached + number(row, "cachedTokens"),
        })
    }

    /// As the admin API shows it. Some of its lists do not tell failures.
    pub fn shown<'r>(shown: impl IntoIterator<Item = &'r Value>) -> Use {
        shown.into_iter().fold(Use::default(), |sum, one| Use {
            requests: sum.requests + number(one, "requests"),
            failed: sum.failed + number(one, "failed"),
            prompt: sum.prompt + number(one, "promptTokens"),
            completion: sum.completion + number(one, "completionTokens"),
            cached: sum.cached + number(one, "cachedTokens"),
        })
    }

    pub fn without_failed(self) -> Use {
        Use { failed: 0, ..self }
    }
}
