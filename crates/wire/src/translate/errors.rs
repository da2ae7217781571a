//! Errors of Ollama → errors of OpenAI (policies 8, 9, 14, 15). Nothing of the upstream's address, credentials or
//! sign-in links is passed on, and no HTML.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Kind, Text, kind};
use crate::openai::ApiError;

/// Seconds for `Retry-After` when the upstream gives none.
const RETRY_AFTER: u32 = 5;

/// An answer of the upstream with a status that is not a success.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'r> {
    /// Its HTTP status.
    pub status: u16,
    /// Its body, as far as it was read.
    pub body: &'r [u8],
    /// Its `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// The field of the request that holds the prompt, for errors about its length.
    pub prompt: &'static str,
    /// The model as the client named it.
    pub asked: &'r str,
    /// The model as the upstream was asked for it.
    pub served: &'r str,
}

/// What the client learns of a refusal.
#[must_use]
pub fn from_refusal(refusal: Refusal<'_>) -> ApiError {
    let mut found = unwrap_body(refusal.body);
    // A mapped name is nobody's business but the operator's.
    found.message = found.message.map(|message| renamed(&message, refusal.served, refusal.asked));
    ApiError { is_quoted: found.message.is_some(), ..of_found(refusal, found) }
}

fn of_found(refusal: Refusal<'_>, found: Found) -> ApiError {
    let or = |fallback: &str| found.message.clone().unwrap_or_else(|| fallback.to_owned());
    let is_private = matches!(refusal.status, 401 | 403);
    if found.is_overflow() && !is_private {
        let message = or("the prompt is too long for the context of the model");
        return ApiError { param: Some(refusal.prompt.into()), ..overflow(message) };
    }
    match refusal.status {
        400 | 413 | 422 => ApiError {
            status: refusal.status,
            ..ApiError::new(400, "invalid_request_error", or("the upstream refused the request"))
        },
        404 => not_found(&refusal, found),
        429 => ApiError {
            code: Some("rate_limit_exceeded"),
            retry_after: Some(refusal.retry_after.unwrap_or(RETRY_AFTER)),
            ..ApiError::new(429, "rate_limit_error", or("the upstream's rate limit is reached"))
        },
        401 | 403 => ApiError::upstream("the upstream refused the gateway's credentials")
            .with_code("upstream_auth_error"),
        501 if found.is_about_embeddings() => {
            let message = format!("the model '{}' does not support embeddings", refusal.asked);
            ApiError::invalid("model", message).with_code("model_not_supported")
        }
        405 | 501 if found.message.is_none() => stranger(refusal.status),
        503 => ApiError {
            code: Some("overloaded"),
            retry_after: Some(refusal.retry_after.unwrap_or(RETRY_AFTER)),
            ..ApiError::new(503, "api_error", or("the upstream is overloaded"))
        },
        500 if found.is_clients_fault() => ApiError::new(400, "invalid_request_error", or("")),
        status => ApiError::upstream(or(&format!("the upstream answered with status {status}"))),
    }
}

fn not_found(refusal: &Refusal<'_>, found: Found) -> ApiError {
    let Some(message) = found.message.filter(|_| found.is_json) else { return stranger(refusal.status) };
    let error = ApiError::new(404, "not_found_error", "");
    // Ollama may spell a mapped name in full, so its own words are kept only for a name that the client knows.
    let message = if refusal.asked == refusal.served {
        message
    } else {
        format!("model '{}' not found", refusal.asked)
    };
    ApiError { message, param: Some("model".into()), code: Some("model_not_found"), ..error }
}

/// The upstream does not speak Ollama's API: the operator's mistake, not the client's.
fn stranger(status: u16) -> ApiError {
    ApiError::upstream(format!(
        "the upstream does not know Ollama's paths (status {status}); is it an Ollama?"
    ))
}

/// The message with the model's own name replaced by the one the client knows, where it stands as a word.
fn renamed(message: &str, served: &str, asked: &str) -> String {
    if served == asked || served.is_empty() {
        return message.to_owned();
    }
    let is_inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(served) {
        let (before, after) = (&rest[..at], &rest[at + served.len()..]);
        let is_word = !before.ends_with(is_inner) && !after.starts_with(is_inner);
        out.push_str(before);
        out.push_str(if is_word { asked } else { served });
        rest = after;
    }
    out + rest
}

/// An `error` inside a reply of status 200: the value under that key, as text.
#[must_use]
pub fn from_line(raw: &str) -> ApiError {
    let found = unwrap_value(raw, 0);
    if found.is_overflow() {
        return overflow(found.message.unwrap_or_default());
    }
    let is_quoted = found.message.is_some();
    let message = found.message.unwrap_or_else(|| "the upstream reported an error without a text".into());
    ApiError { is_quoted, ..ApiError::upstream(message) }
}

/// The upstream sent what is no JSON of Ollama's.
#[must_use]
pub fn not_json() -> ApiError {
    ApiError::upstream("the upstream sent something that is not Ollama's JSON")
}

