//! Tokens as they are stored. No SQL.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::rows::{Totals, set};
use super::text::{new_id, now};
use crate::config::TokenHash;

/// A token as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    pub id: String,
    /// Any number of tokens may have the same.
    pub name: String,
    /// No two tokens have the same.
    pub hash: TokenHash,
    /// The beginning of its text, for display.
    pub prefix: String,
    /// The end of its text, for display.
    pub last_four: String,
    /// Whether it may be easy to guess: it was imported and has not the form of those that are made here.
    pub weak: bool,
    pub enabled: bool,
    /// RFC 3339 in UTC; `None` = it does not expire.
    pub expires_at: Option<String>,
    /// Patterns; none = all models.
    pub models: Vec<String>,
    /// Addresses and CIDR ranges; none = all.
    pub ips: Vec<String>,
    /// Requests a minute; `None` and 0 = the default rate.
    pub rate_limit: Option<i64>,
    /// `None` and 0 = no limit.
    pub tokens_per_minute: Option<i64>,
    /// Tokens a month; `None` and 0 = no quota.
    pub quota_limit: Option<i64>,
    /// 0 = no cap.
    pub max_concurrent: i64,
    pub allow_client_options: bool,
    /// Whether what it asks, and what it is answered, is kept while `CAPTURE` allows it.
    pub capture: bool,
    pub note: String,
    /// The admin's own.
    pub metadata: Map<String, Value>,
    /// RFC 3339 in UTC with milliseconds.
    pub created_at: String,
    /// Grows by one with each change.
    pub revision: i64,
    /// Tokens used in `quota_month`.
    pub quota_used: i64,
    /// The first day of a month, such as `2026-05-01`; `None` = nothing was used yet.
    pub quota_month: Option<String>,
    pub totals: Totals,
}

impl TokenRow {
    /// Counts on what the database does not have yet, as it will.
    pub fn add(&mut self, used: &TokenUse) {
        let (sum, more) = (&mut self.totals, &used.totals);
        sum.total_requests += more.total_requests;
        sum.failed_requests += more.failed_requests;
        sum.total_tokens = sum.total_tokens.saturating_add(more.total_tokens);
        sum.last_used = sum.last_used.take().max(more.last_used.clone());
        match self.quota_month.cmp(&used.month) {
            Ordering::Less => (self.quota_used, self.quota_month) = (used.quota, used.month.clone()),
            Ordering::Equal => self.quota_used = self.quota_used.saturating_add(used.quota),
            Ordering::Greater => {}
        }
    }
}

/// A token that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Kept if given, as imports do; else one is made.
    pub id: Option<String>,
    pub name: String,
    pub hash: TokenHash,
    pub prefix: String,
    pub last_four: String,
    pub weak: bool,
    pub enabled: bool,
    pub expires_at: Option<String>,
    pub models: Vec<String>,
    pub ips: Vec<String>,
    pub rate_limit: Option<i64>,
    pub tokens_per_minute: Option<i64>,
    pub quota_limit: Option<i64>,
    pub max_concurrent: i64,
    pub allow_client_options: bool,
    pub capture: bool,
    pub note: String,
    pub metadata: Map<String, Value>,
    /// Now if not given.
    pub created_at: Option<String>,
    pub quota_used: i64,
    pub quota_month: Option<String>,
    pub totals: Totals,
}

impl NewToken {
    /// With the defaults of a token of which no more is known.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        hash: TokenHash,
        prefix: impl Into<String>,
        last_four: impl Into<String>,
    ) -> NewToken {
        NewToken {
            id: None,
            name: name.into(),
            hash,
            prefix: prefix.into(),
            last_four: last_four.into(),
            weak: false,
            enabled: true,
            expires_at: None,
            models: Vec::new(),
            ips: Vec::new(),
            rate_limit: None,
            tokens_per_minute: None,
            quota_limit: None,
            max_concurrent: 0,
            allow_client_options: false,
            capture: false,
            note: String::new(),
            metadata: Map::new(),
            created_at: None,
            quota_used: 0,
            quota_month: None,
            totals: Totals::default(),
        }
    }
}

/// The row that a new token becomes.
impl From<&NewToken> for TokenRow {
    fn from(new: &NewToken) -> TokenRow {
        TokenRow {
            id: new.id.clone().unwrap_or_else(new_id),
            name: new.name.clone(),
            hash: new.hash,
            prefix: new.prefix.clone(),
            last_four: new.last_four.clone(),
            weak: new.weak,
            enabled: new.enabled,
            expires_at: new.expires_at.clone(),
            models: new.models.clone(),
            ips: new.ips.clone(),
            rate_limit: new.rate_limit,
            tokens_per_minute: new.tokens_per_minute,
            quota_limit: new.quota_limit,
            max_concurrent: new.max_concurrent,
            allow_client_options: new.allow_client_options,
            capture: new.capture,
            note: new.note.clone(),
            metadata: new.metadata.clone(),
            created_at: new.created_at.clone().unwrap_or_else(now),
            revision: 1,
            quota_used: new.quota_used,
            quota_month: new.quota_month.clone(),
            totals: new.totals.clone(),
        }
    }
}

/// What is to change in a token; `None` stays as it is, and `Some(None)` takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub expires_at: Option<Option<String>>,
    pub models: Option<Vec<String>>,
    pub ips: Option<Vec<String>>,
    pub rate_limit: Option<Option<i64>>,
    pub tokens_per_minute: Option<Option<i64>>,
    pub quota_limit: Option<Option<i64>>,
    pub max_concurrent: Option<i64>,
    pub allow_client_options: Option<bool>,
    pub capture: Option<bool>,
    pub note: Option<String>,
    pub metadata: Option<Map<String, Value>>,
    /// Whether nothing of this month's quota is used.
    pub is_quota_reset: bool,
}

macro_rules! set_token {
    ($change:expr, $into:expr) => {
        set!($change, $into, name enabled expires_at models ips rate_limit tokens_per_minute quota_limit);
        set!($change, $into, max_concurrent allow_client_options capture note metadata);
    };
}

impl TokenChange {
    /// Puts these values into a token that is to be stored; its text is its own.
    pub fn fill(&self, new: &mut NewToken) {
        set_token!(self, new);
    }

    pub(super) fn apply(&self, row: &mut TokenRow) {
        set_token!(self, row);
        if self.is_quota_reset {
            row.quota_used = 0;
        }
    }
}

/// What is kept of the text of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenText {
    pub hash: TokenHash,
    pub prefix: String,
    pub last_four: String,
}

/// What a token has used since the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenUse {
    pub totals: Totals,
    /// Tokens that count for the quota of `month`.
    pub quota: i64,
    /// The first day of the month, such as `2026-05-01`; `None` = nothing counts for a quota.
    pub month: Option<String>,
}
