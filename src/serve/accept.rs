//! The accept loop: a connection cap, no delay for small writes, a limit on how long a head may take, and a drain.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::streams::Streams;
use super::{Answering, Planes};
use crate::config::Listen;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
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
/// How a connection of HTTP/2 begins (RFC 9113, section 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A listening socket; the address may be taken again at once after a restart.
///
/// # Errors
/// The system's, as for a port that is in use.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serves connections until it is told to stop.
#[derive(Debug)]
pub struct Server {
    planes: Planes,
    http1: http1::Builder,
    /// For the rare connection that may speak HTTP/2: it keeps larger buffers.
    either: Builder<Streams>,
    header_timeout: Duration,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Server {
    /// A server that does not listen yet.
    #[must_use]
    pub fn new(listen: &Listen, planes: Planes, tasks: TaskTracker) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(listen.header_timeout).max_buf_size(HEAD_BYTES);
        let cut = CancellationToken::new();
        let mut either = Builder::new(Streams { tasks: tasks.clone(), cut: cut.clone() });
        either
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(listen.header_timeout)
            .max_buf_size(HEAD_BYTES);
        either.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
        Server {
            planes,
            http1,
            either,
            header_timeout: listen.header_timeout,
            permits: Arc::new(Semaphore::new(listen.max_connections.min(Semaphore::MAX_PERMITS))),
            tasks,
            drain: CancellationToken::new(),
            cut,
        }
    }

    /// Accepts until [`Server::stop`]. Beyond the cap, connections wait in the system's queue. There they stay at the
    /// end for whoever has the same socket, too, if `is_shared`; else what has connected is served.
    pub async fn run(self: Arc<Self>, listener: TcpListener, is_shared: bool) {
        // A stop waits for what is accepted last.
        let _running = self.tasks.token();
        Arc::clone(&self).accept(&listener).await;
        if !is_shared && let Err(error) = self.accept_queued(listener) {
            tracing::debug!(%error, "connections that waited are lost");
        }
    }

    /// Takes what waits in the system's queue, which closing the socket would reset.
    fn accept_queued(self: Arc<Self>, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            stream.set_nonblocking(true)?;
            let connection = Arc::clone(&self).connection(TcpStream::from_std(stream)?, peer, permit);
            self.tasks.spawn(connection);
        }
        Ok(())
    }

    async fn accept(self: Arc<Self>, listener: &TcpListener) {
        loop {
            let Some(permit) =
                self.drain.run_until_cancelled(Arc::clone(&self.permits).acquire_owned()).await
            else {
                return;
            };
            let permit = permit.expect("the semaphore is never closed");
            let Some(accepted) = self.drain.run_until_cancelled(listener.accept()).await else { return };
            match accepted {
                Ok((stream, peer)) => {
                    self.tasks.spawn(Arc::clone(&self).connection(stream, peer, permit));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, _permit: OwnedSemaphorePermit) {
        let _open = self.planes.proxy.ledger.metrics.connections.enter();
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection is gone already");
            return;
        }
        let service = Answering { planes: self.planes.clone(), peer };
        let ended = match self.may_be_http2(&stream).await {
            None => return,
            Some(false) => self
                .drive(self.http1.serve_connection(TokioIo::new(stream), service))
                .await
                .map_err(Into::into),
            Some(true) => self.drive(self.either.serve_connection(TokioIo::new(stream), service)).await,
        };
        if let Err(error) = ended {
            tracing::debug!(error, %peer, "a connection ended badly");
        }
    }

    /// Whether the first bytes may be HTTP/2's; `None` when there is nothing to serve: the client is gone or silent.
    async fn may_be_http2(&self, stream: &TcpStream) -> Option<bool> {
        let mut first = [0; HTTP2.len()];
        let peeking = tokio::time::timeout(self.header_timeout, stream.peek(&mut first));
        let peeked = match self.drain.run_until_cancelled(peeking).await {
            Some(peeked) => peeked,
            None => {
                let peeking = tokio::time::timeout(FIRST_WORDS, stream.peek(&mut first));
                self.cut.run_until_cancelled(peeking).await?
            }
        };
        let size = peeked.ok()?.ok()?;
        if size == 0 { None } else { Some(HTTP2.starts_with(&first[..size])) }
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
