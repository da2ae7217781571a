//! What a client is told whose model nobody can serve, or not now.

use wire::openai::ApiError;

use super::abilities::Need;
use crate::http::{Failure, Outcome};
use crate::limits::Refused;

/// 503: nothing is turned on.
pub(super) fn no_backend() -> Failure {
    let error = ApiError::new(503, "api_error", "no backend is enabled").with_code("no_backend");
    Failure::new(Outcome::UpstreamConnect, error)
}

/// 404: no channel, key or backend serves the model.
pub(super) fn no_model(model: &str) -> Failure {
    let error = ApiError::new(404, "not_found_error", format!("model '{model}' not found"));
    let error = ApiError { param: Some("model".into()), ..error }.with_code("model_not_found");
    Failure::new(Outcome::NoModel, error)
}

/// 400: the model cannot do what is asked of it.
#[must_use]
pub fn unsupported(model: &str, need: &Need) -> Failure {
    let message = format!("the model '{model}' does not support {}", need.what);
    ApiError::invalid(need.param, message).with_code("model_not_supported").into()
}

/// 503: all are at their caps.
#[must_use]
pub fn overloaded(refused: Refused) -> Failure {
    let message = match refused {
        Refused::Full => "all backends are busy and the queue is full",
        Refused::TooLong => "all backends are busy, and none was free in time",
    };
    let error = ApiError::new(503, "api_error", message).with_code("overloaded");
    Failure::new(Outcome::Overloaded, ApiError { retry_after: Some(5), ..error })
}

/// 502: nobody is left who could be asked.
#[must_use]
pub fn nobody_left() -> Failure {
    let error = ApiError::upstream("no backend can serve this model now").with_code("upstream_unreachable");
    Failure::new(Outcome::UpstreamConnect, error)
}
