//! A client of HTTP/1.1 over a bare socket, as thin as can be, so that the load costs less than what is loaded.

use std::io;
use std::net::SocketAddr;

use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::servers::TOKEN;

/// Bytes of a request's body.
const BODY_BYTES: usize = 400;

/// Which API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// `POST /v1/chat/completions`.
    OpenAi,
    /// `POST /api/chat`, to Ollama itself or through nginx.
    Native,
}

impl Face {
    /// A request for `model`, head and body.
    pub(crate) fn request(self, model: &str, stream: bool) -> Vec<u8> {
        let path = match (self, stream) {
            (Face::OpenAi, _) => "/v1/chat/completions",
            (Face::Native, false) => "/api/chat",
            (Face::Native, true) => "/stream/api/chat",
        };
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(10);
        let body = |content: &str| {
            format!(
                r#"{{"model":"{model}","messages":[{{"role":"user","content":"{content}"}}],"temperature":0.7,"stream":{stream}}}"#
            )
        };
        let room = BODY_BYTES - body("").len();
        let body = body(&text[..room]);
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\
             Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// What each event holds exactly once.
    pub(crate) fn event_mark(self) -> &'static [u8] {
        match self {
            Face::OpenAi => b"\"delta\":{\"content\"",
            Face::Native => b"\"done\":false",
        }
    }

    /// What a stream that ended well holds.
    fn end_mark(self) -> &'static [u8] {
        match self {
            Face::OpenAi => b"data: [DONE]\n\n",
            Face::Native => b"\"done\":true",
        }
    }
}

/// A kept-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(addr: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(1 << 10) })
    }

    /// Sends a request and reads its whole answer, which must be a 200 with a length.
    pub(crate) async fn whole(&mut self, request: &[u8]) -> io::Result<()> {
        let head = self.begin(request).await?;
        let length = content_length(&self.buffer[..head]).ok_or_else(|| bad("no content-length"))?;
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        Ok(())
    }

    /// Sends a request and reads its stream of `events` events to the end.
    pub(crate) async fn events(&mut self, request: &[u8], face: Face, events: usize) -> io::Result<()> {
        let head = self.begin(request).await?;
        while !self.buffer[head..].ends_with(b"\n\r\n0\r\n\r\n") {
            self.read().await?;
        }
        let body = unchunked(&self.buffer[head..]).ok_or_else(|| bad("the chunks are broken"))?;
        let seen = memmem::find_iter(&body, face.event_mark()).count();
        if seen != events || memmem::find(&body, face.end_mark()).is_none() {
            return Err(bad(&format!("{seen} of {events} events came")));
        }
        Ok(())
    }

    /// Sends a request and waits for the head of its stream.
    pub(crate) async fn open_stream(&mut self, request: &[u8]) -> io::Result<()> {
        self.begin(request).await?;
        Ok(())
    }

    /// The next piece of a stream; counts the events in it.
    pub(crate) async fn next_events(&mut self, face: Face) -> io::Result<usize> {
        self.buffer.clear();
        self.read().await?;
        Ok(memmem::find_iter(&self.buffer, face.event_mark()).count())
    }

    /// Sends, and reads up to the end of the head, whose length it gives.
    async fn begin(&mut self, request: &[u8]) -> io::Result<usize> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        loop {
            self.read().await?;
            if let Some(at) = memmem::find(&self.buffer, b"\r\n\r\n") {
                if !self.buffer.starts_with(b"HTTP/1.1 200 ") {
                    return Err(bad(&String::from_utf8_lossy(&self.buffer)));
                }
                return Ok(at + 4);
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The bytes of a complete chunked body: a border between chunks may lie within an event.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let line = memmem::find(rest, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

/// The `content-length` of a head.
pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    let lines = head.split(|&byte| byte == b'\n');
    let mut values = lines.filter_map(|line| {
        let (name, value) = line.split_at_checked(line.iter().position(|&byte| byte == b':')?)?;
        name.eq_ignore_ascii_case(b"content-length").then(|| value[1..].trim_ascii())
    });
    std::str::from_utf8(values.next()?).ok()?.parse().ok()
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        assert_eq!(unchunked(b"3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"), Some(b"abc0123456789".to_vec()));
        assert_eq!(unchunked(b"3\r\nab"), None);
    }

    #[test]
    fn requests_have_the_promised_size() {
        for (face, stream) in [(Face::OpenAi, true), (Face::Native, false)] {
            let request = face.request("bench-whole", stream);
            let head = memmem::find(&request, b"\r\n\r\n").expect("a head") + 4;
            assert_eq!(content_length(&request[..head]), Some(BODY_BYTES));
            assert_eq!(request.len() - head, BODY_BYTES);
        }
    }
}
