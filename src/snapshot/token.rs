//! What clients show, and what each may do. Tokens are known by their hashes only.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::token_live::Place;
use super::{BadRow, Patterns};
use crate::config::{Ranges, TokenHash};
use crate::store::{Rows, TokenRow};
use crate::telemetry::Consumer;

/// A token as a request sees it.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id and name.
    pub consumer: Arc<Consumer>,
    pub hash: TokenHash,
    /// Of its row.
    pub revision: i64,
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
    /// Whether its requests are captured while that is allowed at all.
    pub capture: bool,
    /// Imported, and not of the form of those that are made here.
    pub weak: bool,
    /// Where its live state is.
    pub place: Arc<Place>,
}

impl Token {
    #[must_use]
    pub fn id(&self) -> &str {
        &self.consumer.id
    }

    /// For people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.consumer.name
    }

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
            consumer: Arc::new(Consumer { id: row.id.as_str().into(), name: row.name.as_str().into() }),
            hash: row.hash,
            revision: row.revision,
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
            capture: row.capture,
            weak: row.weak,
            place: Arc::new(Place::new(row)),
        })
    }
}

#[cfg(test)]
impl Token {
    /// An enabled token without limits, whose id, name and text are the same.
    pub(crate) fn sample(text: &str) -> Token {
        let new = crate::store::NewToken::new(text, TokenHash::of(text.as_bytes()), "", "");
        let new = crate::store::NewToken { id: Some(text.to_owned()), ..new };
        Token::from_row(&TokenRow::from(&new)).expect("the row is in order")
    }
}

/// 0 and less mean the same as no value.
fn above_zero(stored: Option<i64>) -> Option<u64> {
    stored.and_then(|stored| u64::try_from(stored).ok()).filter(|value| *value > 0)
}

/// All tokens of a snapshot, found by what a client shows or by id.
#[derive(Debug, Default)]
pub struct Tokens {
    by_hash: HashMap<TokenHash, Arc<Token>>,
    by_id: Vec<Arc<Token>>,
    /// When enabled ones expire, in order.
    ends: Vec<Timestamp>,
    disabled: usize,
    /// Of the rows that they were made of.
    pub(super) revision: i64,
}

/// How many tokens there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCounts {
    pub total: usize,
    /// Neither disabled nor expired.
    pub enabled: usize,
    pub disabled: usize,
    /// Enabled, but too old.
    pub expired: usize,
}

impl Tokens {
    /// In the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.by_id.iter()
    }

    /// The first that people call so.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Token>> {
        self.by_id.iter().find(|token| token.name() == name)
    }

    /// How many have made requests that count in a window now.
    #[must_use]
    pub fn active(&self, now: Instant) -> usize {
        self.by_id.iter().filter(|token| token.is_active(now)).count()
    }

    /// Tokens by hash and id. Of two with one hash, which the store does not allow, the later one is found by it.
    pub fn new(tokens: impl IntoIterator<Item = Arc<Token>>) -> Self {
        let mut by_id: Vec<Arc<Token>> = tokens.into_iter().collect();
        let by_hash = by_id.iter().map(|token| (token.hash, Arc::clone(token))).collect();
        by_id.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        let enabled = by_id.iter().filter(|token| token.enabled);
        let mut ends: Vec<_> = enabled.clone().filter_map(|token| token.expires_at).collect();
        ends.sort_unstable();
        let disabled = by_id.len() - enabled.count();
        Tokens { by_hash, by_id, ends, disabled, revision: 0 }
    }

    /// What these rows mean. A token whose row has not changed stays the one that it was in `old`.
    ///
    /// # Errors
    /// The first row that cannot be used, as [`Token::from_row`] says.
    pub(super) fn build(rows: &Rows, old: &Tokens) -> Result<Self, BadRow> {
        let token = |row: &TokenRow| {
            let known = old.get(&row.id);
            if let Some(same) = known.filter(|known| known.revision == row.revision && known.hash == row.hash)
            {
                return Ok(Arc::clone(same));
            }
            let token = Token::from_row(row)?;
            let place = known.map(|known| Arc::clone(&known.place));
            Ok(Arc::new(Token { place: place.unwrap_or_else(|| Arc::clone(&token.place)), ..token }))
        };
        let tokens = rows.tokens.iter().map(token).collect::<Result<Vec<_>, _>>()?;
        Ok(Tokens { revision: rows.tokens_revision, ..Tokens::new(tokens) })
    }

    /// The token that a client shows, enabled or not. The hash of the shown text is what is compared, and nobody can
    /// choose its bytes one by one: time says nothing of how much was right.
    #[must_use]
    pub fn find(&self, shown: &[u8]) -> Option<&Arc<Token>> {
        if self.by_hash.is_empty() { None } else { self.by_hash.get(&TokenHash::of(shown)) }
    }

    /// The token with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Token>> {
        let at = self.by_id.binary_search_by(|token| token.id().cmp(id)).ok()?;
        Some(&self.by_id[at])
    }

    /// How many there are at that time.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> TokenCounts {
        let (total, disabled) = (self.by_id.len(), self.disabled);
        let expired = self.ends.partition_point(|end| *end <= now);
        TokenCounts { total, enabled: total - disabled - expired, disabled, expired }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
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
            capture: true,
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
        assert_eq!(
            (token.max_concurrent, token.allow_client_options, token.capture, token.enabled),
            (3, true, true, true)
        );
        assert_eq!((token.id(), token.name(), token.hash), ("id", "alice", TokenHash::of(b"text")));
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

    #[test]
    fn what_has_not_changed_stays_itself() {
        let rows = |revision| Rows {
            tokens: vec![TokenRow { revision, ..row() }, TokenRow { id: "a".to_owned(), ..row() }],
            ..Rows::default()
        };
        let first = Tokens::build(&rows(1), &Tokens::default()).unwrap();
        let second = Tokens::build(&rows(2), &first).unwrap();
        let same = |id| Arc::ptr_eq(first.get(id).unwrap(), second.get(id).unwrap());
        assert_eq!((same("a"), same("id")), (true, false));
        assert!(second.get("b").is_none());
    }

    #[test]
    fn kinds_are_counted_by_the_clock() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let token = |id: &str, enabled, end: i64| {
            let expires_at = (end > 0).then(|| at(end).to_string());
            let hash = TokenHash::of(id.as_bytes());
            let row = TokenRow { id: id.to_owned(), hash, enabled, expires_at, ..row() };
            Arc::new(Token::from_row(&row).unwrap())
        };
        let tokens = Tokens::new([token("a", true, 0), token("b", true, 10), token("c", false, 10)]);
        let counts = |now| {
            let TokenCounts { total, enabled, disabled, expired } = tokens.counts(at(now));
            [total, enabled, disabled, expired]
        };
        assert_eq!([counts(9), counts(10)], [[3, 2, 1, 0], [3, 1, 1, 1]]);
    }
}
