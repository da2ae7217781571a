//! What went to a backend, which may repeat it in its errors.

use std::sync::Arc;

use bytes::Bytes;

use super::plan::Served;
use crate::http::{Failure, Outcome};
use crate::telemetry::without_request;

/// Longest body that is compared: that takes up to a tenth of a second, which others may have to wait for.
const COMPARED: usize = 8 << 20;
/// Longest body that is kept while a stream runs: with more, streams that say little would hold memory that nobody needs.
const KEPT: usize = 64 << 10;

/// A call as one backend got it.
pub(super) struct Sent {
    by: Served,
    /// As the client named it.
    model: Arc<str>,
    /// `None` = it is too long.
    body: Option<Bytes>,
}

impl Sent {
    pub(super) fn new(by: Served, model: Arc<str>, body: Bytes) -> Self {
        Sent { by, model, body: Some(body).filter(|body| body.len() <= COMPARED) }
    }

    /// The same for as long as a stream runs.
    pub(super) fn kept(self) -> Self {
        Sent { body: self.body.filter(|body| body.len() <= KEPT), ..self }
    }

    /// Takes the backend's credential out of what it said, and out of what is written of that also what it repeats of the
    /// request.
    pub(super) fn redact(&self, failure: &mut Failure) {
        self.by.target.backend.redact(failure);
        // What is wrong with the request is not written at all.
        if !failure.error.is_quoted || failure.outcome == Outcome::BadRequest {
            return;
        }
        let names = [&*self.model, self.by.group.served(&self.model)];
        let message = match &self.body {
            Some(body) => without_request(&failure.error.message, body, &names),
            None => {
                "Ollama has reported an error that is not written, as the request is too long to be compared with it"
                    .to_owned()
            }
        };
        if message != failure.error.message {
            failure.aside.get_or_insert_default().message = Some(message.into());
        }
    }
}
