//! Replies of `/api/embed`, `/api/tags`, `/api/show` and `/api/version`.

use std::borrow::Cow;
use std::collections::HashMap;
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
    pub size: Option<Count>,
    /// An object; whatever else it is says nothing.
    #[serde(borrow)]
    details: Option<&'a RawValue>,
}

/// What a list tells of a model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Details {
    pub family: Option<String>,
    pub parameter_size: Option<String>,
    pub quantization_level: Option<String>,
}

impl Tag<'_> {
    /// What is told of it; nothing where that cannot be read.
    #[must_use]
    pub fn details(&self) -> Details {
        self.details.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

/// `/api/ps`; `models` may be null or absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ps<'a> {
    #[serde(borrow)]
    pub models: Option<Vec<Loaded<'a>>>,
}

/// One model in memory.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Loaded<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    #[serde(borrow)]
    pub expires_at: Option<Text<'a>>,
    pub size_vram: Option<Count>,
    pub context_length: Option<Count>,
}

/// `/api/show`: the capabilities; those in `/api/tags` are wrong for models without a Go template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Show<'a> {
    #[serde(borrow)]
    pub capabilities: Option<Vec<Text<'a>>>,
    /// An object; whatever else it is says nothing.
    #[serde(borrow)]
    model_info: Option<&'a RawValue>,
}

impl Show<'_> {
    /// The longest context that the model was made for, in tokens. Its name begins with that of the architecture.
    #[must_use]
    pub fn context_length(&self) -> Option<u64> {
        let info: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(self.model_info?.get()).ok()?;
        let (_, length) = info.into_iter().find(|(name, _)| name.ends_with(".context_length"))?;
        length.get().parse().ok()
    }
}

/// `/api/version`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Version<'a> {
    #[serde(borrow)]
    pub version: Option<Text<'a>>,
}
