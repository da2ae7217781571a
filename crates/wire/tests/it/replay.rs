//! A recorded native reply, sent through the translation as the gateway does it.

use bytes::BytesMut;
use serde_json::json;
use wire::ndjson::Lines;
use wire::openai::{self, ApiError, Usage};
use wire::translate::embeddings::{self, Embedding};
use wire::translate::errors::{self, Refusal};
use wire::translate::{
    ChatStream, CompletionStream, Identity, Rules, Step, UsageRule, chat_reply, completion_reply, models,
};
use wire::{sse, translate};

use crate::recordings::Recording;

/// Long enough for every recorded line.
const LIMIT: usize = 1 << 20;

/// What the client gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A JSON body with status 200.
    Whole(String),
    /// Events with status 200.
    Events(String),
    /// An error before any byte was sent.
    Refused(ApiError),
}

/// How the client asked, as far as the reply depends on it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) usage: UsageRule,
    pub(crate) encoding: &'a str,
}

/// An identity that is the same in every run.
pub(crate) fn identity(prefix: &str, model: &str) -> Identity {
    Identity { id: format!("{prefix}-1"), created: 1_767_225_600, model: model.to_owned(), seed: 7 }
}

/// Translates the reply of `recording`, its body cut into `pieces`.
pub(crate) fn translated(recording: &Recording, pieces: &[&[u8]], asked: Asked<'_>) -> Reply {
    let status = recording.status.expect("there was a reply");
    let whole = pieces.concat();
    if status != 200 {
        return Reply::Refused(refusal(recording, status, &whole));
    }
    let model = recording.model();
    let logprobs = recording.body["logprobs"] == json!(true);
    match (recording.path.as_str(), recording.streams()) {
        ("/api/chat", true) => {
            let stream = ChatStream::new(&identity("chatcmpl", model), 1, logprobs, asked.usage);
            events(Stream::Chat(stream), pieces)
        }
        ("/api/generate", true) => {
            let echoes = [String::new()];
            let identity = identity("cmpl", model);
            let stream = CompletionStream::new(&identity, &echoes, 1, logprobs, asked.usage);
            events(Stream::Completion(stream), pieces)
        }
        ("/api/chat", false) => body(chat_reply(&[whole], &identity("chatcmpl", model), logprobs)),
        ("/api/generate", false) => {
            body(completion_reply(&[whole], &[String::new()], 1, &identity("cmpl", model), logprobs))
        }
        ("/api/embed", _) => body(embeddings::reply(&whole, &embedding(recording, asked.encoding))),
        ("/api/tags", _) => {
            let models = models::from_tags(&whole).expect("recorded tags are tags");
            Reply::Whole(text(models::list(&models)))
        }
        (path, _) => panic!("no translation of {path}"),
    }
}

fn refusal(recording: &Recording, status: u16, body: &[u8]) -> ApiError {
    let prompt = match recording.path.as_str() {
        "/api/chat" => "messages",
        "/api/generate" => "prompt",
        _ => "input",
    };
    let model = recording.model();
    errors::from_refusal(Refusal { status, body, retry_after: None, prompt, asked: model, served: model })
}

fn embedding(recording: &Recording, encoding: &str) -> Embedding {
    let (model, input) = (recording.model(), &recording.body["input"]);
    // What OpenAI's API refuses is asked for as one empty text, which is how Ollama reads it.
    let input =
        if input.as_array().is_none_or(Vec::is_empty) && !input.is_string() { &json!("") } else { input };
    let request = json!({"model": model, "input": input, "encoding_format": encoding}).to_string();
    let request = openai::parse(request.as_bytes()).expect("a recorded input can be asked for");
    translate::embeddings::translate(&request, Rules { load_options: true }).expect("it can be translated")
}

fn body<T>(reply: Result<(Vec<u8>, T), ApiError>) -> Reply {
    match reply {
        Ok((body, _)) => Reply::Whole(text(body)),
        Err(error) => Reply::Refused(error),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is written is UTF-8")
}

enum Stream {
    Chat(ChatStream),
    Completion(CompletionStream),
}

impl Stream {
    fn line(&mut self, line: &[u8], out: &mut BytesMut) -> Step {
        match self {
            Stream::Chat(stream) => stream.line(0, line, out),
            Stream::Completion(stream) => stream.line(0, line, out),
        }
    }

    fn finish(&self, out: &mut BytesMut) {
        match self {
            Stream::Chat(stream) => stream.finish(out),
            Stream::Completion(stream) => stream.finish(out),
        }
    }
}

fn events(mut stream: Stream, pieces: &[&[u8]]) -> Reply {
    let (mut lines, mut out) = (Lines::new(LIMIT), BytesMut::new());
    let mut end: Option<Result<Usage, ApiError>> = None;
    let mut each = |line: &[u8], out: &mut BytesMut| {
        match stream.line(line, out) {
            Step::More => {}
            Step::Done(usage) => end = end.take().or(Some(Ok(usage))),
            Step::Failed(error) => end = end.take().or(Some(Err(error))),
        }
        end.is_none()
    };
    let mut open = true;
    for piece in pieces {
        lines
            .push(piece, |line| {
                open = open && each(line, &mut out);
                open
            })
            .expect("recorded lines are short");
    }
    lines.finish(|line| open && each(line, &mut out));
    match end.unwrap_or_else(|| Err(errors::ended_early())) {
        Ok(_) => stream.finish(&mut out),
        Err(error) if out.is_empty() => return Reply::Refused(error),
        Err(error) => sse::failure(&mut out, &error),
    }
    Reply::Events(text(out.to_vec()))
}
