//! One request that is over: what its line, the usage and all else that tells of it are made from.

mod json;

use std::borrow::Cow;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use jiff::civil::Date;

use super::model_names::Naming;
use super::trace::Trace;
use crate::http::Outcome;

/// Who asks, as the books know it. One for each token, shared by all of its records: they are told apart without
/// reading any text.
#[derive(Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Id of the token, or another word.
    pub id: Box<str>,
    /// For people.
    pub name: Box<str>,
}

/// Who serves: a backend as part of its channel. One for each, as [`Consumer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Id of the backend.
    pub backend: Box<str>,
    /// For people and logs; never for clients, and never a whole credential.
    pub name: Box<str>,
    /// Id of its channel; empty for a backend of the pool.
    pub channel: Box<str>,
    /// The channel's name.
    pub channel_name: Box<str>,
}

/// A backend that was asked and has not served.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub node: Arc<Node>,
    pub outcome: Outcome,
    /// The status that it answered with; `None` = there was no answer, or a bad one.
    pub status: Option<NonZero<u16>>,
    /// For people, without anything that is secret.
    pub reason: Box<str>,
    pub took: Duration,
}

/// A call that a backend has answered, or begun to.
#[derive(Debug, Clone)]
pub struct Call {
    pub node: Arc<Node>,
    /// What became of it: where another call of the request has failed, this one may have ended well.
    pub outcome: Outcome,
    /// From when the backend was asked to its first content, or to the whole answer where no events were asked for.
    pub first: Duration,
}

/// One request that is over.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its `x-request-id`.
    pub id: HeaderValue,
    /// When it was over.
    pub at: Timestamp,
    /// Its canonical path.
    pub endpoint: &'static str,
    pub is_head: bool,
    pub client: IpAddr,
    /// `None` = nobody in particular.
    pub consumer: Option<Arc<Consumer>>,
    /// As the client named it, which can be anything; empty when it was not read.
    pub model: Arc<str>,
    /// What is known of that name. Of a reply that came from a cache: where a backend that may have made it knows it.
    pub naming: Naming,
    /// The name by which it is counted, once [`super::ModelNames`] has said so.
    pub counted: Arc<str>,
    /// The model's name on the backend, where it is another.
    pub served: Option<Box<str>>,
    /// Whether events were asked for.
    pub is_stream: bool,
    /// Who served it; of several choices the first. `None` when nobody did.
    pub node: Option<Arc<Node>>,
    /// What backends have served of it: one call a choice, in the order of their first contents.
    pub calls: Vec<Call>,
    pub outcome: Outcome,
    /// 0 when there was nobody to tell it.
    pub status: u16,
    /// The kind of what went wrong, one of a closed set of words: the limit that was reached, or the code that the client
    /// was told.
    pub kind: Option<&'static str>,
    /// What went wrong, without anything that is secret.
    pub error: Option<Box<str>>,
    /// Backends that were asked and have not served, in order; `node` is none of them.
    pub attempts: Vec<Attempt>,
    /// Time that it waited for a place.
    pub queued: Duration,
    /// From its arrival to its first content.
    pub first: Option<Duration>,
    /// Of `total`, what the gateway itself has used: before a backend was asked, and for a whole reply after its answer.
    pub own: Duration,
    /// From its arrival to its end.
    pub total: Duration,
    pub prompt: u64,
    pub completion: u64,
    /// Of both: those that came from a cache.
    pub cached: u64,
    /// How long the upstream has computed for it, as far as it told: loading of the model and what came from a cache cost
    /// nothing.
    pub gpu: Duration,
    /// `measured`, `partial` or `estimated`; `None` when it has cost nothing.
    pub source: Option<&'static str>,
    /// What it costs of the quota of a month, whose first day this is.
    pub charged: Option<(Date, u64)>,
    /// Where it belongs, while traces are on.
    pub trace: Option<Arc<Trace>>,
}

impl Record {
    /// One name for all spellings that mean the same model to Ollama or a mapping, and for all that clients make of case.
    #[must_use]
    pub fn model_name(&self) -> Cow<'_, str> {
        const LATEST: &str = ":latest";
        let model = self.model.trim();
        let lower = match model.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(model.to_ascii_lowercase()),
            false => Cow::Borrowed(model),
        };
        match lower.strip_suffix(LATEST).map(str::len) {
            Some(len) => Cow::Owned(lower[..len].to_owned()),
            None => lower,
        }
    }

    /// Who has served it, else who was asked last.
    #[must_use]
    pub fn last_node(&self) -> Option<&Node> {
        self.node.as_deref().or_else(|| self.attempts.last().map(|attempt| &*attempt.node))
    }

    /// How long who served it took to its first content: time before it was asked is not its own.
    #[must_use]
    pub fn first_of_backend(&self) -> Option<Duration> {
        let (node, first) = (self.node.as_ref()?, self.first?);
        let call = self.calls.iter().find(|call| Arc::ptr_eq(&call.node, node));
        Some(call.map_or(first, |call| call.first))
    }

    /// Whether all of it came from a cache.
    #[must_use]
    pub fn is_from_cache(&self) -> bool {
        self.cached > 0 && self.cached == self.prompt + self.completion
    }
}
