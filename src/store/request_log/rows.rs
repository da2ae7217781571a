//! Rows of the request log: as a record becomes one, and as it is read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::StoreError;
use super::marks::{Marked, searchable};
use crate::telemetry::Logged;

/// A request that is over, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Counts on by one with each row.
    pub seq: i64,
    /// In the form of `Record::to_json`.
    pub record: String,
}

/// What filters look at. What is missing in a record is empty here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogFacts {
    /// When it was over.
    #[serde(rename = "timestamp", deserialize_with = "moment")]
    pub at: Timestamp,
    pub token_id: String,
    pub token_name: String,
    pub model: String,
    pub channel_id: String,
    pub backend_id: String,
    pub outcome: String,
    pub status: i64,
    pub ip: String,
    pub id: String,
    pub error: Option<String>,
    pub attempts: Vec<LogAttempt>,
}

/// What filters look at of a backend that has not served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LogAttempt {
    pub reason: String,
}

impl LogFacts {
    /// Of a record in the form of `Record::to_json`.
    ///
    /// # Errors
    /// It is in no such form.
    pub fn of(record: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(record)
    }

    pub(super) fn marked(&self) -> Marked<'_> {
        let LogFacts { token_id, model, channel_id, backend_id, outcome, ip, id, .. } = self;
        let texts = [token_id, model, channel_id, backend_id, outcome, ip, id];
        Marked {
            at: self.at.as_millisecond(),
            texts: texts.map(String::as_str),
            status: self.status,
            errors: self.errors(),
        }
    }

    /// Where a text is looked for.
    pub(super) fn errors(&self) -> Option<String> {
        let reasons = self.attempts.iter().map(|attempt| attempt.reason.as_str());
        searchable(self.error.as_deref().into_iter().chain(reasons))
    }
}

fn moment<'de, D: Deserializer<'de>>(of: D) -> Result<Timestamp, D::Error> {
    let text = Cow::<str>::deserialize(of)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl LogRow {
    /// The record with its number.
    #[must_use]
    pub fn to_json(&self) -> String {
        let record = self.record.strip_suffix('}').unwrap_or(&self.record);
        format!("{record},\"seq\":{}}}", self.seq)
    }

    /// The same, read.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn to_value(&self) -> Result<Value, StoreError> {
        serde_json::from_str(&self.to_json()).map_err(|wrong| self.damaged(&wrong))
    }

    fn damaged(&self, why: &serde_json::Error) -> StoreError {
        StoreError::Damaged(format!("request_log_packs.{}: {why}", self.seq))
    }

    pub(super) fn facts(&self) -> Result<LogFacts, StoreError> {
        LogFacts::of(&self.record).map_err(|wrong| self.damaged(&wrong))
    }
}

/// A row on its way into the database.
pub(super) struct New<'r> {
    logged: &'r Logged,
    ip: String,
}

impl<'r> New<'r> {
    pub(super) fn of(logged: &'r Logged) -> Self {
        New { logged, ip: logged.record.client.to_string() }
    }

    pub(super) fn at(&self) -> i64 {
        self.logged.record.at.as_millisecond()
    }

    pub(super) fn json(&self) -> &'r str {
        &self.logged.json
    }

    /// As [`LogFacts::marked`] of what it becomes.
    pub(super) fn marked(&self) -> Marked<'_> {
        let record = &self.logged.record;
        let node = record.last_node();
        let texts = [
            record.consumer.as_ref().map_or("", |consumer| &consumer.id),
            record.model_told(),
            node.map_or("", |node| &node.channel),
            node.map_or("", |node| &node.backend),
            record.outcome.as_str(),
            &self.ip,
            record.id.to_str().unwrap_or_default(),
        ];
        let (at, status) = (self.at(), record.status.into());
        Marked { at, texts, status, errors: searchable(record.told_errors()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::http::Outcome;
    use crate::telemetry::{Attempt, Consumer, Naming, Node, Record};

    #[test]
    fn what_is_marked_when_it_is_written_is_what_is_marked_when_it_is_read() {
        let node = |name: &str| {
            Arc::new(Node {
                backend: format!("id of {name}").into(),
                name: name.into(),
                channel: "c1".into(),
                channel_name: "room".into(),
            })
        };
        let attempt = |node| Attempt {
            node,
            outcome: Outcome::UpstreamStatus,
            status: None,
            reason: "gone".into(),
            took: Duration::from_millis(3),
        };
        let failed = Record {
            id: "req-1".parse().expect("letters"),
            at: "2026-01-02T03:04:05.678Z".parse().expect("a time"),
            endpoint: "/v1/embeddings",
            is_head: false,
            client: [10, 0, 0, 7].into(),
            consumer: Some(Arc::new(Consumer { id: "t1".into(), name: "ann".into() })),
            model: "ä".repeat(500).into(),
            naming: Naming::Unlisted,
            counted: Arc::default(),
            served: None,
            is_stream: false,
            node: None,
            outcome: Outcome::UpstreamStatus,
            status: 502,
            kind: None,
            error: Some("é".repeat(3000).into()),
            calls: Vec::new(),
            attempts: vec![attempt(node("a")), attempt(node("b"))],
            queued: Duration::ZERO,
            first: None,
            own: Duration::from_micros(1234),
            total: Duration::from_millis(40),
            prompt: 0,
            completion: 0,
            cached: 0,
            source: None,
            charged: None,
            gpu: Duration::ZERO,
            trace: None,
        };
        let nobody = Record { attempts: Vec::new(), consumer: None, error: None, ..failed.clone() };
        for record in [failed, nobody] {
            let logged = Logged { json: record.to_json().into(), record };
            let row = LogRow { seq: 1, record: logged.json.as_ref().to_owned() };
            let facts = row.facts().expect("it was written here");
            assert_eq!(New::of(&logged).marked(), facts.marked());
        }
    }
}
