//! Rows of the request log: as a record becomes one, and as it is read.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::super::db::{Tx, on, places};
use super::super::text::{from_json, to_json};
use super::marks::Marked;
use crate::telemetry::{Attempt, Record};

/// Longest text of a client or an error that is kept, in bytes.
const LONGEST: usize = 2000;
/// Rows of one statement: each statement is a message to the thread of the database and back.
const AT_ONCE: usize = 32;

/// A request that is over, as the database has it. What is missing there, as in rows of earlier versions, is empty here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogRow {
    /// Counts on by one with each row.
    #[serde(skip)]
    pub seq: i64,
    /// When it was over.
    #[serde(skip)]
    pub at: Timestamp,
    /// Id of the token, or another word; may be empty, as all texts that follow.
    pub token: String,
    /// As the client named it.
    pub model: String,
    /// Its id.
    pub channel: String,
    /// Id of the one that answered, else of the last that was asked.
    pub backend: String,
    /// Whether that one has answered.
    pub answered: bool,
    pub outcome: String,
    /// 0 when there was nobody to tell it.
    pub status: i64,
    /// Its address.
    pub client: String,
    /// Its `x-request-id`.
    pub request_id: String,
    pub endpoint: String,
    pub stream: bool,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Of both: those that came from a cache.
    pub cached_tokens: u64,
    /// `measured`, `partial` or `estimated`.
    pub usage_source: Option<String>,
    pub total_ms: u64,
    pub first_ms: Option<u64>,
    pub queue_ms: u64,
    /// What the gateway itself has used, in microseconds.
    pub own_us: u64,
    /// The model's name on the backend, where it is another.
    pub served_model: Option<String>,
    pub error: Option<String>,
    /// Backends that were asked and have not served, in order.
    pub attempts: Vec<LogAttempt>,
}

/// A backend that was asked and has not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogAttempt {
    pub backend_id: String,
    pub outcome: String,
    pub reason: String,
    pub ms: u64,
}

impl LogAttempt {
    fn of(attempt: &Attempt) -> Self {
        LogAttempt {
            backend_id: attempt.node.backend.to_string(),
            outcome: attempt.outcome.as_str().to_owned(),
            reason: cut(&attempt.reason).to_owned(),
            ms: millis(attempt.took),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) seq: i64,
    at: i64,
    record: String,
}

impl Stored {
    pub(super) fn open(self) -> Result<LogRow, StoreError> {
        let place = format!("request_log.{}", self.seq);
        let at = Timestamp::from_millisecond(self.at)
            .map_err(|error| StoreError::Damaged(format!("at of {place}: {error}")))?;
        let row: LogRow = from_json(&place, "record", &self.record)?;
        Ok(LogRow { seq: self.seq, at, ..row })
    }
}

impl LogRow {
    pub(super) fn marked(&self) -> Marked<'_> {
        let LogRow { token, model, channel, backend, outcome, client, request_id, .. } = self;
        let texts = [token, model, channel, backend, outcome, client, request_id];
        Marked {
            at: self.at.as_millisecond(),
            texts: texts.map(String::as_str),
            status: self.status,
            error: self.error.as_deref(),
        }
    }
}

/// A record on its way into the database: [`LogRow`] as it is written, without what is empty.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct New<'r> {
    #[serde(skip)]
    at: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    model: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    channel: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    backend: &'r str,
    answered: bool,
    outcome: &'r str,
    status: i64,
    client: String,
    request_id: &'r str,
    endpoint: &'r str,
    stream: bool,
    #[serde(skip_serializing_if = "is_none")]
    prompt_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    completion_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_source: Option<&'r str>,
    total_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_none")]
    queue_ms: u64,
    own_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_model: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<LogAttempt>,
}

impl<'r> New<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        let node = record.node.as_deref().or_else(|| record.attempts.last().map(|attempt| &*attempt.node));
        New {
            at: record.at.as_millisecond(),
            token: record.consumer.as_ref().map_or("", |consumer| &consumer.id),
            model: cut(&record.model),
            channel: node.map_or("", |node| &node.channel),
            backend: node.map_or("", |node| &node.backend),
            answered: record.node.is_some(),
            outcome: record.outcome.as_str(),
            status: record.status.into(),
            client: record.client.to_string(),
            request_id: record.id.to_str().unwrap_or_default(),
            endpoint: record.endpoint,
            stream: record.is_stream,
            prompt_tokens: record.prompt,
            completion_tokens: record.completion,
            cached_tokens: record.cached,
            usage_source: record.source,
            total_ms: millis(record.total),
            first_ms: record.first.map(millis),
            queue_ms: millis(record.queued),
            own_us: u64::try_from(record.own.as_micros()).unwrap_or(u64::MAX),
            served_model: record.served.as_deref().map(cut),
            error: record.error.as_deref().map(cut),
            attempts: record.attempts.iter().map(LogAttempt::of).collect(),
        }
    }

    pub(super) fn marked(&self) -> Marked<'_> {
        let New { token, model, channel, backend, outcome, request_id, .. } = *self;
        Marked {
            at: self.at,
            texts: [token, model, channel, backend, outcome, &self.client, request_id],
            status: self.status,
            error: self.error,
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of a text, if it is very long.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Writes rows, of which the first is to be `first`.
pub(super) async fn insert(tx: &mut Tx, first: i64, rows: &[New<'_>]) -> Result<(), StoreError> {
    // Made once: it would cost as much as the rows.
    static FULL: LazyLock<String> = LazyLock::new(|| insert_of(AT_ONCE));
    let mut seq = first;
    for rows in rows.chunks(AT_ONCE) {
        let text = if rows.len() == AT_ONCE { FULL.clone() } else { insert_of(rows.len()) };
        on!(tx, conn => {
            // Nothing but numbers was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
            for row in rows {
                query = query.bind(seq).bind(row.at).bind(to_json(row));
                seq += 1;
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

fn insert_of(rows: usize) -> String {
    format!("INSERT INTO request_log (seq, at, record) VALUES {}", places(rows, 3))
}
