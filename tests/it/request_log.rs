//! The request log: what a request leaves behind in the database, the files and the live tail, and how it is found again.

mod attempts;
mod cut;
mod export;
mod files;
mod find;
mod keep;
mod tail;
mod terminal;

use ollama2openai::fake::{Fake, Request as Seen, Script};
use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::admin::{self, PASSWORD, call, get, post};
use crate::support::client::Request;
use crate::support::ollama::{chat, done, ollama, says, whole};

const CHAT: &str = "/v1/chat/completions";

/// An Ollama that fails for the model `broken`, and has none called `absent`.
async fn upstream() -> Fake {
    ollama(|request: &Seen| match request.model().as_str() {
        "broken" => Script::json(500, &json!({"error": "the runner of Model X has stopped"})),
        "absent" => Script::json(404, &json!({"error": "model 'absent' not found"})),
        _ if request.json().is_some_and(|json| json["stream"] == true) => {
            Script::ndjson([&says("Hi"), &done()])
        }
        _ => whole("Hi"),
    })
    .await
}

async fn started(fake: &Fake, env: &[(&str, &str)]) -> Gateway {
    let url = fake.url();
    let ours = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", url.as_str()), ("MAX_RETRIES", "0")];
    Gateway::start(&[&ours, env].concat()).await
}

/// The records that are found, the newest first.
async fn found(gateway: &Gateway, query: &str) -> Vec<Value> {
    let told = get(gateway, &format!("/logs?type=request&{query}")).await;
    told["logs"].as_array().expect("a list").clone()
}

/// A chat with a model and a token; gives the status.
async fn ask(gateway: &Gateway, model: &str, token: &str, stream: bool) -> u16 {
    let mut body = chat(stream);
    body["model"] = model.into();
    let request = Request::post(CHAT, &body);
    let request = match token {
        "" => request,
        token => request.header("authorization", &format!("Bearer {token}")),
    };
    gateway.send(&request).await.status
}

/// A token of this name; gives its id and text.
async fn token(gateway: &Gateway, name: &str) -> (String, String) {
    admin::token(gateway, &json!({ "name": name })).await
}
