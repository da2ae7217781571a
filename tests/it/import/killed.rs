//! A first start that is killed: nothing of the import is there, or all of it.

use std::fmt::Write as _;
use std::path::Path;

use super::{folder, old_files, stored};
use crate::support::running::serve;
use crate::support::wait::until;

/// Tokens of a folder whose import takes a while.
const MANY: usize = 3000;

/// A folder with many tokens.
fn large() -> tempfile::TempDir {
    let mut tokens = String::new();
    for number in 0..MANY {
        let comma = if number == 0 { "" } else { "," };
        write!(
            tokens,
            "{comma}{{\"id\":\"t-{number}\",\"name\":\"t\",\"token\":\"secret-{number}\",\"enabled\":true}}"
        )
        .unwrap();
    }
    folder(&[("tokens.json".to_owned(), format!("{{\"tokens\":[{tokens}]}}"))])
}

#[tokio::test]
async fn a_start_that_is_killed_within_the_import_leaves_nothing_and_the_next_one_does_all_of_it() {
    let home = large();
    let before = old_files(home.path());
    let data =
        [("DATA_DIR".to_owned(), home.path().display().to_string()), ("PORT".to_owned(), "0".to_owned())];
    let (database, stage) = (home.path().join("ollama2openai.db"), home.path().join("ollama2openai.db.new"));
    let wal = home.path().join("ollama2openai.db.new-wal");
    let size = |path: &Path| std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    // When it has just begun, and further and further within.
    let mut cut = 0;
    for least in [0, 1, 100_000, 300_000] {
        let running = serve(home.path(), &data);
        until("the import is under way, or done", || {
            database.exists() || stage.exists() && (least == 0 || size(&stage) + size(&wal) >= least)
        })
        .await;
        running.kill().await;
        if database.exists() {
            break;
        }
        cut += 1;
        assert!(!home.path().join("import-report.txt").exists() || stage.exists());
        assert_eq!(old_files(home.path()), before);
    }
    assert!(cut > 0, "it was never killed within the import");
    let running = serve(home.path(), &data);
    until("the database is there", || database.exists()).await;
    running.kill().await;
    let (rows, _) = stored(home.path()).await;
    assert_eq!(rows.tokens.len(), MANY);
    assert!(!stage.exists() && home.path().join("import-report.txt").exists());
}
