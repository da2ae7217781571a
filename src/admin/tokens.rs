//! `/admin/api/tokens`: what clients show.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Admin;
use super::asked::{Asked, IfMatch};
use super::auth::Caller;
use super::days;
use super::error::AdminError;
use super::fields::{Fields, time};
use super::sign_in::warned;
use super::token_rules::{CLOSES, kept, mint, new_token};
use super::token_view::{new_token_shown, stored_token};
use crate::access::Doors;
use crate::config::Secret;
use crate::limits::period;
use crate::snapshot::Snapshot;
use crate::store::{Sorted, StoreError, TokenChange, TokenKind, TokenOrder, TokenQuery, TokenRow};

type Answer = Result<Json<Value>, AdminError>;

/// Tokens of a page, unless the call says how many.
const PAGE: u32 = 100;
const MAX_PAGE: i64 = 1000;
/// How far usage goes back, in days before today, unless the call says it.
const DAYS: i64 = 30;
const MAX_DAYS: i64 = 366;
/// What a list may be ordered by; the first unless the call says it.
pub(super) const SORTS: [&str; 5] = ["createdAt", "name", "lastUsed", "quotaUsed", "totalTokens"];
/// Longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

pub(super) async fn list(State(admin): State<Arc<Admin>>, Asked(asked): Asked) -> Answer {
    let now = Timestamp::now();
    let snapshot = admin.reloader.current().load();
    let (mut query, is_page, warnings) = query(asked, period(now, &snapshot.limits.zone).month)?;
    // One more tells whether a page follows.
    let most = query.most.unwrap_or(PAGE);
    query.most = is_page.then_some(most + 1);
    // What is shown is what was used until now; if it cannot be written, what was written last.
    let _ = admin.ledger.write_all(&admin.store).await;
    let mut rows = admin.store.sorted_tokens(&query).await?;
    let has_more = is_page && rows.len() > most as usize;
    if has_more {
        rows.truncate(most as usize);
    }
    let shown = |sorted: &Sorted| stored_token(&sorted.row, now, &snapshot.limits.zone);
    let mut answer = json!({
        "tokens": rows.iter().map(shown).collect::<Vec<_>>(),
        "summary": summary(&snapshot, now),
    });
    if is_page {
        let last = rows.last().filter(|_| has_more);
        answer["nextCursor"] = json!(last.map(|last| cursor_of(query.order, last)));
    }
    Ok(warned(answer, &warnings))
}

pub(super) async fn one(State(admin): State<Arc<Admin>>, Path(id): Path<String>, asked: Asked) -> Answer {
    let warnings = asked.nothing()?;
    // What is shown is what was used until now; if it cannot be written, what was written last.
    let _ = admin.ledger.write_all(&admin.store).await;
    let row = admin.store.token(&id).await.map_err(named)?;
    let zone = &admin.reloader.current().load().limits.zone;
    Ok(warned(json!({ "token": stored_token(&row, Timestamp::now(), zone) }), &warnings))
}

/// The seed's counts of tokens.
pub(super) fn summary(snapshot: &Snapshot, now: Timestamp) -> Value {
    let counts = snapshot.tokens.counts(now);
    json!({
        "total": counts.total, "enabled": counts.enabled, "disabled": counts.disabled, "expired": counts.expired,
    })
}

/// What a list was asked for, whether by pages, and what is no filter.
/// `month` is that of quotas.
fn query(mut fields: Fields, month: Date) -> Result<(TokenQuery, bool, Vec<String>), AdminError> {
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
    let (order, descending) = sort(&mut fields, month);
    let after = cursor.as_ref().and_then(|cursor| place(order, cursor));
    if cursor.is_some() && after.is_none() {
        fields.wrong("cursor", "must be the nextCursor of another answer in this order");
    }
    let warnings = fields.end()?;
    let is_page = limit.is_some() || cursor.is_some();
    let most = limit.and_then(|most| most.try_into().ok());
    Ok((TokenQuery { after, order, descending, text, kind: known, most }, is_page, warnings))
}