/// The upstream's answer ended before it was complete.
#[must_use]
pub fn ended_early() -> ApiError {
    ApiError::upstream("the upstream's answer ended before it was complete")
}

/// Whether a whole answer of `path` is one: it holds no error, and is done, or has as many vectors as `vectors`. Before it counts as served, so that
/// another backend may still be asked.
///
/// # Errors
/// What the client would be told of it.
pub fn check_answer(path: &str, body: &[u8], vectors: usize) -> Result<(), ApiError> {
    if path == "/api/embed" {
        return super::embeddings::check(body, vectors);
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer<'a> {
        done: Option<bool>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let mut scratch = String::new();
    let answer: Answer<'_> = crate::ollama::parse(body, &mut scratch).map_err(|_| not_json())?;
    check_whole(answer.error, answer.done == Some(true))
}

/// A whole reply must hold no error and be done.
pub(super) fn check_whole(error: Option<&RawValue>, done: bool) -> Result<(), ApiError> {
    match error {
        Some(error) => Err(from_line(error.get())),
        None if !done => Err(ended_early()),
        None => Ok(()),
    }
}

fn overflow(message: String) -> ApiError {
    ApiError::new(400, "invalid_request_error", message).with_code("context_length_exceeded")
}

/// What an error text turned out to be, unwrapped.
#[derive(Debug, Default)]
struct Found {
    message: Option<String>,
    kind: Option<String>,
    is_json: bool,
}

impl Found {
    fn is_overflow(&self) -> bool {
        const PHRASES: [&str; 6] = [
            "exceeds the available context size",
            "exceeds the context length",
            "exceeds maximum context length",
            "exceed context size",
            "longer than the context length",
            "prompt is too long",
        ];
        let message = self.message.as_deref().unwrap_or_default();
        self.kind.as_deref() == Some("exceed_context_size_error")
            || PHRASES.iter().any(|phrase| message.contains(phrase))
    }

    /// A 501 of anything but a model without embeddings comes from what is no Ollama.
    fn is_about_embeddings(&self) -> bool {
        self.is_json && self.message.as_deref().is_some_and(|message| message.contains("embeddings"))
    }

    /// Ollama answers some mistakes of clients with a 500.
    fn is_clients_fault(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        message.starts_with("option \"")
            || message.starts_with("invalid format")
            || message.contains("image input is not supported")
            || message.contains("does not support multimodal")
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

fn unwrap_body(body: &[u8]) -> Found {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Found { is_json: true, ..unwrap_value(text, 0) };
    }
    let is_plain = !text.is_empty() && text.len() <= 500 && !text.contains('<');
    Found { message: is_plain.then(|| redact(text)), ..Found::default() }
}

/// Runner errors are JSON inside a string inside JSON; three layers are the most that was seen.
fn unwrap_value(raw: &str, layer: usize) -> Found {
    match kind(raw) {
        Kind::Object => {
            let wrapped: Wrapped<'_> = serde_json::from_str(raw).unwrap_or_default();
            let inner = wrapped.error.filter(|_| layer < 4).map(|inner| unwrap_value(inner.get(), layer + 1));
            let own = Found {
                message: wrapped.message.map(|text| redact(text.as_str())),
                kind: wrapped.kind.map(|text| text.as_str().to_owned()),
                is_json: true,
            };
            inner.filter(|inner| inner.message.is_some()).unwrap_or(own)
        }
        Kind::Text => {
            let text: Text<'_> = serde_json::from_str(raw).unwrap_or_default();
            let inner = text.as_str().trim();
            let is_wrapped = layer < 4 && inner.starts_with('{');
            if is_wrapped && serde_json::from_str::<serde::de::IgnoredAny>(inner).is_ok() {
                let found = unwrap_value(inner, layer + 1);
                if found.message.is_some() {
                    return found;
                }
            }
            let message = if inner.contains("<html") || inner.contains("<!DOCTYPE") {
                None
            } else {
                Some(redact(inner))
            };
            Found { message: message.filter(|text| !text.is_empty()), is_json: true, ..Found::default() }
        }
        _ => Found { is_json: true, ..Found::default() },
    }
}

/// The text without URLs and addresses, wherever they stand in it.
fn redact(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "._-:/[]%@?=&#".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let run = &rest[start..];
        let run = &run[..run.find(|c| !is_part(c)).unwrap_or(run.len())];
        out.push_str(&rest[..start]);
        out.push_str(if run.split(['=', '/']).any(is_address) || run.contains("://") {
            "[removed]"
        } else {
            run
        });
        rest = &rest[start + run.len()..];
    }
    out + rest
}

/// An IP address, or a name with the port of a service behind it.
fn is_address(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '[' && c != ']');
    let has_port = bare.rsplit_once(':').is_some_and(|(name, port)| {
        let is_port = (4..=5).contains(&port.len()) && port.bytes().all(|digit| digit.is_ascii_digit());
        is_port && !name.is_empty()
    });
    has_port || bare.parse::<SocketAddr>().is_ok() || bare.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}
