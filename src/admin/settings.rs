//! `/admin/api/settings`: what is in force and where it comes from, and saving what can change at run time.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Admin;
use super::asked::{Asked, IfMatch};
use super::auth::Caller;
use super::dashboard::metrics;
use super::error::AdminError;
use super::fields::Fields;
use super::shown_settings as shown;
use super::visitor::Visitor;
use crate::access::{self, Area, admits};
use crate::config::{IpMode, IpRules, Setting, Standing, setting};

type Answer = Result<Json<Value>, AdminError>;

/// One setting and the text to save; `None` goes back to what is configured.
pub(super) type Change = (&'static Setting, Option<String>);

pub(super) async fn list(State(admin): State<Arc<Admin>>, asked: Asked) -> Answer {
    let unread = asked.nothing()?;
    // Read first: a change that comes between makes it too old, never too new.
    let revision = admin.reloader.settings_revision();
    let snapshot = admin.reloader.current().load();
    let mut all = shown::all(&admin.reloader.configured(), &admin.reloader.settings(), &snapshot);
    all["metrics"] = metrics(&admin);
    all["revision"] = json!(revision);
    if let Some(warnings) = all["warnings"].as_array_mut() {
        warnings.extend(unread.into_iter().map(Value::String));
    }
    Ok(Json(all))
}

pub(super) async fn save(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Extension(visitor): Extension<Visitor>,
    if_match: IfMatch,
    asked: Asked,
    body: Bytes,
) -> Answer {
    // It says what would change, and changes nothing.
    let is_check = asked.switch("check")?;
    let mut fields = Fields::read(&body)?;
    let may_lock_out = fields.flag("confirm").unwrap_or(false);
    let expected = fields.revision(if_match);
    let changes = changes(&mut fields);
    let warnings = fields.end()?;
    let done = put(&admin, (&caller, &visitor), &changes, Wish { may_lock_out, is_check, expected }).await?;
    Ok(Json(done.answer(warnings)))
}

/// Reads every setting that is named; each that cannot be saved is a wrong field.
fn changes(fields: &mut Fields) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (setting, name, value) in fields.take_known(setting) {
        if changes.iter().any(|(known, _)| known.name == setting.name) {
            fields.wrong(&name, "is there twice, by two of its names");
            continue;
        }
        let text = match value {
            Value::Null => setting.may_change().map(|()| None).map_err(str::to_owned),
            value => text(value).and_then(|text| setting.to_save(&text)).map(Some),
        };
        match text {
            Ok(text) => changes.push((setting, text)),
            Err(wrong) => fields.wrong(&name, wrong),
        }
    }
    changes
}

/// A value as it would be written in a file.
fn text(value: Value) -> Result<String, String> {
    let texts = |items: Vec<Value>| -> Option<Vec<String>> {
        items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let read = match value {
        Value::String(text) => Some(text),
        Value::Bool(on) => Some(on.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => texts(items).map(|texts| texts.join(",")),
        Value::Null | Value::Object(_) => None,
    };
    read.ok_or_else(|| "must be a text, a number, true, false, a list of texts, or null".to_owned())
}

/// How a change is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// Whether rules may be saved that shut out the one who saves them.
    pub(super) may_lock_out: bool,
    /// Whether nothing is to be changed.
    pub(super) is_check: bool,
    /// The revision of all settings that it was made to.
    pub(super) expected: Option<i64>,
}

/// What was done, or would be.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) now: Standing,
    changes: Vec<Value>,
    warnings: Vec<String>,
    is_check: bool,
    /// Of all settings, now.
    revision: i64,
}

impl Done {
    /// The answer, with names of fields that were not read.
    pub(super) fn answer(self, unread: Vec<String>) -> Value {
        let warnings: Vec<_> = self.warnings.into_iter().chain(unread).collect();
        let mut answer = json!({ "success": true, "changes": self.changes, "revision": self.revision });
        if self.is_check {
            answer["check"] = Value::Bool(true);
        }
        if !warnings.is_empty() {
            answer["warnings"] = warnings.into();
        }
        answer
    }
}

