//! The accept loop: a connection cap, no delay for small writes, TLS, a limit on how long a head may take, and a drain.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listeners::{Accepted, Listeners, Side, UNIX_PEER};
use super::streams::Streams;
use super::tls::{self, Certificate};
use super::{Answering, Planes};
use crate::config::Listen;
use crate::http::Peer;

/// A pause after the system had no file descriptor or memory left for a connection.
const BREATHER: Duration = Duration::from_millis(50);
/// After requests were told that time is up, how long their last words may take.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(1);
/// On top of that, for the tasks to end.
const SLACK: Duration = Duration::from_millis(200);
/// How long a connection that was accepted just before the stop may take to say what it wants.
const FIRST_WORDS: Duration = Duration::from_secs(1);
/// The largest head of a request.
const HEAD_BYTES: usize = 64 << 10;
/// Requests of HTTP/2 that may run on one connection.
const MAX_STREAMS: u32 = 256;
/// How a connection of HTTP/2 begins (RFC 9113, section 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How TLS begins: a record of a handshake (RFC 8446, section 5.1).
const TLS: u8 = 22;
/// To who speaks HTTP where TLS is spoken.
const SPEAK_TLS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
    content-length: 55\r\n\r\nThis port speaks TLS: begin the address with https://.\n";
/// Of what such a client sends, so much is read: unread bytes would take the answer away from it.
const UNHEARD: u64 = 64 << 10;

