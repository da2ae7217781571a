//! The fake Ollama beside the recordings of a real one: same status, content type, framing and order of keys
//! for each recorded generation and embedding. The words differ.

use std::path::Path;

use ollama2openai::fake::{self, Fake, Models, Options};
use serde_json::Value;

use crate::support::client::{self, Request};
use crate::support::wait::within;

/// Recordings that are not compared.
const LEFT_OUT: [(&str, &str); 4] = [
    ("155", "this small model ended inside its thinking, without an answer"),
    ("310", "the client left in the middle of the reply"),
    ("311", "the client left before any byte of the reply"),
    ("313", "the client left before any byte of the reply"),
];
/// Recordings of a runner that was killed in mid-answer.
const CRASHES: [&str; 4] = ["301", "304", "305", "306"];
/// A recording of a server whose queue was full.
const QUEUE_FULL: &str = "320";

/// What is compared of a reply.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    content_type: String,
    chunked: bool,
    /// The order of keys of each object; equal ones in a row are told once.
    keys: Vec<String>,
    /// What an error says, with `#` for each number.
    error: Option<String>,
}

/// The keys of a value in order, with those of what they hold.
fn keys(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}{}", keys(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(keys).collect();
            items.dedup();
            format!("[{}]", items.join(","))
        }
        _ => String::new(),
    }
}

fn shape(status: u16, content_type: &str, chunked: bool, pieces: &[String]) -> Shape {
    let ndjson = content_type == "application/x-ndjson";
    let (mut orders, mut error) = (Vec::new(), None);
    for piece in pieces {
        assert_eq!(piece.ends_with('\n'), ndjson, "only a line of a stream ends with its line end: {piece}");
        assert_eq!(piece.matches('\n').count(), usize::from(ndjson), "one chunk is one line: {piece}");
        let json: Value = serde_json::from_str(piece).unwrap();
        error = json["error"].as_str().map(|text| {
            let parts = text.split(|c: char| c.is_ascii_digit());
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
        });
        orders.push(keys(&json));
    }
    orders.dedup();
    Shape { status, content_type: content_type.to_owned(), chunked, keys: orders, error }
}

fn recorded(file: &Value) -> Shape {
    let response = &file["response"];
    let chunks = response["chunks"].as_array().unwrap();
    let pieces: Vec<String> = chunks.iter().map(|chunk| chunk["text"].as_str().unwrap().to_owned()).collect();
    shape(
        response["status"].as_u64().unwrap().try_into().unwrap(),
        response["headers"]["Content-Type"].as_str().unwrap(),
        response["framing"] == "chunked",
        &pieces,
    )
}

async fn answered(fake: &Fake, file: &Value) -> Shape {
    let request = &file["request"];
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    let request = Request::new("POST", request["path"].as_str().unwrap()).body(body);
    let mut connection = client::connect(fake.addr).await;
    connection.send(&request.bytes()).await.unwrap();
    let head = within("the head", connection.head(false)).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = within("a piece", connection.piece()).await.unwrap() {
        pieces.push(String::from_utf8(piece).unwrap());
    }
    let content_type = head.headers.get("content-type").unwrap();
    shape(head.status, content_type, head.headers.get("transfer-encoding").is_some(), &pieces)
}

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/recordings");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn options(number: &str) -> Options {
    let options = Options::quick(Models::Recorded);
    match number {
        QUEUE_FULL => Options { max_queue: 0, ..options },
        _ if CRASHES.contains(&number) => Options { crash_after: Some(3), ..options },
        _ => options,
    }
}

#[tokio::test]
async fn each_recorded_reply_has_its_like() {
    let (mut compared, mut differing) = (0, Vec::new());
    for (name, file) in recordings() {
        let number = name.split('-').next().unwrap();
        let path = file["request"]["path"].as_str().unwrap();
        let generates = matches!(path, "/api/chat" | "/api/generate" | "/api/embed" | "/api/embeddings");
        let left_out = LEFT_OUT.iter().any(|(known, _)| *known == number);
        if file["request"]["method"] != "POST" || !generates || left_out {
            continue;
        }
        let fake = Fake::start(([127, 0, 0, 1], 0).into(), fake::demo(options(number))).await.unwrap();
        let (expected, found) = (recorded(&file), answered(&fake, &file).await);
        compared += 1;
        if expected != found {
            differing.push(format!("{name}\n  recorded {expected:?}\n  the fake {found:?}"));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert!(compared > 180, "only {compared} recordings were found");
}
