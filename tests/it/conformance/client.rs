//! The client of a case: sends one request as the case describes it and reads the reply under its rules.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::json::Json;
use super::stream;
use crate::support::http::{Connection, Head};
use crate::support::wait::pause;

const CONTINUE_WAIT: Duration = Duration::from_secs(2);

/// What the client received, and when.
#[derive(Debug)]
pub struct Reply {
    head: Option<Head>,
    body: Vec<u8>,
    complete: bool,
    started: Instant,
    first_byte: Option<Instant>,
    first_frame: Option<Instant>,
    /// When the client closed its connection.
    pub left: Instant,
}

impl Reply {
    fn new() -> Reply {
        let started = Instant::now();
        let (first_byte, first_frame) = (None, None);
        Reply {
            head: None,
            body: Vec::new(),
            complete: false,
            started,
            first_byte,
            first_frame,
            left: started,
        }
    }

    fn add(&mut self, piece: &[u8]) {
        self.body.extend_from_slice(piece);
        if self.first_frame.is_none()
            && (self.body.starts_with(b"data:") || count(&self.body, b"\ndata:") > 0)
        {
            self.first_frame = Some(Instant::now());
        }
    }

    /// `first_byte_ms`, `first_frame_ms` and `total_ms`; null for what never came.
    pub fn timing(&self) -> Json {
        let since = |moment: Instant| milliseconds(moment.duration_since(self.started));
        let mut timing = Json::object();
        timing.set("first_byte_ms", self.first_byte.map(since));
        timing.set("first_frame_ms", self.first_frame.map(since));
        timing.set("total_ms", since(self.left));
        timing
    }

    /// The reply as patterns see it.
    pub fn seen(&self, path: &str) -> Json {
        let text = String::from_utf8_lossy(&self.body);
        let mut headers = Json::object();
        for (name, value) in self.head.iter().flat_map(|head| &head.headers.0) {
            let before = headers.str_at(name).map(|before| format!("{before}, {value}"));
            headers.set(name, before.unwrap_or_else(|| value.clone()));
        }
        let status = self.head.as_ref().map(|head| i64::from(head.status));
        describe(status, headers, &text, self.complete, path)
    }
}

/// A reply as patterns see it: `status`, `headers`, `text`, `complete`, and `sse` or `json`.
pub fn describe(status: Option<i64>, headers: Json, text: &str, complete: bool, path: &str) -> Json {
    let mut view = Json::object();
    let is_stream = headers.str_at("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    view.set("status", status);
    view.set("headers", headers);
    view.set("text", text);
    view.set("complete", complete);
    if is_stream {
        view.set("sse", stream::describe(text, path));
    } else if let Some(json) = Json::parse(text) {
        view.set("json", json);
    }
    view
}

pub fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Sends one request and reads its reply under the rules of `request.client`.
pub async fn perform(addr: SocketAddr, request: &Json, limit: Duration) -> Reply {
    let mut reply = Reply::new();
    let leave_after = request.get("client").and_then(|rules| rules.u64_at("leave_after_ms"));
    let limit = leave_after.map_or(limit, Duration::from_millis);
    // A connection that breaks and a limit that passes are told by what the reply lacks.
    let _ = tokio::time::timeout(limit, talk(addr, request, &mut reply)).await;
    reply.left = Instant::now();
    reply
}

/// Dropping this future at any point closes the connection: the client has left.
async fn talk(addr: SocketAddr, request: &Json, reply: &mut Reply) -> io::Result<()> {
    let nothing = Json::object();
    let rules = request.get("client").unwrap_or(&nothing);
    let flag = |key: &str| request.get(key).is_some_and(Json::is_nonempty);
    let mut connection = Connection::open(addr).await?;
    let (head, body) = request_bytes(request, addr);
    connection.send(&head).await?;
    if flag("expect_continue") {
        let _ = tokio::time::timeout(CONTINUE_WAIT, connection.head(false)).await;
    }
    // A server may refuse a body before it has read it; its answer still counts.
    let _ = connection.send(&body).await;
    if rules.get("half_close").is_some_and(Json::is_nonempty) {
        connection.half_close().await?;
    }
    if let Some(time) = rules.u64_at("pause_ms") {
        pause(Duration::from_millis(time)).await;
    }
    if rules.get("leave_after_pause").is_some() {
        return Ok(());
    }
    let head_only = request.str_at("method") == Some("HEAD");
    let mut head = connection.head(head_only).await?;
    while head.status < 200 {
        head = connection.head(head_only).await?;
    }
    reply.first_byte = Some(Instant::now());
    reply.head = Some(head);
    while let Some(piece) = connection.piece().await? {
        reply.add(&piece);
        let frames = rules.u64_at("leave_after_frames");
        if frames.is_some_and(|frames| count(&reply.body, b"data:") as u64 >= frames) {
            return Ok(());
        }
    }
    reply.complete = true;
    Ok(())
}

fn count(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len()).filter(|window| window == &part).count()
}

