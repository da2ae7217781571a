//! `/admin/api/models`: which models are where, from what is remembered of the backends. Upstreams are asked only when a
//! caller wants their lists read anew, and never for anything that would load a model.

mod matrix;
mod refresh;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Admin;
use super::asked::Asked;
use super::error::AdminError;
use super::sign_in::warned;
use matrix::Wanted;
pub(super) use matrix::drifting;

/// Models of a page, unless the call says how many.
const PAGE: i64 = 100;
pub(super) const MAX_PAGE: i64 = 1000;

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
) -> Result<Json<Value>, AdminError> {
    let limit = fields.number("limit", 1, MAX_PAGE).unwrap_or(PAGE);
    let (text, after) = (fields.text("search"), fields.text("cursor"));
    let wants_refresh = match fields.text("refresh").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            fields.wrong("refresh", "must be true or false");
            false
        }
    };
    let warnings = fields.end()?;
    let refreshed = if wants_refresh { Some(refresh::lists(&admin).await) } else { None };
    let snapshot = admin.reloader.current().load();
    let wanted = Wanted {
        text: text.map(|text| text.to_ascii_lowercase()),
        after,
        most: usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let mut answer = matrix::page(&snapshot, &wanted);
    answer["refresh"] = json!(refreshed);
    Ok(warned(answer, &warnings))
}
