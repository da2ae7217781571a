//! What a stream has said: its many small events, put together again. A secret that comes in pieces is whole here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Choices that are told apart.
const CHOICES: usize = 128;
/// Tool calls of a choice.
const CALLS: usize = 128;

/// The texts of all choices.
#[derive(Default)]
pub(super) struct Said {
    /// Bytes that are kept of each text.
    most: usize,
    bytes: usize,
    is_cut: bool,
    choices: BTreeMap<u64, Choice>,
    error: Option<Box<RawValue>>,
}

#[derive(Default, Serialize)]
struct Choice {
    index: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<String>,
}

#[derive(Serialize)]
struct Call {
    #[serde(skip)]
    index: u64,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    choices: Vec<Piece>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Delta,
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    reasoning: Option<String>,
    content: Option<String>,
    #[serde(default)]
    tool_calls: Vec<CallPiece>,
}

#[derive(Deserialize)]
struct CallPiece {
    #[serde(default)]
    index: u64,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

impl Said {
    pub(super) fn new(most: usize) -> Self {
        Said { most, ..Said::default() }
    }

    /// Bytes of all events.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether some of it is missing.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes some events, whole ones. Comments and the end are none.
    pub(super) fn take(&mut self, events: &[u8]) {
        for line in events.split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            self.bytes += data.len();
            if let Ok(Event { choices, error }) = serde_json::from_slice(data) {
                choices.into_iter().for_each(|piece| self.add(piece));
                self.error = error.or(self.error.take());
            }
        }
    }

    fn add(&mut self, piece: Piece) {
        let Said { most, is_cut, choices, .. } = self;
        if choices.len() >= CHOICES && !choices.contains_key(&piece.index) {
            *is_cut = true;
            return;
        }
        let mut put = |into: &mut String, text: Option<String>| {
            let text = text.unwrap_or_default();
            let kept = text.floor_char_boundary(most.saturating_sub(into.len()));
            *is_cut |= kept < text.len();
            into.push_str(&text[..kept]);
        };
        let choice = choices.entry(piece.index).or_default();
        choice.index = piece.index;
        put(&mut choice.reasoning, piece.delta.reasoning);
        put(&mut choice.content, piece.delta.content);
        put(&mut choice.text, piece.text);
        for CallPiece { index, function } in piece.delta.tool_calls {
            let at = choice.tool_calls.iter().position(|call| call.index == index).or_else(|| {
                let is_new = choice.tool_calls.len() < CALLS;
                is_new.then(|| {
                    choice.tool_calls.push(Call { index, name: String::new(), arguments: String::new() });
                    choice.tool_calls.len() - 1
                })
            });
            if let Some(call) = at.map(|at| &mut choice.tool_calls[at]) {
                put(&mut call.name, function.name);
                put(&mut call.arguments, function.arguments);
            }
        }
        choice.finish_reason = piece.finish_reason.or(choice.finish_reason.take());
    }

    /// In the form of a whole reply, as far as that goes.
    pub(super) fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Whole<'s> {
            choices: Vec<&'s Choice>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: &'s Option<Box<RawValue>>,
        }
        let whole = Whole { choices: self.choices.values().collect(), error: &self.error };
        serde_json::to_vec(&whole).expect("texts and numbers are JSON")
    }
}
