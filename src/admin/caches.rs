//! `/admin/api/cache`: what the caches hold, and forgetting it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Admin;
use crate::cache::Report;

pub(super) async fn report(State(admin): State<Arc<Admin>>) -> Json<Report> {
    Json(admin.caches.report())
}

pub(super) async fn clear(State(admin): State<Arc<Admin>>) -> Json<Value> {
    admin.caches.clear();
    tracing::info!("all caches were cleared");
    Json(json!({ "success": true, "message": "All caches cleared" }))
}
