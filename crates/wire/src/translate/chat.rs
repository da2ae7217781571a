//! `POST /v1/chat/completions` → `/api/chat`.

use std::collections::HashMap;

use bytes::BufMut;

use super::options::{self, Chosen};
use super::{Native, Rules, at_least_one, choices, images, model, streaming, tools};
use crate::estimate::{self, Media};
use crate::json::{Kind, MAX_DEPTH, Text, deeper_than, kind, write_int, write_str};
use crate::openai::ApiError;
use crate::openai::chat::{ChatRequest, Content, Message, Part, ResponseFormat, ToolCall};

/// A chat request, translated.
#[derive(Debug)]
pub struct Chat {
    /// The call for Ollama, to be made [`Chat::choices`] times.
    pub native: Native,
    /// The model as the client named it.
    pub model: String,
    /// Whether the client wants events.
    pub stream: bool,
    /// Whether the client asked for a usage chunk.
    pub include_usage: bool,
    /// `n`.
    pub choices: usize,
    /// Whether log probabilities were asked for.
    pub logprobs: bool,
    /// About how many tokens the prompt has.
    pub prompt: u64,
    /// How many tokens each choice may have, if the client said that.
    pub limit: Option<u64>,
    /// Fields that were dropped as not allowed, for the header `x-o2o-ignored`.
    pub ignored: Vec<&'static str>,
    /// What the model must be able to do.
    pub needs: Needs,
}

/// Capabilities that a request needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It holds images.
    pub vision: bool,
    /// It holds sound.
    pub audio: bool,
    /// It brings tools that the model may call.
    pub tools: bool,
    /// It asks for thinking, or for so much of it.
    pub thinking: bool,
}

/// Translates a parsed request.
///
/// # Errors
/// 400 that names the field.
pub fn translate(request: &ChatRequest<'_>, rules: Rules) -> Result<Chat, ApiError> {
    let model = model(request.model.as_ref())?;
    let (stream, include_usage) = streaming(request.stream, request.stream_options.as_ref())?;
    let choices = choices(request.n)?;
    let (logprobs, top_logprobs) = logprobs(request)?;
    let mut common = request.common();
    common.max_tokens = at_least_one("max_completion_tokens", request.max_completion_tokens)?
        .or(at_least_one("max_tokens", request.max_tokens)?);
    let chosen = Chosen::gather(&common, rules)?;

    let mut tail = Vec::with_capacity(512);
    let (mut needs, media) =
        write_messages(&mut tail, request.messages.as_ref().map(|list| list.0.as_slice()))?;
    tail.put_slice(if stream { b",\"stream\":true" } else { b",\"stream\":false" });
    write_format(&mut tail, request)?;
    let before_tools = tail.len();
    tools::write(
        &mut tail,
        request.tools.as_ref().map_or(&[], |list| list.0.as_slice()),
        request.tool_choice.as_ref(),
    )?;
    needs.tools = tail.len() > before_tools;
    let effort = request.reasoning.as_ref().and_then(|reasoning| reasoning.effort.as_ref()).map(Text::as_str);
    let flat_effort = request.reasoning_effort.as_ref().map(Text::as_str);
    if let Some(think) =
        options::think(request.think, [("reasoning.effort", effort), ("reasoning_effort", flat_effort)])?
    {
        needs.thinking = think != "false";
        tail.put_slice(b",\"think\":");
        tail.put_slice(think.as_bytes());
    }
    if logprobs {
        tail.put_slice(b",\"logprobs\":true");
    }
    if let Some(top @ 1..) = top_logprobs {
        tail.put_slice(b",\"top_logprobs\":");
        write_int(&mut tail, top);
    }
    let at = chosen.write(&mut tail);
    tail.put_u8(b'}');
    let prompt = estimate::body(&tail, media);
    Ok(Chat {
        native: Native::limited("/api/chat", tail, at),
        model,
        stream,
        include_usage,
        choices,
        logprobs,
        prompt,
        limit: chosen.limit(),
        ignored: chosen.ignored,
        needs,
    })
}

fn logprobs(request: &ChatRequest<'_>) -> Result<(bool, Option<i64>), ApiError> {
    let wanted = request.logprobs == Some(true);
    match request.top_logprobs {
        Some(top) if !(0..=20).contains(&top) => {
            Err(ApiError::invalid("top_logprobs", "'top_logprobs' must be between 0 and 20"))
        }
        Some(1..) if !wanted => {
            Err(ApiError::invalid("top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is true"))
        }
        top => Ok((wanted, top)),
    }
}

