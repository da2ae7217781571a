//! Ollama's replies. Every key is optional: zero counts are absent, old and remote servers leave out more.

mod generation;
mod models;

pub use generation::{ChatLine, Count, Function, GenerateLine, Logprob, Message, Stats, ToolCall};
pub use models::{EmbedReply, Ps, Show, Tag, Tags, Version};

use serde::Deserialize;

/// Parses one line or one whole reply. Invalid UTF-8 and lone surrogates are mended rather than refused, in a
/// copy that `scratch` keeps alive: a reply must not be lost for half a character.
///
/// # Errors
/// serde's, when the text is no JSON of this shape.
pub fn parse<'a, T: Deserialize<'a>>(
    line: &'a [u8],
    scratch: &'a mut String,
) -> Result<T, serde_json::Error> {
    // serde would fill the fields in order from a list
    if line.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde::de::Error::custom("expected an object"));
    }
    if let Ok(text) = std::str::from_utf8(line) {
        match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) if !line.contains(&b'\\') => return Err(error),
            Err(_) => {}
        }
    }
    let text = String::from_utf8_lossy(line);
    *scratch = crate::json::mend_surrogates(&text).unwrap_or_else(|| text.into_owned());
    serde_json::from_str(scratch)
}
