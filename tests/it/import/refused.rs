//! Files that are damaged end the start, and stay as they are.

use super::{full, hides, old_files};
use crate::commands::run_in;

/// A start on the full sample in which one file has this text.
async fn started_with(name: &str, bytes: &[u8]) -> String {
    let home = full(&[]);
    std::fs::write(home.path().join(name), bytes).unwrap();
    let before = old_files(home.path());
    let data =
        [("DATA_DIR".to_owned(), home.path().display().to_string()), ("PORT".to_owned(), "0".to_owned())];
    let ran = run_in(home.path(), &data, &["serve"], "").await;
    let error = ran.bad(1);
    assert_eq!(old_files(home.path()), before, "the files stay as they are");
    let made: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!made.iter().any(|name| name.to_string_lossy().starts_with("ollama2openai.db")), "{made:?}");
    assert!(!made.iter().any(|name| name.to_string_lossy().starts_with("import-report")), "{made:?}");
    let path = home.path().join(name).display().to_string();
    assert!(error.contains(&path), "{path} in {error}");
    hides(&error);
    error
}

#[tokio::test]
async fn a_damaged_file_ends_the_start_with_its_name_and_line() {
    for name in ["keys.json", "channels.json", "tokens.json", "stats.json", "access.json"] {
        for (bytes, line, what) in [
            (&b""[..], 1, "EOF while parsing"),
            (b"\n\n[]", 1, "it must be an object"),
            (b"{\n \"a\": {\n\"b\" 1}}", 3, "expected `:` at column 5"),
            (b"{\n \"keys\": [\"sk-mArKeR\xff\"]}", 2, "it is not UTF-8"),
        ] {
            let error = started_with(name, bytes).await;
            assert!(error.contains(&format!(", line {line}, is damaged: {what}")), "{name}: {error}");
            assert!(error.contains("nothing was imported, and the file stays as it is"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_told_by_its_last_line() {
    let whole = super::sample("full/data/keys.json", &[]);
    let cut = &whole[..whole.find("sk-mArKeR-odd").unwrap() + 12];
    let error = started_with("keys.json", cut.as_bytes()).await;
    let line = cut.lines().count();
    assert!(error.contains(&format!("line {line}, is damaged: EOF while parsing a string")), "{error}");
}

#[tokio::test]
async fn what_an_item_cannot_do_without_is_missed_by_its_line() {
    let good = r#""key": "sk-mArKeR", "baseUrl": "http://a", "enabled": true"#;
    for (name, list, item, what) in [
        ("keys.json", "keys", format!("{{ {good} }}"), "it has no id"),
        ("keys.json", "keys", r#"{ "id": "a", "baseUrl": "http://a" }"#.to_owned(), "it has no key"),
        ("keys.json", "keys", r#"{ "id": "a", "key": "sk-mArKeR" }"#.to_owned(), "it has no baseUrl"),
        ("keys.json", "keys", r#"{ "id": "a", "key": ["sk-mArKeR"] }"#.to_owned(), "its key is no text"),
        ("keys.json", "keys", r#""sk-mArKeR""#.to_owned(), "it must be an object"),
        ("channels.json", "channels", r#"{ "name": "sk-mArKeR" }"#.to_owned(), "it has no id"),
        ("tokens.json", "tokens", r#"{ "token": "sk-mArKeR" }"#.to_owned(), "it has no id"),
        (
            "keys.json",
            "keys",
            format!("{{ \"id\": \"a\", {good}, \"weight\": 1e400 }}"),
            "number out of range",
        ),
    ] {
        let text = format!("{{\n  \"{list}\": [\n\n    {item}\n  ]\n}}\n");
        let error = started_with(name, text.as_bytes()).await;
        assert!(error.contains(&format!("line 4, is damaged: {what}")), "{item}: {error}");
    }
    let error = started_with("tokens.json", b"{ \"tokens\":\n {} }").await;
    assert!(error.contains("line 2, is damaged: it must be a list"), "{error}");
}
