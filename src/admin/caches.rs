//! `/admin/api/cache`: what the caches hold, and forgetting it.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::auth::Caller;
use super::error::AdminError;
use crate::cache::Report;
use crate::store::Entry;

pub(super) async fn report(State(admin): State<Arc<Admin>>) -> Json<Report> {
    Json(admin.caches.report())
}

pub(super) async fn clear(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
) -> Result<Json<Value>, AdminError> {
    asked.bare()?;
    let entry = Entry { action: "cache.clear", object_kind: "cache", ..Entry::default() };
    admin.store.record(&caller.by, entry).await?;
    admin.caches.clear();
    tracing::info!("all caches were cleared");
    Ok(Json(json!({ "success": true, "message": "All caches cleared" })))
}
