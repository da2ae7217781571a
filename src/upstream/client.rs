//! The pooled HTTP client. HTTP/1.1 only, as Ollama speaks nothing else; redirects are never followed.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{Client as Pool, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::backend::Backend;
use super::connect::{Connector, Used};
use super::failures;
use crate::config::Upstream;
use crate::http::{Failure, Retry};

/// Idle connections are closed after this; Ollama itself keeps them for ever.
const IDLE: Duration = Duration::from_secs(90);

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

/// Speaks to backends. Cheap to share; dropping a response that is not read to its end closes its connection, which
/// is how Ollama learns that nobody waits any more.
#[derive(Debug)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    connector: Connector,
}

impl Client {
    /// A client with an empty pool.
    #[must_use]
    pub fn new(config: &Upstream) -> Self {
        let connector = Connector::new(config.connect_timeout);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector.clone());
        Client { pool, connector }
    }

    /// Changes how long a connection may take, of those that begin from now on.
    pub fn set_connect_timeout(&self, timeout: Duration) {
        self.connector.set_timeout(timeout);
    }

    /// Sends one request and waits for the head of its answer, at most `wait`. A body makes it a `POST`.
    ///
    /// # Errors
    /// 502 when no connection could be made or it broke, 504 after `wait`. A kept-alive connection that died before it
    /// answered says so by [`Retry::Reused`]: Ollama cannot have made a token for it that anybody saw.
    pub async fn send(
        &self,
        backend: &Backend,
        path: &str,
        body: Option<Bytes>,
        wait: Duration,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = backend.uri(path);
        if let Some(body) = body {
            *request.method_mut() = Method::POST;
            *request.body_mut() = Full::new(body);
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(authorization) = backend.authorization() {
            request.headers_mut().insert(header::AUTHORIZATION, authorization);
        }
        let connection = capture_connection(&mut request);
        match tokio::time::timeout(wait, self.pool.request(request)).await {
            Ok(Ok(response)) => {
                if let Some(used) = response.extensions().get::<Used>() {
                    used.mark();
                }
                Ok(response)
            }
            Ok(Err(error)) => Err(classify(&error, &connection)),
            Err(_) => Err(failures::timed_out(wait)),
        }
    }
}

fn classify(error: &Error, connection: &CaptureConnection) -> Failure {
    if error.is_connect() {
        return failures::unreachable(error);
    }
    let mut extensions = http::Extensions::new();
    if let Some(connected) = connection.connection_metadata().as_ref() {
        connected.get_extras(&mut extensions);
    }
    let was_used = extensions.get::<Used>().is_some_and(Used::was_used);
    let broke = failures::broke(error);
    if was_used { Failure { retry: Retry::Reused, ..broke } } else { broke }
}
