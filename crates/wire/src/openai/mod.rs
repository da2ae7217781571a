//! OpenAI's requests, with the fields that are acted on, and its error object.
//!
//! Unknown fields are ignored; a wrong type is an [`ApiError`] that names the field.

pub mod chat;
pub mod completion;
pub mod embedding;
mod error;
mod options;
mod usage;

pub use error::ApiError;
pub use options::{Common, KeepAlive, Options, Stop, StreamOptions, Think};
pub use usage::Usage;

use serde::Deserialize;

/// Parses a request body; the error names the field, or says where the JSON breaks.
///
/// # Errors
/// 400 `invalid_request_error`.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        ApiError::json(format!(
            "the request body is not UTF-8: invalid byte at offset {}",
            error.valid_up_to()
        ))
    })?;
    // serde would fill the fields in order from a list
    if text.trim_start().starts_with('[') {
        return Err(ApiError::json("the request body is a list; send a JSON object"));
    }
    // Fields that are passed on as text are not decoded here, so halves of characters must be found beforehand.
    if crate::json::mend_surrogates(text).is_some() {
        return Err(half_character::<T>(text));
    }
    // Tracking the path allocates for every key, so it is done only for a body that is known to be bad.
    serde_json::from_str(text).map_err(|error| locate::<T>(text, &error))
}

/// Names the field where it can: half of a pair may also stand in one that is passed on or ignored.
fn half_character<'a, T: Deserialize<'a>>(text: &'a str) -> ApiError {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = serde_path_to_error::deserialize::<_, T>(&mut json).err();
    let param = found.map(|error| error.path().to_string()).filter(|path| path != ".");
    let place = param.as_ref().map_or_else(|| "the request body".to_owned(), |path| format!("'{path}'"));
    ApiError {
        param,
        ..ApiError::json(format!("{place} holds half of a surrogate pair, which is no character"))
    }
}

fn locate<'a, T: Deserialize<'a>>(text: &'a str, first: &serde_json::Error) -> ApiError {
    if text.trim().is_empty() {
        return ApiError::json("the request body is empty; send a JSON object");
    }
    // That is no mistake of syntax, though serde_json files it there.
    let is_too_large = first.to_string().starts_with("number out of range");
    if !first.is_data() && !is_too_large {
        return ApiError::json(format!("the request body is not valid JSON: {first}"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut json) else {
        return ApiError::json(first.to_string());
    };
    let path = error.path().to_string();
    let reason = in_words(&error.inner().to_string());
    if path == "." {
        return ApiError::json(format!("the request body is wrong: {reason}"));
    }
    ApiError::invalid(path.clone(), format!("'{path}': {reason}")).with_code("invalid_type")
}

/// serde's reason without its position, and without Rust's names of types.
fn in_words(reason: &str) -> String {
    let reason = reason.rsplit_once(" at line ").map_or(reason, |(reason, _)| reason);
    let Some((found, expected)) = reason.rsplit_once(", expected ") else { return reason.to_owned() };
    let found = match found.rsplit_once("invalid type: ") {
        Some(("", "map")) => "invalid type: object",
        Some(("", "sequence")) => "invalid type: array",
        _ => found,
    };
    let expected = match expected {
        "i64" | "u64" => "an integer",
        "a sequence" => "an array",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    format!("{found}, expected {expected}")
}
