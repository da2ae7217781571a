//! Killed in the middle of writing, and a disk that is full.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use ollama2openai::config::Secret;
use ollama2openai::store::{AuditFilter, By, NewBackend, Store, StoreError};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::open;
use crate::support::child;
use crate::support::wait::within;

fn keys(number: usize, length: usize) -> [NewBackend; 2] {
    let credential = |which: char| Secret::new(format!("{which}{number}{}", "x".repeat(length)));
    ['a', 'b'].map(|which| NewBackend {
        id: Some(format!("{which}-{number}")),
        ..NewBackend::new("n", "http://a", credential(which))
    })
}

/// Writes until it is killed, and says what was acknowledged.
async fn write_on(dir: &Path) {
    let say = |text: &str| std::io::stdout().write_all(format!("\n{text}\n").as_bytes()).unwrap();
    say("opening");
    let store = open(dir).await;
    let first = store.load().await.unwrap().backends.len() / 2;
    for number in first.. {
        store.create_keys(&keys(number, 100), &By::cli()).await.unwrap();
        say(&format!("stored {number}"));
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_fifty_kills() {
    if let Some(dir) = child::folder() {
        return write_on(&dir).await;
    }
    let temp = tempfile::tempdir().unwrap();
    let test = "store::faults::nothing_acknowledged_is_lost_by_fifty_kills";
    let mut acknowledged = BTreeSet::new();
    for round in 0..50_usize {
        let mut running = child::command(test, temp.path(), &[]).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        // Some are killed while they open the database, and the first one while it makes it.
        let mut wanted = if round % 5 == 0 { 1 } else { 2 + round % 11 };
        while let Some(line) = within("a line of the child", lines.next_line()).await.unwrap() {
            if let Some(number) = line.strip_prefix("stored ") {
                acknowledged.insert(number.parse::<usize>().unwrap());
            }
            if line == "opening" || line.starts_with("stored ") {
                wanted = wanted.saturating_sub(1);
                if wanted == 0 {
                    running.start_kill().unwrap();
                }
            }
        }
        within("the child is gone", running.wait()).await.unwrap();
        let store = open(temp.path()).await;
        let rows = store.load().await.unwrap();
        let audit = store.audit(&AuditFilter::default(), i64::MAX).await.unwrap();
        store.close().await;
        let audited: BTreeSet<&str> = audit.iter().filter_map(|row| row.object_id.as_deref()).collect();
        let ids: BTreeSet<&str> = rows.backends.iter().map(|row| row.id.as_str()).collect();
        for number in &acknowledged {
            assert!(ids.contains(format!("a-{number}").as_str()), "round {round}: {number} is lost");
        }
        assert_eq!(audited, ids, "round {round}: a change without its audit, or an audit without its change");
        assert_eq!(ids.len() % 2, 0, "round {round}: half of a batch");
        assert_eq!(rows.lost().count(), 0, "round {round}: the key changed");
    }
    assert!(acknowledged.len() > 200, "{} writes in all", acknowledged.len());
}

async fn fill_up(dir: &Path, ballast: &Path) {
    let store: Store = open(dir).await;
    let mut stored = 0;
    let full = loop {
        match store.create_keys(&keys(stored, 4000), &By::cli()).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full), "{full}");
    assert!(full.to_string().contains("free some space"), "{full}");
    assert!(stored > 5);
    assert_eq!(
        store.load().await.unwrap().backends.len(),
        2 * stored,
        "reading goes on, and nothing is half there"
    );
    let backup = store.backup(&dir.join("backup"), false).await;
    assert!(matches!(backup, Err(StoreError::Full)), "{backup:?}");
    assert!(!dir.join("backup").exists(), "half a backup is none");

    std::fs::remove_file(ballast).unwrap();
    store.create_keys(&keys(stored, 4000), &By::cli()).await.unwrap();
    store.close().await;
    assert_eq!(open(dir).await.load().await.unwrap().backends.len(), 2 * stored + 2);
}

#[tokio::test]
async fn a_full_disk_is_an_error_until_there_is_space_again() {
    child::on_small_disk("store::faults::a_full_disk_is_an_error_until_there_is_space_again", fill_up).await;
}
