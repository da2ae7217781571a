//! The one JSON form of a request that is over: a line of `requests.jsonl`, of the live tail and of exports, and the row
//! in the request log. The Node program's members come first; what is not known is absent.

use std::io::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use wire::json::{write_int, write_str};

use super::{Attempt, Record};

/// Longest name of a model that is told, in bytes.
const MODEL: usize = 256;
/// Bytes that hold most records.
const ROOM: usize = 1024;
/// Longest error or reason that is told, in bytes.
const ERROR: usize = 2000;

impl Record {
    /// One line, without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let node = self.last_node();
        let name = node.map(|node| &*node.name);
        let channel = node.filter(|node| !node.channel.is_empty());
        let mut json = Vec::with_capacity(ROOM);
        let mut to = Members::begin(&mut json);
        to.moment("timestamp", self.at);
        to.text("type", "request");
        to.text("endpoint", self.endpoint);
        to.known("model", Some(self.model_told()).filter(|model| !model.is_empty()));
        to.flag("stream", self.is_stream);
        to.number("tokens", self.prompt + self.completion);
        to.number("duration", millis(self.total));
        to.known("tokenId", self.consumer.as_ref().map(|consumer| &*consumer.id));
        // Of the backend that answered, else of the last that was asked.
        to.known("backend", name);
        to.text("id", self.id.to_str().unwrap_or_default());
        to.number("status", self.status.into());
        to.text("outcome", self.outcome.as_str());
        to.shown("ip", self.client);
        to.known("tokenName", self.consumer.as_ref().map(|consumer| &*consumer.name));
        to.known("servedModel", self.served.as_deref().map(|model| cut(model, MODEL)));
        to.some("promptTokens", self.prompt);
        to.some("completionTokens", self.completion);
        to.some("cachedTokens", self.cached);
        to.known("usageSource", self.source);
        if let Some(first) = self.first {
            to.number("firstTokenMs", millis(first));
        }
        to.some("queueMs", millis(self.queued));
        to.thousandths("ownMs", self.own);
        to.some("gpuMs", millis(self.gpu));
        to.known("backendId", node.map(|node| &*node.backend));
        to.known("backendName", name);
        to.known("channelId", channel.map(|node| &*node.channel));
        to.known("channelName", channel.map(|node| &*node.channel_name));
        to.attempts("attempts", &self.attempts);
        to.known("errorKind", self.kind);
        to.known("error", self.error_told());
        to.end();
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

/// Writes an object, member by member: at half of a serializer's cost, since every request is told.
struct Members<'j>(&'j mut Vec<u8>);

impl<'j> Members<'j> {
    fn begin(json: &'j mut Vec<u8>) -> Self {
        json.push(b'{');
        Members(json)
    }

    fn end(self) {
        self.0.push(b'}');
    }

    fn name(&mut self, name: &'static str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        write_str(self.0, text);
    }

    /// Absent when it is not known.
    fn known(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn number(&mut self, name: &'static str, number: u64) {
        self.name(name);
        write_int(self.0, number);
    }

    /// Absent when it is 0.
    fn some(&mut self, name: &'static str, number: u64) {
        if number > 0 {
            self.number(name, number);
        }
    }

    /// Milliseconds with three places.
    fn thousandths(&mut self, name: &'static str, duration: Duration) {
        self.name(name);
        let micros = (duration.as_nanos() + 500) / 1000;
        write!(self.0, "{}.{:03}", micros / 1000, micros % 1000).expect("memory takes all");
    }

    fn flag(&mut self, name: &'static str, is_so: bool) {
        self.name(name);
        self.0.extend_from_slice(if is_so { b"true" } else { b"false" });
    }

    /// A text that needs no escapes.
    fn shown(&mut self, name: &'static str, text: impl std::fmt::Display) {
        self.name(name);
        write!(self.0, "\"{text}\"").expect("memory takes all");
    }

    fn moment(&mut self, name: &'static str, at: Timestamp) {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        self.name(name);
        self.0.push(b'"');
        PRINTER.print_timestamp(&at, &mut *self.0).expect("memory takes all");
        self.0.push(b'"');
    }

    /// Absent when there are none.
    fn attempts(&mut self, name: &'static str, attempts: &[Attempt]) {
        if attempts.is_empty() {
            return;
        }
        self.name(name);
        self.0.push(b'[');
        for (nth, attempt) in attempts.iter().enumerate() {
            if nth > 0 {
                self.0.push(b',');
            }
            let mut to = Members::begin(self.0);
            to.text("backendId", &attempt.node.backend);
            to.text("backendName", &attempt.node.name);
            to.text("outcome", attempt.outcome.as_str());
            to.some("status", attempt.status.map_or(0, |status| status.get().into()));
            to.text("reason", cut(&attempt.reason, ERROR));
            to.number("ms", millis(attempt.took));
            to.end();
        }
        self.0.push(b']');
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of a text that is very long.
fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}
