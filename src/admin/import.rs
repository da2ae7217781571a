//! `/admin/api/import`: data of the Node program by upload.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::Caller;
use super::error::AdminError;
use super::fields::Fields;
use super::settings::{Change, let_in, warnings_of, with};
use super::token_rules::CLOSES;
use super::tokens::is_open;
use super::visitor::Visitor;
use crate::config::setting;
use crate::import::{File, Files, ImportError, Plan, Surroundings, plan};

/// Answers the report. Without `apply=true` nothing is changed.
pub(super) async fn import(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    Extension(visitor): Extension<Visitor>,
    asked: Asked,
    body: Bytes,
) -> Result<Json<Value>, AdminError> {
    let apply = asked.switch("apply")?;
    let mut fields = Fields::read(&body)?;
    let given = fields.object("files");
    let may_lock_out = fields.flag("confirm").unwrap_or(false);
    let (mut files, mut warnings, mut is_empty) = (Files::default(), Vec::new(), true);
    for (name, value) in given.into_iter().flatten() {
        let Some(file) = File::named(&name) else {
            warnings.push(format!("files.{name} is no file of the Node program"));
            continue;
        };
        is_empty = false;
        files.give(
            file,
            match value {
                Value::String(text) => text,
                json => json.to_string(),
            },
        );
    }
    if is_empty {
        fields.wrong("files", "must name at least one file, as in {\"keys.json\":{\"keys\":[]}}");
    }
    warnings.extend(fields.end()?);
    let here = Surroundings::here(admin.default_base.clone(), admin.quota_zone.clone());
    // A large file takes a while to read: the data plane must not wait for it.
    let planned = tokio::task::spawn_blocking(move || plan(&files, &here)).await;
    let plan: Plan = planned.map_err(|_| internal())??;
    warnings.extend(rules(&admin, &visitor, &plan, may_lock_out || !apply)?);
    let was_open = is_open(&admin);
    let report = plan.carry_out(&admin.store, apply, &caller.by).await?;
    if apply {
        admin.reloader.reload().await?;
        warnings.extend((was_open && !is_open(&admin)).then(|| CLOSES.to_owned()));
        tracing::info!("imported data of the Node program: {}", report.summary());
    }
    let mut answer = report.json();
    answer["warnings"] = json!(warnings);
    Ok(Json(answer))
}

/// What the caller should know of the rules of addresses that would be saved.
///
/// # Errors
/// 409 `would_lock_out`.
fn rules(
    admin: &Admin,
    visitor: &Visitor,
    plan: &Plan,
    may_lock_out: bool,
) -> Result<Vec<String>, AdminError> {
    let before = admin.reloader.settings();
    let is_new = |name: &str| !before.saved.iter().any(|(known, _)| known == name);
    let new = plan.settings().iter().filter(|(name, _)| is_new(name));
    let changes: Vec<Change> =
        new.filter_map(|(name, value)| Some((setting(name)?, Some(value.clone())))).collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let after = with(admin, &before, &changes);
    let rules = &after.config.access.ip_rules;
    if !may_lock_out {
        let_in(rules, visitor.caller())?;
    }
    Ok(warnings_of(rules, visitor.caller()))
}

fn internal() -> AdminError {
    AdminError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the files could not be read; the log says more",
    )
}

impl From<ImportError> for AdminError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => error.into(),
            ImportError::Damaged { file, line, what } => {
                let wrong = format!("is damaged in line {line}: {what}");
                AdminError::fields(vec![(format!("files.{file}"), wrong)])
            }
            other => AdminError::invalid(other.to_string()),
        }
    }
}
