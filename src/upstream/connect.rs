//! New connections: DNS, TCP and TLS under one deadline.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service as _;

type Tcp = TokioIo<TcpStream>;
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    /// In milliseconds.
    timeout: Arc<AtomicU64>,
}

impl Connector {
    pub(super) fn new(timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let inner = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .expect("the provider knows the default protocol versions")
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let connector = Connector { inner, timeout: Arc::default() };
        connector.set_timeout(timeout);
        connector
    }

    /// Changes it for this connector and its clones.
    pub(super) fn set_timeout(&self, timeout: Duration) {
        self.timeout.store(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Connects to the host of `uri`.
    ///
    /// # Errors
    /// What went wrong with the name, the connection or its encryption; or that it took too long.
    pub(super) async fn connect(&self, uri: Uri) -> Result<Stream, Failed> {
        let timeout = Duration::from_millis(self.timeout.load(Ordering::Relaxed));
        // `call` without `poll_ready`: this connector is always ready.
        match tokio::time::timeout(timeout, self.inner.clone().call(uri)).await {
            Ok(connected) => connected.map(|stream| match stream {
                MaybeHttpsStream::Http(plain) => Stream::Plain(plain),
                tls @ MaybeHttpsStream::Https(_) => Stream::Tls(Box::new(tls)),
            }),
            Err(_) => {
                let told = "no connection within the connect timeout";
                Err(io::Error::new(io::ErrorKind::TimedOut, told).into())
            }
        }
    }
}

/// A connection. The state of TLS is large and apart, so that a plain one is small.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Tcp),
    Tls(Box<MaybeHttpsStream<Tcp>>),
}

/// What can be read and written.
pub(super) trait Io: Read + Write + Unpin {}

impl<T: Read + Write + Unpin> Io for T {}

impl Stream {
    pub(super) fn io(&mut self) -> Pin<&mut dyn Io> {
        match self {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}
