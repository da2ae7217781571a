//! What is stored, as structs: rows as they are read, new ones, and changes to them. No SQL.

use super::seal::Lost;
use super::token_rows::TokenRow;
use crate::config::Secret;

/// What a channel, a backend or a token has done in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests, failed ones included.
    pub total_requests: i64,
    pub failed_requests: i64,
    /// Of prompts and replies together.
    pub total_tokens: i64,
    /// RFC 3339 in UTC with milliseconds.
    pub last_used: Option<String>,
}

/// A channel: a named group of backends with a priority of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    pub id: String,
    /// No two channels have the same.
    pub name: String,
    pub enabled: bool,
    /// Higher goes first.
    pub priority: i64,
    pub weight: i64,
    /// Patterns; none = all models.
    pub models: Vec<String>,
    /// Name asked for → name at the backend, in order.
    pub model_mapping: Vec<(String, String)>,
    /// 0 = no cap.
    pub max_concurrent: i64,
    /// Requests a minute.
    pub rate_limit: Option<i64>,
    pub tags: Vec<String>,
    pub base_url: String,
    /// RFC 3339 in UTC with milliseconds.
    pub created_at: String,
    /// Grows by one with each change.
    pub revision: i64,
    pub totals: Totals,
}

/// A backend of a channel, or a key of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendRow {
    pub id: String,
    /// `None` = a key of the pool.
    pub channel_id: Option<String>,
    /// Place among its siblings.
    pub position: i64,
    pub name: String,
    pub base_url: String,
    /// Empty = none is needed. Lost when it was sealed with another key than the one in use.
    pub credential: Result<Secret, Lost>,
    pub enabled: bool,
    pub priority: i64,
    pub weight: i64,
    pub max_concurrent: i64,
    pub models: Vec<String>,
    pub model_mapping: Vec<(String, String)>,
    pub group: String,
    pub tags: Vec<String>,
    pub added_at: String,
    pub revision: i64,
    pub totals: Totals,
}

/// Everything that a snapshot is made from, as it was at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Of all of it: see [`Store::revision`](super::Store::revision).
    pub revision: i64,
    /// In the order in which they were made.
    pub channels: Vec<ChannelRow>,
    /// In the order of their positions.
    pub backends: Vec<BackendRow>,
    /// In the order in which they were made.
    pub tokens: Vec<TokenRow>,
    /// Whether they were read; else there are none here.
    pub has_tokens: bool,
    /// Grows by one with each change of tokens.
    pub tokens_revision: i64,
    /// Whether there ever was a token: deleting the last one does not open the gateway again.
    pub had_tokens: bool,
    /// What an admin saved at run time, by name.
    pub settings: Vec<(String, String)>,
    /// Grows with each change of settings.
    pub settings_revision: i64,
}

impl Rows {
    /// The backends whose credential cannot be read, and why.
    pub fn lost(&self) -> impl Iterator<Item = (&BackendRow, &Lost)> {
        self.backends.iter().filter_map(|backend| Some((backend, backend.credential.as_ref().err()?)))
    }
}

/// A backend that is to be stored. A key of the pool is the same without a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBackend {
    /// Kept if given, as imports do; else one is made.
    pub id: Option<String>,
    pub name: String,
    pub base_url: String,
    /// Empty = none is needed.
    pub credential: Secret,
    pub enabled: bool,
    pub priority: i64,
    pub weight: i64,
    pub max_concurrent: i64,
    pub models: Vec<String>,
    pub model_mapping: Vec<(String, String)>,
    pub group: String,
    pub tags: Vec<String>,
    /// Now if not given.
    pub added_at: Option<String>,
    pub totals: Totals,
}

/// A key of the pool that is to be stored.
pub type NewKey = NewBackend;

impl NewBackend {
    /// With the defaults of a backend of which no more is known.
    #[must_use]
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, credential: Secret) -> NewBackend {
        NewBackend {
            id: None,
            name: name.into(),
            base_url: base_url.into(),
            credential,
            enabled: true,
            priority: 0,
            weight: 10,
            max_concurrent: 0,
            models: Vec::new(),
            model_mapping: Vec::new(),
            group: String::new(),
            tags: Vec::new(),
            added_at: None,
            totals: Totals::default(),
        }
    }
}

