//! Four Ollamas that do what the model's name says, and count what the prompt says.

use ollama2openai::fake::{End, Fake, Request, Script};
use serde_json::{Value, json};

use crate::support::ollama::{done, line, ollama, says};

pub struct Fleet(pub Vec<Fake>);

/// Tokens of a prompt that ends with this number, and of its answer: no two neighbours have the same.
pub fn counts(nth: usize) -> (u64, u64) {
    (10 + nth as u64 % 41, 1 + nth as u64 % 7)
}

fn number_of(request: &Request) -> usize {
    let body = request.json().unwrap_or_default();
    let texts = [&body["messages"][0]["content"], &body["prompt"]];
    let text = texts.iter().find_map(|text| text.as_str()).unwrap_or_default();
    text.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn last(request: &Request) -> Value {
    let (prompt, completion) = counts(number_of(request));
    let mut last = done();
    last["prompt_eval_count"] = prompt.into();
    last["eval_count"] = completion.into();
    if request.path == "/api/generate" {
        last["response"] = "".into();
    }
    last
}

fn says_in(request: &Request, text: &str) -> Value {
    let mut said = says(text);
    if request.path == "/api/generate" {
        said["response"] = text.into();
    }
    said
}

fn answers(request: &Request, at: usize) -> Script {
    let begun = || Script::streamed("application/x-ndjson", vec![line(&says_in(request, "Hi"))]);
    match request.model().as_str() {
        "boom" => return Script::json(500, &json!({"error": "boom"})),
        // Another one serves.
        "flaky" if at == 0 => return Script::json(503, &json!({"error": "busy"})),
        "endless" => return begun().ending(End::Hang),
        "breaks" => return begun().ending(End::Close),
        absent if absent.starts_with("absent") => {
            return Script::json(404, &json!({"error": format!("model '{absent}' not found")}));
        }
        _ => {}
    }
    let body = request.json().unwrap_or_default();
    if request.path == "/api/embed" {
        let inputs = body["input"].as_array().map_or(1, Vec::len);
        let vectors = vec![[0.5, 0.25]; inputs];
        return Script::json(
            200,
            &json!({"model": "m", "embeddings": vectors, "prompt_eval_count": 5 * inputs}),
        );
    }
    let last = last(request);
    if body["stream"] == true {
        return Script::ndjson([&says_in(request, "Hi"), &says_in(request, " you"), &last]);
    }
    let mut whole = last;
    whole["message"]["content"] = "Hi".into();
    whole["response"] = "Hi".into();
    Script::json(200, &whole)
}

impl Fleet {
    pub async fn start() -> Fleet {
        let mut fleet = Vec::new();
        for at in 0..4 {
            fleet.push(ollama(move |request| answers(request, at)).await);
        }
        Fleet(fleet)
    }

    /// How often each was asked for an answer.
    pub fn asked(&self) -> Vec<u64> {
        let is_answer = |path: &str| matches!(path, "/api/chat" | "/api/generate" | "/api/embed");
        let count = |fake: &Fake| fake.log.all().iter().filter(|seen| is_answer(&seen.request.path)).count();
        self.0.iter().map(|fake| count(fake) as u64).collect()
    }
}
