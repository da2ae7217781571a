//! `…/bulk`: many tokens, keys or channels at once, in one transaction.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};

use super::Admin;
use super::auth::Caller;
use super::error::AdminError;
use super::fields::Fields;
use super::sign_in::warned;

type Answer = Result<Json<Value>, AdminError>;

/// Most ids of one call.
pub(super) const MAX_IDS: usize = 1000;

#[derive(Debug, Clone, Copy)]
enum Action {
    Enable(bool),
    Delete,
}

/// What a call asks for.
#[derive(Debug)]
struct Bulk {
    ids: Vec<String>,
    action: Action,
    warnings: Vec<String>,
}

impl Bulk {
    fn read(body: &[u8]) -> Result<Bulk, AdminError> {
        let mut fields = Fields::read(body)?;
        let ids = fields.texts_up_to("ids", MAX_IDS).unwrap_or_default();
        if ids.is_empty() {
            fields.wrong("ids", format!("must be a list of 1 to {MAX_IDS} ids"));
        }
        let action = match fields.text("action").as_deref() {
            Some("enable") => Action::Enable(true),
            Some("disable") => Action::Enable(false),
            Some("delete") => Action::Delete,
            _ => {
                fields.wrong("action", "must be enable, disable or delete");
                Action::Enable(true)
            }
        };
        Ok(Bulk { ids, action, warnings: fields.end()? })
    }

    /// Puts in force what was done, and tells it.
    async fn end(self, admin: &Admin, what: &str, done: Vec<String>) -> Answer {
        admin.reloader.reload().await?;
        tracing::info!(count = done.len(), action = ?self.action, "{what} were changed");
        let missing: Vec<_> = self.ids.iter().filter(|id| !done.contains(id)).collect();
        Ok(warned(json!({ "success": true, "done": done, "notFound": missing }), &self.warnings))
    }
}

pub(super) async fn tokens(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let bulk = Bulk::read(&body)?;
    let done = match bulk.action {
        Action::Enable(on) => admin.store.enable_tokens(&bulk.ids, on, &caller.by).await?,
        Action::Delete => admin.store.delete_tokens(&bulk.ids, &caller.by).await?,
    };
    bulk.end(&admin, "tokens", done).await
}

pub(super) async fn keys(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let bulk = Bulk::read(&body)?;
    let done = match bulk.action {
        Action::Enable(on) => admin.store.enable_keys(&bulk.ids, on, &caller.by).await?,
        Action::Delete => admin.store.delete_keys(&bulk.ids, &caller.by).await?,
    };
    bulk.end(&admin, "keys", done).await
}

pub(super) async fn channels(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let bulk = Bulk::read(&body)?;
    let done = match bulk.action {
        Action::Enable(on) => admin.store.enable_channels(&bulk.ids, on, &caller.by).await?,
        Action::Delete => admin.store.delete_channels(&bulk.ids, &caller.by).await?,
    };
    bulk.end(&admin, "channels", done).await
}
