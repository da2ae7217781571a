//! What goes wrong with an upstream, as failures. Messages to clients name no address; causes for the log do.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::num::NonZero;
use std::time::Duration;

use wire::openai::ApiError;
use wire::translate::errors::{self, Refusal};

use crate::http::{Blame, Failure, Outcome, Retry};

/// No connection could be made.
pub(super) fn unreachable(error: &(dyn Error + 'static)) -> Failure {
    let told = ApiError::upstream("the gateway cannot reach Ollama").with_code("upstream_unreachable");
    Failure::new(Outcome::UpstreamConnect, told).of(Blame::Connect, Retry::Anywhere).because(Chain(error))
}

/// The connection broke before an answer came.
pub(super) fn broke(error: &(dyn Error + 'static)) -> Failure {
    let told = ApiError::upstream("the connection to Ollama broke before it answered")
        .with_code("upstream_unreachable");
    Failure::new(Outcome::UpstreamConnect, told).of(Blame::Backend, Retry::Anywhere).because(Chain(error))
}

/// The connection broke, or sent what is no HTTP, within an answer.
pub fn stream_broke(error: &(dyn Error + 'static)) -> Failure {
    let told = ApiError::upstream("the connection to Ollama broke in the middle of the answer");
    Failure::new(Outcome::UpstreamStream, told).of(Blame::Backend, Retry::Anywhere).because(Chain(error))
}

/// The answer ended before it was complete.
#[must_use]
pub fn ended_early() -> Failure {
    Failure::new(Outcome::UpstreamStream, errors::ended_early()).of(Blame::Backend, Retry::Anywhere)
}

/// Nothing came for `waited`.
#[must_use]
pub fn timed_out(waited: Duration) -> Failure {
    let message = format!("Ollama sent nothing for {}", seconds(waited));
    let told = ApiError { status: 504, ..ApiError::upstream(message) }.with_code("upstream_timeout");
    Failure::new(Outcome::Timeout, told).of(Blame::Backend, Retry::Once)
}

/// The answer was not complete after `limit`.
#[must_use]
pub fn total_timeout(limit: Duration) -> Failure {
    let message = format!("the answer was not complete after {}", seconds(limit));
    let told = ApiError { status: 504, ..ApiError::upstream(message) }.with_code("upstream_timeout");
    Failure::new(Outcome::Timeout, told)
}

/// Ollama answered with a status that is not a success.
#[must_use]
pub fn refused(refusal: Refusal<'_>) -> Failure {
    let told = errors::from_refusal(refusal);
    let outcome = match told.status {
        404 => Outcome::NoModel,
        503 => Outcome::Overloaded,
        400..500 if told.status != 429 => Outcome::BadRequest,
        _ => Outcome::UpstreamStatus,
    };
    let (blame, retry) = match (refusal.status, told.status) {
        (401 | 403, _) => (Blame::Credential, Retry::Elsewhere),
        // It does not know the path, so it is no Ollama, or an old one. Probes tell which.
        (404 | 405, 502) => (Blame::Nobody, Retry::Elsewhere),
        (404, _) => (Blame::Model, Retry::Elsewhere),
        (429, _) => (Blame::Busy, Retry::Elsewhere),
        // Nobody else would take it either.
        (400 | 413 | 501, _) => (Blame::Nobody, Retry::No),
        // What the client did wrong stays wrong everywhere, whatever status the upstream gave it.
        (_, ..500) => (Blame::Nobody, Retry::No),
        (300..=399, _) => (Blame::Backend, Retry::Elsewhere),
        _ => (Blame::Backend, Retry::Anywhere),
    };
    let failure = Failure::new(outcome, told).of(blame, retry);
    Failure { answered: NonZero::new(refusal.status), ..failure }
        .because(format_args!("status {}", refusal.status))
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// An error with its sources, outermost first.
struct Chain<'r>(&'r (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let next = error.to_string();
            if !text.ends_with(&next) {
                write!(text, ": {next}")?;
            }
            source = error.source();
        }
        f.write_str(&text)
    }
}
