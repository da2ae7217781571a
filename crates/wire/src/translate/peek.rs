//! A look at a line of a stream before anything of it is sent: whether the upstream may still be changed for another.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors;
use crate::json::Text;
use crate::ollama::{self, Message};
use crate::openai::ApiError;

/// What a line holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peek {
    /// Text, thinking, a call, or the end: the client would see it.
    Content,
    /// Nothing that a client would see.
    Nothing,
    /// An error, or no JSON of Ollama's.
    Failed(ApiError),
}

/// A line of either stream, as far as this look goes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    response: Option<Text<'a>>,
    done: Option<bool>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Looks at one line of `/api/chat` or `/api/generate`, without its line end.
#[must_use]
pub fn peek(line: &[u8]) -> Peek {
    let mut scratch = String::new();
    let Ok(line) = ollama::parse::<Line<'_>>(line, &mut scratch) else {
        return Peek::Failed(errors::not_json());
    };
    if let Some(error) = line.error {
        return Peek::Failed(errors::from_line(error.get()));
    }
    let is_filled = |text: &Option<Text<'_>>| text.as_ref().is_some_and(|text| !text.as_str().is_empty());
    let has_message = line.message.as_ref().is_some_and(|message| {
        let has_calls = message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        is_filled(&message.content) || is_filled(&message.thinking) || has_calls
    });
    let is_seen = line.done == Some(true) || is_filled(&line.response) || has_message;
    if is_seen { Peek::Content } else { Peek::Nothing }
}
