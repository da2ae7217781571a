//! Days of UTC, and what was used in each.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use crate::ledger::Unwritten;
use crate::store::{DailyUse, Store, StoreError, UsageCounts, UsageKey};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The day so many days before today.
pub(super) fn first(before: i64) -> Date {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.saturating_sub(before.days())
}

/// Its first second, since 1970.
pub(super) fn begin(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(0, |begin| begin.timestamp().as_second())
}

/// The day of an hour that begins at this second.
pub(super) fn of_hour(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC).date().to_string()
}

/// The day with this number, since 1970.
pub(super) fn of_number(number: i64) -> String {
    of_hour(number.saturating_mul(DAY))
}

/// Requests, tokens of prompts, tokens of replies, and of both those that came from a cache, by day.
#[derive(Debug, Default)]
pub(super) struct ByDay(BTreeMap<String, [i64; 4]>);

impl ByDay {
    pub(super) fn add(&mut self, date: String, counts: [i64; 4]) {
        let day = self.0.entry(date).or_default();
        for (sum, more) in day.iter_mut().zip(counts) {
            *sum = sum.saturating_add(more);
        }
    }

    pub(super) fn add_imported(&mut self, day: &DailyUse) {
        self.add(day.date.clone(), [day.requests, day.prompt_tokens, day.completion_tokens, 0]);
    }

    /// What is not in the database yet.
    pub(super) fn add_minute(&mut self, key: &UsageKey<'_>, counts: &UsageCounts) {
        let UsageCounts { requests, prompt_tokens, completion_tokens, cached_tokens, .. } = *counts;
        self.add(of_hour(key.minute), [requests, prompt_tokens, completion_tokens, cached_tokens]);
    }

    /// In the seed's shape; days without use are absent.
    pub(super) fn shown(self) -> Map<String, Value> {
        let shown = |[requests, prompt, completion, cached]: [i64; 4]| {
            json!({
                "requests": requests, "promptTokens": prompt, "completionTokens": completion,
                "cachedTokens": cached,
            })
        };
        self.0.into_iter().map(|(date, counts)| (date, shown(counts))).collect()
    }
}

/// What a token has used in so many days before today, and today, with what is not written yet.
///
/// # Errors
/// Those of the database.
pub async fn of_token(
    store: &Store,
    id: &str,
    days: i64,
    unwritten: Option<&Unwritten>,
) -> Result<Map<String, Value>, StoreError> {
    let first = first(days);
    let mut by_day = ByDay::default();
    for day in store.imported_use_of(id, &first.to_string()).await? {
        by_day.add_imported(&day);
    }
    for hour in store.token_usage(id, begin(first)).await? {
        let counts = [hour.requests, hour.prompt_tokens, hour.completion_tokens, hour.cached_tokens];
        by_day.add(of_hour(hour.hour), counts);
    }
    let more = unwritten.map(Unwritten::minutes).unwrap_or_default();
    let of_it = more.iter().filter(|(key, _)| key.token == id);
    of_it.for_each(|(key, counts)| by_day.add_minute(key, counts));
    Ok(by_day.shown())
}
