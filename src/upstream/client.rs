//! The client of backends. HTTP/1.1 only, as Ollama speaks nothing else; redirects are never followed.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::backend::Backend;
use super::body::Body;
use super::connect::Connector;
use super::connection::{Connection, Unanswered};
use super::failures;
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
        body: Option<Bytes>,
        wait: Option<Duration>,
    ) -> Result<Response, Failure> {
        let head = head(backend, path, body.as_ref().map(Bytes::len));
        let exchange = async {
            let mut connection = match backend.host.pool.take() {
                Some(connection) => connection,
                None => {
                    let connected = self.connector.connect(backend.host.base.uri("/")).await;
                    Connection::new(connected.map_err(|error| failures::unreachable(&*error))?)
                }
            };
            match connection.exchange(&head, body.as_deref().unwrap_or_default()).await {
                Ok(begun) => {
                    let (status, retry_after) = (begun.head.status, begun.head.retry_after);
                    Ok(Response {
                        status,
                        retry_after,
                        body: Body::new(begun, connection, &backend.host.pool),
                    })
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
fn head(backend: &Backend, path: &str, length: Option<usize>) -> Vec<u8> {
    let (prefix, authority) = backend.host.prefix_and_authority();
    let mut head = Vec::with_capacity(256);
    let mut write = |text: &str| head.extend_from_slice(text.as_bytes());
    write(if length.is_some() { "POST " } else { "GET " });
    write(prefix);
    write(path);
    write(" HTTP/1.1\r\nhost: ");
    write(authority);
    if let Some(bearer) = backend.bearer() {
        write("\r\nauthorization: Bearer ");
        write(bearer);
    }
    if let Some(length) = length {
        write("\r\ncontent-type: application/json\r\ncontent-length: ");
        write(itoa::Buffer::new().format(length));
    }
    write("\r\n\r\n");
    head
}
