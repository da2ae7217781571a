//! What is kept. Never printable: it is what clients asked and were told.

use std::fmt;
use std::sync::Arc;

/// How many bytes a value holds.
pub trait Weigh {
    /// Without the entry itself.
    fn bytes(&self) -> usize;
}

/// The native answers to one request, one a choice, as the upstream sent them: a hit is written anew from them, with
/// an id and time of its own.
#[derive(Clone)]
pub struct Replies(Arc<[Box<[u8]>]>);

impl Replies {
    /// Copies the answers, so that nothing larger is kept alive.
    pub fn new<B: AsRef<[u8]>>(answers: &[B]) -> Self {
        Replies(answers.iter().map(|answer| answer.as_ref().into()).collect())
    }

    /// One answer a choice.
    #[must_use]
    pub fn answers(&self) -> &[Box<[u8]>] {
        &self.0
    }
}

impl Weigh for Replies {
    fn bytes(&self) -> usize {
        self.0.iter().map(|answer| answer.len() + size_of::<Box<[u8]>>()).sum()
    }
}

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replies({} of {} bytes)", self.0.len(), self.bytes())
    }
}

/// The vector of one input: the upstream's own text, as numbers that were parsed would not all read the same again.
#[derive(Clone)]
pub struct Vector {
    text: Arc<str>,
    /// Tokens of the input, or its share where only the sum of several inputs is known.
    pub tokens: u64,
}

impl Vector {
    /// Copies the text of an array of numbers.
    #[must_use]
    pub fn new(text: &str, tokens: u64) -> Self {
        Vector { text: text.into(), tokens }
    }

    /// The array of numbers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Weigh for Vector {
    fn bytes(&self) -> usize {
        self.text.len()
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector({} bytes)", self.bytes())
    }
}
