//! HTTP as upstreams may speak it: forms that are rare but right, answers that come early, bytes that nobody asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Gateway;
use crate::support::ollama::{chat, done, says};
use crate::support::wait::{Beside, beside, until, within};

const CHAT: &str = "/v1/chat/completions";

/// An upstream that sends `reply` to every request: it reads the body before, or only the head.
struct Raw {
    addr: SocketAddr,
    /// Connections so far.
    count: Arc<AtomicUsize>,
    _serving: Beside<()>,
}

impl Raw {
    async fn start(reads_body: bool, pieces: Vec<Vec<u8>>) -> (Raw, Gateway) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let (counted, pieces) = (Arc::clone(&count), Arc::new(pieces));
        let serving = beside(async move {
            let mut open = Vec::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let pieces = Arc::clone(&pieces);
                open.push(beside(async move { serve(stream, reads_body, &pieces).await }));
            }
        });
        let base = format!("http://{addr}");
        // Without probes and retries, which would use connections, too.
        let gateway = Gateway::start(&[
            ("OLLAMA_BASE_URL", &base),
            ("HEALTH_CHECK_INTERVAL", "0"),
            ("MAX_RETRIES", "0"),
        ])
        .await;
        (Raw { addr, count, _serving: serving }, gateway)
    }

    fn connections(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, reads_body: bool, pieces: &[Vec<u8>]) {
    stream.set_nodelay(true).unwrap();
    let mut received = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
        let length = head.split_once("content-length: ").map_or(0, |(_, rest)| {
            rest.split("\r\n").next().unwrap_or_default().parse::<usize>().unwrap_or_default()
        });
        while reads_body && received.len() < end + length {
            if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return;
            }
        }
        for piece in pieces {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        if !reads_body {
            // Neither read nor closed: what the client does next is its own idea.
            std::future::pending::<()>().await;
        }
        received.drain(..end + length);
    }
}

fn bytes_one_by_one(text: &str) -> Vec<Vec<u8>> {
    text.bytes().map(|byte| vec![byte]).collect()
}

#[tokio::test]
async fn interim_replies_extensions_and_trailers_are_read_over() {
    let (lines, more) = (format!("{}\n", says("Hi")), format!("{}\n", done()));
    let reply = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n\
         {:X};part=\"1\"\r\n{lines}\r\n0{:x}\r\n{more}\r\n0\r\nx-sum: 1\r\n\r\n",
        lines.len(),
        more.len()
    );
    let (raw, gateway) = Raw::start(true, bytes_one_by_one(&reply)).await;
    for _ in 0..3 {
        let reply = gateway.post(CHAT, &chat(true)).await;
        assert_eq!((reply.status, reply.complete), (200, true), "{}", reply.text());
        assert!(reply.text().contains(r#""content":"Hi""#), "{}", reply.text());
        assert!(reply.text().ends_with("data: [DONE]\n\n"), "{}", reply.text());
    }
    assert_eq!(raw.connections(), 1, "a body that was read to its end leaves a connection behind");
}

#[tokio::test]
async fn a_refusal_that_comes_before_the_body_was_read_reaches_the_client() {
    let body = r#"{"error":"too many images"}"#;
    let refusal = format!("HTTP/1.1 413 Too Large\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (raw, gateway) = Raw::start(false, vec![refusal.into_bytes()]).await;
    let large = json!({"model": "m", "messages": [{"role": "user", "content": "x".repeat(20 << 20)}]});
    for tries in 1..=2 {
        let reply = within("the refusal", gateway.post(CHAT, &large)).await;
        assert!(reply.text().contains("too many images"), "{}", reply.text());
        assert!((400..500).contains(&reply.status), "{}", reply.status);
        assert_eq!(raw.connections(), tries, "a request that was sent in part leaves no connection behind");
    }
}

#[tokio::test]
async fn bytes_behind_an_answer_answer_nothing() {
    let body = json!({"message": {"content": "first"}, "done": true}).to_string();
    let own = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (raw, gateway) =
        Raw::start(true, vec![format!("{own}{}", own.replace("first", "other")).into_bytes()]).await;
    for tries in 1..=3 {
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!(reply.json()["choices"][0]["message"]["content"], "first");
        assert_eq!(raw.connections(), tries, "a connection with bytes that nobody asked for is not trusted");
    }
}

#[tokio::test]
async fn what_is_no_http_is_a_502() {
    for reply in [
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let (raw, gateway) = Raw::start(true, vec![reply.as_bytes().to_vec()]).await;
        let answer = within("an answer", gateway.post(CHAT, &chat(false))).await;
        assert_eq!(answer.status, 502, "{reply}: {}", answer.text());
        assert_eq!(answer.json()["error"]["type"], "api_error");
        until("the connection was made", || raw.connections() == 1).await;
        assert!(!answer.text().contains(&raw.addr.to_string()), "{}", answer.text());
    }
}
