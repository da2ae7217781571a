//! Tokens: every field, every change, every refusal, and what they have used.

use ollama2openai::access::{Minted, RANDOM_BYTES};
use ollama2openai::config::TokenHash;
use ollama2openai::store::{
    By, Conflict, NewToken, StoreError, TokenChange, TokenQuery, TokenRow, TokenUse, Totals,
};
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, SqliteConnection};

use super::{open, totals};

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("a conflict, not {other:?}"),
    }
}

fn minted(name: &str) -> Minted {
    let mut random = [7; RANDOM_BYTES];
    random[..name.len()].copy_from_slice(name.as_bytes());
    Minted::new(&random)
}

fn new(name: &str) -> NewToken {
    let minted = minted(name);
    NewToken::new(name, minted.hash, minted.prefix, minted.last_four)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("an object, not {other}"),
    }
}

/// A token without a single default.
fn full(name: &str) -> NewToken {
    NewToken {
        id: Some(format!("id-of-{name}")),
        weak: true,
        enabled: false,
        expires_at: Some("2026-12-31T22:59:00Z".to_owned()),
        models: vec!["qwen3*".to_owned(), "a \"quoted\" ü".to_owned()],
        ips: vec!["10.0.0.0/8".to_owned(), "::1".to_owned()],
        rate_limit: Some(30),
        tokens_per_minute: Some(90_000),
        quota_limit: Some(500_000),
        max_concurrent: 3,
        allow_client_options: true,
        capture: true,
        note: "for the\nnight shift".to_owned(),
        metadata: object(json!({"team": "a", "n": [1, null, 2.5]})),
        created_at: Some("2026-01-02T10:05:00.000Z".to_owned()),
        quota_used: 18_230,
        quota_month: Some("2026-01-01".to_owned()),
        totals: totals(120, 4, 18_230, "2026-01-09T08:15:42.007Z"),
        ..new(name)
    }
}

/// The row that a new token must become.
fn expected(new: &NewToken) -> TokenRow {
    TokenRow {
        id: new.id.clone().unwrap(),
        name: new.name.clone(),
        hash: new.hash,
        prefix: new.prefix.clone(),
        last_four: new.last_four.clone(),
        weak: new.weak,
        enabled: new.enabled,
        expires_at: new.expires_at.clone(),
        models: new.models.clone(),
        ips: new.ips.clone(),
        rate_limit: new.rate_limit,
        tokens_per_minute: new.tokens_per_minute,
        quota_limit: new.quota_limit,
        max_concurrent: new.max_concurrent,
        allow_client_options: new.allow_client_options,
        capture: new.capture,
        note: new.note.clone(),
        metadata: new.metadata.clone(),
        created_at: new.created_at.clone().unwrap(),
        revision: 1,
        quota_used: new.quota_used,
        quota_month: new.quota_month.clone(),
        totals: new.totals.clone(),
    }
}

#[tokio::test]
async fn every_field_comes_back_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let made = store.create_tokens(&[full("alice"), new("bob")], &By::cli()).await.unwrap();
    store.close().await;

    let store = open(temp.path()).await;
    let rows = store.load().await.unwrap();
    assert_eq!(made[0], expected(&full("alice")));
    assert_eq!(rows.tokens, made);
    assert_eq!(store.token("id-of-alice").await.unwrap(), made[0]);
    let bob = &rows.tokens[1];
    assert_eq!((bob.enabled, bob.weak, bob.allow_client_options, bob.revision), (true, false, false, 1));
    assert_eq!((bob.rate_limit, bob.quota_limit, bob.expires_at.as_ref()), (None, None, None));
    assert_eq!((bob.id.as_bytes()[14], bob.created_at.len()), (b'7', 24));
}

#[tokio::test]
async fn the_text_is_kept_nowhere() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let minted = minted("alice");
    let rows = store.create_tokens(&[new("alice")], &By::cli()).await.unwrap();
    let printed = format!("{rows:?}");
    store.close().await;
    let inner = &minted.text.expose().as_bytes()[12..45];
    let has_it = |bytes: &[u8]| bytes.windows(inner.len()).any(|window| window == inner);
    assert!(has_it(minted.text.expose().as_bytes()) && !has_it(printed.as_bytes()));
    for entry in std::fs::read_dir(temp.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!has_it(&std::fs::read(&path).unwrap()), "{}", path.display());
    }
    assert!(printed.contains("hash: ***"), "{printed}");
}

