//! How rows lie in the database: neighbours that are written at once share a row of the table, a pack. A statement, a key and a
//! place in a tree for each of them would cost more than the record itself.

use super::super::StoreError;
use super::super::db::{Tx, on, places};
use super::marks::{block_of, first_of};
use super::rows::{LogRow, New};

/// Most rows of a pack: whoever wants one reads all of them. A pack is within one block.
pub(super) const ROWS: i64 = 32;
/// Packs of one statement: each statement is a message to the thread of the database and back.
const AT_ONCE: usize = 8;
/// Rows whose packs are looked up by one statement.
pub(super) const FOUND: usize = 16;
/// What stands between two records. No record has a line end in it.
const BETWEEN: &str = ",\n";

/// A row of the table.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Pack {
    /// Of its first row.
    pub(super) seq: i64,
    /// A JSON array with a record a line.
    records: String,
}

impl Pack {
    /// The records with their numbers, the oldest first.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, &str)> {
        let records = self.records.strip_prefix('[').and_then(|records| records.strip_suffix(']'));
        let lines = records.unwrap_or(&self.records).split('\n');
        (self.seq..).zip(lines.map(|line| line.strip_suffix(',').unwrap_or(line)))
    }

    /// Those that `is_wanted`, the latest first.
    pub(super) fn latest(&self, is_wanted: impl Fn(i64) -> bool) -> impl Iterator<Item = LogRow> {
        let rows: Vec<_> = self.rows().filter(|(seq, _)| is_wanted(*seq)).collect();
        rows.into_iter().rev().map(|(seq, record)| LogRow { seq, record: record.to_owned() })
    }
}

/// A pack on its way into the database.
struct NewPack {
    seq: i64,
    at: i64,
    records: String,
}

impl NewPack {
    fn of<'r>(seq: i64, at: i64, records: impl Iterator<Item = &'r str> + Clone) -> Self {
        let bytes = records.clone().map(|record| record.len() + BETWEEN.len()).sum::<usize>();
        let mut text = String::with_capacity(bytes + 2);
        text.push('[');
        for (nth, record) in records.enumerate() {
            text.push_str(if nth > 0 { BETWEEN } else { "" });
            text.push_str(record);
        }
        text.push(']');
        NewPack { seq, at, records: text }
    }
}

/// Writes rows, of which the first is to be `first`.
pub(super) async fn insert(tx: &mut Tx, first: i64, rows: &[New<'_>]) -> Result<(), StoreError> {
    let (mut seq, mut rows, mut packs) = (first, rows, Vec::new());
    while !rows.is_empty() {
        let room = ROWS.min(first_of(block_of(seq) + 1) - seq);
        let (some, rest) = rows.split_at(rows.len().min(usize::try_from(room).unwrap_or_default()));
        let latest = some.iter().map(New::at).max().unwrap_or_default();
        packs.push(NewPack::of(seq, latest, some.iter().map(New::json)));
        (seq, rows) = (seq + some.len() as i64, rest);
    }
    write(tx, packs).await
}

async fn write(tx: &mut Tx, packs: Vec<NewPack>) -> Result<(), StoreError> {
    let mut packs = packs.into_iter();
    while packs.len() > 0 {
        let count = packs.len().min(AT_ONCE);
        let text = format!("INSERT INTO request_log_packs (seq, at, records) VALUES {}", places(count, 3));
        on!(tx, conn => {
            // Nothing but numbers was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
            for pack in packs.by_ref().take(count) {
                query = query.bind(pack.seq).bind(pack.at).bind(pack.records);
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

/// The packs with rows from `first` on, but below `below`, the latest first, at most so many. None before that of `first`.
pub(super) async fn between(
    tx: &mut Tx,
    first: i64,
    below: i64,
    most: usize,
) -> Result<Vec<Pack>, StoreError> {
    // The pack of `first` may begin before it, but in the same block.
    let begin = (first - ROWS + 1).max(first_of(block_of(first)));
    let select =
        "SELECT seq, records FROM request_log_packs WHERE seq >= $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    Ok(on!(tx, conn => sqlx::query_as(select)
        .bind(begin)
        .bind(below)
        .bind(most as i64)
        .fetch_all(conn).await)?)
}

/// The packs in which these rows are, the latest first. Of more than [`FOUND`] rows only the first are looked up.
pub(super) async fn with(tx: &mut Tx, seqs: &[i64]) -> Result<Vec<Pack>, StoreError> {
    let Some(last) = seqs.last() else { return Ok(Vec::new()) };
    // One text for any number of them, so that it is prepared once.
    let begin = |at| format!("(SELECT MAX(seq) FROM request_log_packs WHERE seq <= ${at})");
    let begins = (1..=FOUND).map(begin).collect::<Vec<_>>().join(", ");
    let select =
        format!("SELECT seq, records FROM request_log_packs WHERE seq IN ({begins}) ORDER BY seq DESC");
    let seqs = seqs.iter().chain(std::iter::repeat(last)).take(FOUND);
    Ok(on!(tx, conn => {
        // Nothing but numbers was put into the text.
        let query = sqlx::query_as(sqlx::AssertSqlSafe(select));
        seqs.fold(query, |query, seq| query.bind(*seq)).fetch_all(conn).await
    })?)
}

/// Deletes all rows before this one; its pack loses its beginning.
pub(super) async fn delete_before(tx: &mut Tx, end: i64) -> Result<(), StoreError> {
    let cut: Option<(i64, i64, String)> = on!(tx, conn => sqlx::query_as(
            "SELECT seq, at, records FROM request_log_packs WHERE seq < $1 ORDER BY seq DESC LIMIT 1")
        .bind(end)
        .fetch_optional(conn).await)?;
    on!(tx, conn => sqlx::query("DELETE FROM request_log_packs WHERE seq < $1")
        .bind(end)
        .execute(conn).await.map(drop))?;
    let Some((seq, at, records)) = cut else { return Ok(()) };
    let pack = Pack { seq, records };
    let rest: Vec<_> = pack.rows().filter(|(seq, _)| *seq >= end).map(|(_, record)| record).collect();
    match rest.is_empty() {
        true => Ok(()),
        false => write(tx, vec![NewPack::of(end, at, rest.into_iter())]).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_an_array_and_gives_back_its_records() {
        let records = [r#"{"a":"x,\ny"}"#, r#"{"b":[1,2]}"#, r#"{"c":"]"}"#];
        let NewPack { seq, records: text, .. } = NewPack::of(7, 0, records.into_iter());
        let read: Vec<serde_json::Value> = serde_json::from_str(&text).expect("an array");
        assert_eq!(read.len(), 3);
        let pack = Pack { seq, records: text };
        let rows: Vec<_> = pack.rows().collect();
        assert_eq!(rows, [(7, records[0]), (8, records[1]), (9, records[2])]);
        let latest: Vec<_> = pack.latest(|seq| seq != 8).map(|row| (row.seq, row.record)).collect();
        assert_eq!(latest, [(9, records[2].to_owned()), (7, records[0].to_owned())]);
    }
}
