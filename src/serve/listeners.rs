//! What is bound: TCP ports and a Unix socket, and which requests each takes.

use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// Owner and group connect, others do not.
const SOCKET_MODE: u32 = 0o660;

/// Which requests a listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// All.
    Both,
    /// Those of clients.
    Clients,
    /// Those of the panel and its API.
    Panel,
}

/// All that is bound. What is dropped is closed, and a socket's file removed.
#[derive(Debug, Default)]
pub struct Listeners {
    all: Vec<(Listener, Side)>,
    /// The one that was asked last: whoever has many connections waiting holds up no other.
    turn: usize,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    /// Others have it, too, such as systemd.
    Passed(TcpListener),
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
}

/// A new connection.
#[derive(Debug)]
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

/// As whom callers by a Unix socket count: they are programs of this machine.
pub(super) const UNIX_PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Listeners {
    /// Adds a port.
    pub fn add(&mut self, listener: TcpListener, side: Side) {
        self.all.push((Listener::Tcp(listener), side));
    }

    /// Adds a port whose socket outlives this process.
    pub fn add_passed(&mut self, listener: TcpListener, side: Side) {
        self.all.push((Listener::Passed(listener), side));
    }

    /// What waits in the system's queues, which closing the sockets would reset. What others can take, too, is left to
    /// them.
    pub(super) fn last(self) -> Vec<(Accepted, Side)> {
        let mut all = Vec::new();
        for (listener, side) in self.all {
            all.extend(listener.last().into_iter().map(|accepted| (accepted, side)));
        }
        all
    }

    /// Makes a Unix socket, and adds it.
    ///
    /// # Errors
    /// When another process listens there, when what is there is no socket, and the system's.
    pub fn add_unix(&mut self, path: &Path, side: Side) -> io::Result<()> {
        let (listener, file) = bind_unix(path)?;
        self.all.push((Listener::Unix { listener, _file: file }, side));
        Ok(())
    }

    /// The next connection, and which requests it may bring.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Accepted, Side)>> {
        for _ in 0..self.all.len() {
            self.turn = (self.turn + 1) % self.all.len();
            let (listener, side) = &self.all[self.turn];
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(accepted.map(|accepted| (accepted, *side)));
            }
        }
        Poll::Pending
    }
}

impl Listener {
    fn last(self) -> Vec<Accepted> {
        match self {
            Listener::Passed(_) => Vec::new(),
            Listener::Tcp(listener) => {
                let Ok(listener) = listener.into_std() else { return Vec::new() };
                let taken = || {
                    let (stream, peer) = listener.accept()?;
                    stream.set_nonblocking(true)?;
                    Ok::<_, io::Error>(Accepted::Tcp(TcpStream::from_std(stream)?, peer))
                };
                std::iter::from_fn(|| taken().ok()).collect()
            }
            Listener::Unix { listener, _file } => {
                let Ok(listener) = listener.into_std() else { return Vec::new() };
                let taken = || {
                    let (stream, _) = listener.accept()?;
                    stream.set_nonblocking(true)?;
                    Ok::<_, io::Error>(Accepted::Unix(UnixStream::from_std(stream)?))
                };
                std::iter::from_fn(|| taken().ok()).collect()
            }
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        Poll::Ready(match self {
            Listener::Tcp(listener) | Listener::Passed(listener) => {
                ready!(listener.poll_accept(cx)).map(|(stream, peer)| Accepted::Tcp(stream, peer))
            }
            Listener::Unix { listener, .. } => {
                ready!(listener.poll_accept(cx)).map(|(stream, _)| Accepted::Unix(stream))
            }
        })
    }
}

/// A listening port; the address may be taken again at once after a restart, and with `shared` by other processes
/// that do the same.
///
/// # Errors
/// The system's, as for a port that is in use.
pub fn bind(addr: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The file of a socket; removed with this, unless another has taken its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and number.
    id: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if id(&self.path).is_ok_and(|id| id == self.id)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

fn id(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    clear(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile { path: path.to_owned(), id: id(path)? };
    // Nobody connects before it listens, so nobody meets another mode.
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    socket.listen(BACKLOG)?;
    Ok((UnixListener::from_std(socket.into())?, file))
}

/// Removes the socket of a process that has ended without doing so.
fn clear(path: &Path) -> io::Result<()> {
    let taken = |what| io::Error::new(io::ErrorKind::AddrInUse, what);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => return Err(taken("what is there is no socket")),
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(taken("another process listens there")),
    }
}