#[tokio::test]
async fn the_same_token_or_id_twice_is_refused_and_nothing_of_the_batch_stays() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    store.create_tokens(&[full("alice")], &By::cli()).await.unwrap();
    let before = store.load().await.unwrap();
    let same_text = NewToken { hash: full("alice").hash, ..new("carol") };
    assert_eq!(conflict(store.create_tokens(&[new("bob"), same_text], &By::cli()).await), Conflict::Token);
    let same_id = NewToken { id: Some("id-of-alice".to_owned()), ..new("carol") };
    let taken = Conflict::Id("id-of-alice".to_owned());
    assert_eq!(conflict(store.create_tokens(&[new("bob"), same_id], &By::cli()).await), taken);
    assert_eq!(conflict(store.create_tokens(&[new("bob"), new("bob")], &By::cli()).await), Conflict::Token);
    assert_eq!(store.load().await.unwrap(), before);
    let same = store.load_since(before.tokens_revision).await.unwrap();
    assert!(!same.has_tokens && same.tokens.is_empty() && same.had_tokens, "they are known already");
    assert!(store.load_since(before.tokens_revision - 1).await.unwrap().has_tokens);
    let same_name = NewToken { name: "alice".to_owned(), ..new("carol") };
    assert!(store.create_tokens(&[same_name], &By::cli()).await.is_ok(), "names may repeat");
}

#[tokio::test]
async fn a_change_changes_what_it_names_and_only_at_the_expected_revision() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let before = store.create_tokens(&[full("alice"), full("bob")], &By::cli()).await.unwrap();
    let change = TokenChange {
        name: Some("alison".to_owned()),
        expires_at: Some(None),
        rate_limit: Some(Some(5)),
        quota_limit: Some(None),
        ..TokenChange::default()
    };
    let after = store.update_token("id-of-alice", &change, Some(1), &By::cli()).await.unwrap();
    let mut expected = before[0].clone();
    (expected.name, expected.expires_at, expected.revision) = ("alison".to_owned(), None, 2);
    (expected.rate_limit, expected.quota_limit) = (Some(5), None);
    assert_eq!(after, expected);
    let stale = store.update_token("id-of-alice", &change, Some(1), &By::cli()).await;
    assert_eq!(conflict(stale), Conflict::Revision { expected: 1, found: 2 });
    assert_eq!(store.load().await.unwrap().tokens, [expected, before[1].clone()]);

    let all = TokenChange {
        name: Some("b".to_owned()),
        enabled: Some(true),
        expires_at: Some(Some("2027-01-01T00:00:00Z".to_owned())),
        models: Some(Vec::new()),
        ips: Some(vec!["::1".to_owned()]),
        rate_limit: Some(None),
        tokens_per_minute: Some(Some(7)),
        quota_limit: Some(Some(8)),
        max_concurrent: Some(9),
        allow_client_options: Some(false),
        capture: Some(false),
        note: Some(String::new()),
        metadata: Some(object(json!({"k": "v"}))),
        is_quota_reset: false,
    };
    let now = store.update_token("id-of-bob", &all, None, &By::cli()).await.unwrap();
    let stored = store.token("id-of-bob").await.unwrap();
    assert_eq!(now, stored);
    assert_eq!((stored.hash, &stored.totals, stored.quota_used), (before[1].hash, &before[1].totals, 18_230));
    assert_eq!((stored.models.len(), stored.tokens_per_minute, stored.quota_limit), (0, Some(7), Some(8)));
    assert_eq!(
        (stored.rate_limit, stored.max_concurrent, stored.allow_client_options, stored.capture),
        (None, 9, false, false)
    );
    assert_eq!((stored.enabled, stored.note.as_str(), &stored.metadata["k"]), (true, "", &json!("v")));
    assert_eq!(
        (stored.expires_at.as_deref(), stored.ips),
        (Some("2027-01-01T00:00:00Z"), vec!["::1".to_owned()])
    );
}

#[tokio::test]
async fn what_was_used_of_a_quota_can_be_forgotten() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let before = store.create_tokens(&[full("alice"), full("bob")], &By::cli()).await.unwrap();
    let reset = TokenChange { is_quota_reset: true, ..TokenChange::default() };
    let after = store.update_token("id-of-alice", &reset, None, &By::cli()).await.unwrap();
    assert_eq!(after, TokenRow { quota_used: 0, revision: 2, ..before[0].clone() });
    assert_eq!(store.load().await.unwrap().tokens, [after, before[1].clone()]);
}

#[tokio::test]
async fn that_there_was_a_token_is_never_forgotten() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    assert!(store.create_tokens(&[], &By::cli()).await.unwrap().is_empty());
    assert!(!store.load().await.unwrap().had_tokens);
    let rows = store.create_tokens(&[new("alice")], &By::cli()).await.unwrap();
    let before = store.revision().await.unwrap();
    store.delete_token(&rows[0].id, None, &By::cli()).await.unwrap();
    store.close().await;
    let store = open(temp.path()).await;
    let rows_now = store.load().await.unwrap();
    assert_eq!((rows_now.tokens.len(), rows_now.had_tokens, rows_now.revision), (0, true, before + 1));
    for gone in [
        store.delete_token(&rows[0].id, None, &By::cli()).await,
        store.update_token(&rows[0].id, &TokenChange::default(), None, &By::cli()).await.map(drop),
        store.token(&rows[0].id).await.map(drop),
    ] {
        assert!(matches!(gone, Err(StoreError::NotFound { what: "token", .. })), "{gone:?}");
    }
}

