//! The caches through the front door: what the upstream is asked is counted.

use ollama2openai::fake::{Fake, Request, Script};
use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::client::Response;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::{self, within};

const CHAT: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";

/// Each text's vector is its length; the texts `bad` and `none` make errors.
fn embed(request: &Request) -> Script {
    let body = request.json().unwrap();
    let inputs: Vec<_> =
        body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    if inputs.contains(&"bad") {
        return Script::json(400, &json!({"error": "no"}));
    }
    let vectors: Vec<_> = inputs.iter().map(|text| json!([text.len(), 0.5])).collect();
    Script::json(200, &json!({"embeddings": vectors, "prompt_eval_count": inputs.len() * 2}))
}

async fn started(env: &[(&str, &str)]) -> (Fake, Gateway) {
    let fake =
        ollama(|request| if request.path == "/api/embed" { embed(request) } else { whole("Hi") }).await;
    let url = fake.url();
    let env: Vec<_> = [("OLLAMA_BASE_URL", url.as_str())].into_iter().chain(env.iter().copied()).collect();
    let gateway = Gateway::start(&env).await;
    (fake, gateway)
}

async fn embedded(gateway: &Gateway, input: Value) -> Response {
    gateway.post(EMBEDDINGS, &json!({"model": "m", "input": input})).await
}

fn lengths(reply: &Response) -> Vec<Value> {
    reply.json()["data"].as_array().unwrap().iter().map(|item| item["embedding"][0].clone()).collect()
}

#[tokio::test]
async fn a_batch_asks_for_what_is_missing_and_keeps_its_order() {
    let (fake, gateway) = started(&[]).await;
    let miss = embedded(&gateway, json!(["a", "ccc"])).await;
    assert_eq!((miss.status, miss.header("x-cache")), (200, Some("MISS")));
    let partial = embedded(&gateway, json!(["bb", "a", "dddd", "ccc"])).await;
    assert_eq!(partial.header("x-cache"), Some("PARTIAL"));
    assert_eq!(lengths(&partial), [2, 1, 4, 3]);
    assert_eq!(partial.json()["usage"]["prompt_tokens"], 8);
    assert_eq!(fake.log.of("/api/embed")[1].request.json().unwrap()["input"], json!(["bb", "dddd"]));
    let hit = embedded(&gateway, json!(["ccc", "a"])).await;
    assert_eq!((hit.header("x-cache"), lengths(&hit)), (Some("HIT"), vec![json!(3), json!(1)]));
    assert_eq!(embedded(&gateway, json!(["a", "ccc"])).await.body, miss.body, "a hit reads as the miss did");
    assert_eq!(fake.log.of("/api/embed").len(), 2);
    let other = gateway.post(EMBEDDINGS, &json!({"model": "m", "input": "a", "dimensions": 2})).await;
    assert_eq!(other.header("x-cache"), Some("MISS"), "dimensions change the vector");
    gateway.post(EMBEDDINGS, &json!({"model": "m", "input": "bad"})).await;
    assert_eq!(embedded(&gateway, json!("bad")).await.status, 400);
    assert_eq!(fake.log.of("/api/embed").len(), 5, "errors are not kept");
}

#[tokio::test]
async fn a_chat_hit_has_an_id_of_its_own() {
    let (fake, gateway) = started(&[("CACHE_CHAT", "true")]).await;
    let first = gateway.post(CHAT, &chat(false)).await;
    let second = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((first.header("x-cache"), second.header("x-cache")), (Some("MISS"), Some("HIT")));
    let (first, second) = (first.json(), second.json());
    assert_eq!((&first["choices"], &first["usage"]), (&second["choices"], &second["usage"]));
    assert_ne!(first["id"], second["id"]);
    let fields = json!({"seed": 1, "stop": "x", "think": true, "top_k": 3, "n": 2, "logprobs": true, "temperature": 0.5,
        "num_ctx": 9, "max_completion_tokens": 5, "presence_penalty": 1, "response_format": {"type": "json_object"},
        "tools": [{"type": "function", "function": {"name": "f"}}]});
    for (field, value) in fields.as_object().unwrap() {
        let mut body = chat(false);
        body[field] = value.clone();
        assert_eq!(gateway.post(CHAT, &body).await.header("x-cache"), Some("MISS"), "{field}");
    }
    let asked = fake.log.of("/api/chat").len();
    assert_eq!(asked, 1 + fields.as_object().unwrap().len() + 1);
    assert!(gateway.post(CHAT, &chat(true)).await.header("x-cache").is_none(), "streams are not kept");
}

#[tokio::test]
async fn what_is_off_is_not_kept() {
    let (_fake, gateway) = started(&[("CACHE_EMBEDDINGS", "false")]).await;
    for _ in 0..2 {
        assert_eq!(embedded(&gateway, json!("a")).await.header("x-cache"), None);
        assert_eq!(gateway.post(CHAT, &chat(false)).await.header("x-cache"), None, "off unless asked for");
    }
}

#[tokio::test]
async fn ages_and_sizes_have_an_end() {
    let ages = [("CACHE_EMBEDDINGS_MAX_AGE", "1ms"), ("CACHE_CHAT_MAX_AGE", "1ms"), ("CACHE_CHAT", "true")];
    let (_fake, gateway) = started(&ages).await;
    for _ in 0..2 {
        let missed = embedded(&gateway, json!("a")).await;
        assert_eq!(missed.header("x-cache"), Some("MISS"));
        assert_eq!(gateway.post(CHAT, &chat(false)).await.header("x-cache"), Some("MISS"));
        within("an entry to be too old", wait::pause(std::time::Duration::from_millis(5))).await;
    }
    let sizes = [("CACHE_EMBEDDINGS_MAX_SIZE", "1"), ("CACHE_CHAT_MAX_SIZE", "0"), ("CACHE_CHAT", "true")];
    let (_fake, gateway) = started(&sizes).await;
    embedded(&gateway, json!(["a", "bb", "ccc"])).await;
    assert_eq!(embedded(&gateway, json!(["a", "bb", "ccc"])).await.header("x-cache"), Some("PARTIAL"));
    assert_eq!(gateway.post(CHAT, &chat(false)).await.header("x-cache"), None);
}
