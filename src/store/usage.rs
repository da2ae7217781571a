//! What was used: by minutes, by hours, in sums of one thing at a time, and in the totals of tokens. All of it is written
//! together, so that it agrees, and everything that is shown over time is read from here, never from the request log.

mod columns;
mod fold;
mod histogram;
mod overview;
mod range;
mod read;
mod write;

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use columns::{FIRST, LATENCY};
pub use histogram::{BUCKETS, Histogram};
pub use overview::{Overview, UseSum, Window};
pub use range::{OutcomeSum, Stretch, StretchUse};
pub use read::{BackendDay, DayUse, HourlyUse};

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey<'r> {
    /// Its first second, since 1970.
    pub minute: i64,
    /// Id of a token, or another word for who asked; may be empty, as all that follow.
    pub token: &'r str,
    pub model: &'r str,
    /// Its id.
    pub channel: &'r str,
    /// Its id.
    pub backend: &'r str,
    pub outcome: &'r str,
}

/// An error of a kind, and how often it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCount {
    /// The first second of its minute, since 1970.
    pub minute: i64,
    /// One of a closed set of words.
    pub kind: &'static str,
    pub requests: i64,
}

/// How much it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageCounts {
    pub requests: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    /// Of both: those that came from a cache.
    pub cached_tokens: i64,
    /// Milliseconds that upstreams have computed, as far as they told.
    pub gpu_ms: i64,
    /// How long requests took.
    pub latency: Histogram,
    /// How long the first content took, where there was any.
    pub first: Histogram,
}

impl UsageCounts {
    /// Adds to each of them.
    pub fn add(&mut self, other: &UsageCounts) {
        let sums = [
            (&mut self.requests, other.requests),
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
            (&mut self.gpu_ms, other.gpu_ms),
        ];
        sums.into_iter().for_each(|(sum, more)| *sum = sum.saturating_add(more));
        self.latency.add(&other.latency);
        self.first.add(&other.first);
    }

    /// What a statement takes, in the order of [`columns::counts`], and whether the histograms are packed: binding 28
    /// numbers costs more than writing the row, and few requests come together in one.
    fn bound(&self) -> (bool, Vec<i64>) {
        let UsageCounts { requests, prompt_tokens, completion_tokens, cached_tokens, gpu_ms, .. } = *self;
        let mut bound = vec![requests, prompt_tokens, completion_tokens, cached_tokens, gpu_ms];
        let packed = self.latency.packed().zip(self.first.packed());
        match packed {
            Some((latency, first)) => bound.extend([latency, first]),
            None => bound.extend(self.latency.0.into_iter().chain(self.first.0)),
        }
        (packed.is_some(), bound)
    }
}

impl<'r, R: Row> FromRow<'r, R> for UsageCounts
where
    for<'n> &'n str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let histogram = |columns: [&'static str; BUCKETS]| {
            let mut histogram = Histogram::default();
            for (count, column) in histogram.0.iter_mut().zip(columns) {
                *count = row.try_get(column)?;
            }
            Ok::<_, sqlx::Error>(histogram)
        };
        Ok(UsageCounts {
            requests: row.try_get("requests")?,
            prompt_tokens: row.try_get("prompt_tokens")?,
            completion_tokens: row.try_get("completion_tokens")?,
            cached_tokens: row.try_get("cached_tokens")?,
            gpu_ms: row.try_get("gpu_ms")?,
            latency: histogram(LATENCY)?,
            first: histogram(FIRST)?,
        })
    }
}

/// Usage of an hour, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct UsageRow {
    pub hour: i64,
    pub token: String,
    pub model: String,
    pub channel: String,
    pub backend: String,
    pub outcome: String,
    #[sqlx(flatten)]
    pub counts: UsageCounts,
}
