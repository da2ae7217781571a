//! Sending a call: the only loop over backends, and the only place that retries.

use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use wire::translate::Native;
use wire::translate::errors::Refusal;

use super::Context;
use super::plan::Candidate;
use crate::http::{Failure, Outcome, Retry};
use crate::upstream::{read_error, refused};

/// How often a dead kept-alive connection may be replaced for one call; each try may meet another dead one.
const MAX_REUSED: usize = 3;

/// What is sent, and how its errors are told.
pub(super) struct Call<'r> {
    pub(super) native: &'r Native,
    pub(super) candidates: &'r [Candidate],
    /// The model as the client named it.
    pub(super) asked: &'r str,
    /// The field of the request that holds the prompt.
    pub(super) prompt: &'static str,
}

/// A backend that has begun to answer with success.
pub(super) struct Begun {
    pub(super) response: Response<Incoming>,
    pub(super) backend: String,
}

/// Sends a call to its candidates until one answers; waits at most `wait` for each head.
///
/// # Errors
/// The last failure.
pub(super) async fn send(context: &Context, call: &Call<'_>, wait: Duration) -> Result<Begun, Failure> {
    let mut last = None;
    for candidate in call.candidates {
        match to_one(context, call, candidate, wait).await {
            Err(failure) if failure.retry != Retry::No => last = Some(failure),
            done => return done,
        }
    }
    Err(last.unwrap_or_else(|| {
        let error = wire::openai::ApiError::upstream("no backend is configured");
        Failure::new(Outcome::UpstreamConnect, error)
    }))
}

async fn to_one(
    context: &Context,
    call: &Call<'_>,
    candidate: &Candidate,
    wait: Duration,
) -> Result<Begun, Failure> {
    let backend = &candidate.backend;
    let body = call.native.body(&candidate.model);
    let mut reused = 0;
    let response = loop {
        match context.proxy.client.send(backend, call.native.path, Some(body.clone()), wait).await {
            // A pooled connection may die at the moment when it is taken: nothing was answered, so nothing is lost.
            Err(failure) if failure.retry == Retry::Reused && reused < MAX_REUSED => reused += 1,
            Err(failure) => {
                if failure.outcome == Outcome::UpstreamConnect {
                    backend.inventory.note_down();
                }
                return Err(failure);
            }
            Ok(response) => break response,
        }
    };
    if response.status().is_success() {
        return Ok(Begun { response, backend: backend.name.clone() });
    }
    let (status, retry_after, body) = read_error(response).await;
    let (asked, served) = (call.asked, candidate.model.as_str());
    Err(refused(Refusal { status, body: &body, retry_after, prompt: call.prompt, asked, served }))
}
