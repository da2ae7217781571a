//! `POST /v1/embeddings` ↔ `/api/embed`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BufMut;

use super::options::Chosen;
use super::{Native, Rules, errors, model};
use crate::json::{Kind, Number, kind, write_int, write_str};
use crate::ollama::{self, EmbedReply};
use crate::openai::embedding::EmbeddingRequest;
use crate::openai::{ApiError, Common};

/// How vectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Arrays of numbers, their text as Ollama sent it.
    Float,
    /// Little-endian 32-bit floats in standard base64.
    Base64,
}

/// An embeddings request, translated.
#[derive(Debug)]
pub struct Embedding {
    /// The call for Ollama.
    pub native: Native,
    /// The model as the client named it.
    pub model: String,
    /// How to write the vectors.
    pub encoding: Encoding,
    /// How many vectors must come back.
    pub inputs: usize,
    /// Fields that were dropped as not allowed.
    pub ignored: Vec<&'static str>,
}

/// Translates a parsed request.
///
/// # Errors
/// 400 that names the field.
pub fn translate(request: &EmbeddingRequest<'_>, rules: Rules) -> Result<Embedding, ApiError> {
    let model = model(request.model.as_ref())?;
    let encoding = match request
        .encoding_format
        .as_ref()
        .map(|format| format.as_str().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("float") => Encoding::Float,
        Some("base64") => Encoding::Base64,
        Some(_) => {
            return Err(ApiError::invalid(
                "encoding_format",
                "'encoding_format' must be \"float\" or \"base64\"",
            ));
        }
    };
    let inputs =
        request.input.as_ref().map(|input| input.0.as_slice()).ok_or_else(|| ApiError::missing("input"))?;
    if inputs.is_empty() {
        return Err(ApiError::invalid("input", "'input' must hold at least one text"));
    }
    let common = Common {
        options: request.options.as_ref(),
        stop: None,
        numbers: [("", None::<Number<'_>>); 16],
        max_tokens: None,
        keep_alive: request.keep_alive.as_ref(),
        shift: None,
    };
    let chosen = Chosen::gather(&common, rules)?;
    let mut tail = Vec::with_capacity(inputs.iter().map(|text| text.as_str().len() + 8).sum::<usize>() + 64);
    for (at, text) in inputs.iter().enumerate() {
        tail.put_slice(if at > 0 { b"," } else { b",\"input\":[" });
        write_str(&mut tail, text.as_str());
    }
    tail.put_u8(b']');
    match request.dimensions {
        Some(..=0) => return Err(ApiError::invalid("dimensions", "'dimensions' must be at least 1")),
        Some(dimensions) => {
            tail.put_slice(b",\"dimensions\":");
            write_int(&mut tail, dimensions);
        }
        None => {}
    }
    if let Some(truncate) = request.truncate {
        tail.put_slice(if truncate { b",\"truncate\":true" } else { b",\"truncate\":false" });
    }
    chosen.write(&mut tail);
    tail.put_u8(b'}');
    let native = Native::new("/api/embed", tail);
    Ok(Embedding { native, model, encoding, inputs: inputs.len(), ignored: chosen.ignored })
}

/// The JSON of an embeddings reply and the prompt tokens.
///
/// # Errors
/// 502 when the reply is no such JSON or lacks vectors.
pub fn reply(body: &[u8], request: &Embedding) -> Result<(Vec<u8>, u64), ApiError> {
    let mut scratch = String::new();
    let reply: EmbedReply<'_> = ollama::parse(body, &mut scratch).map_err(|_| errors::not_json())?;
    if let Some(error) = reply.error {
        return Err(errors::from_line(error.get()));
    }
    let vectors = reply.embeddings.as_deref().unwrap_or_default();
    if vectors.len() != request.inputs {
        let message = format!("the upstream sent {} vectors for {} inputs", vectors.len(), request.inputs);
        return Err(ApiError::upstream(message));
    }
    let mut out = Vec::with_capacity(body.len() + 128);
    out.put_slice(br#"{"object":"list","data":["#);
    for (at, vector) in vectors.iter().enumerate() {
        out.put_slice(if at > 0 { b",{" } else { b"{" });
        out.put_slice(br#""object":"embedding","index":"#);
        write_int(&mut out, at);
        out.put_slice(br#","embedding":"#);
        write_vector(&mut out, vector.get(), request.encoding)?;
        out.put_u8(b'}');
    }
    out.put_slice(br#"],"model":"#);
    write_str(&mut out, &request.model);
    out.put_slice(br#","usage":{"prompt_tokens":"#);
    write_int(&mut out, reply.prompt_tokens());
    out.put_slice(br#","total_tokens":"#);
    write_int(&mut out, reply.prompt_tokens());
    out.put_slice(b"}}");
    Ok((out, reply.prompt_tokens()))
}

fn write_vector(out: &mut Vec<u8>, raw: &str, encoding: Encoding) -> Result<(), ApiError> {
    let is_numeric = |byte: u8| byte.is_ascii_digit() || b"[],.-+eE \t\r\n".contains(&byte);
    let refuse = || ApiError::upstream("the upstream sent a vector that is not an array of numbers");
    let is_flat = kind(raw) == Kind::Array && !raw[1..].contains('[');
    if !is_flat || !raw.contains(|digit: char| digit.is_ascii_digit()) || !raw.bytes().all(is_numeric) {
        return Err(refuse());
    }
    if encoding == Encoding::Float {
        out.put_slice(raw.as_bytes());
        return Ok(());
    }
    let numbers: Vec<f32> = serde_json::from_str(raw).map_err(|_| refuse())?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    write_str(out, &STANDARD.encode(bytes));
    Ok(())
}
