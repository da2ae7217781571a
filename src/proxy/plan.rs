//! From a model name to the backends that may serve it, best first.

use std::sync::Arc;

use wire::openai::ApiError;

use crate::http::{Failure, Outcome};
use crate::snapshot::Snapshot;
use crate::upstream::Backend;

/// One way to serve a request.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) backend: Arc<Backend>,
    /// The model's name there.
    pub(super) model: String,
}

/// All candidates for `model`.
///
/// # Errors
/// 404 when no backend serves it.
pub(super) fn candidates(snapshot: &Snapshot, model: &str) -> Result<Vec<Candidate>, Failure> {
    let found: Vec<_> = snapshot
        .backends
        .iter()
        .map(|backend| Candidate { backend: Arc::clone(backend), model: model.to_owned() })
        .collect();
    if found.is_empty() {
        let error = ApiError {
            param: Some("model".into()),
            ..ApiError::new(404, "not_found_error", format!("model '{model}' not found"))
        };
        return Err(Failure::new(Outcome::NoModel, error.with_code("model_not_found")));
    }
    Ok(found)
}