#[tokio::test]
async fn lists_page_by_key() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let token = |name: &str, day: u8| NewToken {
        id: Some(name.to_owned()),
        created_at: Some(format!("2026-01-{day:02}T00:00:00.000Z")),
        ..new(name)
    };
    let batch = [token("e", 1), token("a", 2), token("d", 2), token("c", 3), token("b", 3)];
    store.create_tokens(&batch, &By::cli()).await.unwrap();
    let (mut seen, mut last): (Vec<String>, Option<TokenRow>) = (Vec::new(), None);
    loop {
        let after = last.map(|row| (row.created_at, row.id));
        let page = store.tokens(&TokenQuery { after, most: Some(2), ..TokenQuery::default() }).await.unwrap();
        assert!(page.len() <= 2);
        let Some(end) = page.last() else { break };
        seen.extend(page.iter().map(|row| row.id.clone()));
        last = Some(end.clone());
    }
    assert_eq!(seen, ["e", "a", "d", "b", "c"]);
    let all: Vec<String> = store.load().await.unwrap().tokens.into_iter().map(|row| row.id).collect();
    assert_eq!(all, seen);
}

#[tokio::test]
async fn use_adds_up_and_quotas_count_by_the_month() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let ids: Vec<String> = store
        .create_tokens(&[full("alice"), new("bob")], &By::cli())
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    let before = store.revision().await.unwrap();
    let used = |quota: i64, month: Option<&str>| TokenUse {
        totals: totals(2, 1, quota, "2026-02-03T00:00:00.000Z"),
        quota,
        month: month.map(str::to_owned),
    };
    let add = async |id: &str, used: TokenUse| {
        store.add_usage(&[], &[], &[("gone", used.clone()), (id, used)]).await.unwrap();
        let row = store.token(id).await.unwrap();
        (row.quota_used, row.quota_month)
    };
    let month = |text: &str| Some(text.to_owned());
    assert_eq!(add(&ids[0], used(70, Some("2026-01-01"))).await, (18_300, month("2026-01-01")));
    assert_eq!(add(&ids[0], used(5, Some("2026-02-01"))).await, (5, month("2026-02-01")), "a new month");
    assert_eq!(add(&ids[0], used(9, Some("2026-01-01"))).await, (5, month("2026-02-01")), "it is over");
    assert_eq!(add(&ids[0], used(1, None)).await, (5, month("2026-02-01")));
    assert_eq!(add(&ids[1], used(0, None)).await, (0, None));
    assert_eq!(add(&ids[1], used(3, Some("2026-02-01"))).await, (3, month("2026-02-01")));
    let row = store.token(&ids[0]).await.unwrap();
    assert_eq!(row.totals, totals(128, 8, 18_315, "2026-02-03T00:00:00.000Z"));
    let early = TokenUse { totals: totals(0, 0, 0, "2025-01-01T00:00:00.000Z"), ..TokenUse::default() };
    let never = TokenUse { totals: Totals { total_tokens: 1, ..Totals::default() }, ..TokenUse::default() };
    store.add_usage(&[], &[], &[(ids[0].as_str(), early), (ids[0].as_str(), never)]).await.unwrap();
    let row = store.token(&ids[0]).await.unwrap();
    assert_eq!(row.totals, totals(128, 8, 18_316, "2026-02-03T00:00:00.000Z"));
    assert_eq!((row.revision, store.revision().await.unwrap()), (1, before), "use is no change");
}

#[tokio::test]
async fn a_hash_that_is_none_is_a_damage_that_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    store.create_tokens(&[full("alice")], &By::cli()).await.unwrap();
    let file = temp.path().join("ollama2openai.db");
    let mut conn = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("UPDATE tokens SET hash = X'00ff'").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let error = store.load().await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged(what) if what.contains("tokens.id-of-alice")), "{error}");
    assert_eq!(TokenHash::from_bytes([1; 32]).as_bytes(), &[1; 32]);
}

#[tokio::test]
async fn a_backup_brings_tokens_back() {
    let temp = tempfile::tempdir().unwrap();
    let (from, to, file) = (temp.path().join("from"), temp.path().join("to"), temp.path().join("backup.db"));
    let store = open(&from).await;
    let made = store.create_tokens(&[full("alice")], &By::cli()).await.unwrap();
    store.backup(&file, false).await.unwrap();
    ollama2openai::store::restore(&to, &file, None, false).await.unwrap();
    let rows = open(&to).await.load().await.unwrap();
    assert_eq!((rows.tokens, rows.had_tokens), (made, true));
}
