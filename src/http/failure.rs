//! Whose fault an error is, and whether it may be retried: said where it is made, read by who retries.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZero;

use http::{HeaderValue, StatusCode, header};
use wire::openai::ApiError;

use super::{Body, Reply};

/// How a request ended: one closed vocabulary for logs, metrics and traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Ok,
    ClientGone,
    BadRequest,
    Unauthorized,
    RateLimited,
    Quota,
    NoModel,
    Overloaded,
    UpstreamConnect,
    UpstreamStatus,
    UpstreamStream,
    Timeout,
    Internal,
}

impl Outcome {
    pub const ALL: [Outcome; 13] = [
        Outcome::Ok,
        Outcome::ClientGone,
        Outcome::BadRequest,
        Outcome::Unauthorized,
        Outcome::RateLimited,
        Outcome::Quota,
        Outcome::NoModel,
        Outcome::Overloaded,
        Outcome::UpstreamConnect,
        Outcome::UpstreamStatus,
        Outcome::UpstreamStream,
        Outcome::Timeout,
        Outcome::Internal,
    ];

    /// Whether an operator should know, as it was not the client's doing.
    #[must_use]
    pub fn is_grave(self) -> bool {
        !matches!(
            self,
            Outcome::Ok
                | Outcome::ClientGone
                | Outcome::BadRequest
                | Outcome::Unauthorized
                | Outcome::RateLimited
                | Outcome::Quota
                | Outcome::NoModel
        )
    }

    /// The word in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::ClientGone => "client_gone",
            Outcome::BadRequest => "bad_request",
            Outcome::Unauthorized => "unauthorized",
            Outcome::RateLimited => "rate_limited",
            Outcome::Quota => "quota",
            Outcome::NoModel => "no_model",
            Outcome::Overloaded => "overloaded",
            Outcome::UpstreamConnect => "upstream_connect",
            Outcome::UpstreamStatus => "upstream_status",
            Outcome::UpstreamStream => "upstream_stream",
            Outcome::Timeout => "timeout",
            Outcome::Internal => "internal",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether another attempt makes sense. No content has reached the client whenever this is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The answer would be the same.
    No,
    /// A kept-alive connection died before it answered: the same backend, on a new connection, at once.
    Reused,
    /// Another backend may do better; this one will not, at least not now.
    Elsewhere,
    /// Another backend, or after a while the same one, may do better.
    Anywhere,
    /// As [`Retry::Elsewhere`], but only once for a request: each such failure takes long.
    Once,
}

/// Whom a failure is counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The client, or nobody: it says nothing about the backend.
    Nobody,
    /// The backend could not be connected to.
    Connect,
    /// The backend answered badly, or not at all.
    Backend,
    /// The backend wants to be left alone, as long as its `Retry-After` says.
    Busy,
    /// The backend does not have the model.
    Model,
    /// The backend refused the credential that it was shown; another one may do.
    Credential,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests of one address.
    Address,
    /// Requests of all clients.
    Global,
    /// Requests of one token.
    Token,
    /// Tokens a minute of one token.
    Tokens,
}

impl Limit {
    /// The word in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Address => "rate_limit_ip",
            Limit::Global => "rate_limit_global",
            Limit::Token => "rate_limit_token",
            Limit::Tokens => "tokens_per_minute",
        }
    }

    /// What it counts, for people.
    #[must_use]
    pub fn counts(self) -> &'static str {
        match self {
            Limit::Address => "requests of your address",
            Limit::Global => "requests of all clients",
            Limit::Token => "requests of this API key",
            Limit::Tokens => "tokens a minute of this API key",
        }
    }
}

/// One error type for the data plane.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What the client is told.
    pub error: ApiError,
    /// What the log is told.
    pub outcome: Outcome,
    /// Read by the attempt loop only.
    pub retry: Retry,
    /// Read by the attempt loop only.
    pub blame: Blame,
    /// The limit that was reached, if it was one.
    pub limit: Option<Limit>,
    /// The status that a backend answered with, if it is one of a backend that did.
    pub answered: Option<NonZero<u16>>,
    /// What is written beside it. Boxed, as few have it and all results have room for it.
    pub aside: Option<Box<Aside>>,
}

/// What is written of a failure and told to no client.
#[derive(Debug, Clone, Default)]
pub struct Aside {
    /// In place of the message, where that repeats parts of the request.
    pub message: Option<Box<str>>,
    /// The cause; may name what a client must not see.
    pub cause: Option<Box<str>>,
}

impl Failure {
    /// What is written of it. What is wrong with a request is told to its client alone: the message may repeat parts of the
    /// prompt.
    #[must_use]
    pub fn written_message(&self) -> Cow<'_, str> {
        let error = &self.error;
        match self.aside.as_ref().and_then(|aside| aside.message.as_deref()) {
            _ if self.outcome == Outcome::BadRequest => {
                let field = error.param.as_deref().unwrap_or("the request");
                format!("{}: {field}", error.code.unwrap_or(error.kind)).into()
            }
            Some(message) => Cow::Borrowed(message),
            None => Cow::Borrowed(&error.message),
        }
    }

    /// The same, in brackets the cause.
    #[must_use]
    pub fn written(&self) -> String {
        let message = self.written_message();
        self.cause().map(|cause| format!("{message} ({cause})")).unwrap_or(message.into_owned())
    }

    /// The same failure, with more to say.
    #[must_use]
    pub fn adding(mut self, more: &str) -> Self {
        self.error.message.push_str(more);
        if let Some(message) = self.aside.as_mut().and_then(|aside| aside.message.as_mut()) {
            *message = format!("{message}{more}").into();
        }
        self
    }

    /// A failure that no retry mends.
    #[must_use]
    pub fn new(outcome: Outcome, error: ApiError) -> Self {
        Failure {
            error,
            outcome,
            retry: Retry::No,
            blame: Blame::Nobody,
            limit: None,
            answered: None,
            aside: None,
        }
    }

    /// The same failure, counted against `blame` and retried as `retry` says.
    #[must_use]
    pub fn of(self, blame: Blame, retry: Retry) -> Self {
        Failure { blame, retry, ..self }
    }

    /// The same failure with a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.aside.get_or_insert_default().cause = Some(cause.to_string().into());
        self
    }

    /// The cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.aside.as_ref()?.cause.as_deref()
    }

    /// The reply of a request that failed before any of its body was sent.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        let mut reply = Reply::new(Body::full(self.error.to_json()));
        let status = StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *reply.status_mut() = status;
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_TYPE, super::headers::JSON);
        if let Some(seconds) = self.error.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            // No wait of seconds makes room; the SDKs would try a 429 again.
            headers.insert(super::headers::SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        reply
    }
}

impl From<ApiError> for Failure {
    /// An error found in the request, or while translating.
    fn from(error: ApiError) -> Self {
        let outcome = match error.status {
            401 | 403 => Outcome::Unauthorized,
            404 => Outcome::NoModel,
            500.. => Outcome::UpstreamStream,
            _ => Outcome::BadRequest,
        };
        Failure::new(outcome, error)
    }
}
