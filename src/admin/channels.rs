//! `/admin/api/channels`: named groups of backends.

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
use super::keyline::mask;
use super::sign_in::warned;
use super::{Admin, rules, view};
use crate::config::BaseUrl;
use crate::store::{
    BackendRow, ChannelChange, ChannelRow, Conflict, Entry, NewBackend, NewChannel, Rows, StoreError,
};

type Answer = Result<Json<Value>, AdminError>;

/// The name of a channel that was given none; the next ones are numbered.
const UNNAMED: &str = "New Channel";
/// What the audit calls it.
const RESET: &str = "channel.reset_health";

pub(super) async fn list(State(admin): State<Arc<Admin>>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    let (rows, _) = admin.counted_backends().await?;
    let summary = view::channels_summary(&rows, admin.reloader.registry());
    Ok(warned(json!({ "channels": listed(&admin, &rows), "summary": summary }), &warnings))
}

pub(super) async fn one(State(admin): State<Arc<Admin>>, Path(id): Path<String>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    let (rows, _) = admin.counted_backends().await?;
    let channel = view::channel(find(&rows, &id)?, &view::members(&rows, &id), admin.reloader.registry());
    Ok(warned(json!({ "channel": channel }), &warnings))
}

fn listed(admin: &Admin, rows: &Rows) -> Vec<Value> {
    let registry = admin.reloader.registry();
    let mut members = view::by_channel(rows);
    let shown =
        |row: &ChannelRow| view::channel(row, &members.remove(row.id.as_str()).unwrap_or_default(), registry);
    rows.channels.iter().map(shown).collect()
}

fn shown(admin: &Admin, row: &ChannelRow, members: &[BackendRow], warnings: &[String]) -> Value {
    let members: Vec<_> = members.iter().collect();
    let channel = view::channel(row, &members, admin.reloader.registry());
    let mut answer = json!({ "success": true, "channel": channel });
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    answer
}

fn change(fields: &mut Fields) -> ChannelChange {
    ChannelChange {
        name: fields.name("name"),
        enabled: fields.flag("enabled"),
        priority: fields.priority(),
        weight: fields.weight(),
        models: fields.patterns("models"),
        model_mapping: fields.mapping("modelMapping"),
        max_concurrent: fields.max_concurrent(),
        rate_limit: fields.rate_limit(),
        tags: fields.texts("tags"),
        base_url: None,
        backends: None,
    }
}

pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let change = change(&mut fields);
    let given = fields.base("baseUrl");
    let keys = fields.texts("keys").unwrap_or_default();
    if given.is_none() && keys.is_empty() && admin.default_base.is_cloud() {
        fields.wrong(
            "baseUrl",
            "is required, unless there are keys: without one, Ollama's cloud serves nobody",
        );
    }
    let base = given.unwrap_or_else(|| admin.default_base.clone());
    let backends = backends(&mut fields, &keys, &base, &[]);
    let warnings = fields.end_new()?;
    let is_named = change.name.is_some();
    let mut new = NewChannel { backends, ..NewChannel::new(UNNAMED, base.to_string()) };
    change.fill(&mut new);
    let mut number = 1;
    let (row, members) = loop {
        match admin.store.create_channel(&new, &caller.by).await {
            Err(StoreError::Conflict(Conflict::Name(_))) if !is_named => {
                number += 1;
                new.name = format!("{UNNAMED} {number}");
            }
            done => break done.map_err(named)?,
        }
    };
    admin.reloader.reload().await?;
    tracing::info!(channel = row.name, "a channel was made");
    Ok(Json(shown(&admin, &row, &members, &warnings)))
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
    let old = view::members(&rows, &id);
    let mut fields = Fields::read(&body)?;
    let mut change = change(&mut fields);
    let expected = fields.revision(if_match);
    let base = fields.base("baseUrl");
    let keys = fields.texts("keys");
    if let Some(base) = &base {
        change.base_url = Some(base.to_string());
    }
    let stays = rules::staying(row, &old, base.as_ref());
    let now = base.or_else(|| row.base_url.parse().ok());
    match (&keys, &now) {
        (Some(keys), Some(now)) => change.backends = Some(backends(&mut fields, keys, now, &stays)),
        (None, _) if stays.len() < old.len() => fields.wrong("keys", rules::ENTER_AGAIN),
        _ => {}
    }
    let warnings = fields.end()?;
    let (row, members) =
        admin.store.update_channel(&id, &change, expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(channel = row.name, "a channel was changed");
    Ok(Json(shown(&admin, &row, &members, &warnings)))
}

