//! What was used, as the dashboard shows it: over time, and by model, token and backend.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::snapshot::Snapshot;
use crate::store::{Histogram, Overview, Rows, UseSum};

/// Spans of time that follow each other, the last of which runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Seconds.
    span: i64,
    count: i64,
    /// The first second of the last one, since 1970.
    last: i64,
}

impl Run {
    pub(super) fn until(second: i64, span: i64, count: i64) -> Run {
        Run { span, count, last: second - second.rem_euclid(span) }
    }

    /// The same stretch in shorter spans.
    pub(super) fn cut(&self, second: i64, span: i64) -> Run {
        let last = second - second.rem_euclid(span);
        Run { span, count: (last - self.first()) / span + 1, last }
    }

    /// Seconds of each.
    pub(super) fn span(&self) -> i64 {
        self.span
    }

    /// How many there are.
    pub(super) fn count(&self) -> i64 {
        self.count
    }

    /// The first second of the last one.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// The first seconds of all of them, in order.
    pub(super) fn starts(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |at| self.first() + self.span * at)
    }

    /// The first second of the first one.
    pub(super) fn first(&self) -> i64 {
        self.last - self.span * (self.count - 1)
    }

    /// Every span, those without use included. `sums` are in order.
    pub(super) fn shown(&self, sums: &[UseSum]) -> Vec<Value> {
        let none = UseSum::default();
        let shown = |start| {
            let found = sums.binary_search_by_key(&start, |sum| sum.start).ok();
            let mut shown = timed(found.and_then(|at| sums.get(at)).unwrap_or(&none));
            shown.insert(
                "start".to_owned(),
                json!(Timestamp::from_second(start).ok().map(|start| start.to_string())),
            );
            Value::Object(shown)
        };
        self.starts().map(shown).collect()
    }
}

/// How far back each of them goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    pub(super) minutes: Run,
    pub(super) hours: Run,
    pub(super) days: Run,
}

impl Spans {
    /// So many of each, until this second.
    pub(super) fn until(second: i64, [minutes, hours, days]: [i64; 3]) -> Spans {
        Spans {
            minutes: Run::until(second, 60, minutes),
            hours: Run::until(second, 3600, hours),
            days: Run::until(second, 86_400, days),
        }
    }
}

/// Where names of ids are found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'r> {
    pub(super) snapshot: &'r Snapshot,
    pub(super) rows: &'r Rows,
}

impl Names<'_> {
    pub(super) fn token(&self, id: &str) -> Option<String> {
        self.snapshot.tokens.get(id).map(|token| token.name().to_owned())
    }

    /// What is turned off is in the rows alone, and what the environment names is in none of them.
    pub(super) fn backend(&self, id: &str) -> Option<String> {
        let on = self.snapshot.targets().find(|target| &*target.node.backend == id);
        let off = || self.rows.backends.iter().find(|row| row.id == id).map(|row| row.name.clone());
        on.map(|target| target.node.name.to_string()).or_else(off)
    }

    pub(super) fn channel(&self, id: &str) -> Option<String> {
        self.rows.channels.iter().find(|row| row.id == id).map(|row| row.name.clone())
    }
}

/// Adds a member for each part of it.
pub(super) fn usage(
    overview: &Overview,
    spans: &Spans,
    names: &Names<'_>,
    add: &mut impl FnMut(&str, Value),
) {
    let today = overview.days.last().filter(|day| day.start == spans.days.last);
    add("totals", Value::Object(counts(&overview.ever)));
    add("today", Value::Object(counts(today.unwrap_or(&UseSum::default()))));
    add("minutes", json!(spans.minutes.shown(&overview.minutes)));
    add("hours", json!(spans.hours.shown(&overview.hours)));
    add("days", json!(spans.days.shown(&overview.days)));
    let recent = total(&overview.hours);
    add("latency", percentiles(&recent.counts.latency));
    add("firstToken", percentiles(&recent.counts.first));
    add("outcomes", by_word(&overview.outcomes));
    add("errors", by_word(&overview.errors));
    let all = total(&overview.days);
    add("byModel", top(&overview.models, &all, |id| [("model", json!(id))].to_vec()));
    add(
        "byToken",
        top(&overview.tokens, &all, |id| [("id", json!(id)), ("name", json!(names.token(id)))].to_vec()),
    );
    add(
        "byBackend",
        top(&overview.backends, &all, |id| [("id", json!(id)), ("name", json!(names.backend(id)))].to_vec()),
    );
}

pub(super) fn counts(sum: &UseSum) -> Map<String, Value> {
    let counts = &sum.counts;
    let shown = [
        ("requests", counts.requests),
        ("failed", sum.failed),
        ("promptTokens", counts.prompt_tokens),
        ("completionTokens", counts.completion_tokens),
        ("cachedTokens", counts.cached_tokens),
        ("gpuMs", counts.gpu_ms),
    ];
    shown.into_iter().map(|(name, count)| (name.to_owned(), Value::from(count))).collect()
}

/// The same with how long it took.
fn timed(sum: &UseSum) -> Map<String, Value> {
    let mut shown = counts(sum);
    shown.insert("latency".to_owned(), percentiles(&sum.counts.latency));
    shown.insert("firstToken".to_owned(), percentiles(&sum.counts.first));
    shown
}

/// In whole milliseconds; `null` while there are none.
pub(super) fn percentiles(of: &Histogram) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a bucket's end at most")]
    let at = |share: f64| of.percentile(share).map(|millis| millis.round() as i64);
    json!({ "p50": at(0.5), "p95": at(0.95), "p99": at(0.99) })
}

pub(super) fn by_word(sums: &[UseSum]) -> Value {
    let word = |sum: &UseSum| (sum.id.clone(), Value::from(sum.counts.requests));
    Value::Object(sums.iter().map(word).collect())
}

pub(super) fn total(sums: &[UseSum]) -> UseSum {
    sums.iter().fold(UseSum::default(), |mut total, sum| {
        total.failed = total.failed.saturating_add(sum.failed);
        total.counts.add(&sum.counts);
        total
    })
}

/// Those that are told apart, and what is left of all.
pub(super) fn top(sums: &[UseSum], all: &UseSum, name: impl Fn(&str) -> Vec<(&'static str, Value)>) -> Value {
    let one = |sum: &UseSum| {
        let mut shown = timed(sum);
        shown.extend(name(&sum.id).into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(shown)
    };
    let told = counts(&total(sums));
    let left = |(name, all): (String, Value)| {
        let told = told.get(&name).and_then(Value::as_i64).unwrap_or_default();
        (name, Value::from(all.as_i64().unwrap_or_default() - told))
    };
    let rest: Map<_, _> = counts(all).into_iter().map(left).collect();
    json!({ "top": sums.iter().map(one).collect::<Vec<_>>(), "rest": rest })
}