/// Serves connections until it is told to stop.
#[derive(Debug)]
pub struct Server {
    planes: Planes,
    http1: http1::Builder,
    /// For the rare connection that may speak HTTP/2: it keeps larger buffers.
    either: Builder<Streams>,
    /// For those that have agreed on it with TLS.
    http2: http2::Builder<Streams>,
    /// What TCP ports speak TLS with, if they do.
    certificate: Option<Arc<Certificate>>,
    header_timeout: Duration,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Server {
    /// A server that does not listen yet.
    #[must_use]
    pub fn new(
        listen: &Listen,
        certificate: Option<Arc<Certificate>>,
        planes: Planes,
        tasks: TaskTracker,
    ) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(listen.header_timeout).max_buf_size(HEAD_BYTES);
        let cut = CancellationToken::new();
        let streams = Streams { tasks: tasks.clone(), cut: cut.clone() };
        let mut either = Builder::new(streams.clone());
        either
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(listen.header_timeout)
            .max_buf_size(HEAD_BYTES);
        either.http2().timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS);
        let mut http2 = http2::Builder::new(streams);
        // HTTP/2 knows no next head to wait for: a client that is gone without a word would stay for ever.
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .keep_alive_interval(listen.header_timeout);
        Server {
            planes,
            http1,
            either,
            http2,
            certificate,
            header_timeout: listen.header_timeout,
            permits: Arc::new(Semaphore::new(listen.max_connections.min(Semaphore::MAX_PERMITS))),
            tasks,
            drain: CancellationToken::new(),
            cut,
        }
    }

    /// Accepts until [`Server::stop`]. Beyond the cap, connections wait in the system's queue. What has connected until
    /// then is served, unless the socket is somebody else's, too.
    pub async fn run(self: Arc<Self>, mut listeners: Listeners) {
        // A stop waits for what is accepted last.
        let _running = self.tasks.token();
        self.accept(&mut listeners).await;
        for (accepted, side) in listeners.last() {
            // Beyond the cap it is lost, as there is nobody to wait for.
            let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else { return };
            self.begin(accepted, side, permit);
        }
    }

    async fn accept(self: &Arc<Self>, listeners: &mut Listeners) {
        loop {
            let Some(permit) =
                self.drain.run_until_cancelled(Arc::clone(&self.permits).acquire_owned()).await
            else {
                return;
            };
            let permit = permit.expect("the semaphore is never closed");
            let accepting = std::future::poll_fn(|cx| listeners.poll_accept(cx));
            let Some(accepted) = self.drain.run_until_cancelled(accepting).await else { return };
            match accepted {
                Ok((accepted, side)) => self.begin(accepted, side, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    /// Each kind of connection is a task of its own, so that none is as large as the largest.
    fn begin(self: &Arc<Self>, accepted: Accepted, side: Side, permit: OwnedSemaphorePermit) {
        let service =
            |addr, is_tls| Answering { planes: self.planes.clone(), peer: Peer { addr, is_tls }, side };
        let this = Arc::clone(self);
        match (accepted, &self.certificate) {
            (Accepted::Tcp(stream, peer), None) => {
                self.tasks.spawn(this.plain(stream, service(peer, false), permit));
            }
            (Accepted::Tcp(stream, peer), Some(certificate)) => {
                let certificate = Arc::clone(certificate);
                self.tasks.spawn(this.encrypted(stream, certificate, service(peer, true), permit));
            }
            (Accepted::Unix(stream), _) => {
                self.tasks.spawn(this.plain(stream, service(UNIX_PEER, false), permit));
            }
        }
    }

    async fn plain<S: Socket>(self: Arc<Self>, stream: S, service: Answering, _permit: OwnedSemaphorePermit) {
        let _open = self.planes.proxy.ledger.metrics.connections.enter();
        let peer = service.peer.addr;
        let mut first = [0; HTTP2.len()];
        let Some(size) = self.first(&stream, &mut first).await else { return };
        let ended = match HTTP2.starts_with(&first[..size]) {
            false => self
                .drive(self.http1.serve_connection(TokioIo::new(stream), service))
                .await
                .map_err(Into::into),
            true => self.drive(self.either.serve_connection(TokioIo::new(stream), service)).await,
        };
        if let Err(error) = ended {
            tracing::debug!(error, %peer, "a connection ended badly");
        }
    }

    async fn encrypted(
        self: Arc<Self>,
        stream: TcpStream,
        certificate: Arc<Certificate>,
        service: Answering,
        _permit: OwnedSemaphorePermit,
    ) {
        let _open = self.planes.proxy.ledger.metrics.connections.enter();
        let peer = service.peer.addr;
        let beginning = tokio::time::timeout(self.header_timeout, self.shake_hands(stream, &certificate));
        let Some(Ok(begun)) = self.cut.run_until_cancelled(beginning).await else { return };
        let Some(stream) = begun else { return };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
        // The state of TLS is large, and is moved before it rests.
        let stream = TokioIo::new(Box::new(stream));
        let ended = match is_http2 {
            false => self.drive(self.http1.serve_connection(stream, service)).await,
            true => self.drive(self.http2.serve_connection(stream, service)).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection ended badly");
        }
    }

    /// Begins TLS; `None` when the client does not.
    async fn shake_hands(
        &self,
        mut stream: TcpStream,
        certificate: &Certificate,
    ) -> Option<TlsStream<TcpStream>> {
        let mut first = [0; 1];
        let size = self.first(&stream, &mut first).await?;
        if first[..size] == [TLS] {
            let begun = certificate.acceptor().accept(stream).await;
            return begun.inspect_err(|error| tracing::debug!(%error, "TLS could not begin")).ok();
        }
        if first[0].is_ascii_uppercase() && stream.write_all(SPEAK_TLS).await.is_ok() {
            // Whether it takes the answer is its own affair.
            let _ = stream.shutdown().await;
            let reading = stream.take(UNHEARD);
            let _ =
                tokio::time::timeout(LAST_WORDS, tokio::io::copy(&mut { reading }, &mut tokio::io::sink()))
                    .await;
        }
        None
    }

    /// Copies the first bytes, which are read again later; `None` when there is nothing to serve: the client is gone or
    /// silent.
    async fn first<S: Socket>(&self, stream: &S, first: &mut [u8]) -> Option<usize> {
        if let Err(error) = stream.no_delay() {
            tracing::debug!(%error, "a connection is gone already");
            return None;
        }
        let peeking = tokio::time::timeout(self.header_timeout, stream.peek(first));
        let peeked = match self.drain.run_until_cancelled(peeking).await {
            Some(peeked) => peeked,
            None => {
                let peeking = tokio::time::timeout(FIRST_WORDS, stream.peek(first));
                self.cut.run_until_cancelled(peeking).await?
            }
        };
        let size = peeked.ok()?.ok()?;
        Some(size).filter(|size| *size > 0)
    }

    /// Runs a connection to its end, and tells it when the gateway stops.
    async fn drive<C: GracefulConnection>(&self, connection: C) -> Result<(), C::Error> {
        let mut connection = pin!(connection);
        let mut drained = pin!(self.drain.cancelled());
        let mut is_waiting = false;
        let ended = std::future::poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Some(ended));
            }
            // Asked once to be woken by it, then only when it happens: asking takes locks that all connections share.
            if is_waiting && !self.planes.proxy.closing.is_draining() {
                return Poll::Pending;
            }
            is_waiting = true;
            drained.as_mut().poll(cx).map(|()| None)
        });
        if let Some(ended) = ended.await {
            return ended;
        }
        // Idle connections end now, busy ones after their reply.
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            // Waking this task polls the request or the body, which sees that time is up and ends itself. What does not,
            // as nobody reads it, is dropped, so that the books have it.
            () = self.cut.cancelled() => {
                tokio::time::timeout(LAST_WORDS, connection).await.unwrap_or(Ok(()))
            }
        }
    }

    /// Says to whoever asks that the gateway is about to stop; connections are still taken, each for one reply.
    pub fn announce(&self) {
        self.planes.proxy.closing.drain();
    }

    /// Stops: no new connections, running requests may finish until `deadline` has passed or `hurry` is done, then
    /// they get an error. Gives whether everything ended by itself.
    pub async fn stop(&self, deadline: Duration, hurry: impl Future<Output = ()>) -> bool {
        self.planes.proxy.closing.drain();
        self.drain.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => return true,
            () = tokio::time::sleep(deadline) => {}
            () = hurry => {}
        }
        self.planes.proxy.closing.cut();
        self.cut.cancel();
        // Whether the last words are out or their time is, what did not finish by itself was cut.
        let _ = tokio::time::timeout(LAST_WORDS + SLACK, self.tasks.wait()).await;
        false
    }
}

/// What HTTP comes over.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static {
    /// Small writes leave at once.
    fn no_delay(&self) -> io::Result<()>;

    /// Copies bytes that stay to be read.
    fn peek(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

impl Socket for TcpStream {
    fn no_delay(&self) -> io::Result<()> {
        self.set_nodelay(true)
    }

    async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        TcpStream::peek(self, into).await
    }
}

impl Socket for UnixStream {
    fn no_delay(&self) -> io::Result<()> {
        Ok(())
    }

    async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        let look = || Ok(rustix::net::recv(self, &mut *into, RecvFlags::PEEK)?.0);
        self.async_io(Interest::READABLE, look).await
    }
}
