//! Credentials at rest: nowhere in plain, and of no use without the key.

use std::path::Path;

use ollama2openai::config::Secret;
use ollama2openai::store::{By, ChannelChange, KeyChange, Lost, NewBackend, NewChannel, Store, StoreError};
use sqlx::{Connection as _, SqliteConnection};

use super::{backend, channel, open};

const MARKER: &str = "sk-marker-0f2c9a71";

fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    files
        .filter(|file| holds(&std::fs::read(file.path()).unwrap()))
        .map(|file| file.file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn no_credential_is_in_any_file_or_in_any_print() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let mut new = channel("c");
    new.backends.push(backend("named in plain", MARKER));
    store.create_channel(&new, &By::cli()).await.unwrap();
    let created = store.create_keys(&[backend("pool", MARKER)], &By::cli()).await.unwrap();
    let id = "id-of-pool";
    let change = KeyChange { credential: Some(Secret::new(format!("{MARKER}-2"))), ..Default::default() };
    store.update_key(id, &change, None, &By::cli()).await.unwrap();
    let rows = store.load().await.unwrap();
    for print in [format!("{rows:?}"), format!("{created:?}"), format!("{change:?}"), format!("{new:?}")] {
        assert!(!print.contains(MARKER));
    }
    let key = std::fs::read_to_string(temp.path().join("secret.key")).unwrap();
    assert!(!format!("{store:?}").contains(key.trim()));
    assert_eq!(files_with(temp.path(), MARKER), Vec::<String>::new(), "with the log");
    store.close().await;
    assert_eq!(files_with(temp.path(), MARKER), Vec::<String>::new(), "without it");
    assert_eq!(
        files_with(temp.path(), "named in plain"),
        ["ollama2openai.db"],
        "the search finds what is there"
    );
}

#[tokio::test]
async fn with_another_key_rows_load_and_say_that_the_credential_is_lost() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let keyless = NewBackend::new("keyless", "http://a", Secret::new(""));
    store.create_keys(&[backend("pool", MARKER), keyless], &By::cli()).await.unwrap();
    let new = NewChannel { backends: vec![backend("member", "k")], ..channel("c") };
    let (channel, _) = store.create_channel(&new, &By::cli()).await.unwrap();
    store.close().await;
    let key = temp.path().join("secret.key");
    std::fs::rename(&key, temp.path().join("elsewhere")).unwrap();
    let error = Store::open(temp.path(), None).await.unwrap_err();
    assert!(matches!(error, StoreError::NoKey(_)), "{error}");
    assert!(!key.exists(), "another one would open nothing");

    std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let store = open(temp.path()).await;
    let rows = store.load().await.unwrap();
    let mut lost: Vec<&str> = rows.lost().map(|(row, _)| row.name.as_str()).collect();
    lost.sort_unstable();
    assert_eq!(lost, ["member", "pool"], "one that needs none has none to lose");
    assert!(
        rows.lost().all(|(_, why)| matches!(why, Lost::OtherKey { sealed_with } if sealed_with.len() == 16))
    );
    let moved = ChannelChange { weight: Some(2), ..Default::default() };
    let (_, members) = store.update_channel(&channel.id, &moved, None, &By::cli()).await.unwrap();
    assert!(members[0].credential.is_err(), "a change elsewhere leaves it as it is");
    let entered = KeyChange { credential: Some(Secret::new("new")), ..Default::default() };
    store.update_key("id-of-pool", &entered, None, &By::cli()).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!(rows.lost().map(|(row, _)| row.name.as_str()).collect::<Vec<_>>(), ["member"]);
    store.close().await;

    std::fs::rename(temp.path().join("elsewhere"), &key).unwrap();
    let rows = open(temp.path()).await.load().await.unwrap();
    assert_eq!(
        rows.lost().map(|(row, _)| row.name.as_str()).collect::<Vec<_>>(),
        ["pool"],
        "the key is back"
    );
}

#[tokio::test]
async fn a_credential_that_was_moved_to_another_row_is_lost() {
    let temp = tempfile::tempdir().unwrap();
    let store: Store = open(temp.path()).await;
    store.create_keys(&[backend("one", "a"), backend("two", "b")], &By::cli()).await.unwrap();
    store.close().await;
    let file = format!("sqlite://{}", temp.path().join("ollama2openai.db").display());
    let mut conn = SqliteConnection::connect(&file).await.unwrap();
    sqlx::query(
        "UPDATE backends SET credential = (SELECT credential FROM backends WHERE name = 'one') WHERE name = 'two'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let rows = open(temp.path()).await.load().await.unwrap();
    let lost: Vec<(&str, &Lost)> = rows.lost().map(|(row, why)| (row.name.as_str(), why)).collect();
    assert_eq!(lost, [("two", &Lost::Damaged)]);
}
