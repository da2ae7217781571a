//! Who may use what: tokens and their limits, addresses, anonymous use. Through every path, and round every corner.

mod addresses;
mod anonymous;
mod limits;
mod quota;
mod tokens;
mod tricks;
mod walk;

use ollama2openai::access::Minted;
use ollama2openai::fake::{self, Fake, Script};
use ollama2openai::store::NewToken;

use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};

const CHAT: &str = "/v1/chat/completions";

/// A token of this text, without limits.
fn token(text: &str) -> NewToken {
    let minted = Minted::of(text.to_owned());
    NewToken::new(text, minted.hash, minted.prefix, minted.last_four)
}

/// The text that stands for a token in tests, as a client sends it.
fn with(request: Request, text: &str) -> Request {
    request.header("authorization", &format!("Bearer {text}"))
}

/// A chat request that shows this token.
fn ask(text: &str) -> Request {
    with(Request::post(CHAT, &chat(false)), text)
}

/// A gateway in front of an Ollama that always says the same, with these tokens.
async fn gateway(env: &[(&str, &str)], tokens: &[NewToken]) -> (Fake, Gateway) {
    gateway_with(|_| whole("Hi"), env, tokens).await
}

/// The same in front of an Ollama that answers by `script`.
async fn gateway_with(
    script: impl Fn(&fake::Request) -> Script + Send + Sync + 'static,
    env: &[(&str, &str)],
    tokens: &[NewToken],
) -> (Fake, Gateway) {
    let fake = ollama(script).await;
    let url = fake.url();
    let env: Vec<_> = env.iter().copied().chain([("OLLAMA_BASE_URL", url.as_str())]).collect();
    let gateway = Gateway::with_tokens(&env, tokens).await;
    (fake, gateway)
}

/// Status and code of a reply; the code is empty when it is no error.
fn told(reply: &Response) -> (u16, String) {
    let code = match reply.status {
        200..300 => String::new(),
        _ => reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned(),
    };
    (reply.status, code)
}
