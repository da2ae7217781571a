//! Requests that are over, one by one, for those who look at each of them: the last ones in memory, those who follow,
//! the request log and the file. All of it is bounded; what finds no room is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::{Captures, Dropped, Losses, Record};

/// Rows that wait for the database, and lines that wait for the file.
const WAITING: usize = 8192;
/// So many rows want to be written before their time, so that the others find room.
const MANY: usize = WAITING / 2;
/// Lines that one who follows may be behind.
const BEHIND: usize = 1024;

/// Who is told of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalRules {
    /// Requests that are kept in memory.
    pub recent: usize,
    /// Whether there is a request log in the database.
    pub has_rows: bool,
    /// Whether there is a file.
    pub has_file: bool,
}

/// A request as [`Record::to_json`] tells it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Counts on by one from the start of the process.
    pub number: u64,
    pub json: Arc<str>,
}

/// A request on its way into the request log.
#[derive(Debug)]
pub struct Logged {
    pub record: Record,
    /// [`Record::to_json`] of it.
    pub json: Arc<str>,
}

/// Why files cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskTrouble {
    pub since: Timestamp,
    pub why: Box<str>,
}

/// See above.
#[derive(Debug)]
pub struct Journal {
    state: Mutex<State>,
    followers: broadcast::Sender<Line>,
    closing: CancellationToken,
    many_rows: Notify,
    dropped_rows: Dropped,
    dropped_lines: Dropped,
    disk: Mutex<Option<DiskTrouble>>,
    /// Beside all else: their texts are in none of it.
    pub captures: Captures,
}

#[derive(Debug)]
struct State {
    rules: JournalRules,
    number: u64,
    recent: VecDeque<Line>,
    rows: VecDeque<Logged>,
    /// Rows that a write has with it.
    taken: usize,
    lines: Vec<Arc<str>>,
}

impl Journal {
    #[must_use]
    pub fn new(rules: JournalRules) -> Self {
        let (recent, rows) = (VecDeque::new(), VecDeque::new());
        Journal {
            state: Mutex::new(State { rules, number: 0, recent, rows, taken: 0, lines: Vec::new() }),
            followers: broadcast::Sender::new(BEHIND),
            closing: CancellationToken::new(),
            many_rows: Notify::new(),
            dropped_rows: Dropped::default(),
            dropped_lines: Dropped::default(),
            disk: Mutex::default(),
            captures: Captures::default(),
        }
    }

    /// Puts other rules in force. What waits is still written.
    pub fn set(&self, rules: JournalRules) {
        let mut state = self.state();
        state.rules = rules;
        state.cut();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of requests that are over.
    pub fn take(&self, records: Vec<Record>) {
        let mut state = self.state();
        let JournalRules { recent, has_rows, has_file } = state.rules;
        let is_followed = self.followers.receiver_count() > 0;
        if recent == 0 && !has_rows && !has_file && !is_followed {
            return;
        }
        for record in records {
            let json: Arc<str> = record.to_json().into();
            state.number += 1;
            let line = Line { number: state.number, json: Arc::clone(&json) };
            if is_followed {
                // It fails when the last one has just left.
                let _ = self.followers.send(line.clone());
            }
            if recent > 0 {
                state.recent.push_back(line);
            }
            if has_file {
                push(&mut state.lines, &self.dropped_lines, Arc::clone(&json));
            }
            if has_rows && state.rows.len() < WAITING {
                state.rows.push_back(Logged { record, json });
                if state.rows.len() == MANY {
                    self.many_rows.notify_one();
                }
            } else if has_rows {
                self.dropped_rows.add(1);
            }
        }
        state.cut();
    }

    /// At most `most` rows for the database, the oldest first.
    pub fn take_rows(&self, most: usize) -> Vec<Logged> {
        let mut state = self.state();
        let most = most.min(state.rows.len());
        state.taken += most;
        state.rows.drain(..most).collect()
    }

    /// Takes rows back that could not be written; there must be room.
    pub fn put_back(&self, rows: Vec<Logged>) {
        let mut state = self.state();
        state.taken -= rows.len();
        for row in rows.into_iter().rev() {
            match state.rows.len() < WAITING {
                true => state.rows.push_front(row),
                false => self.dropped_rows.add(1),
            }
        }
    }

    /// Rows that wait for the database.
    #[must_use]
    pub fn waiting_rows(&self) -> usize {
        self.state().rows.len()
    }

    /// So many that were taken are in the database.
    pub fn rows_are_written(&self, count: usize) {
        self.state().taken -= count;
    }

    /// Rows that are not in the database, be they with a write or not.
    #[must_use]
    pub fn unwritten_rows(&self) -> usize {
        let state = self.state();
        state.rows.len() + state.taken
    }

    /// Ends when there are so many that they are to be written at once.
    pub async fn many_rows(&self) {
        self.many_rows.notified().await;
    }

    /// The lines for the file.
    pub fn take_lines(&self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.state().lines)
    }

    /// Lines that could not be written to the file.
    pub fn lost_lines(&self, count: usize) {
        self.dropped_lines.add(count as u64);
    }

    /// Requests that are not in the request log, and not in the file, as there was no room or no disk.
    #[must_use]
    pub fn dropped(&self) -> (u64, u64) {
        (self.dropped_rows.count(), self.dropped_lines.count())
    }

    /// The same, of now.
    #[must_use]
    pub fn losses(&self) -> (Option<Losses>, Option<Losses>) {
        (self.dropped_rows.recent(), self.dropped_lines.recent())
    }

    /// A write to files is over, and has failed for this reason or gone well. Gives whether it was otherwise before.
    pub fn disk_was_tried(&self, failed: Option<&str>) -> bool {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let was_failing = disk.is_some();
        *disk = failed.map(|why| DiskTrouble {
            since: disk.as_ref().map_or_else(Timestamp::now, |trouble| trouble.since),
            why: why.into(),
        });
        was_failing != failed.is_some()
    }

    /// While files cannot be written.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last requests, the oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Line> {
        self.state().recent.iter().cloned().collect()
    }

    /// Forgets the last requests, and rows that are not in the database yet.
    pub fn clear(&self) {
        let mut state = self.state();
        state.recent.clear();
        state.rows.clear();
    }

    /// The last requests, and all from then on.
    #[must_use]
    pub fn follow(&self) -> (Vec<Line>, broadcast::Receiver<Line>) {
        let state = self.state();
        (state.recent.iter().cloned().collect(), self.followers.subscribe())
    }

    /// How many follow.
    #[must_use]
    pub fn followers(&self) -> usize {
        self.followers.receiver_count()
    }

    /// Sends away those who follow.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Ends when those who follow are to go.
    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }
}

impl State {
    fn cut(&mut self) {
        let surplus = self.recent.len().saturating_sub(self.rules.recent);
        self.recent.drain(..surplus);
    }
}

fn push(lines: &mut Vec<Arc<str>>, dropped: &Dropped, line: Arc<str>) {
    match lines.len() < WAITING {
        true => lines.push(line),
        false => dropped.add(1),
    }
}
