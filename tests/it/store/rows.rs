//! Channels, backends, keys and settings: every field, every change, every refusal.

use ollama2openai::config::Secret;
use ollama2openai::store::{
    BackendRow, By, ChannelChange, Conflict, Created, KeyChange, NewBackend, NewChannel, NewKey, Store,
    StoreError, Totals,
};

use super::{backend, channel, open, pair, totals};

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("a conflict, not {other:?}"),
    }
}

fn added(created: &[Created]) -> Vec<BackendRow> {
    let row = |created: &Created| match created {
        Created::Added(row) => Some(row.clone()),
        Created::Duplicate(_) => None,
    };
    created.iter().filter_map(row).collect()
}

fn key(name: &str, credential: &str) -> NewKey {
    NewBackend::new(name, "http://pool:11434", Secret::new(credential))
}

/// Whether a row is what was stored, field by field.
fn assert_is(row: &BackendRow, new: &NewBackend, channel: Option<&str>, position: i64) {
    let expected = BackendRow {
        id: new.id.clone().unwrap(),
        channel_id: channel.map(str::to_owned),
        position,
        name: new.name.clone(),
        base_url: new.base_url.clone(),
        credential: Ok(new.credential.clone()),
        enabled: new.enabled,
        priority: new.priority,
        weight: new.weight,
        max_concurrent: new.max_concurrent,
        models: new.models.clone(),
        model_mapping: new.model_mapping.clone(),
        group: new.group.clone(),
        tags: new.tags.clone(),
        added_at: new.added_at.clone().unwrap(),
        revision: 1,
        totals: new.totals.clone(),
    };
    assert_eq!(*row, expected);
}

#[tokio::test]
async fn every_field_comes_back_after_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let (new, pool) = (channel("gpu room"), backend("pool", "sk-pool-ü\n'"));
    let store = open(temp.path()).await;
    let (made, made_backends) = store.create_channel(&new, &By::cli()).await.unwrap();
    let created = store.create_keys(std::slice::from_ref(&pool), &By::cli()).await.unwrap();
    store.close().await;

    let rows = open(temp.path()).await.load().await.unwrap();
    let row = &rows.channels[0];
    assert_eq!(*row, made);
    assert_eq!((row.id.as_str(), row.name.as_str(), row.enabled), ("id-of-gpu room", "gpu room", false));
    assert_eq!((row.priority, row.weight, row.max_concurrent, row.rate_limit), (10, 50, 4, Some(30)));
    assert_eq!((&row.models, &row.model_mapping, &row.tags), (&new.models, &new.model_mapping, &new.tags));
    assert_eq!((row.base_url.as_str(), row.revision), ("http://gpu-b:11434", 1));
    assert_eq!((&row.created_at, &row.totals), (new.created_at.as_ref().unwrap(), &new.totals));

    assert_eq!(rows.backends.len(), 3);
    for (position, new) in (0..).zip(&new.backends) {
        let row = rows.backends.iter().find(|row| row.name == new.name).unwrap();
        assert_is(row, new, Some("id-of-gpu room"), position);
        assert_eq!(*row, made_backends[usize::try_from(position).unwrap()]);
    }
    let row = rows.backends.iter().find(|row| row.channel_id.is_none()).unwrap();
    assert_is(row, &pool, None, 0);
    assert_eq!(created, [Created::Added(row.clone())]);
    assert_eq!(rows.lost().count(), 0);
}

#[tokio::test]
async fn ids_and_times_are_made_when_they_are_not_given() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (one, _) = store.create_channel(&NewChannel::new("one", "http://a"), &By::cli()).await.unwrap();
    let (two, _) = store.create_channel(&NewChannel::new("two", "http://a"), &By::cli()).await.unwrap();
    assert!(one.id < two.id, "ids sort by age");
    assert_eq!((one.id.len(), one.id.as_bytes()[14]), (36, b'7'));
    assert_eq!(
        (one.created_at.len(), one.created_at.ends_with('Z')),
        ("2026-01-02T10:10:00.000Z".len(), true)
    );
}

#[tokio::test]
async fn names_of_channels_are_unique() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    store.create_channel(&NewChannel::new("one", "http://a"), &By::cli()).await.unwrap();
    let (two, _) = store.create_channel(&NewChannel::new("two", "http://a"), &By::cli()).await.unwrap();
    let taken = Conflict::Name("one".to_owned());
    let mut again = channel("one");
    again.name = "one".to_owned();
    assert_eq!(conflict(store.create_channel(&again, &By::cli()).await), taken);
    let rename = ChannelChange { name: Some("one".to_owned()), ..Default::default() };
    assert_eq!(conflict(store.update_channel(&two.id, &rename, None, &By::cli()).await), taken);
    let same = NewChannel { id: Some(two.id.clone()), ..NewChannel::new("three", "http://a") };
    assert_eq!(conflict(store.create_channel(&same, &By::cli()).await), Conflict::Id(two.id));
    let rows = store.load().await.unwrap();
    assert_eq!((rows.channels.len(), rows.backends.len()), (2, 0), "a refused channel leaves no backends");
}

