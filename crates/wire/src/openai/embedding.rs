//! `POST /v1/embeddings`: the request.

use serde::Deserialize;
use serde::de::Deserializer;

use super::{KeepAlive, Options};
use crate::json::Text;

/// An embeddings request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmbeddingRequest<'a> {
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    #[serde(borrow)]
    pub input: Option<Input<'a>>,
    #[serde(borrow)]
    pub encoding_format: Option<Text<'a>>,
    pub dimensions: Option<i64>,
    pub truncate: Option<bool>,
    #[serde(borrow)]
    pub keep_alive: Option<KeepAlive<'a>>,
    #[serde(borrow)]
    pub options: Option<Options<'a>>,
}

/// `input`: one text or several. Token arrays are refused.
#[derive(Debug, Default)]
pub struct Input<'a>(pub Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Input<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::completion::texts(deserializer).map(Input)
    }
}
