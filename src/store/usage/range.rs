//! What was used in a stretch of time: from sums of minutes for an hour, of hours for a day, of days for more.

use super::fold::{DAY, HOUR, Kind, MINUTE};
use super::overview::{UseSum, ranked, series};
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
        let words = if stretch.piece < HOUR { MINUTE } else { HOUR };
        let (by, since, most) = (if stretch.by_days { DAY } else { HOUR }, stretch.by_start, stretch.most);
        let mut before =
            series(tx, if stretch.by_days { DAY } else { stretch.piece }, stretch.before).await?;
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
