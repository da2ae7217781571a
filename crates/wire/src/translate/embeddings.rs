//! `POST /v1/embeddings` ↔ `/api/embed`. Each input can be asked for by itself, and a reply can be put together from
//! vectors of several calls.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BufMut;

use super::options::Chosen;
use super::{Native, Rules, errors, model};
use crate::estimate::{self, Media};
use crate::json::{Kind, Number, kind, write_int, write_str};
use crate::ollama::{self, EmbedReply};
use crate::openai::embedding::EmbeddingRequest;
use crate::openai::{ApiError, Common, Usage};

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
    /// About how many tokens all inputs have together.
    pub prompt: u64,
    /// Fields that were dropped as not allowed.
    pub ignored: Vec<&'static str>,
    /// Where the JSON text of each input ends in the native body; one comma stands between two of them.
    ends: Vec<usize>,
}

/// The vectors of one native reply, as Ollama wrote them, in the order of the inputs.
#[derive(Debug)]
pub struct Vectors<'a> {
    /// Each an array of numbers as text; whether it is one is checked when it is written.
    pub vectors: Vec<&'a str>,
    /// Tokens of all inputs together, 0 when unknown, and what it took to compute them.
    pub usage: Usage,
}

const INPUTS: &[u8] = b",\"input\":[";

impl Embedding {
    /// The JSON text of one input.
    ///
    /// # Panics
    /// When there is no input `at`.
    #[must_use]
    pub fn input(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(INPUTS.len(), |before| self.ends[before] + 1);
        &self.native.tail[start..self.ends[at]]
    }

    /// What follows the inputs in the native body: every other field that is sent, the same for each input.
    #[must_use]
    pub fn fields(&self) -> &[u8] {
        &self.native.tail[self.ends.last().map_or(0, |end| end + 1)..]
    }

    /// The call for some of the inputs only, in the order of `chosen`.
    ///
    /// # Panics
    /// When an input does not exist.
    #[must_use]
    pub fn native_for(&self, chosen: &[usize]) -> Native {
        let size = chosen.iter().map(|&at| self.input(at).len() + 1).sum::<usize>();
        let mut tail = Vec::with_capacity(size + self.fields().len() + INPUTS.len() + 1);
        tail.put_slice(INPUTS);
        for (nth, &at) in chosen.iter().enumerate() {
            if nth > 0 {
                tail.put_u8(b',');
            }
            tail.put_slice(self.input(at));
        }
        tail.put_u8(b']');
        tail.put_slice(self.fields());
        Native::new(self.native.path, tail)
    }

    /// The JSON of a reply from one vector an input, each an array of numbers as text.
    ///
    /// # Errors
    /// 502 when a vector is no such array.
    pub fn reply_from(&self, vectors: &[&str], prompt_tokens: u64) -> Result<Vec<u8>, ApiError> {
        let size = vectors.iter().map(|vector| vector.len() + 64).sum::<usize>();
        let mut out = Vec::with_capacity(size + self.model.len() + 128);
        out.put_slice(br#"{"object":"list","data":["#);
        for (at, vector) in vectors.iter().enumerate() {
            out.put_slice(if at > 0 { b",{" } else { b"{" });
            out.put_slice(br#""object":"embedding","index":"#);
            write_int(&mut out, at);
            out.put_slice(br#","embedding":"#);
            write_vector(&mut out, vector, self.encoding)?;
            out.put_u8(b'}');
        }
        out.put_slice(br#"],"model":"#);
        write_str(&mut out, &self.model);
        out.put_slice(br#","usage":{"prompt_tokens":"#);
        write_int(&mut out, prompt_tokens);
        out.put_slice(br#","total_tokens":"#);
        write_int(&mut out, prompt_tokens);
        out.put_slice(b"}}");
        Ok(out)
    }
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
    let mut ends = Vec::with_capacity(inputs.len());
    for (at, text) in inputs.iter().enumerate() {
        tail.put_slice(if at > 0 { b"," } else { INPUTS });
        write_str(&mut tail, text.as_str());
        ends.push(tail.len());
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
    let prompt = estimate::body(&tail, Media::default());
    let native = Native::new("/api/embed", tail);
    Ok(Embedding { native, model, encoding, inputs: inputs.len(), prompt, ignored: chosen.ignored, ends })
}

/// The vectors of a native reply to `inputs` inputs; `scratch` keeps a mended copy alive.
///
/// # Errors
/// 502 when the reply is no such JSON, is an error, or has another number of vectors.
pub fn read<'a>(body: &'a [u8], scratch: &'a mut String, inputs: usize) -> Result<Vectors<'a>, ApiError> {
    let reply: EmbedReply<'_> = ollama::parse(body, scratch).map_err(|_| errors::not_json())?;
    if let Some(error) = reply.error {
        return Err(errors::from_line(error.get()));
    }
    let vectors = reply.embeddings.as_deref().unwrap_or_default();
    if vectors.len() != inputs {
        let message = format!("the upstream sent {} vectors for {inputs} inputs", vectors.len());
        return Err(ApiError::upstream(message));
    }
    let vectors = vectors.iter().map(|vector| vector.get()).collect();
    let usage = Usage { prompt: reply.prompt_tokens(), gpu: reply.gpu(), ..Usage::default() };
    Ok(Vectors { vectors, usage })
}

/// Whether a native answer has a list of numbers for each of the inputs, as far as a glance tells.
pub(super) fn check(body: &[u8], inputs: usize) -> Result<(), ApiError> {
    let mut scratch = String::new();
    let read = read(body, &mut scratch, inputs)?;
    match read.vectors.iter().all(|raw| kind(raw) == Kind::Array) {
        true => Ok(()),
        false => Err(ApiError::upstream("the upstream sent a vector that is not an array of numbers")),
    }
}

/// The JSON of an embeddings reply and what it has used.
///
/// # Errors
/// 502 when the reply is no such JSON or lacks vectors.
pub fn reply(body: &[u8], request: &Embedding) -> Result<(Vec<u8>, Usage), ApiError> {
    let mut scratch = String::new();
    let read = read(body, &mut scratch, request.inputs)?;
    Ok((request.reply_from(&read.vectors, read.usage.prompt)?, read.usage))
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
