//! A scripted Ollama: what it generates is the test's, what it tells of itself is always there.

use std::time::Duration;

use ollama2openai::fake::{Fake, Piece, Request, Script};
use serde_json::{Value, json};

/// Starts an Ollama whose `/api/chat`, `/api/generate` and `/api/embed` answer by `generate`. It lists `m:latest`, which
/// can do everything but see.
pub async fn ollama(generate: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Fake {
    let handler = move |request: &Request| match request.path.as_str() {
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        "/api/tags" => {
            let model =
                json!({"name": "m:latest", "model": "m:latest", "modified_at": "2026-01-01T00:00:00Z"});
            Script::json(200, &json!({"models": [model]}))
        }
        "/api/show" => {
            Script::json(200, &json!({"capabilities": ["completion", "tools", "thinking", "embedding"]}))
        }
        _ => generate(request),
    };
    Fake::start(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(handler))
        .await
        .expect("a fake on loopback starts")
}

/// A line of `/api/chat` with this text.
pub fn says(text: &str) -> Value {
    json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text}, "done": false})
}

/// The last line of `/api/chat`.
pub fn done() -> Value {
    json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": ""},
        "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2})
}

/// A whole reply of `/api/chat` with this text.
pub fn whole(text: &str) -> Script {
    let mut reply = done();
    reply["message"]["content"] = text.into();
    Script::json(200, &reply)
}

/// One line as a piece of a script.
pub fn line(value: &Value) -> Piece {
    Piece::Bytes(format!("{value}\n").into())
}

/// A pause as a piece of a script.
pub fn pause_ms(ms: u64) -> Piece {
    Piece::Pause(Duration::from_millis(ms))
}

/// A chat request for the model `m`.
pub fn chat(stream: bool) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream})
}
