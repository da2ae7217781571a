//! Tools of a request. Ollama reads a schema into a lossy struct that knows no `$ref` and refuses what it does not
//! expect, so references are inlined and a few shapes are rewritten; all else passes as text.

mod schema;

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::BufMut;

use crate::json::{Kind, MAX_DEPTH, Text, deeper_than, kind, mend_surrogates, write_str};
use crate::openai::ApiError;
use crate::openai::chat::{Tool, ToolChoice};

/// Writes `,"tools":[…]` with the tools that `choice` leaves (policy 4), or nothing.
pub(super) fn write(
    out: &mut Vec<u8>,
    tools: &[Tool<'_>],
    choice: Option<&ToolChoice<'_>>,
) -> Result<(), ApiError> {
    let wanted = wanted(tools, choice)?;
    if wanted.is_empty() {
        return Ok(());
    }
    out.put_slice(b",\"tools\":[");
    let mut growth = schema::MAX_GROWTH_OF_ALL;
    for (nth, at) in wanted.into_iter().enumerate() {
        if nth > 0 {
            out.put_u8(b',');
        }
        write_tool(out, &tools[at], at, &mut growth)?;
    }
    out.put_u8(b']');
    Ok(())
}

fn wanted(tools: &[Tool<'_>], choice: Option<&ToolChoice<'_>>) -> Result<Vec<usize>, ApiError> {
    let refuse = |message: String| Err(ApiError::invalid("tool_choice", message));
    match choice {
        None => Ok((0..tools.len()).collect()),
        Some(ToolChoice::Word(word)) => match word.as_str() {
            "none" => Ok(Vec::new()),
            "required" if tools.is_empty() => refuse("'tool_choice' \"required\" needs 'tools'".to_owned()),
            "auto" | "required" => Ok((0..tools.len()).collect()),
            word => refuse(format!(
                "'tool_choice': unknown value {word:?}; expected none, auto, required or a function"
            )),
        },
        Some(ToolChoice::Named(names)) => {
            let known: HashSet<&str> = tools.iter().filter_map(name).collect();
            if let Some(unknown) = names.iter().find(|name| !known.contains(name.as_str())) {
                let unknown = unknown.as_str();
                return refuse(format!("'tool_choice' names the function {unknown:?}, which 'tools' lacks"));
            }
            let named: HashSet<&str> = names.iter().map(Text::as_str).collect();
            let is_named = |tool| name(tool).is_some_and(|name| named.contains(name));
            Ok((0..tools.len()).filter(|&at| is_named(&tools[at])).collect())
        }
    }
}

fn name<'t>(tool: &'t Tool<'_>) -> Option<&'t str> {
    tool.function.as_ref()?.name.as_ref().map(Text::as_str)
}

fn write_tool(out: &mut Vec<u8>, tool: &Tool<'_>, at: usize, growth: &mut usize) -> Result<(), ApiError> {
    if let Some(kind) = tool.kind.as_ref().filter(|kind| kind.as_str() != "function") {
        let message =
            format!("'tools[{at}].type': {:?} is not supported; only \"function\" is", kind.as_str());
        return Err(ApiError::invalid(format!("tools[{at}].type"), message));
    }
    let function = tool.function.as_ref();
    let name = function.and_then(|function| function.name.as_ref()).filter(|name| !name.as_str().is_empty());
    let (Some(function), Some(name)) = (function, name) else {
        return Err(ApiError::missing(format!("tools[{at}].function.name")));
    };
    out.put_slice(br#"{"type":"function","function":{"name":"#);
    write_str(out, name.as_str());
    if let Some(description) = &function.description {
        out.put_slice(br#","description":"#);
        write_str(out, description.as_str());
    }
    out.put_slice(br#","parameters":"#);
    match function.parameters.map_or("null", |raw| raw.get()) {
        "null" => out.put_slice(br#"{"type":"object","properties":{}}"#),
        raw if kind(raw) != Kind::Object || deeper_than(raw, MAX_DEPTH) => {
            let param = format!("tools[{at}].function.parameters");
            let message =
                format!("'{param}': expected a JSON schema object, nested at most {MAX_DEPTH} deep");
            return Err(ApiError::invalid(param, message).with_code("invalid_type"));
        }
        raw => schema::write(out, raw, growth),
    }
    out.put_slice(b"}}");
    Ok(())
}

/// Arguments of a call in the history as the object that Ollama wants, its text unchanged.
pub(super) fn arguments<'a>(raw: Option<&'a str>, at: &str) -> Result<Cow<'a, str>, ApiError> {
    let refuse = || Err(ApiError::invalid(at, format!("'{at}': expected a string that holds a JSON object")));
    let text = match raw.map_or(Kind::Null, kind) {
        Kind::Null => return Ok(Cow::Borrowed("{}")),
        Kind::Object => Cow::Borrowed(raw.unwrap_or("{}")),
        Kind::Text => match serde_json::from_str::<Text<'a>>(raw.unwrap_or("\"\"")) {
            Ok(text) => text.0,
            Err(_) => return refuse(),
        },
        _ => return refuse(),
    };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
    };
    if text.is_empty() {
        return Ok(Cow::Borrowed("{}"));
    }
    let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    if !valid || kind(&text) != Kind::Object || deeper_than(&text, MAX_DEPTH) {
        return refuse();
    }
    // A model may have made half a character; its call must not be lost for it.
    Ok(mend_surrogates(&text).map_or(text, Cow::Owned))
}
