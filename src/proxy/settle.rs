//! What became of a request: told exactly once, however it ended, when this is dropped.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::HeaderValue;
use wire::openai::Usage;

use super::plan::Served;
use super::route::Endpoint;
use crate::http::{Failure, Held, Outcome};

/// The record of one request. Until somebody says otherwise, the client left.
#[derive(Debug)]
pub(super) struct Settle {
    endpoint: Endpoint,
    id: HeaderValue,
    client: IpAddr,
    started: Instant,
    is_head: bool,
    outcome: Outcome,
    status: u16,
    first: Option<Duration>,
    cause: Option<String>,
    /// As the client named it.
    pub(super) model: String,
    /// Whether events were asked for.
    pub(super) stream: bool,
    /// Token counts, as far as they are known.
    pub(super) usage: Usage,
    /// Whether all of it came from a cache.
    pub(super) cached: bool,
    /// Who answered.
    pub(super) by: Option<Served>,
}

impl Settle {
    pub(super) fn new(endpoint: Endpoint, id: HeaderValue, client: IpAddr, is_head: bool) -> Self {
        Settle {
            endpoint,
            id,
            client,
            started: Instant::now(),
            is_head,
            outcome: Outcome::ClientGone,
            status: 0,
            first: None,
            cause: None,
            model: String::new(),
            stream: false,
            usage: Usage::default(),
            cached: false,
            by: None,
        }
    }

    /// The reply is complete, as far as the gateway is concerned.
    pub(super) fn succeed(&mut self) {
        (self.outcome, self.status) = (Outcome::Ok, 200);
    }

    /// Events have begun: the status is out, the end is open.
    pub(super) fn begin(&mut self) {
        self.status = 200;
    }

    /// The first content is on its way.
    pub(super) fn first_content(&mut self) {
        self.first.get_or_insert_with(|| self.started.elapsed());
    }

    /// It failed; the status stays when it is out already.
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.outcome = failure.outcome;
        if self.status == 0 {
            self.status = failure.error.status;
        }
        // What is wrong with a request is told to its client; the message may repeat parts of the prompt.
        let field = failure.error.param.as_deref().unwrap_or("the request");
        let of_request = || format!("{}: {field}", failure.error.code.unwrap_or(failure.error.kind));
        let is_clients = failure.outcome == Outcome::BadRequest;
        let told = if is_clients { of_request() } else { failure.error.message.clone() };
        self.cause =
            Some(failure.cause.as_ref().map_or_else(|| told.clone(), |cause| format!("{told} ({cause})")));
    }
}

impl Held for Settle {}

impl Drop for Settle {
    fn drop(&mut self) {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if let Some(by) = &self.by {
            let tokens = self.usage.prompt + self.usage.completion;
            by.target.tally.tokens(tokens);
        }
        let (path, total) = (self.endpoint.path(), millis(self.started.elapsed()));
        // Fields are named as an operator asks for them; prompts, answers and keys are never among them.
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    target: "request",
                    id = self.id.to_str().unwrap_or_default(),
                    endpoint = path,
                    head = self.is_head.then_some(true),
                    client = %self.client,
                    model = Some(self.model.as_str()).filter(|model| !model.is_empty()),
                    stream = self.stream,
                    cached = self.cached.then_some(true),
                    backend = self.by.as_ref().map(|by| by.target.backend.name.as_str()),
                    status = self.status,
                    outcome = self.outcome.as_str(),
                    first_token_ms = self.first.map(millis),
                    total_ms = total,
                    prompt_tokens = self.usage.prompt,
                    completion_tokens = self.usage.completion,
                    error = self.cause.as_deref(),
                    "{path} {} in {total} ms", self.status
                )
            };
        }
        match self.outcome {
            Outcome::Ok
            | Outcome::ClientGone
            | Outcome::BadRequest
            | Outcome::Unauthorized
            | Outcome::NoModel => {
                tell!(info);
            }
            _ => tell!(warn),
        }
    }
}
