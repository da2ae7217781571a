//! Replies of `/api/embed`, `/api/tags`, `/api/show` and `/api/version`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::generation::{Count, Nanos};
use crate::json::Text;

/// `/api/embed`: vectors in the order of the inputs, numbers as text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmbedReply<'a> {
    #[serde(borrow)]
    pub embeddings: Option<Vec<&'a RawValue>>,
    prompt_eval_count: Option<Count>,
    total_duration: Option<Nanos>,
    load_duration: Option<Nanos>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl EmbedReply<'_> {
    /// Tokens of all inputs, 0 when unknown.
    #[must_use]
    pub fn prompt_tokens(&self) -> u64 {
        self.prompt_eval_count.map_or(0, |count| count.0)
    }

    /// How long it has computed, loading of the model not counted; zero when unknown.
    #[must_use]
    pub fn gpu(&self) -> Duration {
        let [total, load] =
            [self.total_duration, self.load_duration].map(|time| time.unwrap_or_default().duration());
        total.saturating_sub(load)
    }
}

/// `/api/tags`; `models` may be null or absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tags<'a> {
    #[serde(borrow)]
    pub models: Option<Vec<Tag<'a>>>,
}

/// One installed model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tag<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    #[serde(borrow)]
    pub modified_at: Option<Text<'a>>,
    #[serde(borrow)]
    pub digest: Option<Text<'a>>,
}

/// `/api/show`: the capabilities; those in `/api/tags` are wrong for models without a Go template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Show<'a> {
    #[serde(borrow)]
    pub capabilities: Option<Vec<Text<'a>>>,
}

/// `/api/version`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Version<'a> {
    #[serde(borrow)]
    pub version: Option<Text<'a>>,
}
