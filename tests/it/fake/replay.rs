//! Answers by recordings.

use std::path::{Path, PathBuf};

use ollama2openai::fake::{self, Fake, ReplayOptions};
use serde_json::{Value, json};

use crate::support::client::{self, Request};
use crate::support::wait::within;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/recordings")
}

async fn replay() -> Fake {
    let options = ReplayOptions { pace: 0.0, ..ReplayOptions::default() };
    let handler = fake::replay(&folder(), options).unwrap();
    Fake::start(([127, 0, 0, 1], 0).into(), handler).await.unwrap()
}

fn recording(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn chunks(recording: &Value) -> Vec<String> {
    let chunks = recording["response"]["chunks"].as_array().unwrap();
    chunks.iter().map(|chunk| chunk["text"].as_str().unwrap().to_owned()).collect()
}

/// Status, content type and pieces of a reply.
async fn ask(fake: &Fake, request: &Request) -> (u16, String, Vec<String>) {
    let mut connection = client::connect(fake.addr).await;
    connection.send(&request.bytes()).await.unwrap();
    let head = within("the head", connection.head(false)).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = within("a piece", connection.piece()).await.unwrap() {
        pieces.push(String::from_utf8(piece).unwrap());
    }
    (head.status, head.headers.get("content-type").unwrap_or_default().to_owned(), pieces)
}

#[tokio::test]
async fn a_recorded_request_gets_its_own_reply_in_the_same_chunks() {
    let fake = replay().await;
    for name in [
        "104-chat-stream",
        "116-chat-format-json",
        "183-native-tools-length",
        "274-embed",
        "213-chat-bad-json",
    ] {
        let recording = recording(name);
        let body = match &recording["request"]["body"] {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        let request = Request::new("POST", recording["request"]["path"].as_str().unwrap()).body(body);
        let (status, content_type, pieces) = ask(&fake, &request).await;
        let response = &recording["response"];
        assert_eq!(json!(status), response["status"], "{name}");
        assert_eq!(json!(content_type), response["headers"]["Content-Type"], "{name}");
        assert_eq!(pieces, chunks(&recording), "{name}");
    }
}

#[tokio::test]
async fn another_request_gets_a_reply_of_its_model_and_kind() {
    let fake = replay().await;
    let chat = |more: Value| {
        let mut body =
            json!({"model": "smollm2:135m", "messages": [{"role": "user", "content": "How are you?"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Request::post("/api/chat", &body)
    };
    let (status, content_type, pieces) = ask(&fake, &chat(json!({}))).await;
    assert_eq!((status, content_type.as_str()), (200, "application/x-ndjson"));
    assert!(pieces.len() > 5, "{pieces:?}");
    let last: Value = serde_json::from_str(pieces.last().unwrap()).unwrap();
    assert_eq!((&last["model"], &last["done"]), (&json!("smollm2:135m"), &json!(true)));
    let (_, content_type, pieces) = ask(&fake, &chat(json!({"stream": false, "format": "json"}))).await;
    assert_eq!(content_type, "application/json; charset=utf-8");
    let reply: Value = serde_json::from_str(&pieces.concat()).unwrap();
    assert!(serde_json::from_str::<Value>(reply["message"]["content"].as_str().unwrap()).is_ok(), "{reply}");
    let two = Request::post("/api/embed", &json!({"model": "ALL-MINILM", "input": ["x", "y"]}));
    let (_, _, pieces) = ask(&fake, &two).await;
    let reply: Value = serde_json::from_str(&pieces.concat()).unwrap();
    assert_eq!(reply["embeddings"].as_array().unwrap().len(), 2);
    let unknown = Request::post("/api/chat", &json!({"model": "nobody:1b", "messages": []}));
    let (status, _, pieces) = ask(&fake, &unknown).await;
    assert_eq!((status, pieces.concat()), (404, r#"{"error":"model 'nobody:1b' not found"}"#.to_owned()));
}

#[tokio::test]
async fn the_models_are_the_recorded_ones() {
    let fake = replay().await;
    assert_eq!(client::get(fake.addr, "/").await.text(), "Ollama is running");
    assert_eq!(client::get(fake.addr, "/api/version").await.json()["version"], "0.33.0");
    assert!(client::get(fake.addr, "/api/ps").await.json()["models"].is_array());
    let tags = client::get(fake.addr, "/api/tags").await.json();
    let names: Vec<&str> =
        tags["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    for name in ["smollm2:135m", "smollm2-qwen3:135m", "all-minilm:latest"] {
        assert!(names.contains(&name), "{names:?}");
        let shown =
            client::post_json(fake.addr, "/api/show", &json!({"model": name, "verbose": false})).await;
        assert!(shown.json()["capabilities"].is_array(), "{name}: {}", shown.status);
    }
    assert_eq!(client::post_json(fake.addr, "/api/show", &json!({"model": "nobody"})).await.status, 404);
    assert_eq!(client::get(fake.addr, "/api/nothing").await.status, 404);
}

#[test]
fn a_bad_folder_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| fake::replay(path, ReplayOptions::default()).err().unwrap().to_string();
    let missing = folder.path().join("missing");
    assert!(refused(&missing).starts_with(&format!("cannot read the folder {}", missing.display())));
    assert!(refused(folder.path()).starts_with("no recording of Ollama's own API in "));
    let file = folder.path().join("x.json");
    std::fs::write(&file, "{\"request\": 1}").unwrap();
    assert!(refused(folder.path()).starts_with(&format!("{} is not a recording", file.display())));
}
