//! Many backends behind one address: who is asked, who is asked next, and who is left alone.

mod budget;
mod candidates;
mod explain;
mod health;
mod leaving;
mod no_retries;
mod places;
mod probes;
mod retries;
mod storm;
mod turns;

use std::time::Duration;

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Fake, Request, Script, Seen};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::json;

use crate::support::Gateway;
use crate::support::client;
use crate::support::http::Connection;
use crate::support::ollama::{chat, done, ollama, says, whole};

const CHAT: &str = "/v1/chat/completions";

/// No probe leaves a connection behind, whose death would be a matter of its own.
const UNPROBED: (&str, &str) = ("HEALTH_CHECK_INTERVAL", "0");

/// A key of the pool.
fn key(name: &str, url: &str) -> NewKey {
    NewKey::new(name, url, Secret::new(format!("credential-{name}")))
}

/// The key that is asked before the others.
fn first(url: &str) -> NewKey {
    NewKey { priority: 9, ..key("bad", url) }
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

/// An Ollama that takes requests and answers none.
async fn hanging() -> Fake {
    ollama(|_| Script::silent(End::Hang)).await
}

/// A refusal without a reason.
fn status(status: u16) -> Script {
    Script::json(status, &json!({"error": "boom"}))
}

/// The first backend answers by `script` and is of higher priority, the second is well.
async fn pair(script: fn() -> Script, env: &[(&str, &str)]) -> (Fake, Fake, Gateway) {
    let (bad, good) = (ollama(move |_| script()).await, well("good").await);
    let keys = [first(&bad.url()), key("good", &good.url())];
    let env: Vec<_> = env.iter().copied().chain([UNPROBED]).collect();
    let gateway = Gateway::with_rows(&env, &[], &keys).await;
    (bad, good, gateway)
}

fn count(seen: &[Seen], path: &str) -> usize {
    seen.iter().filter(|seen| seen.request.path == path).count()
}

/// How many chats it was asked for.
fn calls(fake: &Fake) -> usize {
    count(&fake.log.all(), "/api/chat")
}

/// Waits until `fake` was asked for so many chats.
async fn arrived(fake: &Fake, wanted: usize) {
    let seen = |seen: &[Seen]| count(seen, "/api/chat") >= wanted;
    assert!(fake.log.wait_until(Duration::from_secs(10), seen).await, "a call did not arrive");
}

/// A request that is on its way until the connection is dropped.
async fn begin(gateway: &Gateway, stream: bool) -> Connection {
    let mut connection = client::connect(gateway.addr).await;
    connection.send(&client::Request::post(CHAT, &chat(stream)).bytes()).await.unwrap();
    connection
}

/// A request that takes the only place of `fake` until it is dropped.
async fn occupy(gateway: &Gateway, fake: &Fake) -> Connection {
    let connection = begin(gateway, false).await;
    arrived(fake, 1).await;
    connection
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