fn write_messages(out: &mut Vec<u8>, messages: Option<&[Message<'_>]>) -> Result<(Needs, Media), ApiError> {
    let Some(messages) = messages else { return Err(ApiError::missing("messages")) };
    if messages.is_empty() {
        return Err(ApiError::invalid("messages", "'messages' must hold at least one message"));
    }
    let mut found = (Needs::default(), Media::default());
    let mut called = HashMap::new();
    out.put_slice(b",\"messages\":[");
    for (at, message) in messages.iter().enumerate() {
        if at > 0 {
            out.put_u8(b',');
        }
        write_message(out, message, at, &mut called, &mut found)?;
    }
    out.put_u8(b']');
    Ok(found)
}

/// `called` holds the name of the last call under each id, as `tool_name` of a result is looked up there.
fn write_message<'r>(
    out: &mut Vec<u8>,
    message: &'r Message<'_>,
    at: usize,
    called: &mut HashMap<&'r str, &'r str>,
    found: &mut (Needs, Media),
) -> Result<(), ApiError> {
    let role = message.role.as_ref().map_or("", Text::as_str).to_ascii_lowercase();
    let role = match role.as_str() {
        "" => {
            return Err(ApiError::missing(format!("messages[{at}].role")));
        }
        "developer" => "system",
        "function" => "tool",
        role => role,
    };
    out.put_slice(b"{\"role\":");
    write_str(out, role);
    write_content(out, message, at, found)?;
    if let Some(thinking) = filled(&message.reasoning).or(filled(&message.reasoning_content)) {
        out.put_slice(b",\"thinking\":");
        write_str(out, thinking);
    }
    if let Some(calls) = message.tool_calls.as_deref().filter(|calls| !calls.is_empty()) {
        write_calls(out, calls, at, called)?;
    }
    if role == "tool" {
        let id = message.tool_call_id.as_ref().map(Text::as_str);
        let name = filled(&message.name).or_else(|| called.get(id?).copied());
        for (key, value) in [("tool_name", name), ("tool_call_id", id)] {
            if let Some(value) = value {
                out.put_u8(b',');
                write_str(out, key);
                out.put_u8(b':');
                write_str(out, value);
            }
        }
    }
    out.put_u8(b'}');
    Ok(())
}

fn filled<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(Text::as_str).filter(|text| !text.is_empty())
}

fn write_content(
    out: &mut Vec<u8>,
    message: &Message<'_>,
    at: usize,
    found: &mut (Needs, Media),
) -> Result<(), ApiError> {
    out.put_slice(b",\"content\":");
    match &message.content {
        Some(Content::Text(text)) => write_str(out, text.as_str()),
        Some(Content::Parts(parts)) if parts.is_empty() => {
            let param = format!("messages[{at}].content");
            return Err(ApiError::invalid(param.clone(), format!("'{param}' must hold at least one part")));
        }
        Some(Content::Parts(parts)) => return write_parts(out, parts, at, found),
        None => {
            let has_more =
                message.tool_calls.is_some() || message.refusal.is_some() || message.reasoning.is_some();
            if !has_more && message.reasoning_content.is_none() {
                let param = format!("messages[{at}].content");
                let message =
                    format!("'{param}' is missing; only an assistant message with tool calls may lack it");
                return Err(ApiError::invalid(param, message));
            }
            write_str(out, message.refusal.as_ref().map_or("", Text::as_str));
        }
    }
    Ok(())
}

