//! `LOG_TO_FILE`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ollama2openai::store::{By, Entry, Store};
use serde_json::{Value, json};

use super::{ask, call, found, get, post, started, token, upstream};
use crate::support::wait::{until, until_or, within};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn requests_and_changes_are_lines_of_files() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_TO_FILE", "true")]).await;
    let (id, text) = token(&gateway, "ann").await;
    for model in ["m", "broken"] {
        ask(&gateway, model, &text, false).await;
    }
    let listed = found(&gateway, "").await;
    let audit = get(&gateway, "/logs?type=audit").await;
    let home = within("the stop", gateway.stopped()).await;
    let folder = home.path().join("logs");
    let written = lines(&folder.join("requests.jsonl"));
    let mut without_seq = listed.clone();
    without_seq.iter_mut().for_each(|record| drop(record.as_object_mut().unwrap().remove("seq")));
    without_seq.reverse();
    assert_eq!(written, without_seq, "the file, the database and the list say the same");
    let mut changes = lines(&folder.join("audit.jsonl"));
    assert!(changes.iter().any(|line| line["action"] == "token.create" && line["tokenId"] == id));
    changes.reverse();
    assert_eq!(&changes, audit["logs"].as_array().unwrap());
    use std::os::unix::fs::PermissionsExt as _;
    for path in [folder.clone(), folder.join("requests.jsonl")] {
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{path:?} is for its owner alone"
        );
    }
}

/// The lines of the audit's file with this action.
fn told(folder: &Path, action: &str) -> usize {
    let all = lines(&folder.join("logs/audit.jsonl"));
    all.iter().filter(|line| line["action"] == action).count()
}

#[tokio::test]
async fn changes_are_told_at_once_and_those_of_other_processes_soon() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_TO_FILE", "true")]).await;
    for made in 1..=3 {
        token(&gateway, "ann").await;
        // Far less than the time between two looks.
        let soon = Duration::from_secs(4);
        assert!(until_or(soon, || told(gateway.home(), "token.create") == made).await, "{made}");
    }
    let other = Store::open(gateway.home(), None).await.unwrap();
    let entry = Entry { action: "cache.clear", object_kind: "cache", ..Entry::default() };
    other.record(&By::cli(), entry).await.unwrap();
    until("a change by another process is told", || told(gateway.home(), "cache.clear") == 1).await;
    let home = within("the stop", gateway.stopped()).await;
    assert_eq!(told(home.path(), "token.create"), 3, "each once");
}

#[tokio::test]
async fn files_are_put_aside_when_they_are_full_and_only_so_many_stay() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_TO_FILE", "true")]).await;
    post(&gateway, "/settings", &json!({"LOG_MAX_FILE_SIZE": 2048, "LOG_MAX_TOTAL_SIZE": 8192})).await;
    for _ in 0..60 {
        ask(&gateway, "m", "", false).await;
    }
    let home = within("the stop", gateway.stopped()).await;
    let files = files(&home.path().join("logs"));
    let aside = files.iter().filter(|path| path.to_str().unwrap().contains("requests-2"));
    assert!(aside.count() >= 2, "{files:?}");
    let sizes: Vec<_> = files.iter().map(|path| path.metadata().unwrap().len()).collect();
    assert!(sizes.iter().all(|size| *size <= 2048) && sizes.iter().sum::<u64>() <= 8192, "{sizes:?}");
    assert!(
        files.iter().flat_map(|path| lines(path)).all(|line| line["type"].is_string()),
        "no line is torn"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_lines_and_no_request() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_TO_FILE", "false")]).await;
    let folder = gateway.home().join("logs");
    std::fs::write(&folder, "no folder").unwrap();
    call(&gateway, "GET", "/logs", &Value::Null).await;
    post(&gateway, "/settings", &json!({"LOG_TO_FILE": true})).await;
    assert_eq!(ask(&gateway, "m", "", false).await, 200);
    let ledger = gateway.ledger();
    ledger.tell();
    until("the line is counted as lost", || ledger.journal.dropped().1 == 1).await;
    let page = gateway.get("/metrics").await.text();
    assert!(page.contains("ollama2openai_dropped_total{what=\"log_lines\"} 1"), "{page}");
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(ask(&gateway, "n", "", false).await, 200);
    ledger.tell();
    until("it is written again", || lines(&folder.join("requests.jsonl")).len() == 1).await;
    until("no change is lost", || {
        lines(&folder.join("audit.jsonl")).iter().any(|line| line["action"] == "setting.update")
    })
    .await;
}
