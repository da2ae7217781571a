//! `/admin/api/keys`: the pool, one backend a key.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::asked::{Asked, IfMatch};
use super::auth::Caller;
use super::error::AdminError;
use super::fields::Fields;
use super::key_preview::Known;
use super::keyline::{KeyLine, parse_lines};
use super::sign_in::warned;
use super::{Admin, rules, view};
use crate::config::Secret;
use crate::store::{BackendRow, Created, Entry, KeyChange, NewKey, Rows};

type Answer = Result<Json<Value>, AdminError>;

/// As the audit calls it.
const RESET: &str = "key.reset_health";

pub(super) async fn list(State(admin): State<Arc<Admin>>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    let (rows, _) = admin.counted_backends().await?;
    Ok(warned(listed(&admin, &rows), &warnings))
}

pub(super) async fn one(State(admin): State<Arc<Admin>>, Path(id): Path<String>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    let (rows, _) = admin.counted_backends().await?;
    let key = view::key(find(&rows, &id)?, admin.reloader.registry());
    Ok(warned(json!({ "key": key }), &warnings))
}

fn listed(admin: &Admin, rows: &Rows) -> Value {
    let registry = admin.reloader.registry();
    let keys: Vec<_> = pool(rows).map(|row| view::key(row, registry)).collect();
    json!({ "keys": keys, "summary": view::keys_summary(rows, registry) })
}

fn pool(rows: &Rows) -> impl Iterator<Item = &BackendRow> {
    rows.backends.iter().filter(|row| row.channel_id.is_none())
}

/// A key as a call sets it, beside the key line.
fn change(fields: &mut Fields) -> KeyChange {
    KeyChange {
        name: fields.name("name"),
        base_url: None,
        credential: None,
        enabled: fields.flag("enabled"),
        priority: fields.priority(),
        weight: fields.weight(),
        max_concurrent: fields.max_concurrent(),
        models: fields.patterns("models"),
        model_mapping: fields.mapping("modelMapping"),
        group: fields.one_line("group"),
        tags: fields.texts("tags"),
    }
}

fn new_key(line: &KeyLine, known: &mut Known) -> NewKey {
    NewKey::new(known.see(line), line.base.to_string(), line.key.clone())
}

pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let base = fields.base("baseUrl").unwrap_or_else(|| admin.default_base.clone());
    let Some(text) = fields.text("key").filter(|text| !text.trim().is_empty()) else {
        fields.wrong("key", "is required");
        return Err(fields.end().err().unwrap_or_else(|| AdminError::invalid("key is required")));
    };
    let change = change(&mut fields);
    let line = match <[_; 1]>::try_from(parse_lines(&text, &base)) {
        Ok([Ok(line)]) => Some(line),
        Ok([Err(error)]) => {
            fields.wrong("key", rules::no_line(&error.reason));
            None
        }
        Err(_) => {
            fields.wrong("key", "must be one key line; several go to /admin/api/keys/batch");
            None
        }
    };
    let warnings = fields.end_new()?;
    let line = line.ok_or_else(|| AdminError::invalid("Invalid key format"))?;
    let mut new = new_key(&line, &mut Known::of(&admin.store.load_backends().await?));
    change.fill(&mut new);
    let created = admin.store.create_keys(&[new], &caller.by).await?;
    match created.into_iter().next() {
        Some(Created::Added(row)) => {
            admin.reloader.reload().await?;
            tracing::info!(key = row.name, "a key was added");
            Ok(Json(shown(&admin, &row, &warnings)))
        }
        Some(Created::Duplicate(row)) => Err(exists(&admin, &row)),
        None => Err(AdminError::invalid("Invalid key format")),
    }
}

fn exists(admin: &Admin, row: &BackendRow) -> AdminError {
    let mut key = view::key(row, admin.reloader.registry());
    key["duplicate"] = Value::Bool(true);
    AdminError::new(StatusCode::CONFLICT, "exists", "Key already exists").with("key", key)
}

fn shown(admin: &Admin, row: &BackendRow, warnings: &[String]) -> Value {
    let mut answer = json!({ "success": true, "key": view::key(row, admin.reloader.registry()) });
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    answer
}

