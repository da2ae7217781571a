//! The one JSON form of a request that is over: a line of `requests.jsonl`, of the live tail and of exports, and the row
//! in the request log. The Node program's members come first; what is not known is absent.

use std::time::Duration;

use serde::Serialize;

use super::{Attempt, Record};

/// Longest name of a model that is told, in bytes.
const MODEL: usize = 256;
/// Bytes that hold most records.
const ROOM: usize = 1024;
/// Longest error or reason that is told, in bytes.
const ERROR: usize = 2000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'r> {
    timestamp: String,
    r#type: &'static str,
    endpoint: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    model: &'r str,
    stream: bool,
    tokens: u64,
    duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<&'r str>,
    /// The name of the backend that answered, else of the last that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<&'r str>,
    id: &'r str,
    status: u16,
    outcome: &'static str,
    ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_model: Option<&'r str>,
    #[serde(skip_serializing_if = "is_none")]
    prompt_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    completion_tokens: u64,
    #[serde(skip_serializing_if = "is_none")]
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_none")]
    queue_ms: u64,
    own_ms: f64,
    #[serde(skip_serializing_if = "is_none")]
    gpu_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Tried<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried<'r> {
    backend_id: &'r str,
    backend_name: &'r str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    reason: &'r str,
    ms: u64,
}

impl Record {
    /// One line, without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let node = self.last_node();
        let channel = node.filter(|node| !node.channel.is_empty());
        let told = Told {
            timestamp: format!("{:.3}", self.at),
            r#type: "request",
            endpoint: self.endpoint,
            model: self.model_told(),
            stream: self.is_stream,
            tokens: self.prompt + self.completion,
            duration: millis(self.total),
            token_id: self.consumer.as_ref().map(|consumer| &*consumer.id),
            backend: node.map(|node| &*node.name),
            id: self.id.to_str().unwrap_or_default(),
            status: self.status,
            outcome: self.outcome.as_str(),
            ip: self.client.to_string(),
            token_name: self.consumer.as_ref().map(|consumer| &*consumer.name),
            served_model: self.served.as_deref().map(|model| cut(model, MODEL)),
            prompt_tokens: self.prompt,
            completion_tokens: self.completion,
            cached_tokens: self.cached,
            usage_source: self.source,
            first_token_ms: self.first.map(millis),
            queue_ms: millis(self.queued),
            own_ms: (self.own.as_secs_f64() * 1e6).round() / 1e3,
            gpu_ms: millis(self.gpu),
            backend_id: node.map(|node| &*node.backend),
            backend_name: node.map(|node| &*node.name),
            channel_id: channel.map(|node| &*node.channel),
            channel_name: channel.map(|node| &*node.channel_name),
            attempts: self.attempts.iter().map(Tried::of).collect(),
            error_kind: self.kind,
            error: self.error_told(),
        };
        let mut json = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut json, &told).expect("it has nothing that JSON has not");
        String::from_utf8(json).expect("JSON is text")
    }

    /// The model as it is told.
    #[must_use]
    pub fn model_told(&self) -> &str {
        cut(&self.model, MODEL)
    }

    /// The error and the reasons of attempts as they are told: what a search for a text looks at.
    pub fn told_errors(&self) -> impl Iterator<Item = &str> {
        self.error_told().into_iter().chain(self.attempts.iter().map(|attempt| cut(&attempt.reason, ERROR)))
    }

    fn error_told(&self) -> Option<&str> {
        self.error.as_deref().map(|error| cut(error, ERROR))
    }
}

impl<'r> Tried<'r> {
    fn of(attempt: &'r Attempt) -> Self {
        Tried {
            backend_id: &attempt.node.backend,
            backend_name: &attempt.node.name,
            outcome: attempt.outcome.as_str(),
            status: attempt.status.map(Into::into),
            reason: cut(&attempt.reason, ERROR),
            ms: millis(attempt.took),
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of a text that is very long.
fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}
