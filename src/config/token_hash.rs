//! What is kept of a token instead of its text.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a token's text. `Debug` prints `***`: who knows the hash of a weak token can find out its text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token as a client shows it.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        TokenHash(Sha256::digest(token).into())
    }

    /// A hash as it is stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        TokenHash(bytes)
    }

    /// The hash as it is stored. Never to print.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
