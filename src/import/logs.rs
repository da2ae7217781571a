//! `logs/*.jsonl`: records of requests and of changes, kept as they were.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::ImportError;
use super::files::{File, Files, MOST_RECORDS};
use super::plan::Draft;
use super::report::{Fit, Line, Place};
use super::text::counted;
use crate::store::{LogKind, OldRecord};

pub(super) fn read(files: &Files, draft: &mut Draft) -> Result<(), ImportError> {
    for (file, kind) in [(File::Requests, LogKind::Request), (File::Audit, LogKind::Audit)] {
        if files.left.contains(&file) {
            let note = "logs are taken when they are asked for: `ollama2openai import FOLDER --apply --logs`";
            draft.lines.push(Line::left(file, "records", Fit::Manual, note));
        }
        if let Some(text) = files.text(file) {
            one(files, file, kind, text, draft)?;
        }
    }
    Ok(())
}

fn one(files: &Files, file: File, kind: LogKind, text: &str, draft: &mut Draft) -> Result<(), ImportError> {
    let mut notes = Vec::new();
    let mut times = HashMap::<&str, u64>::new();
    let begin = draft.batch.logs.len();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let Ok(record) = serde_json::from_str::<Map<String, Value>>(line) else {
            // What a program that is killed leaves.
            if lines.peek().is_none() {
                notes.push("the last line is cut off and was left out".to_owned());
                break;
            }
            return Err(files.damaged(file, at + 1, "it is no JSON object"));
        };
        let at = record.get("timestamp").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        let at = at.unwrap_or(Timestamp::UNIX_EPOCH);
        let count = times.entry(line).or_default();
        *count += 1;
        let id = Sha256::digest(format!("{}\n{count}\n{line}", file.name())).into();
        draft.batch.logs.push(OldRecord { id, kind, at: format!("{at:.3}"), record: line.to_owned() });
    }
    if let Some(skipped) = files.skipped.get(&file).filter(|skipped| **skipped > 0) {
        notes.push(format!("the newest {MOST_RECORDS} lines; {skipped} older ones were left out"));
    }
    let place = Place::Logs(begin..draft.batch.logs.len());
    let what = counted(draft.batch.logs.len() - begin, "record", "records");
    draft.lines.push(Line::taken(file, what, notes, place));
    Ok(())
}
