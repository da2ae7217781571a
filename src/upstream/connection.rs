//! One connection to an upstream: a request goes out, the head of a reply comes in, then its body in pieces.
//!
//! Spoken here by hand, not through hyper's client: that one gives every connection a task of its own, which hands
//! over one chunk at a time. Here the task that serves the client reads the upstream itself.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBuf;

use super::connect::Stream;
use super::head::Head;

/// Bytes taken in one read. On the stack: nothing is kept for a stream that is silent.
const READ_BYTES: usize = 16 << 10;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    /// Whether it has answered before.
    pub(super) was_used: bool,
}

/// Why there was no head.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) error: io::Error,
    /// Whether some of an answer had come.
    pub(super) has_begun: bool,
}

/// The beginning of a reply.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) head: Head,
    /// What came of the body along with the head.
    pub(super) rest: Vec<u8>,
    /// Whether the whole request was sent; an upstream that refuses may answer before that.
    pub(super) is_sent: bool,
}

/// A request on its way.
struct Sending<'a> {
    parts: [&'a [u8]; 2],
    is_flushed: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Connection { stream, was_used: false }
    }

    /// Whether an idle connection is still open and silent, as far as is known without waiting.
    pub(super) fn is_idle(&mut self) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        // Anything that can be read now is an end or something that nobody asked for.
        self.poll_read(&mut cx, |_| ()).is_pending()
    }

    /// Sends a request and reads up to the end of the reply's head.
    pub(super) async fn exchange(&mut self, head: &[u8], body: &[u8]) -> Result<Begun, Unanswered> {
        let mut sending = Sending { parts: [head, body], is_flushed: false };
        let mut received = Vec::new();
        let answered = std::future::poll_fn(|cx| self.poll_exchange(cx, &mut sending, &mut received)).await;
        match answered {
            Ok((head, size)) => {
                received.drain(..size);
                Ok(Begun { head, rest: received, is_sent: sending.is_flushed })
            }
            Err(error) => Err(Unanswered { error, has_begun: !received.is_empty() }),
        }
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        sending: &mut Sending<'_>,
        received: &mut Vec<u8>,
    ) -> Poll<io::Result<(Head, usize)>> {
        // Both at once: an upstream may answer before it has read everything, and then stop reading.
        let failed = match self.poll_send(cx, sending) {
            Poll::Ready(Err(error)) => Some(error),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        loop {
            let read = match self.poll_read(cx, |data| received.extend_from_slice(data)) {
                Poll::Ready(Ok(size)) => size,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(failed.unwrap_or(error))),
                // What broke the sending may have left an answer behind, but not one that is still to come.
                Poll::Pending => return failed.map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
            };
            if read == 0 {
                let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed");
                return Poll::Ready(Err(failed.unwrap_or_else(closed)));
            }
            match Head::parse(received) {
                Ok(Some(begun)) => return Poll::Ready(Ok(begun)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error))),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, sending: &mut Sending<'_>) -> Poll<io::Result<()>> {
        let Sending { parts, is_flushed } = sending;
        while parts.iter().any(|part| !part.is_empty()) {
            let slices = [io::IoSlice::new(parts[0]), io::IoSlice::new(parts[1])];
            let mut size = ready!(self.stream.io().poll_write_vectored(cx, &slices))?;
            if size == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            for part in parts.iter_mut() {
                let sent = size.min(part.len());
                *part = &part[sent..];
                size -= sent;
            }
        }
        if !*is_flushed {
            ready!(self.stream.io().poll_flush(cx))?;
            *is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and gives the bytes to `each`; 0 bytes mean the end of the connection.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        each: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(self.stream.io().poll_read(cx, buffer.unfilled()))?;
        let data = buffer.filled();
        if !data.is_empty() {
            each(data);
        }
        Poll::Ready(Ok(data.len()))
    }
}