#[tokio::test]
async fn a_change_changes_what_it_names_and_only_at_the_expected_revision() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (before, backends) = store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    let change = ChannelChange { weight: Some(1), rate_limit: Some(None), ..Default::default() };
    let (after, same) = store.update_channel(&before.id, &change, Some(1), &By::cli()).await.unwrap();
    let mut expected = before.clone();
    (expected.weight, expected.rate_limit, expected.revision) = (1, None, 2);
    assert_eq!((&after, &same), (&expected, &backends));
    let stale = store.update_channel(&before.id, &change, Some(1), &By::cli()).await;
    assert_eq!(conflict(stale), Conflict::Revision { expected: 1, found: 2 });
    assert_eq!(store.load().await.unwrap().channels, [expected]);
    let gone = store.update_channel("nobody", &change, None, &By::cli()).await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: "channel", .. })));
}

#[tokio::test]
async fn backends_that_stay_keep_their_row() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (channel, old) = store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    let new = |name: &str, credential: &str| NewBackend {
        weight: 99,
        ..NewBackend::new(name, "http://gpu-a:11434", Secret::new(credential))
    };
    let change = ChannelChange {
        backends: Some(vec![new("three", "sk-three"), new("renamed", "sk-one"), new("four", "sk-one")]),
        ..Default::default()
    };
    let (_, now) = store.update_channel(&channel.id, &change, None, &By::cli()).await.unwrap();
    assert_eq!(now[1].id, old[0].id);
    assert_eq!((&now[1].totals, &now[1].added_at), (&old[0].totals, &old[0].added_at));
    assert_eq!(
        (now[1].name.as_str(), now[1].weight, now[1].position, now[1].revision),
        ("renamed", 99, 1, 2)
    );
    assert!(now.iter().all(|row| row.id != old[1].id), "one that is not named is gone");
    assert_ne!(now[2].id, now[1].id, "the same credential twice is two backends");
    assert_eq!(store.load().await.unwrap().backends, now);
    let (_, again) = store.update_channel(&channel.id, &change, None, &By::cli()).await.unwrap();
    let ids = |rows: &[BackendRow]| rows.iter().map(|row| (row.id.clone(), row.revision)).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&now), "nothing changes by saving the same");
}

#[tokio::test]
async fn backends_move_along_with_their_channel() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let mut new = channel("c");
    new.backends[0].base_url = new.base_url.clone();
    let (channel, _) = store.create_channel(&new, &By::cli()).await.unwrap();
    let change = ChannelChange { base_url: Some("http://moved:1".to_owned()), ..Default::default() };
    let (_, backends) = store.update_channel(&channel.id, &change, None, &By::cli()).await.unwrap();
    let bases: Vec<&str> = backends.iter().map(|row| row.base_url.as_str()).collect();
    assert_eq!(bases, ["http://moved:1", "http://gpu-a:11434"]);
    assert_eq!(store.load().await.unwrap().backends, backends);
}

#[tokio::test]
async fn a_deleted_channel_takes_its_backends_along() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (one, _) = store.create_channel(&channel("one"), &By::cli()).await.unwrap();
    store.create_keys(&[key("pool", "k")], &By::cli()).await.unwrap();
    store.delete_channel(&one.id, None, &By::cli()).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!((rows.channels.len(), rows.backends.len()), (0, 1));
    assert!(matches!(
        store.delete_channel(&one.id, None, &By::cli()).await,
        Err(StoreError::NotFound { .. })
    ));
}

#[tokio::test]
async fn duplicates_among_keys_are_told_and_left_as_they_are() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    store
        .create_channel(&NewChannel { backends: vec![key("c", "one")], ..channel("c") }, &By::cli())
        .await
        .unwrap();
    let elsewhere = NewBackend { base_url: "http://other".to_owned(), ..key("e", "one") };
    let batch = [key("a", "one"), key("b", "two"), key("again", "one"), elsewhere, key("none", "")];
    let created = store.create_keys(&batch, &By::cli()).await.unwrap();
    let rows = added(&created);
    assert_eq!(created[2], Created::Duplicate(rows[0].clone()), "within a batch");
    assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let again = store.create_keys(&[key("later", "two"), key("f", "three")], &By::cli()).await.unwrap();
    assert_eq!(again[0], Created::Duplicate(rows[1].clone()), "and in the pool");
    assert_eq!(added(&again)[0].position, 4);
    let taken = NewBackend { id: Some(rows[0].id.clone()), ..key("g", "four") };
    let refused = store.create_keys(&[key("h", "five"), taken], &By::cli()).await;
    assert_eq!(conflict(refused), Conflict::Id(rows[0].id.clone()));
    assert_eq!(store.load().await.unwrap().backends.len(), 6, "all of a batch or nothing");
}

