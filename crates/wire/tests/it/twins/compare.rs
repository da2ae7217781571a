//! Our reply to the native recording against the recorded reply of Ollama's own `/v1`.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};
use wire::translate::UsageRule;

use super::pairs::Pair;
use crate::replay::{Asked, Reply, translated};

/// Where two replies differ. Indexes of lists are left out of `path`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Both sides, for people.
    shown: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Only our reply has it.
    Added,
    /// Only Ollama's own reply has it.
    Missing,
    /// Both have it, with another value.
    Changed,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({})", self.kind, self.path, self.shown)
    }
}

/// All differences of a pair, each once.
///
/// Requests that are the same and got the same text are compared value by value and event by event. Otherwise the
/// answers are different ones, so their form is compared: which keys there are, and the types of their values.
pub(super) fn differences(pair: &Pair) -> BTreeSet<Difference> {
    let (ours, own) = (ours(pair), own(pair));
    let mut found = BTreeSet::new();
    if ours["status"] != own["status"] {
        let path = format!("status {} for {}", ours["status"], own["status"]);
        add(&mut found, &path, Kind::Changed, Some(&ours), Some(&own));
        return found;
    }
    let is_same_answer = pair.asked_differently.is_empty() && said(&ours) == said(&own);
    if is_same_answer {
        values(&mut found, "", &ours, &own);
    } else {
        form(&mut found, &ours, &own);
    }
    found
}

fn ours(pair: &Pair) -> Value {
    let usage = if pair.own.body["stream_options"]["include_usage"] == json!(true) {
        UsageRule::Chunk
    } else {
        UsageRule::None
    };
    let asked = Asked { usage, encoding: pair.own.body["encoding_format"].as_str().unwrap_or("float") };
    let pieces: Vec<&[u8]> = pair.native.chunks.iter().map(String::as_bytes).collect();
    let reply = match &pair.refusal {
        Some(error) => Reply::Refused(error.clone()),
        None => translated(&pair.native, &pieces, asked),
    };
    match reply {
        Reply::Whole(json) => whole(200, &json),
        Reply::Events(events) => streamed(&events),
        Reply::Refused(error) => {
            let json = String::from_utf8(error.to_json()).expect("an error is UTF-8");
            whole(error.status, &json)
        }
    }
}

fn own(pair: &Pair) -> Value {
    let (status, reply) = (pair.own.status.expect("there was a reply"), pair.own.reply());
    if status == 200 && pair.own.streams() { streamed(&reply) } else { whole(status, &reply) }
}

fn whole(status: u16, json: &str) -> Value {
    let mut body: Value = serde_json::from_str(json).expect("a reply is JSON");
    free(&mut body);
    json!({"status": status, "body": body})
}

/// Events in a form that does not depend on how the same deltas are spread over frames: the role is told apart, an
/// empty text is no text, and a frame that then says nothing is none.
fn streamed(events: &str) -> Value {
    let mut frames = Vec::new();
    let (mut has_role, mut is_done) = (false, false);
    for data in events.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
        if data == "[DONE]" {
            is_done = true;
            continue;
        }
        let mut frame: Value = serde_json::from_str(data).expect("a frame is JSON");
        free(&mut frame);
        let choices = frame.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten();
        let mut says = frame_says_more(data);
        for choice in choices {
            if let Some(delta) = choice["delta"].as_object_mut() {
                has_role |= delta.remove("role").is_some();
                if delta.get("content") == Some(&json!("")) {
                    delta.remove("content");
                }
                says |= !delta.is_empty();
            } else {
                says |= choice["text"] != json!("");
            }
            says |= !choice["finish_reason"].is_null()
                || choice.get("logprobs").is_some_and(|some| !some.is_null());
        }
        if says {
            frames.push(frame);
        }
    }
    json!({"status": 200, "frames": frames, "has_role": has_role, "is_done": is_done})
}

/// Whether a frame has something beside its choices: an error, or the usage that comes alone.
fn frame_says_more(data: &str) -> bool {
    data.starts_with("{\"error\"") || data.contains("\"choices\":[]")
}

