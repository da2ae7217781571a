//! `/admin/api/backup`: a copy of the database to download, without the key.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use jiff::Timestamp;

use super::Admin;
use super::auth::Caller;
use super::error::AdminError;
use crate::store::Entry;

pub(super) async fn download(
    State(admin): State<Arc<Admin>>,
    Extension(caller): Extension<Caller>,
) -> Result<impl IntoResponse, AdminError> {
    // What was counted until now goes along; if it cannot be written, what was written last.
    admin.write_counts().await;
    let entry = Entry { action: "backup.download", object_kind: "backup", ..Entry::default() };
    admin.store.record(&caller.by, entry).await?;
    let copy = admin.store.backup_bytes().await?;
    tracing::info!(bytes = copy.len(), "a backup is downloaded");
    let name = Timestamp::now().strftime("ollama2openai-%Y%m%d-%H%M%S.db");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, copy))
}
