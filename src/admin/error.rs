//! Errors of the admin API, in the seed's shape `{"error":"text"}` with a `code` for programs and, where fields are
//! wrong, `fields`: what is wrong with each.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::http::{Failure, headers};
use crate::snapshot::ReloadError;
use crate::store::{Conflict, StoreError};

/// When another try makes sense after the database was busy.
const BUSY: Duration = Duration::from_secs(2);

/// Why a call was not done. Nothing was changed, unless the code is `not_in_force`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AdminError {
    status: StatusCode,
    code: &'static str,
    message: String,
    fields: Vec<(String, String)>,
    /// More members of the answer, as the seed has them.
    more: Vec<(&'static str, Value)>,
    retry_after: Option<Duration>,
    /// Whether the database failed.
    is_of_store: bool,
}

/// In an answer: the database failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfStore;

impl AdminError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        AdminError {
            status,
            code,
            message: message.into(),
            fields: Vec::new(),
            more: Vec::new(),
            retry_after: None,
            is_of_store: false,
        }
    }

    /// 400 for the whole body.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        AdminError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// 400 that names each wrong field.
    pub(super) fn fields(fields: Vec<(String, String)>) -> Self {
        let listed: Vec<_> = fields.iter().map(|(name, wrong)| format!("{name} {wrong}")).collect();
        AdminError { fields, ..AdminError::invalid(listed.join("; ")) }
    }

    /// 404, as the seed words it.
    pub(super) fn not_found(what: &'static str) -> Self {
        AdminError::new(StatusCode::NOT_FOUND, "not_found", format!("{what} not found"))
    }

    /// 500: the system did not give what it always gives.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        AdminError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", error.to_string())
    }

    /// Whether it is that nobody is known.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Code and message, for an answer that is no error.
    pub(super) fn told(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }

    /// The same error, with the time after which another try makes sense.
    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same error with one more member.
    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.message, "code": self.code });
        if !self.fields.is_empty() {
            let fields = self.fields.into_iter().map(|(name, wrong)| (name, Value::String(wrong)));
            body["fields"] = Value::Object(fields.collect::<Map<_, _>>());
        }
        for (name, value) in self.more {
            body[name] = value;
        }
        let mut reply =
            (self.status, [(header::CONTENT_TYPE, headers::JSON)], body.to_string()).into_response();
        if let Some(wait) = self.retry_after {
            // Rounded up: whoever waits that long gets through.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.is_of_store {
            reply.extensions_mut().insert(OfStore);
        }
        reply
    }
}

/// A body that could not be read.
impl From<Failure> for AdminError {
    fn from(failure: Failure) -> Self {
        let status = StatusCode::from_u16(failure.error.status).unwrap_or(StatusCode::BAD_REQUEST);
        let code = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            StatusCode::REQUEST_TIMEOUT => "request_timeout",
            _ => failure.error.code.unwrap_or("invalid_body"),
        };
        AdminError::new(status, code, failure.error.message)
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
            StoreError::Conflict(Conflict::Revision { .. }) => (StatusCode::CONFLICT, "changed_meanwhile"),
            StoreError::Conflict(Conflict::LastAdmin) => (StatusCode::CONFLICT, "last_admin"),
            StoreError::Conflict(_) => (StatusCode::CONFLICT, "exists"),
            StoreError::Locked => (StatusCode::SERVICE_UNAVAILABLE, "database_busy"),
            StoreError::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            StoreError::ReadOnly | StoreError::NotWritable { .. } => {
                (StatusCode::INSUFFICIENT_STORAGE, "not_writable")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "database_error"),
        };
        if status.is_server_error() {
            tracing::error!(%error, "the database refused a change");
        }
        let mut told = AdminError::new(status, code, error.to_string());
        told.is_of_store = status.is_server_error();
        match error {
            StoreError::Conflict(Conflict::Revision { found, .. }) => told.with("revision", json!(found)),
            StoreError::Locked => told.retry_after(BUSY),
            StoreError::Conflict(Conflict::User(_) | Conflict::AdminToken(_)) => {
                told.with("fields", json!({ "name": "exists" }))
            }
            _ => told,
        }
    }
}

impl From<ReloadError> for AdminError {
    fn from(error: ReloadError) -> Self {
        tracing::error!(%error, "a stored change is not in force");
        let message = format!("the change is stored but not in force: {error}");
        AdminError::new(StatusCode::INTERNAL_SERVER_ERROR, "not_in_force", message)
    }
}
