//! Many backends behind one address: who is asked, who is asked next, and who is left alone.

mod places;
mod retries;
mod turns;

use ollama2openai::config::Secret;
use ollama2openai::fake::{Fake, Request, Script};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::json;

use crate::support::Gateway;
use crate::support::ollama::{chat, done, ollama, says, whole};

const CHAT: &str = "/v1/chat/completions";

/// No probe leaves a connection behind, whose death would be a matter of its own.
const UNPROBED: (&str, &str) = ("HEALTH_CHECK_INTERVAL", "0");

/// A key of the pool.
fn key(name: &str, url: &str) -> NewKey {
    NewKey::new(name, url, Secret::new(format!("credential-{name}")))
}

/// A channel with one backend.
fn channel(name: &str, url: &str) -> NewChannel {
    let backends = vec![NewBackend::new(name, url, Secret::new(""))];
    NewChannel { backends, ..NewChannel::new(name, url) }
}

/// An Ollama that answers whole or streamed, as it is asked, and says its name.
async fn well(name: &'static str) -> Fake {
    ollama(move |request| says_its_name(name, request)).await
}

fn says_its_name(name: &str, request: &Request) -> Script {
    match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says(name), &done()]),
        false => whole(name),
    }
}

/// How many chats it was asked for.
fn calls(fake: &Fake) -> usize {
    fake.log.of("/api/chat").len()
}

/// Who answers a whole request for `model`.
async fn who(gateway: &Gateway, model: &str) -> String {
    let mut body = chat(false);
    body["model"] = json!(model);
    let reply = gateway.post(CHAT, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["model"], model, "the reply names the model as it was asked for");
    reply.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}
