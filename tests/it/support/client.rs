//! The test's HTTP client: a request is built, sent on a connection of its own, and read whole or block by
//! block. Every wait has a deadline. `Connection` in `http` is beneath it, for tests that need the bytes.

use std::net::SocketAddr;

use serde_json::Value;

use super::http::{Connection, Head, Headers};
use super::sse::{self, Block};
use super::wait::within;

/// A request as it goes on the wire.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &'static str, path: &str) -> Request {
        let headers = vec![("host".to_owned(), "127.0.0.1".to_owned())];
        Request { method, path: path.to_owned(), version: "1.1", headers, body: Vec::new() }
    }

    pub fn get(path: &str) -> Request {
        Request::new("GET", path)
    }

    /// A `POST` of this JSON, with its content type.
    pub fn post(path: &str, json: &Value) -> Request {
        Request::new("POST", path).header("content-type", "application/json").body(json.to_string())
    }

    /// The same with another method.
    pub fn method(mut self, method: &'static str) -> Request {
        self.method = method;
        self
    }

    /// Sets a header; another value of the same name goes.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a header, beside one of the same name.
    pub fn and_header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header, `host` too.
    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// `1.0` or `1.1`, which is the default.
    pub fn version(mut self, version: &'static str) -> Request {
        self.version = version;
        self
    }

    /// Head and body as bytes. The length is added unless the request frames its body itself.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/{}\r\n", self.method, self.path, self.version);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed = self.headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        });
        if !framed && (!self.body.is_empty() || !matches!(self.method, "GET" | "HEAD")) {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes: Vec<u8> = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A reply read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// False when the connection broke off before the end of the body.
    pub complete: bool,
}

impl Response {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{}: the body is not json ({error}): {}", self.status, self.text())
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The blocks of an event stream that was read whole.
    pub fn blocks(&self) -> Vec<Block> {
        sse::blocks(&self.body)
    }
}

/// A reply whose body is read block by block. Dropping it closes the connection: the client leaves.
#[derive(Debug)]
pub struct Stream {
    pub status: u16,
    pub headers: Headers,
    connection: Connection,
    buffer: Vec<u8>,
}

impl Stream {
    /// The next block, comments too; `None` at the proper end. Panics when the body breaks off.
    pub async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(block) = sse::take_block(&mut self.buffer) {
                return Some(block);
            }
            let piece = within("the next block of a stream", self.connection.piece()).await;
            match piece.expect("the stream broke off before its end") {
                Some(piece) => self.buffer.extend_from_slice(&piece),
                None => {
                    assert!(self.buffer.is_empty(), "the last block has no empty line: {:?}", self.buffer);
                    return None;
                }
            }
        }
    }

    /// The next block that has data.
    pub async fn next_data(&mut self) -> Option<Block> {
        loop {
            match self.next().await {
                Some(block) if block.data.is_none() => {}
                other => return other,
            }
        }
    }

    /// All blocks that are left.
    pub async fn rest(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(block) = self.next().await {
            blocks.push(block);
        }
        blocks
    }

    /// What is left of the body as a whole reply, for a reply that turned out to be no stream.
    pub async fn whole(mut self) -> Response {
        let (status, headers) = (self.status, self.headers.clone());
        read_rest(&mut self.connection, Head { status, headers }, self.buffer).await
    }
}

/// Sends a request on a new connection and reads its reply to the end.
pub async fn send(addr: SocketAddr, request: &Request) -> Response {
    let mut connection = connect(addr).await;
    exchange(&mut connection, request).await
}

/// Sends a request on this connection and reads its reply to the end. The connection can be used again.
pub async fn exchange(connection: &mut Connection, request: &Request) -> Response {
    let head = ask(connection, request).await;
    read_rest(connection, head, Vec::new()).await
}

/// Sends a request on a new connection and reads the head of its reply.
pub async fn open(addr: SocketAddr, request: &Request) -> Stream {
    open_on(connect(addr).await, request).await
}

/// Sends a request on this connection and reads the head of its reply.
pub async fn open_on(mut connection: Connection, request: &Request) -> Stream {
    let Head { status, headers } = ask(&mut connection, request).await;
    Stream { status, headers, connection, buffer: Vec::new() }
}

/// A `GET` on a new connection.
pub async fn get(addr: SocketAddr, path: &str) -> Response {
    send(addr, &Request::get(path)).await
}

/// A `POST` of JSON on a new connection.
pub async fn post_json(addr: SocketAddr, path: &str, json: &Value) -> Response {
    send(addr, &Request::post(path, json)).await
}

/// A new connection.
pub async fn connect(addr: SocketAddr) -> Connection {
    within("to connect", Connection::open(addr)).await.expect("the server must accept a connection")
}

/// Sends a request and reads the head of its final reply.
async fn ask(connection: &mut Connection, request: &Request) -> Head {
    // A server may answer and close before it has read a large body, so an error of sending is no failure.
    let _ = within("to send a request", connection.send(&request.bytes())).await;
    loop {
        let head = within("the head of a reply", connection.head(request.method == "HEAD")).await;
        let head = head.expect("the connection broke off before the head of a reply");
        if head.status >= 200 {
            return head;
        }
    }
}

async fn read_rest(connection: &mut Connection, head: Head, mut body: Vec<u8>) -> Response {
    let complete = loop {
        match within("the body of a reply", connection.piece()).await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Response { status: head.status, headers: head.headers, body, complete }
}
