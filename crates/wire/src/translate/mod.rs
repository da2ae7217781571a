//! Translation, one file a surface. Requests become a [`Native`] call, replies become OpenAI's JSON or events.

mod calls;
pub mod chat;
mod chat_reply;
mod chat_stream;
mod completion_reply;
pub mod completions;
pub mod embeddings;
pub mod errors;
mod finish;
mod frame;
mod images;
mod logprobs;
pub mod models;
mod options;
mod peek;
mod tools;

pub use chat_reply::chat_reply;
pub use chat_stream::ChatStream;
pub use completion_reply::{CompletionStream, completion_reply};
pub use frame::UsageRule;
pub use peek::{Peek, peek};

use bytes::Bytes;

use options::LimitAt;

use crate::json::write_str;
use crate::openai::{ApiError, Usage};

/// What stays the same over one reply.
#[derive(Debug, Clone)]
pub struct Identity {
    /// `chatcmpl-…` or `cmpl-…`.
    pub id: String,
    /// Unix seconds.
    pub created: u64,
    /// The model as the client named it.
    pub model: String,
    /// Random; ids of tool calls that came without one are made from it.
    pub seed: u64,
}

/// Who may use what; decided outside, obeyed here.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Whether a client may set what makes Ollama load, reload or evict a model.
    pub load_options: bool,
}

/// A request for Ollama: path and body, the model's name left open as it differs between backends.
#[derive(Debug)]
pub struct Native {
    /// `/api/chat`, `/api/generate` or `/api/embed`.
    pub path: &'static str,
    /// The body without its opening brace and model: `,"messages":…}`.
    tail: Vec<u8>,
    /// Where the limit of the reply stands, for calls that have one.
    limit: Option<LimitAt>,
    /// The first body that was made: all choices of a request send the same one.
    made: std::sync::OnceLock<(String, Bytes)>,
}

impl Native {
    pub(crate) fn new(path: &'static str, tail: Vec<u8>) -> Self {
        Native { path, tail, limit: None, made: std::sync::OnceLock::new() }
    }

    /// One whose reply may be limited later.
    pub(crate) fn limited(path: &'static str, tail: Vec<u8>, limit: LimitAt) -> Self {
        Native { limit: Some(limit), ..Native::new(path, tail) }
    }

    /// Sends `num_predict`, whatever the client said. To be called before any body is made.
    pub fn set_limit(&mut self, tokens: u64) {
        if let Some(limit) = &mut self.limit {
            limit.write(&mut self.tail, tokens);
        }
    }

    /// The body for a backend that knows the model as `model`.
    #[must_use]
    pub fn body(&self, model: &str) -> Bytes {
        let (known, body) = self.made.get_or_init(|| (model.to_owned(), self.make(model)));
        if known == model { body.clone() } else { self.make(model) }
    }

    fn make(&self, model: &str) -> Bytes {
        let mut body = Vec::with_capacity(self.tail.len() + model.len() + 16);
        body.extend_from_slice(b"{\"model\":");
        write_str(&mut body, model);
        body.extend_from_slice(&self.tail);
        Bytes::from(body)
    }
}

/// What one line did to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// More is to come.
    More,
    /// This choice is complete.
    Done(Usage),
    /// The upstream reported an error, or sent what cannot be understood.
    Failed(ApiError),
}

/// The model of a request: present, not empty, and free of control characters (they could end a log line or header).
pub(crate) fn model(name: Option<&crate::json::Text<'_>>) -> Result<String, ApiError> {
    let Some(name) = name else { return Err(ApiError::missing("model")) };
    let name = name.as_str();
    if name.trim().is_empty() {
        return Err(ApiError::invalid("model", "'model' must not be empty"));
    }
    if name.len() > MAX_MODEL_BYTES || name.chars().any(char::is_control) {
        let reason = "'model' must be a name without control characters, at most 1024 bytes long";
        return Err(ApiError::invalid("model", reason));
    }
    Ok(name.to_owned())
}

const MAX_MODEL_BYTES: usize = 1024;

/// `n`: between 1 and 8 (policy 5).
pub(crate) fn choices(n: Option<i64>) -> Result<usize, ApiError> {
    match n.unwrap_or(1) {
        count @ 1..=8 => Ok(usize::try_from(count).expect("1 to 8 fits")),
        _ => Err(ApiError::invalid("n", "'n' must be between 1 and 8")),
    }
}

/// `max_tokens` and its like: at least 1.
pub(crate) fn at_least_one(field: &'static str, value: Option<i64>) -> Result<Option<i64>, ApiError> {
    match value {
        Some(..=0) => Err(ApiError::invalid(field, format!("'{field}' must be at least 1"))),
        value => Ok(value),
    }
}

/// `stream` and whether a usage chunk was asked for; `stream_options` without `stream` is refused (policy 6).
pub(crate) fn streaming(
    stream: Option<bool>,
    options: Option<&crate::openai::StreamOptions>,
) -> Result<(bool, bool), ApiError> {
    let stream = stream == Some(true);
    match options {
        Some(_) if !stream => {
            Err(ApiError::invalid("stream_options", "'stream_options' is only allowed when 'stream' is true"))
        }
        options => Ok((stream, options.is_some_and(|options| options.include_usage == Some(true)))),
    }
}
