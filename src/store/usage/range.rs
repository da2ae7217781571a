//! What was used in a stretch of time: from sums of minutes for an hour, of hours for a day, of days for more.

use super::fold::{DAY, HOUR, Kind, MINUTE, SumKey, sums};
use super::overview::{UseSum, add_ranked, add_span, ranked, series};
use super::{ErrorCount, UsageCounts, UsageKey};
use crate::store::db::{Tx, on};
use crate::store::{Store, StoreError};

/// A stretch of time until now.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Its first second, since 1970, where a piece begins.
    pub start: i64,
    /// Seconds of each piece that is shown: 60, 3600 or 86,400.
    pub piece: i64,
    /// From where things are told apart: the first second of an hour, of a day where `by_days`.
    pub by_start: i64,
    /// Hours are kept for two days.
    pub by_days: bool,
    /// The first second of the stretch that it is compared with, which ends where this one begins.
    pub before: i64,
    /// Models, tokens, backends and channels that are told apart.
    pub most: u32,
}

/// Requests of an outcome in a piece.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OutcomeSum {
    /// The first second of the piece, since 1970.
    pub start: i64,
    pub outcome: String,
    pub requests: i64,
}

/// What was used in a stretch, as it was at one moment.
#[derive(Debug, Clone, Default)]
pub struct StretchUse {
    /// In order; pieces without use have none.
    pub pieces: Vec<UseSum>,
    /// In no order.
    pub outcomes: Vec<OutcomeSum>,
    pub errors: Vec<UseSum>,
    /// Of everything that is told apart below, in order.
    pub all: Vec<UseSum>,
    /// Of the stretch before, in order.
    pub before: Vec<UseSum>,
    /// Those with the most tokens first, as all that follow.
    pub models: Vec<UseSum>,
    pub tokens: Vec<UseSum>,
    pub backends: Vec<UseSum>,
    pub channels: Vec<UseSum>,
}

impl Stretch {
    /// The span of the sums that outcomes and errors are read from.
    fn of_words(&self) -> i64 {
        if self.piece < HOUR { MINUTE } else { HOUR }
    }

    /// That of what is told apart.
    fn apart(&self) -> i64 {
        if self.by_days { DAY } else { HOUR }
    }

    /// That of the stretch before.
    fn of_before(&self) -> i64 {
        if self.by_days { DAY } else { self.piece }
    }
}

impl StretchUse {
    /// Adds what the database does not have yet, as [`Overview::add`](super::Overview::add) does.
    pub fn add(&mut self, stretch: &Stretch, minutes: &[(UsageKey<'_>, UsageCounts)], errors: &[ErrorCount]) {
        for (SumKey { span, kind, start, id }, sum) in sums(minutes, errors) {
            let is_in = start >= stretch.start;
            let is_apart = span == stretch.apart() && start >= stretch.by_start;
            let list = match kind {
                Kind::All => {
                    if span == stretch.piece && is_in {
                        add_span(&mut self.pieces, start, &sum);
                    }
                    if is_apart {
                        add_span(&mut self.all, start, &sum);
                    }
                    if span == stretch.of_before() && start >= stretch.before && !is_in {
                        add_span(&mut self.before, start, &sum);
                    }
                    continue;
                }
                Kind::Outcome if span == stretch.of_words() && is_in => {
                    self.add_outcome(start - start.rem_euclid(stretch.piece), id, sum.counts.requests);
                    continue;
                }
                Kind::Error if span == stretch.of_words() && is_in => &mut self.errors,
                Kind::Model if is_apart => &mut self.models,
                Kind::Token if is_apart => &mut self.tokens,
                Kind::Backend if is_apart => &mut self.backends,
                Kind::Channel if is_apart => &mut self.channels,
                _ => continue,
            };
            let most = if kind == Kind::Error { usize::MAX } else { stretch.most as usize };
            add_ranked(list, most, (start, id), &sum);
        }
    }

    fn add_outcome(&mut self, start: i64, outcome: &str, requests: i64) {
        let is_same = |known: &OutcomeSum| known.start == start && known.outcome == outcome;
        match self.outcomes.iter().position(is_same) {
            Some(at) => self.outcomes[at].requests = self.outcomes[at].requests.saturating_add(requests),
            None => self.outcomes.push(OutcomeSum { start, outcome: outcome.to_owned(), requests }),
        }
    }
}

const OUTCOMES: &str = "\
    SELECT start - start % $1 AS start, id AS outcome, CAST(SUM(requests) AS BIGINT) AS requests \
    FROM usage_sums WHERE span = $2 AND kind = 'outcome' AND start >= $3 GROUP BY 1, 2";

impl Store {
    /// What was used in a stretch of time.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn stretch(&self, stretch: &Stretch) -> Result<StretchUse, StoreError> {
        let tx = &mut self.db.read().await?;
        let words = stretch.of_words();
        let (by, since, most) = (stretch.apart(), stretch.by_start, stretch.most);
        let mut before = series(tx, stretch.of_before(), stretch.before).await?;
        before.retain(|sum| sum.start < stretch.start);
        Ok(StretchUse {
            before,
            pieces: series(tx, stretch.piece, stretch.start).await?,
            outcomes: outcomes(tx, words, stretch).await?,
            errors: ranked(tx, (words, Kind::Error), stretch.start, u32::MAX).await?,
            all: series(tx, by, since).await?,
            models: ranked(tx, (by, Kind::Model), since, most).await?,
            tokens: ranked(tx, (by, Kind::Token), since, most).await?,
            backends: ranked(tx, (by, Kind::Backend), since, most).await?,
            channels: ranked(tx, (by, Kind::Channel), since, most).await?,
        })
    }
}

async fn outcomes(tx: &mut Tx, span: i64, stretch: &Stretch) -> Result<Vec<OutcomeSum>, StoreError> {
    Ok(on!(tx, conn => sqlx::query_as(OUTCOMES)
        .bind(stretch.piece)
        .bind(span)
        .bind(stretch.start)
        .fetch_all(conn).await)?)
}
