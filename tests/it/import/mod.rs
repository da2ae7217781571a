//! Data of the Node program through the front door: at the first start, by the command, by upload. The folders are in
//! `tests/cases/seed-data`: a small one of the oldest form, and one with every odd thing that was found or thought of.

mod command;
mod first;
mod killed;
mod odd_tokens;
mod refused;
mod upload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ollama2openai::config::TokenHash;
use ollama2openai::store::{BackendRow, ChannelRow, Rows, Store, TokenRow};
use tempfile::TempDir;

/// A part of every secret in the samples.
const MARKER: &str = "mArKeR";
/// The strong token of both samples, which has no marker in it.
const ALICE: &str = "sk-o2o-00112233445566778899aabbccddeeff0011223344556677";

/// The text of a sample file; each pair is replaced.
fn sample(name: &str, replace: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/seed-data").join(name);
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    for (from, to) in replace {
        text = text.replace(from, to);
    }
    text.replace("NEXT-MONTH", &next_month())
}

/// The first moment of the next month, in UTC.
fn next_month() -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month().checked_add(jiff::Span::new().months(1)).unwrap();
    format!("{first}T00:00:00.000Z")
}

/// A data folder with the JSON files of the small sample.
fn small(replace: &[(&str, &str)]) -> TempDir {
    folder(
        &["keys.json", "tokens.json"]
            .map(|name| (name.to_owned(), sample(&format!("small/{name}"), replace))),
    )
}

/// A data folder with all files of the full sample.
fn full(replace: &[(&str, &str)]) -> TempDir {
    let names = ["keys.json", "channels.json", "tokens.json", "stats.json", "access.json"];
    let logs = ["logs/requests.jsonl", "logs/audit.jsonl"];
    let files = names.iter().chain(&logs);
    let files = files.map(|name| ((*name).to_owned(), sample(&format!("full/data/{name}"), replace)));
    folder(&files.collect::<Vec<_>>())
}

fn folder(files: &[(String, String)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    home
}

/// Every file below a folder that is not one of ours, with its bytes.
fn old_files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json" || end == "jsonl") {
                files.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// What is stored in a data folder.
async fn stored(dir: &Path) -> (Rows, Vec<(String, String)>) {
    let store = Store::open(dir, None).await.unwrap();
    let rows = store.load().await.unwrap();
    let settings = rows.settings.clone();
    let found = (rows, settings);
    store.close().await;
    found
}

fn key<'r>(rows: &'r Rows, id: &str) -> &'r BackendRow {
    rows.backends.iter().find(|row| row.id.ends_with(id)).unwrap_or_else(|| panic!("no key {id}"))
}

fn channel<'r>(rows: &'r Rows, name: &str) -> &'r ChannelRow {
    rows.channels.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no channel {name}"))
}

fn token<'r>(rows: &'r Rows, text: &str) -> &'r TokenRow {
    let hash = TokenHash::of(text.as_bytes());
    rows.tokens.iter().find(|row| row.hash == hash).unwrap_or_else(|| panic!("no token {text}"))
}

/// No secret of the samples is in a text.
#[track_caller]
fn hides(text: &str) {
    assert!(!text.contains(MARKER) && !text.contains(ALICE), "a secret is in: {text}");
}