pub(super) async fn add_batch(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let base = fields.base("baseUrl").unwrap_or_else(|| admin.default_base.clone());
    let text = fields.text("keys").filter(|text| !text.trim().is_empty());
    if text.is_none() {
        fields.wrong("keys", "text is required");
    }
    let warnings = fields.end_new()?;
    let parsed = parse_lines(&text.unwrap_or_default(), &base);
    let (good, bad): (Vec<_>, Vec<_>) = parsed.into_iter().partition(Result::is_ok);
    let mut known = Known::of(&admin.store.load_backends().await?);
    let new: Vec<_> = good.iter().flatten().map(|line| new_key(line, &mut known)).collect();
    let created = admin.store.create_keys(&new, &caller.by).await?;
    admin.reloader.reload().await?;
    let registry = admin.reloader.registry();
    let (mut added, mut duplicates) = (Vec::new(), Vec::new());
    for (created, line) in created.iter().zip(good.iter().flatten()) {
        match created {
            Created::Added(row) => added.push(view::key(row, registry)),
            Created::Duplicate(row) => {
                let mut key = view::key(row, registry);
                (key["duplicate"], key["line"]) = (Value::Bool(true), json!(line.line));
                duplicates.push(key);
            }
        }
    }
    let errors: Vec<_> = bad
        .into_iter()
        .filter_map(Result::err)
        .map(|error| json!({ "input": error.input, "error": error.reason, "line": error.line }))
        .collect();
    tracing::info!(
        added = added.len(),
        duplicates = duplicates.len(),
        errors = errors.len(),
        "keys were added"
    );
    let mut answer = json!({ "added": added, "duplicates": duplicates, "errors": errors });
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    Ok(Json(answer))
}

pub(super) async fn update(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    if_match: IfMatch,
    body: Bytes,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let mut fields = Fields::read(&body)?;
    let mut change = change(&mut fields);
    let expected = fields.revision(if_match);
    change.credential = credential(&mut fields, row);
    if let Some(base) = fields.base("baseUrl") {
        if change.credential.is_none() && rules::must_enter_again(row, &base) {
            fields.wrong("key", rules::ENTER_AGAIN);
        }
        change.base_url = Some(base.to_string());
    }
    let warnings = fields.end()?;
    let row = admin.store.update_key(&id, &change, expected, &caller.by).await?;
    admin.reloader.reload().await?;
    tracing::info!(key = row.name, "a key was changed");
    Ok(Json(shown(&admin, &row, &warnings)))
}

/// The credential in a change; its own mask is none.
fn credential(fields: &mut Fields, row: &BackendRow) -> Option<Secret> {
    let text = fields.text("key")?;
    rules::credential(&text, row).unwrap_or_else(|wrong| {
        fields.wrong("key", wrong);
        Some(Secret::new(text))
    })
}

fn find<'r>(rows: &'r Rows, id: &str) -> Result<&'r BackendRow, AdminError> {
    pool(rows).find(|row| row.id == id).ok_or_else(|| AdminError::not_found("Key"))
}

pub(super) async fn toggle(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let change = KeyChange { enabled: Some(!row.enabled), ..KeyChange::default() };
    let row = admin.store.update_key(&id, &change, expected.or(Some(row.revision)), &caller.by).await?;
    admin.reloader.reload().await?;
    tracing::info!(key = row.name, enabled = row.enabled, "a key was turned on or off");
    Ok(Json(shown(&admin, &row, &[])))
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    find(&admin.store.load_backends().await?, &id)?;
    admin.store.delete_key(&id, expected, &caller.by).await?;
    admin.reloader.reload().await?;
    tracing::info!(id, "a key was deleted");
    Ok(Json(json!({ "success": true })))
}

/// Whoever means some of them by something behind a question mark must not lose all.
pub(super) async fn delete_all(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
) -> Answer {
    // This deletes all keys; a few go by /admin/api/keys/bulk.
    asked.bare()?;
    let count = admin.store.delete_all_keys(&caller.by).await?;
    admin.reloader.reload().await?;
    tracing::info!(count, "all keys were deleted");
    Ok(Json(json!({ "success": true })))
}

pub(super) async fn check(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let registry = admin.reloader.registry();
    admin.look_at(view::targets([row], registry)).await;
    let mut answer = shown(&admin, row, &[]);
    answer["key"]["healthy"] = view::has_answered(row, registry).into();
    Ok(Json(answer))
}

pub(super) async fn check_all(State(admin): State<Arc<Admin>>) -> Answer {
    let rows = admin.store.load_backends().await?;
    admin.look_at(view::targets(pool(&rows), admin.reloader.registry())).await;
    Ok(Json(listed(&admin, &rows)))
}

fn reset() -> Entry {
    Entry { action: RESET, object_kind: "key", ..Entry::default() }
}

pub(super) async fn reset_health_of_one(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let entry = Entry { object_id: Some(row.id.clone()), name: row.name.clone(), ..reset() };
    admin.reset(&caller.by, entry, &view::targets([row], admin.reloader.registry())).await?;
    Ok(Json(shown(&admin, row, &[])))
}

pub(super) async fn reset_health(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    admin.reset(&caller.by, reset(), &view::targets(pool(&rows), admin.reloader.registry())).await?;
    Ok(Json(json!({ "success": true })))
}