/// Head and body of a request, as they go on the wire.
fn request_bytes(request: &Json, addr: SocketAddr) -> (Vec<u8>, Vec<u8>) {
    let flag = |key: &str| request.get(key).is_some_and(Json::is_nonempty);
    let mut body = match (request.get("json"), request.str_at("text"), request.str_at("base64")) {
        (Some(json), ..) => json.to_string().into_bytes(),
        (None, _, Some(text)) => from_base64(text),
        (None, text, None) => text.unwrap_or_default().into(),
    };
    let method = request.str_at("method").unwrap_or("POST");
    let mut headers =
        vec![("Host", addr.to_string()), ("User-Agent", "conformance/1".into()), ("Accept", "*/*".into())];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json".into()));
    }
    if flag("gzip") {
        body = gzip(&body);
        headers.push(("Content-Encoding", "gzip".into()));
    }
    if request.str_at("framing") == Some("chunked") {
        headers.push(("Transfer-Encoding", "chunked".into()));
        body = chunked(&body);
    } else if !body.is_empty() || !matches!(method, "GET" | "HEAD") {
        headers.push(("Content-Length", body.len().to_string()));
    }
    if flag("expect_continue") {
        headers.push(("Expect", "100-continue".into()));
    }
    if let Some(Json::Object(changes)) = request.get("headers") {
        for (name, value) in changes {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            if let Some(value) = value.as_str() {
                headers.push((name, value.to_owned()));
            }
        }
    }
    let path = request.str_at("path").expect("a request has a path");
    let version = request.str_at("http").unwrap_or("1.1");
    let mut head = format!("{method} {path} HTTP/{version}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // Latin-1, as header bytes are.
    (head.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(), body)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(body).and_then(|()| packer.finish()).expect("memory takes every write")
}

/// In about seven chunks.
fn chunked(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::new();
    for piece in body.chunks((body.len() / 7).max(1)) {
        framed.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        framed.extend_from_slice(piece);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("a case holds standard base64"),
    };
    let letters: Vec<u8> = text.bytes().filter(|&byte| byte != b'=').map(value).collect();
    let mut bytes = Vec::new();
    for group in letters.chunks(4) {
        let bits =
            group.iter().enumerate().fold(0_u32, |bits, (at, &six)| bits | u32::from(six) << (18 - 6 * at));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}

#[test]
fn base64_is_read() {
    assert_eq!(from_base64("YWJjZA=="), b"abcd");
    assert_eq!(from_base64("/+8="), [0xff, 0xef]);
    assert_eq!(from_base64("YWJj"), b"abc");
}

#[test]
fn a_request_is_written_as_its_case_says() {
    let addr = "127.0.0.1:1".parse().unwrap();
    let bytes = |request: &str| {
        let (head, body) = request_bytes(&Json::parse(request).unwrap(), addr);
        (String::from_utf8_lossy(&head).into_owned(), body)
    };
    let (head, body) =
        bytes(r#"{"path":"/p","json":{"a":1.0},"headers":{"host":null,"X-A":"é"},"http":"1.0"}"#);
    assert!(
        head.starts_with("POST /p HTTP/1.0\r\nUser-Agent") && head.contains("X-A: \u{fffd}\r\n"),
        "{head}"
    );
    assert_eq!(body, br#"{"a":1.0}"#);
    let (head, body) = bytes(r#"{"path":"/p","text":"12345678","framing":"chunked","expect_continue":true}"#);
    assert!(
        head.contains("Transfer-Encoding") && head.contains("Expect") && !head.contains("Content-Length")
    );
    assert!(body.starts_with(b"1\r\n1\r\n") && body.ends_with(b"0\r\n\r\n"));
    let (head, body) = bytes(r#"{"path":"/p","text":"1","gzip":true}"#);
    assert!(head.contains("Content-Encoding: gzip") && body.starts_with(&[0x1f, 0x8b]));
    assert!(!bytes(r#"{"path":"/p","method":"GET"}"#).0.contains("Content-Length"));
}
