//! What the rows of a block hold, as hashes: 36 bytes a row instead of an index for each column. Whoever looks for rows
//! reads the marks of all blocks, a fraction of the log, and then only the rows whose marks are those of what is looked
//! for. A mark that is the same by chance costs a row that is read in vain, nothing more.

use std::collections::BTreeMap;

/// Rows of a block. Marks that were written keep to it: never change it.
pub(super) const ROWS: i64 = 1024;
pub(super) const ROWS_USIZE: usize = 1024;
const MARK: usize = size_of::<u32>();

/// The place of a column in the marks. New ones are added behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Token,
    Model,
    Channel,
    Backend,
    Outcome,
    Status,
    Client,
    RequestId,
    Error,
}

const COLUMNS: usize = Column::Error as usize + 1;

/// The block of a row.
pub(super) fn block_of(seq: i64) -> i64 {
    (seq - 1).div_euclid(ROWS)
}

/// The first row of a block.
pub(super) fn first_of(block: i64) -> i64 {
    block * ROWS + 1
}

/// What of a row is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked<'r> {
    pub(super) at: i64,
    pub(super) texts: [&'r str; 7],
    pub(super) status: i64,
    /// As [`searchable`].
    pub(super) errors: Option<String>,
}

/// The marks of a block as far as it is filled.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) block: i64,
    /// The row that is expected next.
    pub(super) next: i64,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
    marks: Vec<u32>,
    errors: BTreeMap<u32, String>,
}

impl Marks {
    pub(super) fn new(block: i64) -> Self {
        let (next, errors) = (first_of(block), BTreeMap::new());
        Marks {
            block,
            next,
            first_at: i64::MAX,
            last_at: i64::MIN,
            marks: vec![0; COLUMNS * ROWS_USIZE],
            errors,
        }
    }

    /// Marks the row `seq` of this block.
    pub(super) fn add(&mut self, seq: i64, row: &Marked<'_>) {
        let at = usize::try_from(seq - first_of(self.block)).unwrap_or(usize::MAX);
        let [token, model, channel, backend, outcome, client, request_id] = row.texts;
        for (column, mark) in [
            (Column::Token, of_text(token)),
            (Column::Model, of_text(model)),
            (Column::Channel, of_text(channel)),
            (Column::Backend, of_text(backend)),
            (Column::Outcome, of_text(outcome)),
            (Column::Status, of_number(row.status)),
            (Column::Client, of_text(client)),
            (Column::RequestId, of_text(request_id)),
            (Column::Error, row.errors.as_ref().map_or(0, |line| self.error(line))),
        ] {
            if let Some(place) = self.marks.get_mut(column as usize * ROWS_USIZE + at) {
                *place = mark;
            }
        }
        self.next = seq + 1;
        self.first_at = self.first_at.min(row.at);
        self.last_at = self.last_at.max(row.at);
    }

    fn error(&mut self, line: &str) -> u32 {
        let mark = of_text(line);
        self.errors.entry(mark).or_insert_with(|| line.to_owned());
        mark
    }

    /// As they are stored.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.marks.iter().flat_map(|mark| mark.to_le_bytes()).collect()
    }

    /// As they are stored.
    pub(super) fn errors(&self) -> String {
        self.errors.values().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Errors as they are searched: one line with each of them once, and case does not count. `None` = there are none.
pub(super) fn searchable<'r>(errors: impl Iterator<Item = &'r str>) -> Option<String> {
    let mut all: Vec<&str> = Vec::new();
    for error in errors {
        if !all.contains(&error) {
            all.push(error);
        }
    }
    (!all.is_empty()).then(|| lowered(&all.join(" | ")))
}

/// One line, in lower case.
pub(super) fn lowered(text: &str) -> String {
    text.to_lowercase().replace(['\n', '\r'], " ")
}

/// FNV-1a, which is stored and so must never change. 0 is for no row.
pub(super) fn of_text(text: &str) -> u32 {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.max(1)
}

pub(super) fn of_number(number: i64) -> u32 {
    u32::try_from(number + 1).unwrap_or(u32::MAX).max(1)
}

/// What a column must hold: one of these marks.
pub(super) type Wanted = (Column, Vec<u32>);

/// The rows of a block, the latest first, whose marks are those that are wanted. Marks of another version may be too short:
/// then every row may be meant.
pub(super) fn find(bytes: &[u8], block: i64, wanted: &[Wanted]) -> Vec<i64> {
    let has = |at: usize, (column, marks): &Wanted| {
        let begin = (*column as usize * ROWS_USIZE + at) * MARK;
        let found = bytes.get(begin..begin + MARK).and_then(|mark| mark.try_into().ok());
        found.is_none_or(|mark| marks.contains(&u32::from_le_bytes(mark)))
    };
    let found = (0..ROWS_USIZE).rev().filter(|at| wanted.iter().all(|wanted| has(*at, wanted)));
    found.map(|at| first_of(block) + at as i64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_what_they_were_when_they_were_written() {
        assert_eq!((of_text(""), of_text("a"), of_text("foobar")), (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968));
        assert_eq!((of_number(0), of_number(200), of_number(-1)), (1, 201, 1));
        assert_eq!((block_of(1), block_of(1024), block_of(1025), first_of(1)), (0, 0, 1, 1025));
    }

    #[test]
    fn what_is_marked_is_found_and_nothing_else() {
        let mut marks = Marks::new(2);
        let row = |model, errors: &[&str]| Marked {
            at: 5,
            texts: ["t", model, "", "b", "ok", "::1", "r"],
            status: 200,
            errors: searchable(errors.iter().copied()),
        };
        let first = first_of(2);
        for seq in first..first + 10 {
            let errors: &[&str] = if seq == first { &["A\nB", "A\nB", "C"] } else { &[] };
            marks.add(seq, &row(if seq % 2 == 0 { "even" } else { "odd" }, errors));
        }
        let bytes = marks.bytes();
        let found = find(
            &bytes,
            2,
            &[(Column::Model, vec![of_text("even")]), (Column::Status, vec![of_number(200)])],
        );
        assert_eq!(found, (first..first + 10).rev().filter(|seq| seq % 2 == 0).collect::<Vec<_>>());
        assert_eq!(marks.errors(), "a b | c");
        assert_eq!(find(&bytes, 2, &[(Column::Error, vec![of_text("a b | c")])]), [first]);
        assert_eq!(find(&bytes, 2, &[(Column::Error, vec![])]), [0_i64; 0]);
        assert_eq!(
            find(&bytes[..8], 2, &[(Column::Error, vec![1])]).len(),
            1024,
            "nothing is known, so all are looked at"
        );
    }
}
