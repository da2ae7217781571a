//! `POST /v1/chat/completions`: the request.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::options::generating_request;
use crate::json::{Item, List, Text};

/// Most messages of one request.
const MAX_MESSAGES: usize = 65_536;
/// Most tools of one request.
const MAX_TOOLS: usize = 4096;
/// Most parts of one message.
const MAX_PARTS: usize = 4096;

generating_request! {
    /// A chat request. Private fields of the seed program (`think`, `top_k`, `options`, …) stand beside OpenAI's.
    pub struct ChatRequest<'a> {
        #[serde(borrow)]
        pub messages: Option<List<Message<'a>, MAX_MESSAGES>>,
        pub max_completion_tokens: Option<i64>,
        pub logprobs: Option<bool>,
        pub top_logprobs: Option<i64>,
        #[serde(borrow)]
        pub response_format: Option<ResponseFormat<'a>>,
        #[serde(borrow)]
        pub tools: Option<List<Tool<'a>, MAX_TOOLS>>,
        #[serde(borrow)]
        pub tool_choice: Option<ToolChoice<'a>>,
        #[serde(borrow)]
        pub reasoning: Option<Reasoning<'a>>,
    }
}

/// `reasoning`, the object form of `reasoning_effort`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reasoning<'a> {
    /// The effort word; it wins over `reasoning_effort`.
    #[serde(borrow)]
    pub effort: Option<Text<'a>>,
}

/// One message of the conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub role: Option<Text<'a>>,
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
    #[serde(borrow)]
    pub tool_call_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    pub reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    pub refusal: Option<Text<'a>>,
}

/// A call in the history of an assistant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub function: Option<CalledFunction<'a>>,
}

/// The function of a call; `arguments` is a string that holds a JSON object (an object is accepted too).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CalledFunction<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

/// A tool that the model may call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
}

/// The function of a tool; `parameters` is a JSON schema.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    #[serde(borrow)]
    pub parameters: Option<&'a RawValue>,
}

/// `response_format`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ResponseFormat<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub json_schema: Option<JsonSchema<'a>>,
}

/// The `json_schema` of a `response_format`; `name` and `strict` have no counterpart.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JsonSchema<'a> {
    #[serde(borrow)]
    pub schema: Option<&'a RawValue>,
}

/// `content` of a message.
#[derive(Debug)]
pub enum Content<'a> {
    /// Plain text.
    Text(Text<'a>),
    /// Parts of several kinds.
    Parts(Vec<Part<'a>>),
}

/// One part of a content array.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    #[serde(borrow)]
    pub refusal: Option<Text<'a>>,
    #[serde(borrow)]
    pub image_url: Option<ImageUrl<'a>>,
    #[serde(borrow)]
    pub input_audio: Option<InputAudio<'a>>,
}

/// `image_url`: `{"url"}`, or the URL itself.
#[derive(Debug)]
pub struct ImageUrl<'a>(pub Text<'a>);

/// `input_audio`: base64 data; the format is sniffed by Ollama.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InputAudio<'a> {
    #[serde(borrow)]
    pub data: Option<Text<'a>>,
}

/// `tool_choice`.
#[derive(Debug)]
pub enum ToolChoice<'a> {
    /// `none`, `auto`, `required`, or a word that is refused later.
    Word(Text<'a>),
    /// One function by name, or several (`allowed_tools`).
    Named(Vec<Text<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;
        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of content parts")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Text(text.into())))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Text(text.to_owned().into())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let parts =
                    List::<Part<'de>, MAX_PARTS>::deserialize(de::value::SeqAccessDeserializer::new(seq))?;
                Ok(Content::Parts(parts.0))
            }
        }
        deserializer.deserialize_any(ContentVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrl<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UrlVisitor;
        impl<'de> Visitor<'de> for UrlVisitor {
            type Value = ImageUrl<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a \"url\", or a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(ImageUrl(Text(text.into())))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(ImageUrl(Text(text.to_owned().into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut url = None;
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if key.as_str() == "url" {
                        url = Some(map.next_value()?);
                    } else {
                        map.next_value::<de::IgnoredAny>()?;
                    }
                }
                url.map(ImageUrl).ok_or_else(|| de::Error::missing_field("url"))
            }
        }
        deserializer.deserialize_any(UrlVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolChoice<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;
        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = ToolChoice<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\", \"auto\", \"required\" or an object that names a function")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(ToolChoice::Word(Text(text.into())))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(ToolChoice::Word(Text(text.to_owned().into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let choice = NamedChoice::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let tools = choice.allowed_tools.map(|allowed| allowed.tools).unwrap_or_default();
                let functions =
                    choice.function.into_iter().chain(tools.into_iter().filter_map(|tool| tool.function));
                let names: Vec<_> = functions.filter_map(|function| function.name).collect();
                if names.is_empty() {
                    Err(de::Error::missing_field("function.name"))
                } else {
                    Ok(ToolChoice::Named(names))
                }
            }
        }
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedChoice<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
    #[serde(borrow)]
    allowed_tools: Option<AllowedTools<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AllowedTools<'a> {
    #[serde(borrow)]
    tools: Vec<Tool<'a>>,
}

impl Item for Message<'_> {
    fn is_faulty(&self) -> bool {
        self.role.is_none()
    }
}

impl Item for Tool<'_> {
    fn is_faulty(&self) -> bool {
        self.function.is_none()
    }
}

impl Item for Part<'_> {
    fn is_faulty(&self) -> bool {
        self.kind.is_none()
    }
}
