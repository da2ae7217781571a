//! Usage of minutes as that of hours, and as sums of one thing at a time. No SQL.

use std::collections::BTreeMap;

use super::{ErrorCount, Histogram, UsageCounts, UsageKey};

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 86_400;

/// Outcomes of requests that have not failed.
const GOOD: [&str; 2] = ["ok", "client_gone"];

/// What a sum is of; the word is that of the column `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    All,
    Outcome,
    Error,
    Token,
    Model,
    Backend,
    Channel,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::All => "all",
            Kind::Outcome => "outcome",
            Kind::Error => "error",
            Kind::Token => "token",
            Kind::Model => "model",
            Kind::Backend => "backend",
            Kind::Channel => "channel",
        }
    }
}

/// One row of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SumKey<'r> {
    /// Seconds.
    pub(super) span: i64,
    pub(super) kind: Kind,
    /// Its first second, since 1970.
    pub(super) start: i64,
    pub(super) id: &'r str,
}

/// What is counted in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) failed: i64,
    /// Histograms are of those that went well: how long a refusal takes says nothing of how fast answers are.
    pub(super) counts: UsageCounts,
}

/// The beginning of the span that a second is in.
fn begin(second: i64, span: i64) -> i64 {
    second - second.rem_euclid(span)
}

/// Each hour once, in order.
pub(super) fn hours<'r>(minutes: &[(UsageKey<'r>, UsageCounts)]) -> Vec<(UsageKey<'r>, UsageCounts)> {
    let mut hours = BTreeMap::<UsageKey<'r>, UsageCounts>::new();
    for (key, counts) in minutes {
        let hour = UsageKey { minute: begin(key.minute, HOUR), ..*key };
        hours.entry(hour).or_default().add(counts);
    }
    hours.into_iter().collect()
}

/// Each sum once, in order.
pub(super) fn sums<'r>(
    minutes: &[(UsageKey<'r>, UsageCounts)],
    errors: &[ErrorCount],
) -> Vec<(SumKey<'r>, Sum)> {
    let mut sums = BTreeMap::<SumKey<'r>, Sum>::new();
    for (key, counts) in minutes {
        let failed = if GOOD.contains(&key.outcome) { 0 } else { counts.requests };
        let timed = match key.outcome {
            "ok" => *counts,
            _ => UsageCounts { latency: Histogram::default(), first: Histogram::default(), ..*counts },
        };
        let of = [
            (MINUTE, Kind::All, ""),
            (HOUR, Kind::All, ""),
            (MINUTE, Kind::Outcome, key.outcome),
            (HOUR, Kind::Outcome, key.outcome),
            (HOUR, Kind::Token, key.token),
            (HOUR, Kind::Model, key.model),
            (HOUR, Kind::Backend, key.backend),
            (HOUR, Kind::Channel, key.channel),
            (DAY, Kind::All, ""),
            (DAY, Kind::Token, key.token),
            (DAY, Kind::Model, key.model),
            (DAY, Kind::Backend, key.backend),
            (DAY, Kind::Channel, key.channel),
        ];
        for (span, kind, id) in of {
            let sum = sums.entry(SumKey { span, kind, start: begin(key.minute, span), id }).or_default();
            sum.failed = sum.failed.saturating_add(failed);
            sum.counts.add(&timed);
        }
    }
    for error in errors {
        for span in [MINUTE, HOUR] {
            let start = begin(error.minute, span);
            let sum = sums.entry(SumKey { span, kind: Kind::Error, start, id: error.kind }).or_default();
            sum.failed = sum.failed.saturating_add(error.requests);
            sum.counts.requests = sum.counts.requests.saturating_add(error.requests);
        }
    }
    sums.into_iter().collect()
}
