//! `/admin/api/tokens`: what clients show.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Admin;
use super::auth::Caller;
use super::days::{self, ByDay};
use super::error::AdminError;
use super::fields::Fields;
use super::token_rules::{kept, mint, new_token};
use super::token_view::{new_token_shown, stored_token};
use crate::config::Secret;
use crate::snapshot::Snapshot;
use crate::store::{StoreError, TokenChange, TokenKind, TokenQuery, TokenRow};

type Answer = Result<Json<Value>, AdminError>;

/// Tokens of a page, unless the call says how many.
const PAGE: u32 = 100;
const MAX_PAGE: i64 = 1000;
/// How far usage goes back, in days before today, unless the call says it.
const DAYS: i64 = 30;
const MAX_DAYS: i64 = 366;
/// Longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer {
    let (mut query, is_page) = query(&asked)?;
    // One more tells whether a page follows.
    let most = query.most.unwrap_or(PAGE);
    query.most = is_page.then_some(most + 1);
    // What is shown is what was used until now; if it cannot be written, what was written last.
    let _ = admin.ledger.write_all(&admin.store).await;
    let mut rows = admin.store.tokens(&query).await?;
    let has_more = is_page && rows.len() > most as usize;
    if has_more {
        rows.truncate(most as usize);
    }
    let now = Timestamp::now();
    let snapshot = admin.reloader.current().load();
    let shown = |row: &TokenRow| stored_token(row, now, &snapshot.limits.zone);
    let mut answer = json!({
        "tokens": rows.iter().map(shown).collect::<Vec<_>>(),
        "summary": summary(&snapshot, now),
    });
    if is_page {
        let last = rows.last().filter(|_| has_more);
        answer["nextCursor"] = json!(last.map(|row| format!("{}_{}", row.created_at, row.id)));
    }
    Ok(Json(answer))
}

/// The seed's counts of tokens.
pub(super) fn summary(snapshot: &Snapshot, now: Timestamp) -> Value {
    let counts = snapshot.tokens.counts(now);
    json!({
        "total": counts.total, "enabled": counts.enabled, "disabled": counts.disabled, "expired": counts.expired,
    })
}

/// The query of a path, read as fields are: each wrong one is named. An empty one is none, as forms send it.
pub(super) fn asked_fields(asked: &[(String, String)]) -> Fields {
    let given = asked.iter().filter(|(_, value)| !value.is_empty());
    let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), Value::from);
    let is_number = |name: &str| matches!(name, "limit" | "days" | "hours");
    let read = |name: &str, text: &str| if is_number(name) { number(text) } else { json!(text) };
    Fields::of(given.map(|(name, text)| (name.clone(), read(name, text))).collect())
}

/// What a list was asked for, and whether by pages.
fn query(asked: &[(String, String)]) -> Result<(TokenQuery, bool), AdminError> {
    let mut fields = asked_fields(asked);
    let text = fields.text("search");
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_SEARCH) {
        fields.wrong("search", format!("must have at most {MAX_SEARCH} characters"));
    }
    let kind = fields.text("status");
    let known = TokenKind::ALL.into_iter().find(|known| kind.as_deref() == Some(known.name()));
    if kind.is_some() && known.is_none() {
        fields.wrong("status", "must be enabled, disabled or expired");
    }
    let limit = fields.number("limit", 1, MAX_PAGE);
    let cursor = fields.text("cursor");
    let after =
        cursor.as_ref().and_then(|cursor| cursor.split_once('_')).map(|(at, id)| (at.into(), id.into()));
    if cursor.is_some() && after.is_none() {
        fields.wrong("cursor", "must be the nextCursor of another answer");
    }
    fields.end()?;
    let is_page = limit.is_some() || cursor.is_some();
    Ok((TokenQuery { after, text, kind: known, most: limit.and_then(|most| most.try_into().ok()) }, is_page))
}

/// A token as a call sets it. `has` is the expiry that it has already.
fn change(fields: &mut Fields, has: Option<&str>) -> TokenChange {
    TokenChange {
        name: fields.name("name"),
        enabled: fields.flag("enabled"),
        expires_at: fields.expiry("expiresAt", has),
        models: fields.patterns("allowedModels"),
        ips: fields.ranges("allowedIPs"),
        rate_limit: fields.rate_limit(),
        tokens_per_minute: fields.tokens_per_minute(),
        quota_limit: fields.quota(),
        max_concurrent: fields.max_concurrent(),
        allow_client_options: fields.flag("allowClientOptions"),
        note: fields.note("note"),
        metadata: fields.metadata("metadata"),
        is_quota_reset: false,
    }
}

