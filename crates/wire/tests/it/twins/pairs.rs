//! Which recordings are twins, and in what their requests still differ.

use serde_json::{Map, Value, json};
use wire::openai;
use wire::openai::ApiError;
use wire::translate::{Native, Rules, chat, completions, embeddings};

use crate::recordings::{self, Recording};

/// Two recordings that ask the same model for the same thing.
pub(super) struct Pair {
    pub(super) native: Recording,
    pub(super) own: Recording,
    /// In what the requests differ beside model, messages and `stream`; see [`asked_differently`].
    pub(super) asked_differently: Vec<String>,
    /// Our refusal of the request of the `/v1` recording, if we refuse it.
    pub(super) refusal: Option<ApiError>,
}

impl Pair {
    /// Both names.
    pub(super) fn title(&self) -> String {
        format!("{} as {}", self.native.name, self.own.name)
    }
}

/// All twins, in the order of the `/v1` recordings.
pub(super) fn all() -> Vec<Pair> {
    let surfaces = [
        ("/api/chat", "/v1/chat/completions"),
        ("/api/generate", "/v1/completions"),
        ("/api/embed", "/v1/embeddings"),
    ];
    let mut pairs = Vec::new();
    for (native_path, own_path) in surfaces {
        let natives = recordings::to(&[native_path]);
        for own in recordings::to(&[own_path]) {
            let natives = natives.iter().filter(|native| is_twin(native, &own));
            pairs.extend(natives.map(|native| pair(native.clone(), own.clone())));
        }
    }
    pairs
}

fn pair(native: Recording, own: Recording) -> Pair {
    let (asked_differently, refusal) = match translated(&own) {
        Ok(body) => (asked_differently(&native.body, &body), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    Pair { native, own, asked_differently, refusal }
}

/// The file's text: one pair a line.
pub(super) fn list(pairs: &[Pair]) -> String {
    let line = |pair: &Pair| {
        let mut line = json!({"native": pair.native.name, "own": pair.own.name});
        if !pair.asked_differently.is_empty() {
            line["asked_differently"] = json!(pair.asked_differently);
        }
        if let Some(error) = &pair.refusal {
            line["refused"] = json!(error.param);
        }
        line.to_string()
    };
    format!("[\n{}\n]\n", pairs.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

fn is_twin(native: &Recording, own: &Recording) -> bool {
    native.status.is_some()
        && own.status.is_some()
        && native.body["model"].is_string()
        && native.body["model"] == own.body["model"]
        && (native.path == "/api/embed" || native.streams() == own.streams())
        && asked(native) == asked(own)
}

/// What is asked, as the native API reads it.
fn asked(recording: &Recording) -> Value {
    let body = &recording.body;
    match recording.path.as_str() {
        "/api/chat" | "/v1/chat/completions" => {
            body["messages"].as_array().map_or(Value::Null, |messages| messages.iter().map(message).collect())
        }
        "/api/generate" | "/v1/completions" => body["prompt"].clone(),
        _ => match &body["input"] {
            Value::String(text) => json!([text]),
            input => input.clone(),
        },
    }
}

fn message(message: &Value) -> Value {
    let content = match &message["content"] {
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            json!(texts.join("\n"))
        }
        Value::Null => json!(""),
        content => content.clone(),
    };
    let images: Vec<&Value> = match (&message["images"], &message["content"]) {
        (Value::Array(images), _) => images.iter().collect(),
        (_, Value::Array(parts)) => parts.iter().filter_map(|part| part.get("image_url")).collect(),
        _ => Vec::new(),
    };
    let thinking = message.get("thinking").or(message.get("reasoning")).cloned().unwrap_or_default();
    let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| {
        let arguments = match &call["function"]["arguments"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            arguments => arguments.clone(),
        };
        json!([call["id"], call["function"]["name"], arguments])
    });
    json!({
        "role": message["role"], "content": content, "images": images, "thinking": thinking,
        "calls": calls.collect::<Vec<_>>(), "answers": message["tool_call_id"],
    })
}

/// What we would send for a request to `/v1`.
fn translated(own: &Recording) -> Result<Value, ApiError> {
    let text = match &own.body {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let (body, rules) = (text.as_bytes(), Rules { load_options: true });
    let native: Native = match own.path.as_str() {
        "/v1/chat/completions" => chat::translate(&openai::parse(body)?, rules)?.native,
        "/v1/completions" => completions::translate(&openai::parse(body)?, rules)?.natives.swap_remove(0),
        _ => embeddings::translate(&openai::parse(body)?, rules)?.native,
    };
    Ok(serde_json::from_slice(&native.body(own.model())).expect("a native body is JSON"))
}

/// The keys, `options` one by one, whose values differ between two native requests.
fn asked_differently(one: &Value, other: &Value) -> Vec<String> {
    let (one, other) = (flat(one), flat(other));
    let mut keys: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| one.get(key) != other.get(key));
    keys
}

fn flat(body: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("model" | "messages" | "stream" | "prompt" | "input", _) => {}
            // Without the key a model that thinks does so, and any other does not.
            ("think", Value::Bool(false)) if !thinks(body) => {}
            ("options", Value::Object(options)) => {
                flat.extend(options.iter().map(|(name, value)| (format!("options.{name}"), value.clone())));
            }
            _ => {
                flat.insert(key.clone(), value.clone());
            }
        }
    }
    flat
}

/// Whether the model of a recording thinks, told from its name; the list is in the recordings' README.
fn thinks(body: &Value) -> bool {
    let model = body["model"].as_str().unwrap_or_default();
    ["think", "reason", "qwen3", "parser:"].iter().any(|part| model.contains(part))
}
