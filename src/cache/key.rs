//! Under what an answer is kept: a SHA-256 of everything that can change it.
//!
//! A cryptographic hash, and not a faster one: clients choose what is hashed, and two requests with one key would give
//! one client the other's answer. It costs about 2 µs a KB, next to an upstream's milliseconds. The request itself is
//! not kept.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The key of one answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// Whose answer, and of which model.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Who may see it; one text for each group of clients that share their answers.
    pub tenant: &'a str,
    /// The model's name on the backend.
    pub model: &'a str,
    /// The digest of the model's files, when it is known: another version of a model is another model.
    pub digest: Option<&'a str>,
}

/// The key of a whole chat reply. `body` is the native body, which holds every field that is sent on; `endpoint` and
/// the two others are what it does not hold.
#[must_use]
pub fn chat(scope: Scope<'_>, endpoint: &str, body: &[u8], choices: usize, logprobs: bool) -> Key {
    let hash = scope.begin(endpoint).field(&(choices as u64).to_le_bytes()).field(&[u8::from(logprobs)]);
    hash.field(body).end()
}

/// What the keys of all inputs of one embeddings request have in common.
#[derive(Clone)]
pub struct Inputs(Fields);

/// For the inputs of one request. `fields` is the native body without the model and the inputs.
#[must_use]
pub fn embeddings(scope: Scope<'_>, endpoint: &str, fields: &[u8]) -> Inputs {
    Inputs(scope.begin(endpoint).field(fields))
}

impl Inputs {
    /// The key of the vector of one input.
    #[must_use]
    pub fn key(&self, input: &[u8]) -> Key {
        self.0.clone().field(input).end()
    }
}

impl Scope<'_> {
    fn begin(self, endpoint: &str) -> Fields {
        let digest = self.digest.unwrap_or_default();
        [self.tenant, self.model, digest, endpoint]
            .iter()
            .fold(Fields(Sha256::new()), |hash, text| hash.field(text.as_bytes()))
    }
}

/// Each field with its length before it, so that no two lists of fields are the same bytes.
#[derive(Clone)]
struct Fields(Sha256);

impl Fields {
    fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    fn end(self) -> Key {
        Key(self.0.finalize().into())
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inputs")
    }
}

impl fmt::Debug for Key {
    /// The first bytes, enough to tell two keys apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}
