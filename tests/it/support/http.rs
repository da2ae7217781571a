//! HTTP/1.1 as bytes on one connection. Not a real client: no pool, no redirects, and it sends what it is told, right or
//! wrong.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Header fields in order, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of this name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }
}

/// A response head.
#[derive(Debug, Clone)]
pub struct Head {
    pub status: u16,
    pub headers: Headers,
}

/// What bytes come and go over: TCP, a Unix socket, TLS.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Wire for T {}

/// One connection. Dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    stream: Box<dyn Wire>,
    buffer: Vec<u8>,
    body: Body,
}

/// What is left of the body that is being read.
#[derive(Debug)]
enum Body {
    Ended,
    Chunked,
    Length(u64),
    UntilClose,
}

impl Connection {
    pub async fn open(addr: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Connection::over(stream))
    }

    /// A connection that is open already.
    pub fn over(stream: impl Wire + 'static) -> Connection {
        Connection { stream: Box::new(stream), buffer: Vec::new(), body: Body::Ended }
    }

    /// Writes these bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Ends the sending direction; replies can still be read.
    pub async fn half_close(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Reads the next response head, interim ones too. `head_only` is true for the reply to a `HEAD`.
    pub async fn head(&mut self, head_only: bool) -> io::Result<Head> {
        let block = self.until(b"\r\n\r\n").await?;
        let head = parse_head(&block)?;
        let bodiless = head_only || head.status < 200 || matches!(head.status, 204 | 304);
        self.body = if bodiless { Body::Ended } else { framing(&head.headers)? };
        Ok(head)
    }

    /// The next bytes of the body; `None` at its proper end. A body that breaks off is `UnexpectedEof`.
    pub async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.body {
            Body::Ended => Ok(None),
            Body::Chunked => self.chunk().await,
            Body::Length(0) => {
                self.body = Body::Ended;
                Ok(None)
            }
            Body::Length(left) => {
                let piece = self.some(usize::try_from(left).unwrap_or(usize::MAX)).await?;
                if piece.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.body = Body::Length(left - piece.len() as u64);
                Ok(Some(piece))
            }
            Body::UntilClose => {
                let piece = self.some(usize::MAX).await?;
                Ok((!piece.is_empty()).then_some(piece))
            }
        }
    }

    async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.until(b"\r\n").await?;
        let size = String::from_utf8_lossy(&line);
        let size = size.split(';').next().unwrap_or_default().trim();
        let size =
            usize::from_str_radix(size, 16).map_err(|_| broken("a chunk size that is not hexadecimal"))?;
        if size == 0 {
            while !self.until(b"\r\n").await?.is_empty() {}
            self.body = Body::Ended;
            return Ok(None);
        }
        while self.buffer.len() < size + 2 {
            self.fill().await?;
        }
        let piece = self.buffer.drain(..size).collect();
        match self.buffer.drain(..2).as_slice() {
            b"\r\n" => Ok(Some(piece)),
            _ => Err(broken("a chunk that does not end with its line")),
        }
    }

    /// Whether the peer has closed and nothing is left to read. Waits for it or for the next bytes.
    pub async fn closed(&mut self) -> io::Result<bool> {
        Ok(self.buffer.is_empty() && self.some(usize::MAX).await?.is_empty())
    }

    /// At most `limit` bytes that are there or come next; empty when the peer has closed.
    async fn some(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        if self.buffer.is_empty() && self.read().await? == 0 {
            return Ok(Vec::new());
        }
        let size = self.buffer.len().min(limit);
        Ok(self.buffer.drain(..size).collect())
    }

    /// The bytes before `mark`, which is taken too.
    async fn until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            let found = self.buffer[from..].windows(mark.len()).position(|window| window == mark);
            if let Some(at) = found {
                let taken = self.buffer.drain(..from + at).collect();
                self.buffer.drain(..mark.len());
                return Ok(taken);
            }
            from = self.buffer.len().saturating_sub(mark.len() - 1);
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.read().await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.buffer.reserve(1 << 14);
        self.stream.read_buf(&mut self.buffer).await
    }
}

fn parse_head(block: &[u8]) -> io::Result<Head> {
    // Latin-1: every byte is the character of the same number.
    let text: String = block.iter().map(|&byte| char::from(byte)).collect();
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|digits| digits.parse().ok()).ok_or_else(|| broken("no status line"))?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let fields = fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    Ok(Head { status, headers: Headers(fields.collect()) })
}

fn framing(headers: &Headers) -> io::Result<Body> {
    if headers.get("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"))
    {
        return Ok(Body::Chunked);
    }
    match headers.get("content-length") {
        Some(length) => {
            Ok(Body::Length(length.parse().map_err(|_| broken("a length that is not a number"))?))
        }
        None => Ok(Body::UntilClose),
    }
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