/// Saves all of these and puts them in force.
///
/// # Errors
/// 409 `would_lock_out`, for rules that the caller's own address does not pass; those of the database.
pub(super) async fn put(
    admin: &Admin,
    (who, visitor): (&Caller, &Visitor),
    changes: &[Change],
    wish: Wish,
) -> Result<Done, AdminError> {
    let caller = visitor.caller();
    let before = admin.reloader.settings();
    let now = with(admin, &before, changes);
    let rules = &now.config.access.ip_rules;
    let is_of_rules = changes.iter().any(|(setting, _)| setting.name.starts_with("IP_"));
    let mut warnings: Vec<_> =
        now.warnings.iter().filter(|warning| !before.warnings.contains(warning)).cloned().collect();
    if is_of_rules {
        warnings.extend(warnings_of(rules, caller));
    }
    if is_of_rules && !(wish.may_lock_out || wish.is_check) {
        let_in(rules, caller)?;
    }
    let changed = changes.iter().map(|(setting, _)| setting.name);
    let told = changed.clone().filter_map(|name| shown::change(before.row(name), now.row(name)));
    let told: Vec<Value> = told.collect();
    if !(wish.is_check || changes.is_empty()) {
        let texts: Vec<_> = changes.iter().map(|(setting, text)| (setting.name, text.clone())).collect();
        admin.store.save_settings_at(wish.expected, &texts, &who.by).await?;
        // Requests that are over are told of at the level that they ran under.
        admin.ledger.tell();
        admin.reloader.reload().await?;
        tracing::info!(settings = changed.collect::<Vec<_>>().join(", "), "settings were saved");
    }
    let revision = admin.reloader.settings_revision();
    Ok(Done { now, changes: told, warnings, is_check: wish.is_check, revision })
}

/// Refuses rules that the caller's own address does not pass.
///
/// # Errors
/// 409 `would_lock_out`.
pub(super) fn let_in(rules: &IpRules, caller: access::Caller) -> Result<(), AdminError> {
    if admits(rules, caller, Area::Admin) {
        return Ok(());
    }
    let message = format!(
        "these rules would shut out your own address, {}; send \"confirm\":true to save them all the same. Then \
         `ollama2openai settings reset IP_ACCESS_MODE` on the gateway's machine is the way back",
        caller.address
    );
    let refused = AdminError::new(StatusCode::CONFLICT, "would_lock_out", message);
    Err(refused.with("address", json!(caller.address)))
}

/// How everything would stand after these changes.
pub(super) fn with(admin: &Admin, before: &Standing, changes: &[Change]) -> Standing {
    let is_kept = |(name, _): &&(String, String)| !changes.iter().any(|(setting, _)| setting.name == name);
    let kept = before.saved.iter().filter(is_kept).cloned();
    let new = changes.iter().filter_map(|(setting, text)| Some((setting.name.to_owned(), text.clone()?)));
    admin.reloader.configured().with_saved(&kept.chain(new).collect::<Vec<_>>())
}

/// What somebody should know who saves these rules.
pub(super) fn warnings_of(rules: &IpRules, caller: access::Caller) -> Vec<String> {
    let mut warnings = Vec::new();
    if rules.mode == IpMode::Whitelist && rules.whitelist.is_empty() {
        warnings.push(
            "the whitelist is empty: nobody may call, and only programs of this machine reach /admin"
                .to_owned(),
        );
    }
    let address = caller.address;
    if !admits(rules, caller, Area::Admin) {
        warnings.push(format!("your own address, {address}, is shut out, of /admin too"));
    } else if !admits(rules, caller, Area::Clients) {
        warnings.push(format!("your own address, {address}, may not call; it still reaches /admin"));
    }
    warnings
}