/// The backends that a list of keys means; wrong items are noted.
fn backends(fields: &mut Fields, keys: &[String], base: &BaseUrl, known: &[&BackendRow]) -> Vec<NewBackend> {
    let read = rules::backends(keys, base, known).into_iter().enumerate();
    let good = read
        .filter_map(|(at, read)| read.inspect_err(|wrong| fields.wrong(&format!("keys[{at}]"), wrong)).ok());
    good.collect()
}

fn named(error: StoreError) -> AdminError {
    match error {
        StoreError::Conflict(Conflict::Name(name)) => {
            let message = format!("a channel named '{name}' exists");
            AdminError::new(StatusCode::CONFLICT, "exists", message)
                .with("fields", json!({ "name": "exists" }))
        }
        StoreError::NotFound { .. } => AdminError::not_found("Channel"),
        other => other.into(),
    }
}

fn find<'r>(rows: &'r Rows, id: &str) -> Result<&'r ChannelRow, AdminError> {
    rows.channels.iter().find(|row| row.id == id).ok_or_else(|| AdminError::not_found("Channel"))
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    admin.store.delete_channel(&id, expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, "a channel was deleted");
    Ok(Json(json!({ "success": true })))
}

pub(super) async fn check(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let (members, registry) = (view::members(&rows, &id), admin.reloader.registry());
    admin.look_at(view::targets(members.iter().copied(), registry)).await;
    let mut channel = view::channel(row, &members, registry);
    channel["healthy"] = members.iter().any(|member| view::has_answered(member, registry)).into();
    Ok(Json(json!({ "success": true, "channel": channel })))
}

/// Looks at what a channel would be made of, and stores nothing.
pub(super) async fn preview(State(admin): State<Arc<Admin>>, body: Bytes) -> Answer {
    let mut fields = Fields::read(&body)?;
    let base = fields.base("baseUrl").unwrap_or_else(|| admin.default_base.clone());
    let keys = fields.texts("keys").unwrap_or_default();
    let new = backends(&mut fields, &keys, &base, &[]);
    let warnings = fields.end()?;
    let places = new.iter().filter_map(|new| Some((new.base_url.parse().ok()?, new.credential.expose())));
    let found = admin.look_before(places).await;
    let shown = new.iter().zip(found).map(|(new, found)| {
        let (found, error) = found.map_or_else(|error| (None, Some(error)), |found| (Some(found), None));
        let (version, models) = found.unzip();
        json!({
            "baseUrl": new.base_url, "key": mask(new.credential.expose()), "healthy": error.is_none(),
            "version": version, "models": models, "error": error,
        })
    });
    Ok(warned(json!({ "backends": shown.collect::<Vec<_>>() }), &warnings))
}

pub(super) async fn check_all(State(admin): State<Arc<Admin>>) -> Answer {
    let rows = admin.store.load_backends().await?;
    let registry = admin.reloader.registry();
    let enabled: Vec<_> = rows.channels.iter().filter(|row| row.enabled).collect();
    let by_channel = view::by_channel(&rows);
    let members = |id: &str| by_channel.get(id).map(Vec::as_slice).unwrap_or_default();
    let all: Vec<_> = enabled.iter().flat_map(|row| members(&row.id).iter().copied()).collect();
    admin.look_at(view::targets(all, registry)).await;
    let results: Vec<_> = enabled
        .iter()
        .map(|row| {
            let is_up = members(&row.id).iter().any(|member| view::has_answered(member, registry));
            json!({ "id": row.id, "name": row.name, "healthy": is_up })
        })
        .collect();
    Ok(Json(json!({ "results": results, "channels": listed(&admin, &rows) })))
}

fn reset() -> Entry {
    Entry { action: RESET, object_kind: "channel", ..Entry::default() }
}

pub(super) async fn reset_health_of_one(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    let row = find(&rows, &id)?;
    let (members, registry) = (view::members(&rows, &id), admin.reloader.registry());
    let entry = Entry { object_id: Some(row.id.clone()), name: row.name.clone(), ..reset() };
    admin.reset(&caller.by, entry, &view::targets(members.iter().copied(), registry)).await?;
    Ok(Json(json!({ "success": true, "channel": view::channel(row, &members, registry) })))
}

pub(super) async fn reset_health(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let rows = admin.store.load_backends().await?;
    let members = rows.backends.iter().filter(|row| row.channel_id.is_some());
    admin.reset(&caller.by, reset(), &view::targets(members, admin.reloader.registry())).await?;
    Ok(Json(json!({ "success": true })))
}
