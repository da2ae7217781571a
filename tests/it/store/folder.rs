//! The data folder: made, refused, migrated.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use ollama2openai::config::Secret;
use ollama2openai::store::{By, Store, StoreError};
use sqlx::{Connection as _, SqliteConnection};

use super::open;
use crate::support::child;

/// A file of the folder by its name, and its mode.
fn modes(dir: &Path) -> Vec<(String, u32)> {
    let mut modes: Vec<(String, u32)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o777)
        })
        .collect();
    modes.sort();
    modes
}

pub async fn sqlite(dir: &Path) -> SqliteConnection {
    let file = dir.join("ollama2openai.db");
    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap()
}

#[tokio::test]
async fn a_missing_folder_is_made_for_its_owner_alone() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("deep/data");
    let store = open(&dir).await;
    store.save_settings(&[("a", None)], &By::cli()).await.unwrap();
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let modes = modes(&dir);
    for name in ["ollama2openai.db", "ollama2openai.db-wal", "ollama2openai.lock", "secret.key"] {
        assert!(modes.contains(&(name.to_owned(), 0o600)), "{name} in {modes:?}");
    }
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
    store.close().await;
}

#[tokio::test]
async fn an_empty_folder_keeps_its_mode() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temp.path(), std::fs::Permissions::from_mode(0o750)).unwrap();
    open(temp.path()).await.close().await;
    assert_eq!(std::fs::metadata(temp.path()).unwrap().permissions().mode() & 0o777, 0o750);
}

#[tokio::test]
async fn a_given_key_is_used_and_not_written() {
    let temp = tempfile::tempdir().unwrap();
    let secret = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    Store::open(temp.path(), Some(&secret)).await.unwrap().close().await;
    assert!(!temp.path().join("secret.key").exists());
    let error = Store::open(temp.path(), Some(&Secret::new("c2hvcnQ="))).await.unwrap_err();
    assert!(matches!(error, StoreError::BadKey(_)), "{error}");
    assert!(!error.to_string().contains("c2hvcnQ="), "{error}");
}

#[tokio::test]
async fn a_damaged_key_file_is_refused_and_stays_as_it_is() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("secret.key"), "half a k").unwrap();
    let error = Store::open(temp.path(), None).await.unwrap_err().to_string();
    assert!(error.contains("secret.key is not a key"), "{error}");
    assert_eq!(std::fs::read_to_string(temp.path().join("secret.key")).unwrap(), "half a k");
}

#[tokio::test]
async fn a_folder_without_permission_is_refused_with_what_mends_it() {
    if let Some(dir) = child::folder() {
        for dir in [dir.join("fixed"), dir.join("none/below")] {
            let error = Store::open(&dir, None).await.unwrap_err();
            assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
            let text = error.to_string();
            for part in [dir.to_str().unwrap(), "(uid ", "chown", "DATA_DIR"] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["fixed", "none"] {
        std::fs::create_dir(temp.path().join(name)).unwrap();
        set(&temp.path().join(name), 0o555);
    }
    set(temp.path(), 0o755);
    // Permissions mean nothing to root.
    let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let wrapper = if child::is_root() { &other[..] } else { &[] };
    let test = "store::folder::a_folder_without_permission_is_refused_with_what_mends_it";
    child::run(test, temp.path(), wrapper).await;
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    open(temp.path()).await.close().await;
    let mut conn = sqlite(temp.path()).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 1)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let file = temp.path().join("ollama2openai.db");
    let before = std::fs::read(&file).unwrap();
    for error in [
        Store::open(temp.path(), None).await.err().unwrap(),
        Store::pending(temp.path()).await.err().unwrap(),
    ] {
        assert!(matches!(error, StoreError::Newer { found: 9999, known: 1.. }), "{error}");
        assert!(error.to_string().contains("restore a backup"), "{error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn what_is_pending_is_shown_and_then_applied() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = std::fs::read_dir(folder).unwrap().count();
    let pending = Store::pending(&dir).await.unwrap();
    assert_eq!(pending.len(), files, "the binary has every file of the folder");
    assert_eq!((pending[0].version, pending[0].name.as_str()), (1, "init"));
    assert!(!dir.exists(), "showing makes nothing");
    assert_eq!(Store::migrate(&dir, None).await.unwrap(), pending);
    assert!(Store::pending(&dir).await.unwrap().is_empty());
    assert!(Store::migrate(&dir, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("ollama2openai.db");
    std::fs::write(&file, "these are not the bytes of a database\n".repeat(100)).unwrap();
    let error = Store::open(temp.path(), None).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[tokio::test]
async fn many_may_start_at_once_in_a_new_folder() {
    let temp = tempfile::tempdir().unwrap();
    let link = temp.path().join("link");
    symlink(temp.path(), &link).unwrap();
    let (a, b, c) = tokio::join!(open(temp.path()), open(temp.path()), open(&link));
    a.save_settings(&[("a", Some("1".to_owned()))], &By::cli()).await.unwrap();
    b.save_settings(&[("b", Some("2".to_owned()))], &By::cli()).await.unwrap();
    assert_eq!(c.load().await.unwrap().settings.len(), 2);
}
