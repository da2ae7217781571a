//! The body of an upstream's reply, read by whoever wants it.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::connection::{Begun, Connection};
use super::framing::{Framing, Malformed};
use super::pool::Pool;

/// A body under way. Dropping it before its end closes the connection, which is how Ollama learns that nobody waits
/// any more; read to its end, it gives the connection back.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    /// Came with the head and was not looked at yet.
    rest: Vec<u8>,
    connection: Option<Connection>,
    /// Where the connection goes; `None` when it cannot be used again.
    pool: Option<Arc<Pool>>,
}

impl Body {
    pub(super) fn new(begun: Begun, connection: Connection, pool: &Arc<Pool>) -> Body {
        let is_kept = begun.head.is_kept && begun.is_sent;
        Body {
            framing: begun.head.framing,
            rest: begun.rest,
            connection: Some(connection),
            pool: is_kept.then(|| Arc::clone(pool)),
        }
    }

    /// The length of the whole body, if it was announced.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(size) => Some(size),
            _ => None,
        }
    }

    /// Reads once and gives what it brought of the body to `each`, in one piece or several. `false` at the end.
    ///
    /// # Errors
    /// When the connection breaks or ends too early, or the framing is malformed. The body is then of no further use.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, mut each: impl FnMut(&[u8])) -> Poll<io::Result<bool>> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(false)) };
        let mut extra = false;
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            extra = self.framing.decode(&rest, each).map_err(malformed)? < rest.len();
        } else if !self.framing.is_over() {
            let framing = &mut self.framing;
            let mut decoded = Ok(0);
            let size = ready!(connection.poll_read(cx, |data| decoded = framing.decode(data, &mut each)))?;
            if size == 0 {
                return Poll::Ready(self.closed());
            }
            extra = decoded.map_err(malformed)? < size;
        }
        if !self.framing.is_over() {
            return Poll::Ready(Ok(true));
        }
        let connection = self.connection.take();
        // Bytes behind the end answer nothing that was asked: such a connection is not trusted again.
        if let (Some(pool), Some(mut connection), false) = (self.pool.take(), connection, extra) {
            connection.was_used = true;
            pool.put(connection);
        }
        Poll::Ready(Ok(true))
    }

    /// The upstream has closed: the end of some bodies, too early for others.
    fn closed(&mut self) -> io::Result<bool> {
        self.connection = None;
        match self.framing {
            Framing::UntilClose => Ok(false),
            _ => {
                let told = "the connection was closed before the end of the answer";
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, told))
            }
        }
    }
}

fn malformed(error: Malformed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
