//! Answers by recordings: what a real Ollama once sent, byte by byte, in its own time.
//!
//! A request that was recorded gets its own reply. Another one gets the nearest reply of its model, so that
//! any client sees real traffic; the words then answer another question.

mod recording;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use recording::Recording;
pub use recording::ReplayError;

use super::http::Request;
use super::script::{Framing, Piece, Script};
use super::server::Handler;

/// How recordings are played.
#[derive(Debug, Clone, Copy)]
pub struct ReplayOptions {
    /// Times are multiplied by this: 1 is as recorded, 0 is at once.
    pub pace: f64,
    /// The longest wait before a reply begins; longer ones are cut to it.
    pub longest_head: Duration,
    /// The longest wait within a reply.
    pub longest_gap: Duration,
}

impl Default for ReplayOptions {
    fn default() -> ReplayOptions {
        let (longest_head, longest_gap) = (Duration::from_secs(2), Duration::from_millis(500));
        ReplayOptions { pace: 1.0, longest_head, longest_gap }
    }
}

/// The handler that answers by the recordings in `folder`.
///
/// # Errors
/// When the folder cannot be read, holds a file that is no recording, or no recording at all.
pub fn replay(folder: &Path, options: ReplayOptions) -> Result<Handler, ReplayError> {
    let replay = Replay { recordings: recording::load(folder)?, options };
    Ok(Arc::new(move |request| replay.answer(request)))
}

struct Replay {
    recordings: Vec<Recording>,
    options: ReplayOptions,
}

impl Replay {
    fn answer(&self, request: &Request) -> Script {
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return self.told(&request.path);
        }
        let body = match serde_json::from_slice(&request.body) {
            Ok(json) => with_stream(&request.path, json),
            Err(_) if request.body.is_empty() => Value::Null,
            Err(_) => Value::String(String::from_utf8_lossy(&request.body).into_owned()),
        };
        let mut of_path =
            self.recordings.iter().filter(|r| r.method == request.method && r.path == request.path);
        let exact: Vec<&Recording> =
            of_path.by_ref().filter(|r| equal(&with_stream(&r.path, r.body.clone()), &body)).collect();
        if let Some(found) = exact.iter().find(|r| r.status == 200).or(exact.first()) {
            return self.script(found);
        }
        match self.nearest(&request.path, &body) {
            Some(found) => self.script(found),
            None => unknown(&request.path, &body),
        }
    }

    /// The fullest good reply to a plain question, `/api/tags` for example.
    fn told(&self, path: &str) -> Script {
        let recorded = self.recordings.iter().filter(|r| r.method == "GET" && r.path == path);
        match recorded.max_by_key(|r| (r.status == 200, r.size())) {
            Some(found) => self.script(found),
            None => Script::text(404, "404 page not found"),
        }
    }

    /// The good reply of the same path, model and kind that shares most with the request.
    fn nearest(&self, path: &str, body: &Value) -> Option<&Recording> {
        let name = model_of(body)?;
        let same = self.recordings.iter().filter(|r| {
            r.method == "POST"
                && r.path == path
                && r.status == 200
                && model_of(&r.body).as_ref() == Some(&name)
                && with_stream(path, r.body.clone()).get("stream") == body.get("stream")
        });
        same.max_by_key(|r| (likeness(r, body), r.size()))
    }

    fn script(&self, recording: &Recording) -> Script {
        let scaled = |time: Duration, longest: Duration| {
            let time = time.as_secs_f64() * self.options.pace.max(0.0);
            Duration::try_from_secs_f64(time).unwrap_or(longest).min(longest)
        };
        let mut delay = scaled(recording.head, self.options.longest_head);
        let mut body = Vec::new();
        for (at, (gap, text)) in recording.chunks.iter().enumerate() {
            let gap = scaled(*gap, self.options.longest_gap);
            if at == 0 {
                // The head came with the first chunk, or just before it.
                delay += gap;
            } else if !gap.is_zero() {
                body.push(Piece::Pause(gap));
            }
            body.push(Piece::Bytes(Bytes::from(text.clone())));
        }
        let framing = if recording.chunked { Framing::Chunked } else { Framing::Length(None) };
        let headers = recording.headers.clone();
        Script { headers, framing, delay, body, ..Script::whole(recording.status, "", Bytes::new()) }
    }
}

/// How many traits of the requests agree, the telling ones first.
fn likeness(recording: &Recording, body: &Value) -> u32 {
    let last = recording.last();
    let reason = last.get("done_reason").and_then(Value::as_str);
    let ordinary = matches!(reason, Some("stop" | "length")) || last.get("embeddings").is_some();
    let has = |json: &Value, key: &str| json.get(key).is_some_and(|value| !value.is_null());
    let agrees = |key: &str| u32::from(has(&recording.body, key) == has(body, key));
    let inputs = |json: &Value| json.get("input").and_then(Value::as_array).map_or(1, Vec::len);
    let calls = |json: &Value| {
        let messages = json.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        messages.last().and_then(|message| message.get("role")) == Some(&json!("tool"))
    };
    u32::from(ordinary) * 100
        + u32::from(inputs(&recording.body) == inputs(body)) * 50
        + agrees("tools") * 20
        + agrees("format") * 20
        + u32::from(calls(&recording.body) == calls(body)) * 10
        + u32::from(recording.body.get("think") == body.get("think")) * 5
        + agrees("logprobs") * 5
        + agrees("dimensions") * 5
        + agrees("raw") * 2
        + agrees("suffix") * 2
        + u32::from(reason == Some("stop"))
}

/// The model that a body names, as Ollama compares names.
fn model_of(body: &Value) -> Option<String> {
    let name = body.get("model").or_else(|| body.get("name")).and_then(Value::as_str)?;
    let lower = name.to_ascii_lowercase();
    (!lower.is_empty()).then(|| if lower.contains(':') { lower } else { format!("{lower}:latest") })
}

/// With `stream` as Ollama reads its absence.
fn with_stream(path: &str, mut body: Value) -> Value {
    if let (true, Some(fields)) = (matches!(path, "/api/chat" | "/api/generate"), body.as_object_mut()) {
        fields.entry("stream").or_insert(Value::Bool(true));
    }
    body
}

/// Whether two values are equal; `1` and `1.0` are, the order of keys does not matter.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// What Ollama says to a model that it does not have.
fn unknown(path: &str, body: &Value) -> Script {
    let name = body.get("model").or_else(|| body.get("name")).and_then(Value::as_str).unwrap_or_default();
    let text = match path {
        "/api/chat" | "/api/generate" => format!("model '{name}' not found"),
        "/api/embed" | "/api/embeddings" => format!("model {name:?} not found, try pulling it first"),
        "/api/show" if name.contains(':') => format!("model '{name}' not found"),
        "/api/show" => format!("model '{name}:latest' not found"),
        _ => return Script::text(404, "404 page not found"),
    };
    Script::json(404, &json!({ "error": text }))
}