/// Texts are joined by a line break and stay one message, together with its images (policy 2).
fn write_parts(
    out: &mut Vec<u8>,
    parts: &[Part<'_>],
    at: usize,
    (needs, sum): &mut (Needs, Media),
) -> Result<(), ApiError> {
    let mut texts: Vec<&str> = Vec::new();
    let mut media = Vec::new();
    for (nth, part) in parts.iter().enumerate() {
        let place = || format!("messages[{at}].content[{nth}]");
        let missing = |field: &str| Err(ApiError::missing(format!("{}.{field}", place())));
        match part.kind.as_ref().map_or("", Text::as_str) {
            "text" => match &part.text {
                Some(text) => texts.push(text.as_str()),
                None => return missing("text"),
            },
            "refusal" => texts.extend(part.refusal.as_ref().map(Text::as_str)),
            "image_url" => {
                let Some(url) = &part.image_url else { return missing("image_url") };
                media.push(images::payload(url.0.as_str(), &place())?);
                needs.vision = true;
            }
            "input_audio" => {
                let Some(data) = part.input_audio.as_ref().and_then(|audio| audio.data.as_ref()) else {
                    return missing("input_audio.data");
                };
                media.push(images::standard_base64(data.as_str(), &place())?);
                needs.audio = true;
            }
            "" => return missing("type"),
            kind => {
                let (param, known) = (format!("{}.type", place()), "text, image_url, input_audio, refusal");
                let message = format!("'{param}': {kind:?} is not supported; expected one of {known}");
                return Err(ApiError::invalid(param, message));
            }
        }
    }
    write_str(out, &texts.join("\n"));
    if !media.is_empty() {
        out.put_slice(b",\"images\":[");
        for (nth, data) in media.iter().enumerate() {
            out.put_slice(if nth > 0 { b",\"" } else { b"\"" });
            out.put_slice(data.as_bytes());
            out.put_u8(b'"');
            (sum.count, sum.bytes) = (sum.count + 1, sum.bytes + data.len() as u64);
        }
        out.put_u8(b']');
    }
    Ok(())
}

fn write_calls<'r>(
    out: &mut Vec<u8>,
    calls: &'r [ToolCall<'_>],
    at: usize,
    called: &mut HashMap<&'r str, &'r str>,
) -> Result<(), ApiError> {
    out.put_slice(b",\"tool_calls\":[");
    for (nth, call) in calls.iter().enumerate() {
        let place = |field: &str| format!("messages[{at}].tool_calls[{nth}].function.{field}");
        let name = call.function.as_ref().and_then(|function| function.name.as_ref()).map(Text::as_str);
        let Some(name) = name else {
            return Err(ApiError::missing(place("name")));
        };
        out.put_slice(if nth > 0 { b",{" } else { b"{" });
        if let Some(id) = &call.id {
            called.insert(id.as_str(), name);
            out.put_slice(b"\"id\":");
            write_str(out, id.as_str());
            out.put_u8(b',');
        }
        out.put_slice(b"\"function\":{\"name\":");
        write_str(out, name);
        out.put_slice(b",\"arguments\":");
        let raw = call.function.as_ref().and_then(|function| function.arguments).map(|raw| raw.get());
        out.put_slice(tools::arguments(raw, &place("arguments"))?.as_bytes());
        out.put_slice(b"}}");
    }
    out.put_u8(b']');
    Ok(())
}

/// `response_format`, else the private `format`; the key is left out when unused, as `null` makes Ollama answer twice.
fn write_format(out: &mut Vec<u8>, request: &ChatRequest<'_>) -> Result<(), ApiError> {
    let format = match &request.response_format {
        Some(wanted) => response_format(wanted)?,
        None => private_format(request.format.map(|raw| raw.get()))?,
    };
    if let Some(format) = format {
        out.put_slice(b",\"format\":");
        out.put_slice(format.as_bytes());
    }
    Ok(())
}

fn response_format<'r>(wanted: &'r ResponseFormat<'_>) -> Result<Option<&'r str>, ApiError> {
    let kind_word = wanted.kind.as_ref().map_or("", Text::as_str).trim().to_ascii_lowercase();
    match kind_word.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some("\"json\"")),
        "json_schema" => {
            let schema = wanted.json_schema.as_ref().and_then(|inner| inner.schema).map(|raw| raw.get());
            let param = "response_format.json_schema.schema";
            match schema {
                Some(schema) if kind(schema) == Kind::Object && !deeper_than(schema, MAX_DEPTH) => {
                    Ok(Some(schema))
                }
                Some(_) => Err(ApiError::invalid(param, format!("'{param}': expected a JSON schema object"))),
                None => Err(ApiError::missing(param)),
            }
        }
        _ => {
            let message = "'response_format.type': expected text, json_object or json_schema";
            Err(ApiError::invalid("response_format.type", message))
        }
    }
}

/// The private `format`: `"json"` or a schema. Empty means unset, as for Ollama.
pub(super) fn private_format(raw: Option<&str>) -> Result<Option<&str>, ApiError> {
    match raw {
        None | Some("null" | "\"\"") => Ok(None),
        Some(raw) if raw == "\"json\"" || (kind(raw) == Kind::Object && !deeper_than(raw, MAX_DEPTH)) => {
            Ok(Some(raw))
        }
        Some(_) => Err(ApiError::invalid("format", "'format': expected \"json\" or a JSON schema object")),
    }
}
