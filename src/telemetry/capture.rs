//! Prompt capture: what a token that has it on asks, and what it is answered, on its way into the database. Of each
//! text only so much as may be kept is in memory; what must not be kept is taken out by [`Redact`], off the way of requests.
//! Nothing of this is ever printed.

mod queue;
mod redact;
mod said;
mod squeeze;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::Consumer;
pub use queue::Captures;
pub use redact::Redact;
use said::Said;
use squeeze::squeezed;

/// How much more is in memory than is kept, so that a secret at the end of what is kept is seen whole.
const MORE: usize = 4096;

/// The texts of one request, while it runs.
pub struct Capture {
    most: usize,
    request: Text,
    response: Text,
    said: Option<Said>,
}

/// The beginning of a text. Data such as images is not in it.
#[derive(Default)]
struct Text {
    start: Vec<u8>,
    /// Bytes of the whole as it was sent.
    whole: usize,
    /// Whether there was more.
    is_cut: bool,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capture")
    }
}

impl Text {
    fn of(whole: &[u8], most: usize) -> Text {
        let (start, is_cut) = squeezed(whole, most.saturating_add(MORE));
        Text { start, whole: whole.len(), is_cut }
    }
}

impl Capture {
    /// That keeps at most so many bytes of either text.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Capture { most, request: Text::default(), response: Text::default(), said: None }
    }

    /// The body of the request.
    pub fn request(&mut self, body: &[u8]) {
        self.request = Text::of(body, self.most);
    }

    /// The body of the answer.
    pub fn response(&mut self, body: &[u8]) {
        self.response = Text::of(body, self.most);
    }

    /// Some events of the answer, whole ones.
    pub fn events(&mut self, events: &[u8]) {
        self.said.get_or_insert_with(|| Said::new(self.most.saturating_add(MORE))).take(events);
    }

    /// That is all.
    #[must_use]
    pub fn finish(self, facts: Facts) -> Captured {
        let Capture { most, request, mut response, said } = self;
        if let Some(said) = said {
            let text = Text::of(&said.to_json(), most);
            response = Text { whole: said.bytes(), is_cut: text.is_cut || said.is_cut(), ..text };
        }
        Captured { facts, most, request, response }
    }
}

/// What is known of a captured request beside its texts.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its `x-request-id`.
    pub id: String,
    /// When it was over.
    pub at: Timestamp,
    pub endpoint: &'static str,
    pub consumer: Arc<Consumer>,
    /// As the client named it, which can be anything: not all of a long one.
    pub model: Box<str>,
}

/// A request that is over, with its texts.
pub struct Captured {
    pub facts: Facts,
    most: usize,
    request: Text,
    response: Text,
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({})", self.facts.id)
    }
}

impl Captured {
    /// What may be kept of it.
    #[must_use]
    pub fn redacted(&self, redact: &Redact) -> Redacted {
        let text = |text: &Text| {
            let (kept, is_shorter) = redact.apply(&text.start, self.most);
            RedactedText { text: kept, whole: text.whole, is_cut: text.is_cut || is_shorter }
        };
        Redacted { request: text(&self.request), response: text(&self.response) }
    }

    /// Bytes that it takes.
    fn size(&self) -> usize {
        self.request.start.len() + self.response.start.len()
    }
}

/// The texts of a request without what must not be kept.
pub struct Redacted {
    pub request: RedactedText,
    pub response: RedactedText,
}

/// See [`Redacted`].
pub struct RedactedText {
    pub text: String,
    /// Bytes of the whole as it was sent.
    pub whole: usize,
    /// Whether its end is missing.
    pub is_cut: bool,
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redacted")
    }
}

impl fmt::Debug for RedactedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactedText")
    }
}
