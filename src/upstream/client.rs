//! The client of backends. HTTP/1.1 only, as Ollama speaks nothing else; redirects are never followed.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::backend::Backend;
use super::body::Body;
use super::connect::Connector;
use super::connection::{Connection, Unanswered};
use super::failures;
use super::host::Host;
use crate::config::Upstream;
use crate::http::{Failure, Retry};

/// How long each part of an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the headers of a streamed reply.
    pub headers: Duration,
    /// Until a whole reply is complete.
    pub whole: Duration,
    /// Between two pieces of a reply.
    pub idle: Duration,
    /// For a request from beginning to end.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// What `config` says.
    #[must_use]
    pub fn new(config: &Upstream) -> Self {
        Timeouts {
            headers: config.request_timeout,
            whole: config.whole_timeout,
            idle: config.idle_timeout,
            total: config.total_timeout,
        }
    }
}

/// Further headers of a request. They are in order: visible ASCII, and none of those that the client writes itself.
pub type Headers<'r> = &'r [(&'r str, String)];

/// A reply whose head has come.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// When to come again, in seconds.
    pub retry_after: Option<u32>,
    /// Its body.
    pub body: Body,
}

/// Speaks to backends. Dropping a response that is not read to its end closes its connection, which is how Ollama
/// learns that nobody waits any more.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
}

impl Client {
    /// A client without connections; those are kept by each backend.
    #[must_use]
    pub fn new(config: &Upstream) -> Self {
        Client { connector: Connector::new(config.connect_timeout) }
    }

    /// Changes how long a connection may take, of those that begin from now on.
    pub fn set_connect_timeout(&self, timeout: Duration) {
        self.connector.set_timeout(timeout);
    }

    /// Sends one request and waits for the head of its answer, at most `wait`, or as long as the caller polls. A body
    /// makes it a `POST`.
    ///
    /// # Errors
    /// 502 when no connection could be made or it broke, 504 after `wait`. A kept-alive connection that died before it
    /// answered says so by [`Retry::Reused`]: Ollama cannot have made a token for it that anybody saw.
    pub async fn send(
        &self,
        backend: &Backend,
        path: &str,
        (body, headers): (Option<Bytes>, Headers<'_>),
        wait: Option<Duration>,
    ) -> Result<Response, Failure> {
        let bearer = backend.bearer();
        let head = head(&backend.host, path, body.as_ref().map(Bytes::len), (bearer, headers));
        self.exchange(&backend.host, &head, &body.unwrap_or_default(), wait).await
    }

    /// Posts JSON to something that is no Ollama, and waits for the head of its answer.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn post(
        &self,
        host: &Host,
        path: &str,
        headers: Headers<'_>,
        body: &[u8],
    ) -> Result<Response, Failure> {
        self.exchange(host, &head(host, path, Some(body.len()), (None, headers)), body, None).await
    }

    async fn exchange(
        &self,
        host: &Host,
        head: &[u8],
        body: &[u8],
        wait: Option<Duration>,
    ) -> Result<Response, Failure> {
        let exchange = async {
            let mut connection = match host.pool.take() {
                Some(connection) => connection,
                None => {
                    let connected = self.connector.connect(host.base.uri("/")).await;
                    Connection::new(connected.map_err(|error| failures::unreachable(&*error))?)
                }
            };
            match connection.exchange(head, body).await {
                Ok(begun) => {
                    let (status, retry_after) = (begun.head.status, begun.head.retry_after);
                    Ok(Response { status, retry_after, body: Body::new(begun, connection, &host.pool) })
                }
                Err(Unanswered { error, has_begun }) => {
                    let is_stale = connection.was_used && !has_begun;
                    let broke = failures::broke(&error);
                    Err(if is_stale { Failure { retry: Retry::Reused, ..broke } } else { broke })
                }
            }
        };
        match wait {
            Some(wait) => {
                tokio::time::timeout(wait, exchange).await.unwrap_or_else(|_| Err(failures::timed_out(wait)))
            }
            None => exchange.await,
        }
    }
}

/// The head of a request; a length makes it a `POST`.
fn head(
    host: &Host,
    path: &str,
    length: Option<usize>,
    (bearer, headers): (Option<&str>, Headers<'_>),
) -> Vec<u8> {
    let (prefix, authority) = host.prefix_and_authority();
    let mut head = Vec::with_capacity(256);
    let mut write = |text: &str| head.extend_from_slice(text.as_bytes());
    write(if length.is_some() { "POST " } else { "GET " });
    write(prefix);
    write(path);
    write(" HTTP/1.1\r\nhost: ");
    write(authority);
    if let Some(bearer) = bearer {
        write("\r\nauthorization: Bearer ");
        write(bearer);
    }
    for (name, value) in headers {
        ["\r\n", name, ": ", value].into_iter().for_each(&mut write);
    }
    if let Some(length) = length {
        write("\r\ncontent-type: application/json\r\ncontent-length: ");
        write(itoa::Buffer::new().format(length));
    }
    write("\r\n\r\n");
    head
}
