//! Requests of OpenAI's API → what Ollama is sent, or the error. A file of `tests/cases/requests` is a list of
//! cases: `name`, `endpoint` (chat if absent), `load_options` (true if absent), and the body: `request` as JSON, or
//! `text` where the exact bytes matter, a list of pieces of which `{"repeat":["[",200]}` is one kind.

use std::fmt::Write as _;

use serde_json::Value;
use wire::openai::{self, ApiError};
use wire::translate::{Native, Rules, chat, completions, embeddings};

use crate::support::{cases, no_leftovers, snapshot, stems};

/// More than this of a line is cut off in a snapshot.
const SHOWN: usize = 3000;

#[test]
fn requests_become_native_ones_or_errors() {
    let folder = cases("requests");
    let names = stems(&folder, "json");
    assert!(!names.is_empty(), "no cases");
    for name in &names {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("a case can be read");
        let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let outcomes: String = list.iter().map(outcome).collect();
        snapshot(&folder, name, &format!("{name}: {} cases", list.len()), &outcomes);
    }
    no_leftovers(&folder, &names);
}

fn outcome(case: &Value) -> String {
    let mut out = format!("## {}\n", case["name"].as_str().expect("a case has a name"));
    let body = body(case);
    let rules = Rules { load_options: case["load_options"].as_bool().unwrap_or(true) };
    let lines = match case["endpoint"].as_str().unwrap_or("chat") {
        "chat" => chat_lines(&body, rules),
        "completions" => completion_lines(&body, rules),
        "embeddings" => embedding_lines(&body, rules),
        other => panic!("no such endpoint: {other}"),
    };
    match lines {
        Ok(lines) => out.push_str(&lines),
        Err(error) => {
            let json = error.to_json();
            serde_json::from_slice::<Value>(&json).expect("an error is JSON");
            writeln!(out, "{} {}", error.status, clipped(&json)).expect("text takes text");
        }
    }
    out.push('\n');
    out
}

fn body(case: &Value) -> String {
    match &case["text"] {
        Value::Null => serde_json::to_string(&case["request"]).expect("JSON can be written"),
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(piece).collect(),
        other => panic!("'text' is a string or a list, not {other}"),
    }
}

fn piece(piece: &Value) -> String {
    if let Some(text) = piece.as_str() {
        return text.to_owned();
    }
    let (text, times) = (&piece["repeat"][0], &piece["repeat"][1]);
    let times = times.as_u64().expect("a number of times");
    let text = text.as_str().expect("a text to repeat");
    (0..times).map(|nth| text.replace("{{n}}", &nth.to_string())).collect()
}

fn chat_lines(body: &str, rules: Rules) -> Result<String, ApiError> {
    let chat = chat::translate(&openai::parse(body.as_bytes())?, rules)?;
    let mut facts = vec![format!("n={}", chat.choices)];
    facts.extend(chat.stream.then(|| "stream".to_owned()));
    facts.extend(chat.include_usage.then(|| "usage".to_owned()));
    facts.extend(chat.logprobs.then(|| "logprobs".to_owned()));
    facts.extend(chat.needs.vision.then(|| "vision".to_owned()));
    facts.extend(chat.needs.audio.then(|| "audio".to_owned()));
    Ok(native(&chat.native, &chat.model, &facts, &chat.ignored))
}

fn completion_lines(body: &str, rules: Rules) -> Result<String, ApiError> {
    let completion = completions::translate(&openai::parse(body.as_bytes())?, rules)?;
    let mut facts = vec![format!("n={}", completion.choices)];
    facts.extend(completion.stream.then(|| "stream".to_owned()));
    facts.extend(completion.include_usage.then(|| "usage".to_owned()));
    facts.extend(completion.logprobs.then(|| "logprobs".to_owned()));
    facts.push(format!("echoes {:?}", completion.echoes));
    let natives = completion.natives.iter();
    Ok(natives.map(|one| native(one, &completion.model, &facts, &completion.ignored)).collect())
}

fn embedding_lines(body: &str, rules: Rules) -> Result<String, ApiError> {
    let embedding = embeddings::translate(&openai::parse(body.as_bytes())?, rules)?;
    let facts = [format!("inputs={} {:?}", embedding.inputs, embedding.encoding)];
    Ok(native(&embedding.native, &embedding.model, &facts, &embedding.ignored))
}

fn native(native: &Native, model: &str, facts: &[String], ignored: &[&str]) -> String {
    let body = native.body(model);
    let depth_is_shown_elsewhere = body.len() > SHOWN;
    if !depth_is_shown_elsewhere {
        serde_json::from_slice::<Value>(&body).expect("the native body is JSON");
    }
    let ignored = if ignored.is_empty() { String::new() } else { format!(", ignored {ignored:?}") };
    format!("{} {}{ignored}\n{}\n", native.path, facts.join(", "), clipped(&body))
}

fn clipped(json: &[u8]) -> String {
    let text = std::str::from_utf8(json).expect("JSON is UTF-8");
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let shown: String = text.chars().take(400).collect();
    format!("{shown} ({} bytes)", text.len())
}
