//! `POST /v1/completions`: the request.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::options::generating_request;
use crate::json::Text;

generating_request! {
    /// A text completion request.
    pub struct CompletionRequest<'a> {
        #[serde(borrow)]
        pub prompt: Option<Prompt<'a>>,
        #[serde(borrow)]
        pub suffix: Option<Text<'a>>,
        pub echo: Option<bool>,
        pub logprobs: Option<i64>,
    }
}

/// `prompt`: one text or several. Token arrays are refused: Ollama has no way to turn them back into text.
#[derive(Debug, Default)]
pub struct Prompt<'a>(pub Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Prompt<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        texts(deserializer).map(Prompt)
    }
}

/// Most texts of one request, as OpenAI has it for embeddings.
const MAX_TEXTS: usize = 2048;

/// A string or an array of strings.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Text<'de>>, D::Error> {
    struct TextsVisitor;
    impl<'de> Visitor<'de> for TextsVisitor {
        type Value = Vec<Text<'de>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an array of strings (token arrays are not supported)")
        }
        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(vec![Text(text.into())])
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(vec![Text(text.to_owned().into())])
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut texts = Vec::new();
            while let Some(Item(text)) = seq.next_element()? {
                if texts.len() == MAX_TEXTS {
                    return Err(de::Error::custom(format_args!("expected at most {MAX_TEXTS} texts")));
                }
                texts.push(text);
            }
            Ok(texts)
        }
    }
    deserializer.deserialize_any(TextsVisitor)
}

/// An item of [`texts`]; its own type so that the refusal of a token says why.
struct Item<'a>(Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemVisitor;
        impl<'de> Visitor<'de> for ItemVisitor {
            type Value = Item<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string (token arrays are not supported)")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Item(Text(text.into())))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Item(Text(text.to_owned().into())))
            }
        }
        deserializer.deserialize_str(ItemVisitor)
    }
}
