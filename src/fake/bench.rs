//! The benchmark's upstream: canned replies at the least cost, chosen by the name of the model.
//!
//! | model | reply |
//! | --- | --- |
//! | `bench-whole` | one JSON object of 1 KB |
//! | `bench-burst-N` | N lines and the last, all in one write |
//! | `bench-lone-Gms-N` | N lines and the last, each alone, G ms apart |

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::Request;
use super::script::{Framing, Piece, Script};
use super::server::Handler;

/// The size of a whole reply, in bytes.
const WHOLE_SIZE: usize = 1024;
/// The most lines of one reply.
const MOST_LINES: usize = 100_000;
/// Replies that are kept ready.
const KEPT: usize = 64;
/// What the list of models tells; every name of the forms above is served.
const LISTED: [&str; 4] = ["bench-whole", "bench-burst-64", "bench-lone-20ms-50", "bench-lone-1000ms-60"];
const NUMBERS: &str = r#""total_duration":1200000000,"load_duration":1000000,"prompt_eval_count":26,"prompt_eval_duration":100000000,"eval_count":64,"eval_duration":1000000000"#;

/// The handler of the benchmark's upstream. Run it with a log limit of 0.
pub fn bench() -> Handler {
    let ready: Mutex<BTreeMap<String, Script>> = Mutex::default();
    Arc::new(move |request| answer(request, &ready))
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
}

fn answer(request: &Request, ready: &Mutex<BTreeMap<String, Script>>) -> Script {
    match request.path.as_str() {
        "/api/version" => return Script::json(200, &json!({"version": "0.33.0"})),
        "/api/ps" => return Script::json(200, &json!({"models": []})),
        "/api/tags" => return Script::json(200, &json!({"models": LISTED.map(tag)})),
        "/api/show" | "/api/chat" => {}
        "/" => return Script::text(200, "Ollama is running"),
        _ => return Script::text(404, "404 page not found"),
    }
    let Ok(Named { model }) = serde_json::from_slice(&request.body) else {
        return Script::json(400, &json!({"error": "model is required"}));
    };
    if request.path == "/api/show" {
        return Script::json(200, &shown());
    }
    let mut ready = ready.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(script) = ready.get(model.as_ref()) {
        return script.clone();
    }
    let Some(script) = script(&model) else {
        return Script::json(404, &json!({"error": format!("model '{model}' not found")}));
    };
    if ready.len() < KEPT {
        ready.insert(model.into_owned(), script.clone());
    }
    script
}

/// The reply of a model: raw bytes with their head, so that nothing is made anew.
fn script(model: &str) -> Option<Script> {
    let name = model.strip_suffix(":latest").unwrap_or(model);
    let body = if name == "bench-whole" {
        vec![Piece::Bytes(whole(model))]
    } else if let Some(lines) = name.strip_prefix("bench-burst-") {
        vec![Piece::Bytes(chunks(model, count(lines)?).concat().into())]
    } else {
        let (gap, lines) = name.strip_prefix("bench-lone-")?.split_once("ms-")?;
        let gap = Piece::Pause(Duration::from_millis(gap.parse().ok()?));
        let chunks = chunks(model, count(lines)?);
        let mut body: Vec<Piece> =
            chunks.into_iter().flat_map(|chunk| [Piece::Bytes(chunk.into()), gap.clone()]).collect();
        body.pop();
        body
    };
    Some(Script {
        status: None,
        framing: Framing::Length(None),
        body,
        ..Script::whole(200, "", Bytes::new())
    })
}

fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|lines| (1..=MOST_LINES).contains(lines))
}

fn whole(model: &str) -> Bytes {
    let made = |content: &str| {
        format!(
            r#"{{"model":"{model}","created_at":"2026-01-01T00:00:00.123456789Z","message":{{"role":"assistant","content":"{content}"}},"done":true,"done_reason":"stop",{NUMBERS}}}"#
        )
    };
    let room = WHOLE_SIZE.saturating_sub(made("").len());
    let words: String = "the quick brown fox jumps over a lazy dog ".chars().cycle().take(room).collect();
    let body = made(&words);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ";
    format!("{head}{}\r\n\r\n{body}", body.len()).into()
}

/// A streamed reply in its HTTP chunks; the head is in the first, the end in the last.
fn chunks(model: &str, lines: usize) -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    let line = |content: &str, rest: &str| {
        format!(
            r#"{{"model":"{model}","created_at":"2026-01-01T00:00:00.123456789Z","message":{{"role":"assistant","content":"{content}"}},{rest}}}"#
        ) + "\n"
    };
    let token = line(" token", r#""done":false"#);
    let last = line("", &format!(r#""done":true,"done_reason":"stop",{NUMBERS}"#));
    let mut chunks = Vec::with_capacity(lines + 1);
    for at in 0..=lines {
        let line = if at == lines { &last } else { &token };
        let mut chunk = BytesMut::new();
        if at == 0 {
            chunk.extend_from_slice(head.as_bytes());
        }
        chunk.extend_from_slice(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes());
        if at == lines {
            chunk.extend_from_slice(b"0\r\n\r\n");
        }
        chunks.push(chunk.to_vec());
    }
    chunks
}

fn details() -> Value {
    json!({"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
        "parameter_size": "1B", "quantization_level": "Q4_K_M"})
}

fn tag(name: &str) -> Value {
    let name = format!("{name}:latest");
    json!({"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1000,
        "digest": "0".repeat(64), "details": details(), "capabilities": ["completion"]})
}

fn shown() -> Value {
    json!({"template": "{{ .Prompt }}", "details": details(), "capabilities": ["completion", "tools"],
        "model_info": {"general.architecture": "llama", "llama.context_length": 4096},
        "modified_at": "2026-01-01T00:00:00Z"})
}
