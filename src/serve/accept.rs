//! The accept loop: a connection cap, no delay for small writes, a limit on how long a head may take, and a drain.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Listen;
use crate::proxy::Proxy;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// A pause after the system had no file descriptor or memory left for a connection.
const BREATHER: Duration = Duration::from_millis(50);
/// After streams were told that time is up, how long their last frames may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
    proxy: Arc<Proxy>,
    builder: Builder<TokioExecutor>,
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Server {
    /// A server that does not listen yet.
    #[must_use]
    pub fn new(listen: &Listen, proxy: Arc<Proxy>, tasks: TaskTracker) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(listen.header_timeout)
            .max_buf_size(64 << 10);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
        Server {
            proxy,
            builder,
            permits: Arc::new(Semaphore::new(listen.max_connections.min(Semaphore::MAX_PERMITS))),
            tasks,
            drain: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Accepts until [`Server::stop`]. Beyond the cap, connections wait in the system's queue.
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
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
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection is gone already");
            return;
        }
        let proxy = &self.proxy;
        let service = service_fn(|request| {
            let serving = Arc::clone(proxy).serve(request, peer);
            async move { Ok::<_, Infallible>(serving.await) }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = self.drain.cancelled() => {
                // Idle connections end now, busy ones after their reply.
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    biased;
                    ended = connection.as_mut() => ended,
                    // Waking this task polls the body, which sees that time is up and ends itself.
                    () = self.cut.cancelled() => connection.await,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection ended badly");
        }
    }

    /// Stops: no new connections, running requests may finish within `deadline`, then streams get an error frame.
    /// Gives whether everything ended in time.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.proxy.closing.drain();
        self.drain.cancel();
        self.tasks.close();
        if tokio::time::timeout(deadline, self.tasks.wait()).await.is_ok() {
            return true;
        }
        self.proxy.closing.cut();
        self.cut.cancel();
        tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await.is_ok()
    }
}
