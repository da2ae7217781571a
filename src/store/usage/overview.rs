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
    fn add(&mut self, sum: &Sum) {
        self.failed = self.failed.saturating_add(sum.failed);
        self.counts.add(&sum.counts);
    }
}

impl Overview {
    /// Adds what the database does not have yet. Of models, tokens and backends that are not told apart in a full list
    /// it is part of the rest.
    pub fn add(&mut self, window: &Window, minutes: &[(UsageKey<'_>, UsageCounts)], errors: &[ErrorCount]) {
        for (SumKey { span, kind, start, id }, sum) in sums(minutes, errors) {
            if (span, kind) == (DAY, Kind::All) {
                self.ever.add(&sum);
            }
            let (since, list) = match (span, kind) {
                (MINUTE, _) => (window.minutes, &mut self.minutes),
                (HOUR, Kind::Outcome) => (window.hours, &mut self.outcomes),
                (HOUR, Kind::Error) => (window.hours, &mut self.errors),
                (HOUR, _) => (window.hours, &mut self.hours),
                (_, Kind::Model) => (window.days, &mut self.models),
                (_, Kind::Token) => (window.days, &mut self.tokens),
                (_, Kind::Backend) => (window.days, &mut self.backends),
                _ => (window.days, &mut self.days),
            };
            let is_shown = start >= since;
            let is_ranked = matches!(kind, Kind::Model | Kind::Token | Kind::Backend);
            let found = match kind {
                Kind::All => list.binary_search_by_key(&start, |sum| sum.start),
                _ => list.iter().position(|sum| sum.id == id).ok_or(list.len()),
            };
            match found {
                Ok(at) if is_shown => list[at].add(&sum),
                Err(at) if is_shown && !(is_ranked && list.len() >= window.most as usize) => {
                    list.insert(
                        at,
                        UseSum { start, id: id.to_owned(), failed: sum.failed, counts: sum.counts },
                    );
                }
                _ => {}
            }
        }
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
