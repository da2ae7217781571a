//! What clients show, and what each may do. Tokens are known by their hashes only.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{BadRow, Patterns};
use crate::config::{Ranges, TokenHash};
use crate::store::TokenRow;

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
    /// Addresses that may show it; `None` = all, an empty set none.
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

impl Token {
    /// What a row means for a request.
    ///
    /// # Errors
    /// An expiry or an address that cannot be read: better no snapshot than a token that may do more than was meant.
    pub fn from_row(row: &TokenRow) -> Result<Self, BadRow> {
        let bad = |reason| BadRow { kind: "token", name: row.name.clone(), reason };
        let expires_at = row.expires_at.as_ref().map(|text| text.parse::<Timestamp>()).transpose();
        let ips = Ranges::parse(row.ips.iter().map(String::as_str));
        let ips = ips.map_err(|wrong| bad(format!("its list of addresses {wrong}")))?;
        Ok(Token {
            id: row.id.clone(),
            name: row.name.clone(),
            hash: row.hash,
            enabled: row.enabled,
            expires_at: expires_at.map_err(|wrong| bad(format!("its expiry is no time: {wrong}")))?,
            models: Patterns::new(&row.models),
            // A list of blanks names nobody, as none does.
            ips: (!ips.is_empty()).then_some(ips),
            rate_limit: above_zero(row.rate_limit),
            tokens_per_minute: above_zero(row.tokens_per_minute),
            quota_limit: above_zero(row.quota_limit),
            max_concurrent: usize::try_from(row.max_concurrent).unwrap_or(0),
            allow_client_options: row.allow_client_options,
        })
    }
}

/// 0 and less mean the same as no value.
fn above_zero(stored: Option<i64>) -> Option<u64> {
    stored.and_then(|stored| u64::try_from(stored).ok()).filter(|value| *value > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Totals;

    fn row() -> TokenRow {
        TokenRow {
            id: "id".to_owned(),
            name: "alice".to_owned(),
            hash: TokenHash::of(b"text"),
            prefix: "te".to_owned(),
            last_four: "xt".to_owned(),
            weak: false,
            enabled: true,
            expires_at: Some("2026-12-31T22:59:00.000Z".to_owned()),
            models: vec!["qwen3*".to_owned()],
            ips: vec!["10.0.0.0/8".to_owned()],
            rate_limit: Some(30),
            tokens_per_minute: Some(90_000),
            quota_limit: Some(500_000),
            max_concurrent: 3,
            allow_client_options: true,
            note: String::new(),
            metadata: serde_json::Map::new(),
            created_at: String::new(),
            revision: 1,
            quota_used: 0,
            quota_month: None,
            totals: Totals::default(),
        }
    }

    #[test]
    fn what_a_row_means() {
        let token = Token::from_row(&row()).unwrap();
        assert_eq!(token.expires_at, "2026-12-31T22:59:00Z".parse().ok());
        assert!(token.models.admit("qwen3:8b") && !token.models.admit("llama3"));
        let ips = token.ips.as_ref().unwrap();
        assert!(ips.contains([10, 1, 2, 3].into()) && !ips.contains([11, 1, 2, 3].into()));
        assert_eq!(
            (token.rate_limit, token.tokens_per_minute, token.quota_limit),
            (Some(30), Some(90_000), Some(500_000))
        );
        assert_eq!((token.max_concurrent, token.allow_client_options, token.enabled), (3, true, true));
        assert_eq!(
            (token.id.as_str(), token.name.as_str(), token.hash),
            ("id", "alice", TokenHash::of(b"text"))
        );
    }

    #[test]
    fn zero_is_no_value() {
        let zero = TokenRow {
            rate_limit: Some(0),
            tokens_per_minute: Some(-1),
            quota_limit: Some(0),
            max_concurrent: -1,
            ips: vec![" ".to_owned()],
            expires_at: None,
            ..row()
        };
        let token = Token::from_row(&zero).unwrap();
        assert_eq!((token.rate_limit, token.tokens_per_minute, token.quota_limit), (None, None, None));
        assert_eq!((token.max_concurrent, token.ips, token.expires_at), (0, None, None));
    }

    #[test]
    fn what_cannot_be_read_makes_no_token() {
        let ips = vec!["10.0.0.0/8".to_owned(), "10.0.0.0/40".to_owned()];
        let bad = Token::from_row(&TokenRow { ips, ..row() }).unwrap_err();
        let told = "token 'alice': its list of addresses has `10.0.0.0/40`, whose prefix is not 0 to 32";
        assert_eq!(bad.to_string(), told);
        let expires_at = Some("soon".to_owned());
        assert_eq!(Token::from_row(&TokenRow { expires_at, ..row() }).unwrap_err().kind, "token");
    }
}
