//! Fields that chat and text completions share, and the small types they are made of.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Kind, Text, kind};

/// Declares a request type with the fields that every generating endpoint takes, and [`Common`], the view of them.
macro_rules! generating_request {
    ($(#[$meta:meta])* pub struct $name:ident<'a> { $($(#[$attr:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default)]
        pub struct $name<'a> {
            #[serde(borrow)]
            pub model: Option<$crate::json::Text<'a>>,
            pub stream: Option<bool>,
            pub stream_options: Option<$crate::openai::StreamOptions>,
            pub n: Option<i64>,
            pub max_tokens: Option<i64>,
            #[serde(borrow)]
            pub stop: Option<$crate::openai::Stop<'a>>,
            #[serde(borrow)]
            pub temperature: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub top_p: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub frequency_penalty: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub presence_penalty: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub seed: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub top_k: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub min_p: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub repeat_penalty: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub repeat_last_n: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub mirostat: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub mirostat_eta: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub mirostat_tau: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub tfs_z: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub typical_p: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub num_predict: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub num_ctx: Option<$crate::json::Number<'a>>,
            #[serde(borrow)]
            pub options: Option<$crate::json::Entries<'a>>,
            #[serde(borrow)]
            pub think: Option<$crate::openai::Think<'a>>,
            #[serde(borrow)]
            pub reasoning_effort: Option<$crate::json::Text<'a>>,
            #[serde(borrow)]
            pub keep_alive: Option<$crate::openai::KeepAlive<'a>>,
            pub shift: Option<bool>,
            #[serde(borrow)]
            pub format: Option<&'a serde_json::value::RawValue>,
            $($(#[$attr])* pub $field: $type,)*
        }

        impl<'a> $name<'a> {
            /// The shared fields, in the order in which later ones win over `options`.
            #[must_use]
            pub fn common(&self) -> $crate::openai::Common<'_, 'a> {
                $crate::openai::Common {
                    options: self.options.as_ref(),
                    stop: self.stop.as_ref(),
                    numbers: [
                        ("temperature", self.temperature),
                        ("top_p", self.top_p),
                        ("frequency_penalty", self.frequency_penalty),
                        ("presence_penalty", self.presence_penalty),
                        ("seed", self.seed),
                        ("top_k", self.top_k),
                        ("min_p", self.min_p),
                        ("repeat_penalty", self.repeat_penalty),
                        ("repeat_last_n", self.repeat_last_n),
                        ("mirostat", self.mirostat),
                        ("mirostat_eta", self.mirostat_eta),
                        ("mirostat_tau", self.mirostat_tau),
                        ("tfs_z", self.tfs_z),
                        ("typical_p", self.typical_p),
                        ("num_predict", self.num_predict),
                        ("num_ctx", self.num_ctx),
                    ],
                    max_tokens: self.max_tokens,
                    keep_alive: self.keep_alive.as_ref(),
                    shift: self.shift,
                }
            }
        }
    };
}
pub(crate) use generating_request;

/// What a request says of sampling and loading, apart from its content.
#[derive(Debug)]
pub struct Common<'r, 'a> {
    /// The private `options` object.
    pub options: Option<&'r Options<'a>>,
    /// Stop texts.
    pub stop: Option<&'r Stop<'a>>,
    /// Numeric fields that become options of the same name.
    pub numbers: [(&'static str, Option<crate::json::Number<'a>>); 16],
    /// `max_tokens`, or what an endpoint prefers to it.
    pub max_tokens: Option<i64>,
    /// The private `keep_alive`.
    pub keep_alive: Option<&'r KeepAlive<'a>>,
    /// The private `shift`.
    pub shift: Option<bool>,
}

/// The private `options` object of a request.
pub type Options<'a> = crate::json::Entries<'a>;

/// `stream_options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    /// Whether a usage chunk ends the stream.
    pub include_usage: Option<bool>,
}

/// `stop`: one text or several; empty texts are dropped.
#[derive(Debug, Default)]
pub struct Stop<'a>(pub Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Stop<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StopVisitor;
        impl<'de> Visitor<'de> for StopVisitor {
            type Value = Stop<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Stop(if text.is_empty() { Vec::new() } else { vec![Text(text.into())] }))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Stop(vec![Text(text.to_owned().into())]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element::<Text<'de>>()? {
                    if !text.as_str().is_empty() {
                        texts.push(text);
                    }
                }
                Ok(Stop(texts))
            }
        }
        deserializer.deserialize_any(StopVisitor)
    }
}

/// The private `think`: a switch or a level.
#[derive(Debug, Clone, Copy)]
pub struct Think<'a>(pub &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Think<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw {
            "true" | "false" | r#""low""# | r#""medium""# | r#""high""# | r#""max""# => Ok(Think(raw)),
            _ => Err(de::Error::custom("expected true, false, \"low\", \"medium\", \"high\" or \"max\"")),
        }
    }
}

/// The private `keep_alive`: seconds, or a duration such as `"10m"`.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive<'a>(pub &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for KeepAlive<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match kind(raw) {
            Kind::Number | Kind::Text => Ok(KeepAlive(raw)),
            other => Err(de::Error::custom(format_args!(
                "invalid type: {}, expected seconds or a duration such as \"10m\"",
                other.name()
            ))),
        }
    }
}
