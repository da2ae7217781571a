//! Finding rows of the request log, newest first.

use jiff::Timestamp;

use super::super::db::{Tx, on};
use super::super::{Store, StoreError, meta};
use super::marks::{Column, Wanted, block_of, find, first_of, lowered, of_number, of_text};
use super::packs::{self, FOUND};
use super::rows::{LogFacts, LogRow};

/// Packs of a range that are read at once: few first, for they may be full, then more, for they may hold a row each.
const RANGE: [usize; 2] = [8, 128];
/// Blocks whose marks are read at once, 36 KiB each: most pages are full after a few.
const BLOCKS: [i64; 2] = [4, 32];

/// Which rows of the request log; `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Over at this time or later.
    pub from: Option<Timestamp>,
    /// Over before this time.
    pub to: Option<Timestamp>,
    /// Id of the token.
    pub token: Option<String>,
    /// As the client named it.
    pub model: Option<String>,
    /// Id of the channel.
    pub channel: Option<String>,
    /// Id of the backend that answered, or was asked last.
    pub backend: Option<String>,
    /// One of these.
    pub outcomes: Option<Vec<String>>,
    /// One of these.
    pub statuses: Option<Vec<i64>>,
    /// Its address.
    pub client: Option<String>,
    /// Its `x-request-id`.
    pub id: Option<String>,
    /// Somewhere in the error, or in that of an attempt; case does not count.
    pub text: Option<String>,
    /// Older than the row of this number.
    pub before: Option<i64>,
    /// Newer than the row of this number.
    pub after: Option<i64>,
}

/// A filter that is made ready.
struct Search<'f> {
    filter: &'f LogFilter,
    /// As [`lowered`].
    text: Option<String>,
    /// The marks of all but the error.
    wanted: Vec<Wanted>,
    from: i64,
    to: i64,
    /// No row before this one.
    first: i64,
    limit: usize,
    found: Vec<LogRow>,
}

#[derive(sqlx::FromRow)]
struct Block {
    block: i64,
    errors: String,
    marks: Vec<u8>,
}

impl Store {
    /// Rows of the request log, newest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn request_log(&self, filter: &LogFilter, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        let mut tx = self.db.read().await?;
        let top = meta::last_log_number(&mut tx).await?;
        let mut search = Search::new(filter, limit);
        let below = filter.before.map_or(top + 1, |before| before.min(top + 1));
        // From here on no block is full.
        let open = first_of(block_of(top + 1));
        search.range(&mut tx, open, below).await?;
        search.blocks(&mut tx, below.min(open)).await?;
        Ok(search.found)
    }

    /// One row of the request log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn logged_request(&self, seq: i64) -> Result<LogRow, StoreError> {
        let mut tx = self.db.read().await?;
        let packs = packs::with(&mut tx, &[seq]).await?;
        let row = packs.first().and_then(|pack| pack.latest(|other| other == seq).next());
        row.ok_or_else(|| StoreError::NotFound { what: "logged request", id: seq.to_string() })
    }
}

