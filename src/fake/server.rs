//! The fake's server: accepts connections, asks the handler for a script for each request and plays it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::http::{Inbox, Request};
use super::play::play;
use super::script::{End, Script};
use super::seen::Log;

/// Decides what is sent back to a request. Called once for each, on an async thread: it must not block.
pub type Handler = Arc<dyn Fn(&Request) -> Script + Send + Sync>;

/// How a fake is run.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Open connections at once; more wait in the system's queue.
    pub max_connections: usize,
    /// Requests kept in the log; 0 keeps none.
    pub log_limit: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { max_connections: 16_384, log_limit: 10_000 }
    }
}

/// A running fake. Dropping it closes its listener and all of its connections.
pub struct Fake {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it has seen.
    pub log: Log,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Fake {
    /// Listens on `addr`, whose port may be 0, and answers by `handler`.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(addr: SocketAddr, handler: Handler) -> io::Result<Fake> {
        Fake::start_with(addr, handler, Settings::default()).await
    }

    /// As [`Fake::start`], with other settings.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start_with(addr: SocketAddr, handler: Handler, settings: Settings) -> io::Result<Fake> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (log, tracker, stop) =
            (Log::new(settings.log_limit), TaskTracker::new(), CancellationToken::new());
        let server = Server { handler, log: log.clone(), tracker: tracker.clone(), stop: stop.clone() };
        tracker.spawn(server.accept(listener, settings.max_connections));
        Ok(Fake { addr, log, tracker, stop })
    }

    /// `http://ADDRESS`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Closes the listener and all connections, and waits until that is done: its port is free then.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("addr", &self.addr).finish_non_exhaustive()
    }
}

struct Server {
    handler: Handler,
    log: Log,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    async fn accept(self, listener: TcpListener, max_connections: usize) {
        let places = Arc::new(Semaphore::new(max_connections));
        let accepting = async {
            for number in 0_u64.. {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let stream = match listener.accept().await {
                    Ok((stream, _)) => stream,
                    Err(_) => {
                        // Out of descriptors, most likely: let connections end before the next try.
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        continue;
                    }
                };
                let (handler, log, stop) = (Arc::clone(&self.handler), self.log.clone(), self.stop.clone());
                self.tracker.spawn(async move {
                    let _place = place;
                    stop.run_until_cancelled(serve(stream, number, &handler, &log)).await;
                });
            }
        };
        self.stop.run_until_cancelled(accepting).await;
    }
}

/// Serves one connection to its end.
async fn serve(mut stream: TcpStream, number: u64, handler: &Handler, log: &Log) {
    // Pieces are separate packets: a test counts on what it wrote being sent at once.
    let _ = stream.set_nodelay(true);
    let mut inbox = Inbox::default();
    loop {
        let request = match inbox.request(&mut stream).await {
            Ok(Some(request)) => Arc::new(request),
            Ok(None) => return,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let refusal = Script::text(400, &format!("400 Bad Request: {error}"));
                let _ = play(&refusal, &mut stream, false, |_| {}).await;
                return;
            }
            Err(_) => return,
        };
        log.add(number, &request);
        let script = handler(&request);
        let played = {
            let (mut reader, mut writer) = stream.split();
            let sent = |size| log.update(&request, |seen| seen.sent += size);
            tokio::select! {
                result = play(&script, &mut writer, request.method == "HEAD", sent) => result.is_ok(),
                () = inbox.closed(&mut reader) => false,
            }
        };
        log.update(&request, |seen| {
            seen.ended = played;
            seen.closed_at = (!played).then(Instant::now);
        });
        if played && script.end == End::Reset {
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        if !played || !script.reusable() || !request.keep_alive {
            return;
        }
    }
}
