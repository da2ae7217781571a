//! Requests of HTTP/1.1 read from a socket by hand: the fake is about bytes on the wire, and a library would
//! hide them. Not a general server: no trailers, no upgrades, no pipelining while a reply is sent.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The largest head that is read, in bytes.
const HEAD_LIMIT: usize = 256 << 10;
/// The largest body that is read, in bytes.
const BODY_LIMIT: usize = 1 << 30;
/// Bytes that a client may send ahead while its reply is under way.
const AHEAD_LIMIT: usize = 64 << 10;

/// One request as it was received.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What followed `?`, or an empty text.
    pub query: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the connection may serve another request afterwards.
    pub keep_alive: bool,
}

impl Request {
    /// The first value of this header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The `model` of a JSON body, or an empty text.
    pub fn model(&self) -> String {
        let json = self.json().unwrap_or_default();
        json.get("model").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// What was read from a connection and not used yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    buffer: BytesMut,
}

impl Inbox {
    /// The next request; `None` when the client has closed between two requests.
    pub(super) async fn request<S>(&mut self, stream: &mut S) -> io::Result<Option<Request>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(head) = self.head(stream).await? else { return Ok(None) };
        let mut request = parse(&head)?;
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let coding = request.header("transfer-encoding").map(str::to_ascii_lowercase);
        request.body = if coding.is_some_and(|coding| coding.contains("chunked")) {
            self.chunks(stream).await?
        } else {
            let length = request.header("content-length").map_or(Ok(0), |text| text.trim().parse());
            self.exact(stream, length.map_err(|_| bad("content-length is not a number"))?).await?
        };
        Ok(Some(request))
    }

    /// Waits until the client closes its side. Bytes that come meanwhile are kept for the next request.
    pub(super) async fn closed(&mut self, stream: &mut (impl AsyncRead + Unpin)) {
        while self.buffer.len() < AHEAD_LIMIT {
            match stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        std::future::pending::<()>().await;
    }

    async fn head(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<BytesMut>> {
        let mut from = 0;
        loop {
            let found = memchr::memmem::find(&self.buffer[from..], b"\r\n\r\n");
            if let Some(at) = found {
                let head = self.buffer.split_to(from + at);
                self.buffer.advance(4);
                return Ok(Some(head));
            }
            if self.buffer.len() > HEAD_LIMIT {
                return Err(bad("the head is too large"));
            }
            from = self.buffer.len().saturating_sub(3);
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(cut()) };
            }
        }
    }

    async fn exact(&mut self, stream: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<Bytes> {
        if length > BODY_LIMIT {
            return Err(bad("the body is too large"));
        }
        while self.buffer.len() < length {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(cut());
            }
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn chunks(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let line = self.line(stream).await?;
            let text = String::from_utf8_lossy(&line);
            let digits = text.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(digits, 16).map_err(|_| bad("a chunk size is not hexadecimal"))?;
            if size == 0 {
                while !self.line(stream).await?.is_empty() {}
                return Ok(body.freeze());
            }
            if body.len().saturating_add(size) > BODY_LIMIT {
                return Err(bad("the body is too large"));
            }
            body.extend_from_slice(&self.exact(stream, size).await?);
            if !self.line(stream).await?.is_empty() {
                return Err(bad("a chunk is longer than it says"));
            }
        }
    }

    /// The bytes before the next line end, which is taken too.
    async fn line(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<BytesMut> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n") {
                let line = self.buffer.split_to(at);
                self.buffer.advance(2);
                return Ok(line);
            }
            if self.buffer.len() > HEAD_LIMIT {
                return Err(bad("a line is too long"));
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(cut());
            }
        }
    }
}

fn parse(head: &[u8]) -> io::Result<Request> {
    // Latin-1: every byte is the character of the same number, so odd bytes in headers are kept.
    let text: String = head.iter().map(|&byte| char::from(byte)).collect();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next()) else {
        return Err(bad("the request line has not three words"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers = fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
        ..Request::default()
    };
    let connection = request.header("connection").unwrap_or_default().to_ascii_lowercase();
    request.keep_alive = match version {
        "HTTP/1.0" => connection.contains("keep-alive"),
        _ => !connection.contains("close"),
    };
    Ok(request)
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn cut() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
