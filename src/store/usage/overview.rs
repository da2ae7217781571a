//! What the panel's first page shows, from sums alone.

use super::columns::{counts, summed};
use super::fold::{DAY, HOUR, Kind, MINUTE, Sum, SumKey, sums};
use super::{ErrorCount, UsageCounts, UsageKey};
use crate::store::db::{Tx, on, starred};
use crate::store::{Store, StoreError};

/// How far back things are shown: first seconds, since 1970, of the spans that are meant.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Of a minute.
    pub minutes: i64,
    /// Of an hour.
    pub hours: i64,
    /// Of a day of UTC.
    pub days: i64,
    /// Models, tokens and backends that are told apart.
    pub most: u32,
}

/// One of a row or list: a span of time, or a model, token, backend, outcome or error.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UseSum {
    /// The first second of its span, or of the first one of several, since 1970.
    pub start: i64,
    /// What it is of; empty for all.
    pub id: String,
    /// Requests that ended neither well nor because the client left.
    pub failed: i64,
    /// Histograms are of requests that went well.
    #[sqlx(flatten)]
    pub counts: UsageCounts,
}

/// Everything at a glance, as it was at one moment.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Since the beginning.
    pub ever: UseSum,
    /// In order; minutes without use have none, as hours and days.
    pub minutes: Vec<UseSum>,
    pub hours: Vec<UseSum>,
    pub days: Vec<UseSum>,
    /// Since the first hour.
    pub outcomes: Vec<UseSum>,
    pub errors: Vec<UseSum>,
    /// Since the first day, those with the most tokens first. One without id stands for what none of them has served.
    pub models: Vec<UseSum>,
    pub tokens: Vec<UseSum>,
    pub backends: Vec<UseSum>,
}

impl UseSum {
    fn of(start: i64, id: &str, sum: &Sum) -> Self {
        UseSum { start, id: id.to_owned(), failed: sum.failed, counts: sum.counts }
    }

    fn add(&mut self, sum: &Sum) {
        self.failed = self.failed.saturating_add(sum.failed);
        self.counts.add(&sum.counts);
    }
}

impl Overview {
    /// Adds what the database does not have yet. Of models, tokens and backends that are not told apart in a full list
    /// it is part of the rest.
    pub fn add(&mut self, window: &Window, minutes: &[(UsageKey<'_>, UsageCounts)], errors: &[ErrorCount]) {
        let most = window.most as usize;
        for (SumKey { span, kind, start, id }, sum) in sums(minutes, errors) {
            if (span, kind) == (DAY, Kind::All) {
                self.ever.add(&sum);
            }
            let since = match span {
                MINUTE => window.minutes,
                HOUR => window.hours,
                _ => window.days,
            };
            if start < since {
                continue;
            }
            match (span, kind) {
                (MINUTE, Kind::All) => add_span(&mut self.minutes, start, &sum),
                (HOUR, Kind::All) => add_span(&mut self.hours, start, &sum),
                (DAY, Kind::All) => add_span(&mut self.days, start, &sum),
                (HOUR, Kind::Outcome) => add_ranked(&mut self.outcomes, usize::MAX, (start, id), &sum),
                (HOUR, Kind::Error) => add_ranked(&mut self.errors, usize::MAX, (start, id), &sum),
                (DAY, Kind::Model) => add_ranked(&mut self.models, most, (start, id), &sum),
                (DAY, Kind::Token) => add_ranked(&mut self.tokens, most, (start, id), &sum),
                (DAY, Kind::Backend) => add_ranked(&mut self.backends, most, (start, id), &sum),
                // Sums that nothing here shows.
                _ => {}
            }
        }
    }
}

/// Adds what was used in a span of time to a list in order.
pub(super) fn add_span(list: &mut Vec<UseSum>, start: i64, sum: &Sum) {
    match list.binary_search_by_key(&start, |known| known.start) {
        Ok(at) => list[at].add(sum),
        Err(at) => list.insert(at, UseSum::of(start, "", sum)),
    }
}

/// Adds what one thing has used to a list of which no more than so many are told apart.
pub(super) fn add_ranked(list: &mut Vec<UseSum>, most: usize, (start, id): (i64, &str), sum: &Sum) {
    match list.iter().position(|known| known.id == id) {
        Some(at) => list[at].add(sum),
        None if list.len() < most => list.push(UseSum::of(start, id, sum)),
        None => {}
    }
}

impl Store {
    /// Everything at a glance.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn overview(&self, window: &Window) -> Result<Overview, StoreError> {
        let tx = &mut self.db.read().await?;
        let Window { minutes, hours, days, most } = *window;
        Ok(Overview {
            ever: ranked(tx, (DAY, Kind::All), 0, 1).await?.pop().unwrap_or_default(),
            minutes: series(tx, MINUTE, minutes).await?,
            hours: series(tx, HOUR, hours).await?,
            days: series(tx, DAY, days).await?,
            // Words of closed sets: these are all.
            outcomes: ranked(tx, (HOUR, Kind::Outcome), hours, u32::MAX).await?,
            errors: ranked(tx, (HOUR, Kind::Error), hours, u32::MAX).await?,
            models: ranked(tx, (DAY, Kind::Model), days, most).await?,
            tokens: ranked(tx, (DAY, Kind::Token), days, most).await?,
            backends: ranked(tx, (DAY, Kind::Backend), days, most).await?,
        })
    }
}

pub(super) async fn series(tx: &mut Tx, span: i64, since: i64) -> Result<Vec<UseSum>, StoreError> {
    let select = "SELECT * FROM usage_sums WHERE span = $1 AND kind = $2 AND start >= $3 ORDER BY start";
    let kind = Kind::All.as_str();
    Ok(on!(tx, conn => starred(select).bind(span).bind(kind).bind(since).fetch_all(conn).await)?)
}

/// By id, those with the most tokens first, then those with the most requests.
pub(super) async fn ranked(
    tx: &mut Tx,
    (span, kind): (i64, Kind),
    since: i64,
    most: u32,
) -> Result<Vec<UseSum>, StoreError> {
    let summed = summed(std::iter::once("failed").chain(counts()));
    let of = "FROM usage_sums WHERE span = $1 AND kind = $2 AND start >= $3";
    let order = "ORDER BY SUM(prompt_tokens + completion_tokens) DESC, SUM(requests) DESC, id";
    // All columns are summed of the few alone: of the many, two cost enough.
    let select = format!(
        "SELECT MIN(start) AS start, id, {summed} {of} \
           AND id IN (SELECT id {of} GROUP BY id {order} LIMIT $4) \
         GROUP BY id {order}"
    );
    on!(tx, conn => {
        // Nothing but names of ours was put into the text.
        let query = sqlx::query_as(sqlx::AssertSqlSafe(select));
        Ok(query.bind(span).bind(kind.as_str()).bind(since).bind(i64::from(most)).fetch_all(conn).await?)
    })
}