/// What is free (policy 16) or random is replaced: ids by what stands before their number, times by nothing.
fn free(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(free),
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), &*value) {
                    ("id", Value::String(id)) if id.starts_with("chatcmpl-") => *value = json!("chatcmpl-"),
                    ("id", Value::String(id)) if id.starts_with("cmpl-") => *value = json!("cmpl-"),
                    ("id", Value::String(id)) if !id.is_empty() => *value = json!("some id"),
                    ("created", Value::Number(_)) => *value = json!(0),
                    _ => free(value),
                }
            }
        }
        _ => {}
    }
}

/// The text of a reply: content, reasoning and text, in order.
fn said(reply: &Value) -> String {
    let mut said = String::new();
    if let Value::Object(entries) = reply {
        for (key, value) in entries {
            match value {
                Value::String(text)
                    if ["content", "reasoning", "text", "arguments"].contains(&key.as_str()) =>
                {
                    said.push_str(text);
                }
                Value::Array(items) => items.iter().for_each(|item| said.push_str(&self::said(item))),
                value => said.push_str(&self::said(value)),
            }
        }
    }
    said
}

fn values(found: &mut BTreeSet<Difference>, path: &str, ours: &Value, own: &Value) {
    match (ours, own) {
        (Value::Object(ours), Value::Object(own)) => objects(found, path, ours, own),
        (Value::Array(ours), Value::Array(own)) => {
            let path = format!("{path}[]");
            for at in 0..ours.len().max(own.len()) {
                either(found, &path, ours.get(at), own.get(at));
            }
        }
        _ if ours != own => add(found, path, Kind::Changed, Some(ours), Some(own)),
        _ => {}
    }
}

fn objects(
    found: &mut BTreeSet<Difference>,
    path: &str,
    ours: &Map<String, Value>,
    own: &Map<String, Value>,
) {
    let keys: BTreeSet<&String> = ours.keys().chain(own.keys()).collect();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        either(found, &path, ours.get(key), own.get(key));
    }
}

fn either(found: &mut BTreeSet<Difference>, path: &str, ours: Option<&Value>, own: Option<&Value>) {
    match (ours, own) {
        (Some(ours), Some(own)) => values(found, path, ours, own),
        (Some(_), None) => add(found, path, Kind::Added, ours, None),
        (None, _) => add(found, path, Kind::Missing, None, own),
    }
}

fn form(found: &mut BTreeSet<Difference>, ours: &Value, own: &Value) {
    let (mut ours_paths, mut own_paths) = (BTreeSet::new(), BTreeSet::new());
    paths(&mut ours_paths, "", ours);
    paths(&mut own_paths, "", own);
    let mut report = |only: &BTreeSet<String>, kind| {
        for path in only {
            let is_below = |known: &String| {
                path.starts_with(&format!("{known}.")) || path.starts_with(&format!("{known}["))
            };
            if !only.iter().any(is_below) {
                found.insert(Difference { path: path.clone(), kind, shown: "in form".to_owned() });
            }
        }
    };
    report(&ours_paths.difference(&own_paths).cloned().collect(), Kind::Added);
    report(&own_paths.difference(&ours_paths).cloned().collect(), Kind::Missing);
}

/// Every path of a value, with the type of what is there unless it is a list or an object.
fn paths(out: &mut BTreeSet<String>, path: &str, value: &Value) {
    match value {
        Value::Object(entries) => {
            out.insert(path.to_owned());
            for (key, value) in entries {
                paths(out, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(out, &format!("{path}[]"), item)),
        value => {
            let kind = match value {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                _ => "text",
            };
            out.insert(format!("{path}={kind}"));
        }
    }
}

fn add(found: &mut BTreeSet<Difference>, path: &str, kind: Kind, ours: Option<&Value>, own: Option<&Value>) {
    let show = |side: Option<&Value>| {
        let text = side.map_or("nothing".to_owned(), Value::to_string);
        text.chars().take(100).collect::<String>()
    };
    let shown = format!("ours {}, own {}", show(ours), show(own));
    found.insert(Difference { path: path.to_owned(), kind, shown });
}