impl<'f> Search<'f> {
    fn new(filter: &'f LogFilter, limit: usize) -> Self {
        let texts = [
            (Column::Token, &filter.token),
            (Column::Model, &filter.model),
            (Column::Channel, &filter.channel),
            (Column::Backend, &filter.backend),
            (Column::Client, &filter.client),
            (Column::RequestId, &filter.id),
        ];
        let texts =
            texts.into_iter().filter_map(|(column, text)| Some((column, vec![of_text(text.as_ref()?)])));
        let outcomes = filter.outcomes.as_ref();
        let outcomes = outcomes.map(|outcomes| outcomes.iter().map(|outcome| of_text(outcome)).collect());
        let statuses = filter.statuses.as_ref();
        let statuses = statuses.map(|statuses| statuses.iter().map(|status| of_number(*status)).collect());
        let several = [(Column::Outcome, outcomes), (Column::Status, statuses)];
        let several = several.into_iter().filter_map(|(column, marks)| Some((column, marks?)));
        Search {
            filter,
            text: filter.text.as_deref().map(lowered),
            wanted: texts.chain(several).collect(),
            from: filter.from.map_or(i64::MIN, Timestamp::as_millisecond),
            to: filter.to.map_or(i64::MAX, Timestamp::as_millisecond),
            first: filter.after.map_or(1, |after| after + 1),
            limit,
            found: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Looks at the rows from `first` on, but below `below`.
    async fn range(&mut self, tx: &mut Tx, first: i64, mut below: i64) -> Result<(), StoreError> {
        let first = first.max(self.first);
        let [mut most, limit] = RANGE;
        while below > first && !self.is_full() {
            let packs = packs::between(tx, first, below, most.min(self.limit)).await?;
            for pack in &packs {
                self.take(pack.latest(|seq| (first..below).contains(&seq)))?;
            }
            below = packs.last().map_or(first, |pack| pack.seq);
            most = limit.min(most * 4);
        }
        Ok(())
    }

    /// Looks at the rows below `below`, all of which are in full blocks.
    async fn blocks(&mut self, tx: &mut Tx, below: i64) -> Result<(), StoreError> {
        let (mut last, mut most) = (block_of(below - 1), BLOCKS[0]);
        while !self.is_full() && last >= block_of(self.first) {
            let blocks = self.next(tx, last, most).await?;
            let Some(oldest) = blocks.last() else { break };
            (last, most) = (oldest.block - 1, BLOCKS[1]);
            for block in &blocks {
                let first = first_of(block.block);
                match self.has_marks() {
                    true => self.marked(tx, block, below).await?,
                    false => self.range(tx, first, below.min(first_of(block.block + 1))).await?,
                }
                if self.is_full() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether it asks for more than a time.
    fn has_marks(&self) -> bool {
        self.text.is_some() || !self.wanted.is_empty()
    }

    /// Blocks of the time that is asked for, from `last` on backwards. Marks are not read in vain.
    async fn next(&self, tx: &mut Tx, last: i64, most: i64) -> Result<Vec<Block>, StoreError> {
        if self.has_marks() {
            let select = "SELECT block, errors, marks FROM request_log_blocks \
                WHERE block <= $1 AND last_at >= $2 AND first_at < $3 ORDER BY block DESC LIMIT $4";
            return Ok(on!(tx, conn => sqlx::query_as(select)
                .bind(last)
                .bind(self.from)
                .bind(self.to)
                .bind(most)
                .fetch_all(conn).await)?);
        }
        let select = "SELECT block FROM request_log_blocks \
            WHERE block <= $1 AND last_at >= $2 AND first_at < $3 ORDER BY block DESC LIMIT $4";
        let blocks: Vec<i64> = on!(tx, conn => sqlx::query_scalar(select)
            .bind(last)
            .bind(self.from)
            .bind(self.to)
            .bind(most)
            .fetch_all(conn).await)?;
        let bare = |block| Block { block, errors: String::new(), marks: Vec::new() };
        Ok(blocks.into_iter().map(bare).collect())
    }

    /// Looks at the rows of a block whose marks are those of what is looked for.
    async fn marked(&mut self, tx: &mut Tx, block: &Block, below: i64) -> Result<(), StoreError> {
        let mut wanted = self.wanted.clone();
        if let Some(text) = &self.text {
            let errors = block.errors.lines().filter(|error| error.contains(text.as_str()));
            wanted.push((Column::Error, errors.map(of_text).collect()));
        }
        if wanted.iter().any(|(_, marks)| marks.is_empty()) {
            return Ok(());
        }
        let seqs: Vec<i64> = find(&block.marks, block.block, &wanted)
            .into_iter()
            .filter(|seq| (self.first..below).contains(seq))
            .collect();
        let mut left = seqs.as_slice();
        while !left.is_empty() && !self.is_full() {
            let packs = packs::with(tx, &left[..left.len().min(FOUND)]).await?;
            for pack in &packs {
                self.take(pack.latest(|seq| seqs.binary_search_by(|known| seq.cmp(known)).is_ok()))?;
            }
            // Others that were found may be in the same packs.
            let done = packs.last().map_or(left.len(), |pack| left.partition_point(|seq| *seq >= pack.seq));
            left = &left[done..];
        }
        Ok(())
    }

    fn take(&mut self, rows: impl Iterator<Item = LogRow>) -> Result<(), StoreError> {
        for row in rows {
            if self.is_full() {
                break;
            }
            if self.filter.admits(&row.facts()?) {
                self.found.push(row);
            }
        }
        Ok(())
    }
}

impl LogFilter {
    /// Whether a record is meant, its number aside.
    #[must_use]
    pub fn admits(&self, facts: &LogFacts) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_deref().is_none_or(|wanted| wanted == text);
        let has = |text: &String| facts.errors().is_some_and(|errors| errors.contains(&lowered(text)));
        self.from.is_none_or(|from| facts.at >= from)
            && self.to.is_none_or(|to| facts.at < to)
            && is(&self.token, &facts.token_id)
            && is(&self.model, &facts.model)
            && is(&self.channel, &facts.channel_id)
            && is(&self.backend, &facts.backend_id)
            && self.outcomes.as_ref().is_none_or(|outcomes| outcomes.contains(&facts.outcome))
            && is(&self.client, &facts.ip)
            && is(&self.id, &facts.id)
            && self.statuses.as_ref().is_none_or(|statuses| statuses.contains(&facts.status))
            && self.text.as_ref().is_none_or(has)
    }
}
