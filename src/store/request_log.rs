//! The request log: a row for each request that is over, written in batches, found by filters, deleted when it is old.
//!
//! Rows are numbered without a gap, and 1024 of them make a block. With its last row a block gets marks (see `marks`), by
//! which filters find their rows; in the block that is not full yet they look at every row. Where rows lie is `packs`' matter.

mod marks;
mod packs;
mod rows;
mod search;
mod trim;

use std::sync::{Mutex, PoisonError};

use super::db::{Tx, on};
use super::{Store, StoreError, meta};
use crate::telemetry::Logged;
use marks::{Marks, block_of, first_of};
use rows::New;

pub use rows::{LogFacts, LogRow};
pub use search::LogFilter;
pub use trim::LogBounds;

/// The marks of the block that is not full yet, if all of its rows were written here, and none failed.
#[derive(Debug, Default)]
pub(super) struct Open(Mutex<Option<Marks>>);

impl Open {
    fn take(&self) -> Option<Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, marks: Option<Marks>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = marks;
    }
}

impl Store {
    /// Writes rows of the request log, all or none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn log_requests(&self, logged: &[Logged]) -> Result<(), StoreError> {
        if logged.is_empty() {
            return Ok(());
        }
        let rows: Vec<New<'_>> = logged.iter().map(New::of).collect();
        // Whatever fails from here on leaves none, and the marks are then made of the rows in the database.
        let open = self.open_block.take();
        let mut tx = self.db.write().await?;
        let first = meta::take_log_numbers(&mut tx, rows.len()).await?;
        packs::insert(&mut tx, first, &rows).await?;
        let open = mark(&mut tx, open, first, &rows).await?;
        tx.commit().await?;
        self.open_block.put(open);
        Ok(())
    }
}

/// Marks these rows, and writes the marks of each block that is full now. Gives those of the one that is not.
async fn mark(
    tx: &mut Tx,
    open: Option<Marks>,
    first: i64,
    rows: &[New<'_>],
) -> Result<Option<Marks>, StoreError> {
    let mut open = open.filter(|marks| marks.next == first);
    for (seq, row) in (first..).zip(rows) {
        let block = block_of(seq);
        if seq == first_of(block) {
            open = Some(Marks::new(block));
        }
        if let Some(marks) = &mut open {
            marks.add(seq, &row.marked());
        }
        if seq + 1 == first_of(block + 1) {
            let marks = match open.take() {
                Some(marks) => marks,
                None => of_rows(tx, block).await?,
            };
            write_marks(tx, &marks).await?;
        }
    }
    Ok(open)
}

/// The marks of a block that others have begun, or that was begun before the last start.
async fn of_rows(tx: &mut Tx, block: i64) -> Result<Marks, StoreError> {
    let stored = packs::between(tx, first_of(block), first_of(block + 1), marks::ROWS_USIZE).await?;
    let mut marks = Marks::new(block);
    for pack in stored.iter().rev() {
        for (seq, record) in pack.rows() {
            let row = LogRow { seq, record: record.to_owned() };
            marks.add(seq, &row.facts()?.marked());
        }
    }
    Ok(marks)
}

async fn write_marks(tx: &mut Tx, marks: &Marks) -> Result<(), StoreError> {
    on!(tx, conn => sqlx::query(
            "INSERT INTO request_log_blocks (block, first_at, last_at, errors, marks) VALUES ($1, $2, $3, $4, $5)")
        .bind(marks.block)
        .bind(marks.first_at)
        .bind(marks.last_at)
        .bind(marks.errors())
        .bind(marks.bytes())
        .execute(conn).await.map(drop))?;
    Ok(())
}