/// What a list is ordered by, and whether the last comes first.
fn sort(fields: &mut Fields, month: Date) -> (TokenOrder, bool) {
    let asked = fields.text("sort").unwrap_or_else(|| SORTS[0].to_owned());
    let (name, descending) = asked.strip_prefix('-').map_or((&*asked, false), |name| (name, true));
    let order = match name {
        "createdAt" => TokenOrder::CreatedAt,
        "name" => TokenOrder::Name,
        "lastUsed" => TokenOrder::LastUsed,
        "quotaUsed" => TokenOrder::QuotaUsed(month),
        "totalTokens" => TokenOrder::TotalTokens,
        _ => {
            fields.wrong("sort", format!("must be {}, or one of them behind a minus", SORTS.join(", ")));
            TokenOrder::default()
        }
    };
    (order, descending)
}

/// Where a page ends. Names may hold anything, so they are written as numbers of their bytes.
fn cursor_of(order: TokenOrder, last: &Sorted) -> String {
    let key = match order {
        TokenOrder::Name => last.key.bytes().fold(String::new(), |key, byte| key + &format!("{byte:02x}")),
        _ => last.key.clone(),
    };
    format!("{key}_{}", last.row.id)
}

/// The place that a cursor names in this order.
fn place(order: TokenOrder, cursor: &str) -> Option<(String, String)> {
    let (key, id) = cursor.split_once('_').filter(|(_, id)| !id.is_empty())?;
    let key = match order {
        TokenOrder::Name => named_by(key)?,
        TokenOrder::LastUsed if key.is_empty() => String::new(),
        TokenOrder::CreatedAt | TokenOrder::LastUsed => time(key).map(|_| key.to_owned())?,
        TokenOrder::QuotaUsed(_) | TokenOrder::TotalTokens => key.parse::<i64>().ok()?.to_string(),
    };
    Some((key, id.to_owned()))
}

/// The text that these digits are the bytes of.
fn named_by(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(pairs.map(byte).collect::<Option<_>>()?).ok()
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
        capture: fields.flag("capture"),
        note: fields.note("note"),
        metadata: fields.metadata("metadata"),
        is_quota_reset: false,
    }
}

fn answer(token: Value, warnings: &[String]) -> Json<Value> {
    let mut answer = json!({ "success": true });
    answer["token"] = token;
    warned(answer, warnings)
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

/// Whether somebody comes in without any token, which the first one ends.
pub(super) fn is_open(admin: &Admin) -> bool {
    let (now, settings) = (admin.reloader.current().load(), admin.reloader.settings());
    Doors::of(&now).has_none() && settings.config.access.serves_anybody()
}

pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let change = change(&mut fields, None);
    let mut warnings = fields.end_new()?;
    let minted = mint()?;
    let mut new = new_token(&minted);
    change.fill(&mut new);
    warnings.extend(is_open(&admin).then(|| CLOSES.to_owned()));
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
    if_match: IfMatch,
    body: Bytes,
) -> Answer {
    let row = admin.store.token(&id).await.map_err(named)?;
    let mut fields = Fields::read(&body)?;
    let change = change(&mut fields, row.expires_at.as_deref());
    let expected = fields.revision(if_match);
    let warnings = fields.end()?;
    let row = admin.store.update_token(&id, &change, expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, token = row.name, "a token was changed");
    Ok(shown(&admin, &row, &warnings))
}

pub(super) async fn delete(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    admin.store.delete_token(&id, expected, &caller.by).await.map_err(named)?;
    admin.reloader.reload().await?;
    tracing::info!(id, "a token was deleted");
    Ok(Json(json!({ "success": true })))
}

pub(super) async fn regenerate(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    if_match: IfMatch,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let expected = fields.revision(if_match);
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
    IfMatch(expected): IfMatch,
) -> Answer {
    // What was used until now must not come behind it.
    admin.ledger.write_all(&admin.store).await?;
    let change = TokenChange { is_quota_reset: true, ..TokenChange::default() };
    let row = admin.store.update_token(&id, &change, expected, &caller.by).await.map_err(named)?;
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
    Asked(mut fields): Asked,
) -> Answer {
    let days = fields.number("days", 1, MAX_DAYS).unwrap_or(DAYS);
    let warnings = fields.end()?;
    let _ = admin.ledger.write_all(&admin.store).await;
    let usage = days::of_token(&admin.store, &id, days).await?;
    // The use of a token outlives it.
    if usage.is_empty() {
        admin.store.token(&id).await.map_err(named)?;
    }
    Ok(warned(json!({ "usage": usage }), &warnings))
}
