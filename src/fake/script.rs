//! What the fake sends back to one request: bytes and pauses, well-formed or not. No sockets here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Semaphore;

/// One reply, as it goes on the wire.
#[derive(Debug, Clone)]
pub struct Script {
    /// `None`: no head at all, the body is all that is sent. It may hold a head of its own.
    pub status: Option<u16>,
    /// Sent in this order, before those that belong to the framing.
    pub headers: Vec<(String, String)>,
    pub framing: Framing,
    /// Before the head.
    pub delay: Duration,
    pub body: Vec<Piece>,
    pub end: End,
    /// A place that is waited for before `delay`, and held until the reply has ended.
    pub slot: Option<Arc<Semaphore>>,
}

/// How the client learns where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Each piece is one HTTP chunk.
    Chunked,
    /// `content-length`: the true one, or this false one, after which the connection closes.
    Length(Option<usize>),
    /// `connection: close` and no length.
    Close,
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// One write; the first one also carries the head. Empty bytes are not sent.
    Bytes(Bytes),
    Pause(Duration),
}

/// What happens after the last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The body ends as its framing says.
    Normal,
    /// The connection closes, without the end of a chunked body.
    Close,
    /// The connection is reset: the client gets an error, not an end.
    Reset,
    /// Nothing more comes until the client leaves.
    Hang,
}

impl Script {
    /// A reply with a true length and this content type; an empty type sends none.
    pub fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Script {
        let mut headers = Vec::new();
        if !content_type.is_empty() {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        Script {
            status: Some(status),
            headers,
            framing: Framing::Length(None),
            delay: Duration::ZERO,
            body: vec![Piece::Bytes(body.into())],
            end: End::Normal,
            slot: None,
        }
    }

    /// A whole JSON reply.
    pub fn json(status: u16, body: &Value) -> Script {
        Script::whole(status, "application/json; charset=utf-8", body.to_string())
    }

    /// A whole text reply.
    pub fn text(status: u16, body: &str) -> Script {
        Script::whole(status, "text/plain", body.to_owned())
    }

    /// A stream of NDJSON: status 200, one line a chunk, each with its line end.
    pub fn ndjson<'a>(lines: impl IntoIterator<Item = &'a Value>) -> Script {
        let body = lines.into_iter().map(|line| Piece::Bytes(format!("{line}\n").into()));
        Script::streamed("application/x-ndjson", body.collect())
    }

    /// A chunked reply of these pieces: status 200.
    pub fn streamed(content_type: &str, body: Vec<Piece>) -> Script {
        Script { framing: Framing::Chunked, body, ..Script::whole(200, content_type, Bytes::new()) }
    }

    /// No byte at all, then this end.
    pub fn silent(end: End) -> Script {
        Script { status: None, body: Vec::new(), end, ..Script::whole(200, "", Bytes::new()) }
    }

    /// With this time before the head.
    pub fn after(mut self, delay: Duration) -> Script {
        self.delay = delay;
        self
    }

    /// With this end.
    pub fn ending(mut self, end: End) -> Script {
        self.end = end;
        self
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Script {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Bytes of the body, without framing.
    pub(super) fn size(&self) -> usize {
        let sizes = self.body.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Pause(_) => 0,
        });
        sizes.sum()
    }

    /// Whether the connection can serve another request when this has been played.
    pub(super) fn reusable(&self) -> bool {
        self.end == End::Normal && matches!(self.framing, Framing::Chunked | Framing::Length(None))
    }
}
