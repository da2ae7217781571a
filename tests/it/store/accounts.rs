//! Accounts and what is written of them, all or nothing.

use ollama2openai::config::Secret;
use ollama2openai::store::{AuditFilter, By, FIRST, NewPassword, NewSession, Store, StoreError, UserChange};

use super::open;

async fn actions(store: &Store) -> Vec<String> {
    let rows = store.audit(&AuditFilter::default(), 100).await.unwrap();
    rows.into_iter().rev().map(|row| row.action).collect()
}

#[tokio::test]
async fn a_password_that_was_right_a_moment_ago_begins_no_session() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let checked = store.user_named(FIRST).await.unwrap().unwrap();
    let session = |byte| NewSession { hash: [byte; 32], address: String::new(), user_agent: String::new() };
    store.sign_in(&checked, &session(1), &By::cli()).await.unwrap();
    let new = NewPassword { hash: Some(Secret::new("$argon2id$another")), must_change: false };
    let changed = store.set_password(&checked.id, &new, None, None, &By::cli()).await.unwrap();
    let late = store.sign_in(&checked, &session(2), &By::cli()).await;
    assert!(matches!(late, Err(StoreError::NotFound { .. })), "{late:?}");
    store.sign_in(&changed, &session(3), &By::cli()).await.unwrap();
    assert_eq!(store.sessions(None).await.unwrap().len(), 1);
    assert_eq!(actions(&store).await, ["user.sign_in", "user.password", "user.sign_in"]);
}

#[tokio::test]
async fn the_last_admin_stays_whoever_asks_first() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let only = store.user_named(FIRST).await.unwrap().unwrap();
    let disable = UserChange { enabled: Some(false), ..UserChange::default() };
    store.update_user(&only.id, disable, None, &By::cli()).await.unwrap_err();
    store.delete_user(&only.id, None, &By::cli()).await.unwrap_err();
    assert_eq!(store.users().await.unwrap(), [only]);
    assert!(actions(&store).await.is_empty(), "what was refused is no change");
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_sessions() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let user = store.user_named(FIRST).await.unwrap().unwrap();
    for byte in 0..=120 {
        let new = NewSession { hash: [byte; 32], address: String::new(), user_agent: String::new() };
        store.sign_in(&user, &new, &By::cli()).await.unwrap();
    }
    assert_eq!(store.sessions(Some(&user.id)).await.unwrap().len(), 100);
    assert!(store.session([0; 32]).await.unwrap().is_none(), "the oldest has made room");
    assert!(store.session([120; 32]).await.unwrap().is_some());
}