/// A channel that is to be stored, with its backends in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannel {
    /// Kept if given, as imports do; else one is made.
    pub id: Option<String>,
    pub name: String,
    pub enabled: bool,
    pub priority: i64,
    pub weight: i64,
    pub models: Vec<String>,
    pub model_mapping: Vec<(String, String)>,
    pub max_concurrent: i64,
    pub rate_limit: Option<i64>,
    pub tags: Vec<String>,
    pub base_url: String,
    /// Now if not given.
    pub created_at: Option<String>,
    pub totals: Totals,
    pub backends: Vec<NewBackend>,
}

impl NewChannel {
    /// With the defaults of a channel of which no more is known, and no backends.
    #[must_use]
    pub fn new(name: impl Into<String>, base_url: impl Into<String>) -> NewChannel {
        NewChannel {
            id: None,
            name: name.into(),
            enabled: true,
            priority: 0,
            weight: 10,
            models: Vec::new(),
            model_mapping: Vec::new(),
            max_concurrent: 0,
            rate_limit: None,
            tags: Vec::new(),
            base_url: base_url.into(),
            created_at: None,
            totals: Totals::default(),
            backends: Vec::new(),
        }
    }
}

/// What is to change in a channel; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub priority: Option<i64>,
    pub weight: Option<i64>,
    pub models: Option<Vec<String>>,
    pub model_mapping: Option<Vec<(String, String)>>,
    pub max_concurrent: Option<i64>,
    /// `Some(None)` takes the limit away.
    pub rate_limit: Option<Option<i64>>,
    pub tags: Option<Vec<String>>,
    /// Backends that stood at the old one move along, unless `backends` says otherwise.
    pub base_url: Option<String>,
    /// All that it shall have, in order. One with the base URL and credential of an old one takes its place: id,
    /// totals and time of adding stay.
    pub backends: Option<Vec<NewBackend>>,
}

/// Sets each of these fields that a change names.
macro_rules! set {
    ($change:expr, $into:expr, $($field:ident)+) => {
        $(if let Some(new) = &$change.$field { $into.$field.clone_from(new) })+
    };
}
pub(super) use set;

macro_rules! set_channel {
    ($change:expr, $into:expr) => {
        set!($change, $into, name enabled priority weight models model_mapping max_concurrent rate_limit tags base_url)
    };
}

macro_rules! set_key {
    ($change:expr, $into:expr) => {
        set!($change, $into, name base_url enabled priority weight max_concurrent models model_mapping group tags)
    };
}

impl ChannelChange {
    /// Puts these values, backends apart, into a channel that is to be stored.
    pub fn fill(&self, new: &mut NewChannel) {
        set_channel!(self, new);
    }

    pub(super) fn apply(&self, row: &mut ChannelRow) {
        set_channel!(self, row);
    }
}

/// What is to change in a key; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChange {
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub credential: Option<Secret>,
    pub enabled: Option<bool>,
    pub priority: Option<i64>,
    pub weight: Option<i64>,
    pub max_concurrent: Option<i64>,
    pub models: Option<Vec<String>>,
    pub model_mapping: Option<Vec<(String, String)>>,
    pub group: Option<String>,
    pub tags: Option<Vec<String>>,
}

impl KeyChange {
    /// Puts these values into a key that is to be stored.
    pub fn fill(&self, new: &mut NewKey) {
        set_key!(self, new);
        set!(self, new, credential);
    }

    pub(super) fn apply(&self, row: &mut BackendRow) {
        set_key!(self, row);
        if let Some(credential) = &self.credential {
            row.credential = Ok(credential.clone());
        }
    }
}

/// What became of one of the keys that were to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Added(BackendRow),
    /// The pool has it already: this row has the same credential and base URL.
    Duplicate(BackendRow),
}
