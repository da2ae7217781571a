//! JSON as Go's encoder writes it, replies as Ollama frames them, and its errors.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::fake::script::{Framing, Piece, Script};

/// Go leaves larger bodies to chunks when nobody has set their length.
const WHOLE_LIMIT: usize = 2048;
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// A refusal of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) text: String,
    /// Found by the runner: a stream that fails this way has another framing.
    pub(super) late: bool,
}

impl Failure {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Failure {
        Failure { status, text: text.into(), late: false }
    }

    /// As the runner reports what is wrong with a request: plain text.
    pub(super) fn of_runner(status: u16, text: impl Into<String>) -> Failure {
        Failure { status, text: text.into(), late: true }
    }

    /// As the runner reports it with its own JSON, which arrives inside the text. `more` is added to it.
    pub(super) fn nested(status: u16, message: &str, kind: &str, more: &[(&str, u64)]) -> Failure {
        let mut error = Map::new();
        error.insert("code".to_owned(), status.into());
        error.insert("message".to_owned(), message.into());
        error.insert("type".to_owned(), kind.into());
        error.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        Failure::of_runner(status, object([("error", Value::Object(error))]).to_string())
    }

    /// The reply that tells it.
    pub(super) fn script(&self, stream: bool) -> Script {
        let body = go(&object([("error", self.text.as_str().into())]));
        let script = if self.late && stream {
            let body = vec![Piece::Bytes(Bytes::from(body))];
            Script { status: Some(self.status), ..Script::streamed("application/json", body) }
        } else {
            Script::whole(self.status, JSON, body)
        };
        dated(script)
    }
}

/// A whole JSON reply of status 200.
pub(super) fn whole(value: &Value) -> Script {
    let body = go(value);
    let framing = if body.len() > WHOLE_LIMIT { Framing::Chunked } else { Framing::Length(None) };
    dated(Script { framing, ..Script::whole(200, JSON, body) })
}

/// With Go's `Date` header.
pub(super) fn dated(script: Script) -> Script {
    let now = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    script.header("Date", &now)
}

/// An object with these keys in this order.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The text that Go writes: also `<`, `>`, `&` and the line separators are escaped.
pub(super) fn go(value: &Value) -> String {
    let plain = value.to_string();
    let mut text = String::with_capacity(plain.len() + 16);
    // These characters occur inside strings only, where an escape means the same.
    for c in plain.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text
}

/// The time that is `later` from now, with up to nine digits.
pub(super) fn timestamp(later: Duration) -> Value {
    let time = Timestamp::now();
    time.checked_add(later).unwrap_or(time).to_string().into()
}

/// Adds a number, which Go leaves out when it is zero.
pub(super) fn put_number(fields: &mut Map<String, Value>, name: &str, number: u64) {
    if number > 0 {
        fields.insert(name.to_owned(), number.into());
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
