//! Recordings read from a folder: one JSON file is one exchange, with its bytes and times.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a folder cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot read the folder {}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot read the recording {}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{} is not a recording", path.display())]
    Format { path: PathBuf, source: serde_json::Error },
    #[error("no recording of Ollama's own API in {}: files NAME.json with request and response are wanted", path.display())]
    Empty { path: PathBuf },
}

#[derive(Debug, Deserialize)]
struct File {
    request: FileRequest,
    response: FileResponse,
}

#[derive(Debug, Deserialize)]
struct FileRequest {
    method: String,
    path: String,
    #[serde(default)]
    body: Value,
}

#[derive(Debug, Deserialize)]
struct FileResponse {
    status: Option<u16>,
    headers: Option<Map<String, Value>>,
    framing: Option<String>,
    #[serde(default)]
    head_ms: Option<f64>,
    #[serde(default)]
    chunks: Option<Vec<FileChunk>>,
    /// Says that the exchange did not end as it should.
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FileChunk {
    #[serde(default)]
    ms: f64,
    text: String,
}

/// One exchange that ended properly.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) method: String,
    pub(super) path: String,
    /// Null, a text that is no JSON, or JSON.
    pub(super) body: Value,
    pub(super) status: u16,
    /// Without those that belong to the framing or to the day.
    pub(super) headers: Vec<(String, String)>,
    pub(super) chunked: bool,
    /// From the request to the head.
    pub(super) head: Duration,
    /// Each with the time since the piece before, or since the head.
    pub(super) chunks: Vec<(Duration, String)>,
}

impl Recording {
    pub(super) fn size(&self) -> usize {
        self.chunks.iter().map(|(_, text)| text.len()).sum()
    }

    /// The last line of the body, as JSON if it is.
    pub(super) fn last(&self) -> Value {
        let text = self.chunks.last().map_or("", |(_, text)| text.as_str());
        let line = text.trim_end().rsplit('\n').next().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_default()
    }
}

/// All proper exchanges of the native API in a folder, in the order of their file names.
pub(super) fn load(folder: &Path) -> Result<Vec<Recording>, ReplayError> {
    let cannot = |source| ReplayError::Folder { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    let mut recordings = Vec::new();
    for path in files {
        let bytes =
            std::fs::read(&path).map_err(|source| ReplayError::File { path: path.clone(), source })?;
        let file: File = serde_json::from_slice(&bytes)
            .map_err(|source| ReplayError::Format { path: path.clone(), source })?;
        recordings.extend(recording(file));
    }
    if recordings.is_empty() {
        return Err(ReplayError::Empty { path: folder.to_owned() });
    }
    Ok(recordings)
}

/// The exchange of a file, unless it is of another API or was broken off.
fn recording(file: File) -> Option<Recording> {
    let FileResponse { status, headers, framing, head_ms, chunks, note } = file.response;
    let native = file.request.path == "/" || file.request.path.starts_with("/api/");
    if !native || note.is_some() {
        return None;
    }
    let dropped = ["content-length", "transfer-encoding", "connection", "date"];
    let headers = headers.unwrap_or_default().into_iter().filter_map(|(name, value)| {
        let kept = !dropped.contains(&name.to_ascii_lowercase().as_str());
        kept.then(|| value.as_str().map(|value| (name.clone(), value.to_owned())))?
    });
    let head = millis(head_ms.unwrap_or_default());
    let mut before = head;
    let chunks = chunks.unwrap_or_default().into_iter().map(|chunk| {
        let at = millis(chunk.ms);
        let gap = at.saturating_sub(before);
        before = before.max(at);
        (gap, chunk.text)
    });
    Some(Recording {
        method: file.request.method,
        path: file.request.path,
        body: file.request.body,
        status: status?,
        headers: headers.collect(),
        chunked: framing.as_deref() == Some("chunked"),
        head,
        chunks: chunks.collect(),
    })
}

fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}
