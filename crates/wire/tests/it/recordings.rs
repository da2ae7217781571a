//! The recorded traffic of the repository, read.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::stems;

/// One exchange with a real Ollama.
#[derive(Clone)]
pub(crate) struct Recording {
    /// Its file's name without ending, such as `104-chat-stream`.
    pub(crate) name: String,
    /// What it shows, in words.
    pub(crate) what: String,
    /// The path of the request.
    pub(crate) path: String,
    /// The body of the request; text where it was no JSON.
    pub(crate) body: Value,
    /// The status; absent when the client left before any byte.
    pub(crate) status: Option<u16>,
    /// The body of the reply, cut as it arrived.
    pub(crate) chunks: Vec<String>,
}

impl Recording {
    /// The model that the request names.
    pub(crate) fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }

    /// Whether a stream was asked for; the native API streams unless told not to.
    pub(crate) fn streams(&self) -> bool {
        match self.path.as_str() {
            "/api/chat" | "/api/generate" => self.body["stream"] != Value::Bool(false),
            _ => self.body["stream"] == Value::Bool(true),
        }
    }

    /// The whole body of the reply.
    pub(crate) fn reply(&self) -> String {
        self.chunks.concat()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/recordings")
}

/// All recordings whose request went to one of `paths`, in order.
pub(crate) fn to(paths: &[&str]) -> Vec<Recording> {
    let folder = folder();
    let all = stems(&folder, "json").into_iter().map(|name| read(&folder, name));
    let found: Vec<_> = all.filter(|recording| paths.contains(&recording.path.as_str())).collect();
    assert!(!found.is_empty(), "no recordings of {paths:?}");
    found
}

fn read(folder: &Path, name: String) -> Recording {
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("a recording can be read");
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (request, response) = (&json["request"], &json["response"]);
    let chunks = response["chunks"].as_array().into_iter().flatten();
    Recording {
        what: json["what"].as_str().unwrap_or_default().to_owned(),
        path: request["path"].as_str().unwrap_or_default().to_owned(),
        body: request["body"].clone(),
        status: response["status"].as_u64().map(|status| u16::try_from(status).expect("a status is small")),
        chunks: chunks.map(|chunk| chunk["text"].as_str().unwrap_or_default().to_owned()).collect(),
        name,
    }
}
