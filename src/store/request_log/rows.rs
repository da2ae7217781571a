//! Rows of the request log: as a record becomes one, and as it is read.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::super::db::{AT_ONCE, Tx, on, places};
use super::super::text::{from_json, to_json};
use super::marks::Marked;
use crate::telemetry::{Attempt, Record};

/// Longest text of a client or an error that is kept, in bytes.
const LONGEST: usize = 2000;
const COLUMNS: usize = 24;
const INSERT: &str = "\
    INSERT INTO request_log (seq, at, token, model, channel, backend, answered, outcome, status, client, request_id, \
      endpoint, stream, prompt_tokens, completion_tokens, cached_tokens, usage_source, total_ms, first_ms, queue_ms, \
      own_us, served_model, error, attempts) VALUES ";

/// A request that is over, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Counts on by one with each row.
    pub seq: i64,
    /// When it was over.
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
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    /// Of both: those that came from a cache.
    pub cached_tokens: i64,
    /// `measured`, `partial` or `estimated`.
    pub usage_source: Option<String>,
    pub total_ms: i64,
    pub first_ms: Option<i64>,
    pub queue_ms: i64,
    /// What the gateway itself has used, in microseconds.
    pub own_us: i64,
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
    pub ms: i64,
}

impl LogAttempt {
    fn of(attempt: &Attempt) -> Self {
        LogAttempt {
            backend_id: attempt.node.backend.to_string(),
            outcome: attempt.outcome.as_str().to_owned(),
            reason: cut(&attempt.reason).to_owned(),
            ms: number(attempt.took.as_millis()),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    seq: i64,
    at: i64,
    token: String,
    model: String,
    channel: String,
    backend: String,
    answered: bool,
    outcome: String,
    status: i64,
    client: String,
    request_id: String,
    endpoint: String,
    stream: bool,
    prompt_tokens: i64,
    completion_tokens: i64,
    cached_tokens: i64,
    usage_source: Option<String>,
    total_ms: i64,
    first_ms: Option<i64>,
    queue_ms: i64,
    own_us: i64,
    served_model: Option<String>,
    error: Option<String>,
    attempts: String,
}

impl Stored {
    pub(super) fn open(self) -> Result<LogRow, StoreError> {
        let place = || format!("request_log.{}", self.seq);
        let at = Timestamp::from_millisecond(self.at)
            .map_err(|error| StoreError::Damaged(format!("at of {}: {error}", place())))?;
        let attempts = match self.attempts.as_str() {
            "" => Vec::new(),
            text => from_json(&place(), "attempts", text)?,
        };
        Ok(LogRow {
            seq: self.seq,
            at,
            token: self.token,
            model: self.model,
            channel: self.channel,
            backend: self.backend,
            answered: self.answered,
            outcome: self.outcome,
            status: self.status,
            client: self.client,
            request_id: self.request_id,
            endpoint: self.endpoint,
            stream: self.stream,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cached_tokens: self.cached_tokens,
            usage_source: self.usage_source,
            total_ms: self.total_ms,
            first_ms: self.first_ms,
            queue_ms: self.queue_ms,
            own_us: self.own_us,
            served_model: self.served_model,
            error: self.error,
            attempts,
        })
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn marked(&self) -> Marked<'_> {
        Marked {
            at: self.at,
            texts: [
                &self.token,
                &self.model,
                &self.channel,
                &self.backend,
                &self.outcome,
                &self.client,
                &self.request_id,
            ],
            status: self.status,
            error: self.error.as_deref(),
        }
    }
}

/// A record on its way into the database.
pub(super) struct New<'r> {
    record: &'r Record,
    at: i64,
    token: &'r str,
    model: &'r str,
    channel: &'r str,
    backend: &'r str,
    client: String,
    request_id: &'r str,
    error: Option<&'r str>,
    attempts: String,
}

impl<'r> New<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        let node = record.node.as_deref().or_else(|| record.attempts.last().map(|attempt| &*attempt.node));
        let attempts = match record.attempts.as_slice() {
            [] => String::new(),
            failed => to_json(&failed.iter().map(LogAttempt::of).collect::<Vec<_>>()),
        };
        New {
            record,
            at: record.at.as_millisecond(),
            token: record.consumer.as_ref().map_or("", |consumer| &consumer.id),
            model: cut(&record.model),
            channel: node.map_or("", |node| &node.channel),
            backend: node.map_or("", |node| &node.backend),
            client: record.client.to_string(),
            request_id: record.id.to_str().unwrap_or_default(),
            error: record.error.as_deref().map(cut),
            attempts,
        }
    }

    pub(super) fn marked(&self) -> Marked<'_> {
        let outcome = self.record.outcome.as_str();
        Marked {
            at: self.at,
            texts: [
                self.token,
                self.model,
                self.channel,
                self.backend,
                outcome,
                &self.client,
                self.request_id,
            ],
            status: self.record.status.into(),
            error: self.error,
        }
    }
}

fn number(count: u128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The beginning of a text, if it is very long.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// Writes rows, of which the first is to be `first`.
pub(super) async fn insert(tx: &mut Tx, first: i64, rows: &[New<'_>]) -> Result<(), StoreError> {
    // Made once: it would cost as much as the rows.
    static FULL: LazyLock<String> = LazyLock::new(|| format!("{INSERT}{}", places(AT_ONCE, COLUMNS)));
    let mut seq = first;
    for rows in rows.chunks(AT_ONCE) {
        let text = match rows.len() {
            AT_ONCE => FULL.clone(),
            fewer => format!("{INSERT}{}", places(fewer, COLUMNS)),
        };
        on!(tx, conn => {
            // Nothing but numbers was put into the text.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
            for new in rows {
                let record = new.record;
                query = query
                    .bind(seq)
                    .bind(new.at)
                    .bind(new.token)
                    .bind(new.model)
                    .bind(new.channel)
                    .bind(new.backend)
                    .bind(record.node.is_some())
                    .bind(record.outcome.as_str())
                    .bind(i64::from(record.status))
                    .bind(new.client.as_str())
                    .bind(new.request_id)
                    .bind(record.endpoint)
                    .bind(record.is_stream)
                    .bind(number(record.prompt.into()))
                    .bind(number(record.completion.into()))
                    .bind(number(record.cached.into()))
                    .bind(record.source)
                    .bind(number(record.total.as_millis()))
                    .bind(record.first.map(|first| number(first.as_millis())))
                    .bind(number(record.queued.as_millis()))
                    .bind(number(record.own.as_micros()))
                    .bind(record.served.as_deref().map(cut))
                    .bind(new.error)
                    .bind(new.attempts.as_str());
                seq += 1;
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}
