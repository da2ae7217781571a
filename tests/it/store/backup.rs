//! Copies that are taken while the store is in use, and put back.

use std::os::unix::fs::PermissionsExt as _;

use ollama2openai::store::{By, Created, Store, StoreError, restore};

use super::{backend, channel, open};

#[tokio::test]
async fn a_backup_is_taken_while_writing_and_restored_elsewhere() {
    let temp = tempfile::tempdir().unwrap();
    let (from, to, file) = (temp.path().join("from"), temp.path().join("to"), temp.path().join("copy"));
    let store = open(&from).await;
    store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    let writing = async {
        for number in 0..20 {
            store
                .create_keys(&[backend(&format!("k{number}"), &format!("sk-{number}"))], &By::cli())
                .await
                .unwrap();
        }
    };
    let (copied, ()) = tokio::join!(store.backup(&file, true), writing);
    copied.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 2, "the copy is one file");

    let restored = restore(&to, &file, None, false).await.unwrap();
    assert_eq!((restored.channels, restored.with_key), (1, true));
    assert!((2..=22).contains(&restored.backends), "{restored:?}");
    assert_eq!(restored.lost, []);
    let (old, new) = (store.load().await.unwrap(), open(&to).await.load().await.unwrap());
    assert_eq!(new.channels, old.channels);
    assert!(new.backends.iter().all(|row| old.backends.contains(row)));
    let key = std::fs::read_to_string(to.join("secret.key")).unwrap();
    assert_eq!(key, std::fs::read_to_string(from.join("secret.key")).unwrap());
    let database = std::fs::read(to.join("ollama2openai.db")).unwrap();
    assert!(
        !database.windows(40).any(|part| part == &key.as_bytes()[..40]),
        "the key is out of the database"
    );
}

#[tokio::test]
async fn without_the_key_what_is_lost_is_listed() {
    let temp = tempfile::tempdir().unwrap();
    let (from, to, file) = (temp.path().join("from"), temp.path().join("to"), temp.path().join("copy"));
    let store = open(&from).await;
    store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    store.backup(&file, false).await.unwrap();
    let key = std::fs::read(from.join("secret.key")).unwrap();
    let copy = std::fs::read(&file).unwrap();
    assert!(!copy.windows(40).any(|part| part == &key[..40]), "no key unless it was asked for");

    let restored = restore(&to, &file, None, false).await.unwrap();
    let lost: Vec<&str> = restored.lost.iter().map(|(row, _)| row.name.as_str()).collect();
    assert_eq!((restored.backends, restored.with_key, lost), (2, false, vec!["c-one"]));

    // The same where the key is.
    store.close().await;
    let restored = restore(&from, &file, None, true).await.unwrap();
    assert_eq!((restored.backends, restored.lost.len()), (2, 0));
}

#[tokio::test]
async fn what_is_there_or_in_use_is_not_overwritten() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, file) = (temp.path().join("data"), temp.path().join("copy"));
    let store = open(&dir).await;
    store.backup(&file, true).await.unwrap();
    assert!(matches!(store.backup(&file, true).await, Err(StoreError::Exists(_))));
    store.create_keys(&[backend("later", "k")], &By::cli()).await.unwrap();
    let in_use = restore(&dir, &file, None, true).await;
    assert!(matches!(in_use, Err(StoreError::InUse(_))), "{in_use:?}");
    store.close().await;
    let exists = restore(&dir, &file, None, false).await;
    assert!(matches!(exists, Err(StoreError::Exists(_))), "{exists:?}");
    assert_eq!(open(&dir).await.load().await.unwrap().backends.len(), 1, "refusing changes nothing");

    let restored = restore(&dir, &file, None, true).await.unwrap();
    assert_eq!(restored.backends, 0);
    let aside = dir.join("ollama2openai.db.replaced");
    assert_eq!(restored.aside.as_ref(), Some(&aside));
    let second = restore(&dir, &file, None, true).await.unwrap().aside.unwrap();
    assert_eq!(second, dir.join("ollama2openai.db.replaced.2"), "the first one stays");
    let again = temp.path().join("again");
    std::fs::create_dir(&again).unwrap();
    std::fs::copy(&aside, again.join("ollama2openai.db")).unwrap();
    std::fs::copy(dir.join("secret.key.replaced"), again.join("secret.key")).unwrap();
    assert_eq!(
        open(&again).await.load().await.unwrap().backends.len(),
        1,
        "what was there is put aside whole"
    );
}

#[tokio::test]
async fn other_files_are_not_taken_for_backups() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, file) = (temp.path().join("data"), temp.path().join("notes"));
    let store: Store = open(&dir).await;
    let created = store.create_keys(&[backend("k", "s")], &By::cli()).await.unwrap();
    store.close().await;
    for text in ["", "not a database"] {
        std::fs::write(&file, text).unwrap();
        let refused = restore(&dir, &file, None, true).await;
        assert!(matches!(refused, Err(StoreError::NotABackup(_))), "{refused:?}");
    }
    let missing = restore(&dir, &temp.path().join("missing"), None, true).await;
    assert!(matches!(missing, Err(StoreError::Io { .. })), "{missing:?}");
    let rows = open(&dir).await.load().await.unwrap();
    assert_eq!(created, [Created::Added(rows.backends[0].clone())]);
    assert!(!dir.join("ollama2openai.db.part").exists());
}
