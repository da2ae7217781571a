//! What clients show, and what each may do. Tokens are known by their hashes only.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Patterns;
use crate::config::Ranges;

/// SHA-256 of a token's text: all that is stored of it beside its two ends. `Debug` prints `***`: who knows the hash of
/// a weak token can find out its text.
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

    /// The hash as it is stored.
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

/// A token as a request sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub hash: TokenHash,
    pub enabled: bool,
    /// `None` = it does not expire.
    pub expires_at: Option<Timestamp>,
    /// Models that may be asked for; an empty list admits all.
    pub models: Patterns,
    /// Addresses that may show it; `None` = all.
    pub ips: Option<Ranges>,
    /// Requests a minute; `None` = the default rate.
    pub rate_limit: Option<u64>,
    /// `None` = no limit.
    pub tokens_per_minute: Option<u64>,
    /// Tokens a month, of prompts and replies; `None` = no quota.
    pub quota_limit: Option<u64>,
    /// Requests at once; 0 = no cap.
    pub max_concurrent: usize,
    /// Whether its values for what makes Ollama reload or evict a model are used.
    pub allow_client_options: bool,
}

/// All tokens of a snapshot, found by what a client shows.
#[derive(Debug, Default)]
pub struct Tokens(HashMap<TokenHash, Arc<Token>>);

impl Tokens {
    /// Tokens by their hashes. Of two with one hash, which the store does not allow, the later one stays.
    pub fn new(tokens: impl IntoIterator<Item = Token>) -> Self {
        Tokens(tokens.into_iter().map(|token| (token.hash, Arc::new(token))).collect())
    }

    /// The token that a client shows, enabled or not. The hash of the shown text is what is compared, and nobody can
    /// choose its bytes one by one: time says nothing of how much was right.
    #[must_use]
    pub fn find(&self, shown: &[u8]) -> Option<&Arc<Token>> {
        self.0.get(&TokenHash::of(shown))
    }

    /// How many there are, disabled and expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.0.values()
    }
}