#[tokio::test]
async fn a_key_is_changed_enabled_and_deleted() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let rows = added(&store.create_keys(&[key("a", "one"), key("b", "two")], &By::cli()).await.unwrap());
    let change = KeyChange {
        credential: Some(Secret::new("three")),
        model_mapping: Some(vec![pair("x", "y")]),
        group: Some("g".to_owned()),
        ..Default::default()
    };
    let now = store.update_key(&rows[0].id, &change, Some(1), &By::cli()).await.unwrap();
    assert_eq!((now.credential.as_ref().unwrap().expose(), now.revision), ("three", 2));
    assert_eq!(
        conflict(store.update_key(&now.id, &change, Some(1), &By::cli()).await),
        Conflict::Revision { expected: 1, found: 2 }
    );
    let same = KeyChange { credential: Some(Secret::new("two")), ..Default::default() };
    assert_eq!(conflict(store.update_key(&now.id, &same, None, &By::cli()).await), Conflict::Key);
    assert_eq!(store.load().await.unwrap().backends[0], now, "a refused change changes nothing");

    store.set_enabled(&now.id, false, &By::cli()).await.unwrap();
    let row = store.load().await.unwrap().backends[0].clone();
    assert_eq!((row.enabled, row.revision), (false, 3));
    store.delete_key(&now.id, None, &By::cli()).await.unwrap();
    for gone in [
        store.delete_key(&now.id, None, &By::cli()).await,
        store.set_enabled(&now.id, true, &By::cli()).await,
        store.update_key(&now.id, &change, None, &By::cli()).await.map(drop),
    ] {
        assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    }
    assert_eq!(store.delete_all_keys(&By::cli()).await.unwrap(), 1);
}

#[tokio::test]
async fn the_functions_of_keys_leave_channels_alone() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (channel, backends) = store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    assert_eq!(store.delete_all_keys(&By::cli()).await.unwrap(), 0);
    assert!(store.delete_key(&backends[0].id, None, &By::cli()).await.is_err());
    assert!(store.update_key(&backends[0].id, &KeyChange::default(), None, &By::cli()).await.is_err());
    store.set_enabled(&channel.id, true, &By::cli()).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!((rows.channels[0].enabled, rows.channels[0].revision), (true, 2));
    assert_eq!(rows.backends, backends);
}

#[tokio::test]
async fn totals_add_up_and_are_no_change() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let (channel, backends) = store.create_channel(&channel("c"), &By::cli()).await.unwrap();
    let before = store.revision().await.unwrap();
    let id = |id: &str| id.to_owned();
    let late = totals(2, 1, 30, "2026-02-01T00:00:00.000Z");
    let early = totals(1, 0, 5, "2025-12-31T23:59:59.999Z");
    let never = Totals { total_tokens: 1, ..Totals::default() };
    let deltas = [
        (id(&channel.id), late),
        (id(&backends[0].id), early),
        (id("gone"), never.clone()),
        (id(&channel.id), never),
    ];
    store.add_totals(&deltas).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!(rows.channels[0].totals, totals(66, 2, 20_141, "2026-02-01T00:00:00.000Z"));
    assert_eq!(rows.backends[0].totals, totals(813, 9, 90_128, "2026-01-09T08:15:42.007Z"));
    assert_eq!((rows.channels[0].revision, rows.revision), (1, before));
}

#[tokio::test]
async fn settings_are_kept_by_name() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path()).await;
    let text = |text: &str| Some(text.to_owned());
    store.save_settings(&[("b", text("1")), ("a", text(""))], &By::cli()).await.unwrap();
    store.save_settings(&[("b", text("2"))], &By::cli()).await.unwrap();
    let rows = store.load().await.unwrap();
    assert_eq!(rows.settings, [pair("a", ""), pair("b", "2")]);
    assert_eq!(Store::saved_settings(temp.path()).await.unwrap(), rows.settings, "beside an open store");
    store.save_settings(&[("a", None), ("c", None)], &By::cli()).await.unwrap();
    assert_eq!(store.load().await.unwrap().settings, [pair("b", "2")]);
    assert!(store.revision().await.unwrap() > rows.revision);
    let nowhere = temp.path().join("nowhere");
    assert_eq!(Store::saved_settings(&nowhere).await.unwrap(), []);
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn the_revision_tells_of_the_changes_of_other_processes() {
    let temp = tempfile::tempdir().unwrap();
    let (one, two): (Store, Store) = (open(temp.path()).await, open(temp.path()).await);
    let before = one.revision().await.unwrap();
    two.create_keys(&[key("a", "one")], &By::cli()).await.unwrap();
    assert_eq!(one.revision().await.unwrap(), before + 1);
    two.create_keys(&[key("a", "one")], &By::cli()).await.unwrap();
    assert_eq!(one.load().await.unwrap().revision, before + 1, "a duplicate changes nothing");
}