fn answer(token: Value, warnings: &[String]) -> Json<Value> {
    let mut answer = json!({ "success": true });
    answer["token"] = token;
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    Json(answer)
}

fn shown(admin: &Admin, row: &TokenRow, warnings: &[String]) -> Json<Value> {
    let zone = &admin.reloader.current().load().limits.zone;
    answer(stored_token(row, Timestamp::now(), zone), warnings)
}

/// With its text.
fn shown_whole(admin: &Admin, row: &TokenRow, text: &Secret, warnings: &[String]) -> Json<Value> {
    let zone = &admin.reloader.current().load().limits.zone;
    answer(new_token_shown(row, text, Timestamp::now(), zone), warnings)
}

fn named(error: StoreError) -> AdminError {
    match error {
        StoreError::NotFound { .. } => AdminError::not_found("Token"),
        other => other.into(),
    }
}

pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let change = change(&mut fields, None);
    let warnings = fields.end()?;
    let minted = mint()?;
    let mut new = new_token(&minted);
    change.fill(&mut new);
    let rows = admin.store.create_tokens(&[new], &caller.by).await?;
    admin.reloader.reload().await?;
    let row = &rows[0];
    tracing::info!(id = row.id, token = row.name, "a token was made");
    Ok(shown_whole(&admin, row, &minted.text, &warnings))
}

pub(super) async fn update(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    head: HeaderMap,
    body: Bytes,
) -> Answer {
    let row = admin.store.token(&id).await.map_err(named)?;
    let mut fields = Fields::read(&body)?;
    let change = change(&mut fields, row.expires_at.as_deref());
    let expected = revision(&mut fields, &head);
    let warnings = fields.end()?;
    let row = admin.store.update_token(&id, &change, expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, token = row.name, "a token was changed");
    Ok(shown(&admin, &row, &warnings))
}

/// The revision that a change was made to, if body or head say so.
fn revision(fields: &mut Fields, head: &HeaderMap) -> Option<i64> {
    let of_body = fields.revision();
    let Some(given) = head.get(header::IF_MATCH).filter(|given| *given != "*") else { return of_body };
    let number = given.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
    match (of_body, number) {
        (_, None) => fields.wrong("If-Match", "must be a revision, as in If-Match: \"3\""),
        (Some(of_body), Some(number)) if of_body != number => {
            fields.wrong("If-Match", "must not differ from revision");
        }
        _ => {}
    }
    number
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    admin.store.delete_token(&id, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, "a token was deleted");
    Ok(Json(json!({ "success": true })))
}

pub(super) async fn regenerate(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    head: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let expected = revision(&mut fields, &head);
    let warnings = fields.end()?;
    let minted = mint()?;
    let row = admin.store.regenerate_token(&id, &kept(&minted), expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, token = row.name, "a token has another text");
    Ok(shown_whole(&admin, &row, &minted.text, &warnings))
}

pub(super) async fn reset_quota(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    // What was used until now must not come behind it.
    admin.ledger.write_all(&admin.store).await?;
    let change = TokenChange { is_quota_reset: true, ..TokenChange::default() };
    let row = admin.store.update_token(&id, &change, None, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    let snapshot = admin.reloader.current().load();
    if let Some(token) = snapshot.tokens.get(&id) {
        token.live(&snapshot.limits.zone).quota.reset();
    }
    tracing::info!(id, token = row.name, "the quota of a token was reset");
    Ok(shown(&admin, &row, &[]))
}

pub(super) async fn usage(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer {
    let mut fields = asked_fields(&asked);
    let days = fields.number("days", 1, MAX_DAYS).unwrap_or(DAYS);
    fields.end()?;
    let _ = admin.ledger.write_all(&admin.store).await;
    let first = days::first(days);
    let mut by_day = ByDay::default();
    for day in admin.store.imported_use_of(&id, &first.to_string()).await? {
        by_day.add_imported(&day);
    }
    for hour in admin.store.token_usage(&id, days::begin(first)).await? {
        let counts = [hour.requests, hour.prompt_tokens, hour.completion_tokens, hour.cached_tokens];
        by_day.add(days::of_hour(hour.hour), counts);
    }
    Ok(Json(json!({ "usage": by_day.shown() })))
}
