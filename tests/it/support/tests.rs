//! The support's own tests: the client against bytes that a listener writes.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Gateway;
use super::client::{self, Request};
use super::sse::Block;
use super::wait::{self, Beside, beside};

/// A listener that takes one connection, reads one request with an empty line and `length` more bytes,
/// writes `reply` and closes. Its value is the request.
async fn answers(reply: &'static str, length: usize) -> (SocketAddr, Beside<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = beside(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while seen.windows(4).position(|w| w == b"\r\n\r\n").is_none_or(|at| seen.len() < at + 4 + length) {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "the client left");
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    (addr, server)
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_built() {
    let (addr, server) = answers("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", 7).await;
    let request =
        Request::post("/v1/x", &json!({"a": 1})).header("X-One", "1").without("host").version("1.0");
    let reply = client::send(addr, &request).await;
    let expected =
        "POST /v1/x HTTP/1.0\r\ncontent-type: application/json\r\nX-One: 1\r\ncontent-length: 7\r\n\r\n";
    assert_eq!(server.value().await, format!("{expected}{{\"a\":1}}"));
    assert_eq!((reply.status, reply.json(), reply.complete), (200, json!({}), true));
}

#[tokio::test]
async fn an_interim_head_is_passed_over_and_names_are_lower_case() {
    let reply = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 No\r\nA-B: one\r\na-b: two\r\n\r\n";
    let (addr, _server) = answers(reply, 0).await;
    let reply = client::get(addr, "/").await;
    assert_eq!(
        (reply.status, reply.header("A-B"), reply.headers.all("a-b")),
        (204, Some("one"), vec!["one", "two"])
    );
}

#[tokio::test]
async fn chunks_become_one_body() {
    let reply = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\ntrailer: 1\r\n\r\n";
    let (addr, _server) = answers(reply, 0).await;
    let reply = client::get(addr, "/").await;
    assert_eq!((reply.text(), reply.complete), ("abcd".to_owned(), true));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_complete() {
    for reply in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    ] {
        let (addr, _server) = answers(reply, 0).await;
        let reply = client::get(addr, "/").await;
        assert_eq!((reply.text(), reply.complete), ("abc".to_owned(), false));
    }
}

#[tokio::test]
async fn a_body_without_framing_ends_with_the_connection() {
    let (addr, _server) = answers("HTTP/1.0 404 Not Found\r\n\r\nnothing", 0).await;
    let reply = client::open(addr, &Request::get("/")).await.whole().await;
    assert_eq!((reply.status, reply.text(), reply.complete), (404, "nothing".to_owned(), true));
}

#[tokio::test]
async fn a_connection_serves_two_requests_and_shows_its_end() {
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb";
    let (addr, _server) = answers(two, 0).await;
    let mut connection = client::connect(addr).await;
    let first = client::exchange(&mut connection, &Request::get("/")).await;
    let second = client::exchange(&mut connection, &Request::get("/")).await;
    assert_eq!((first.text(), second.text()), ("a".to_owned(), "b".to_owned()));
    assert!(connection.closed().await.unwrap());
}

#[tokio::test]
async fn a_stream_is_read_block_by_block() {
    let reply = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                 6\r\n: hi\n\n\r\n9\r\ndata: {\"a\r\n5\r\n\":1}\n\r\n1\r\n\n\r\n\
                 1a\r\nevent: x\ndata: [DONE]\n\n:b\n\r\n1\r\n\n\r\n0\r\n\r\n";
    let (addr, _server) = answers(reply, 0).await;
    let mut stream = client::open(addr, &Request::get("/")).await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.comments.as_slice(), &first.data), (["hi".to_owned()].as_slice(), &None));
    assert_eq!(stream.next_data().await.unwrap().json(), json!({"a": 1}));
    let rest = stream.rest().await;
    assert_eq!((rest.len(), rest[0].is_done(), rest[0].event.as_deref()), (2, true, Some("x")));
    assert_eq!(client::Response::blocks(&whole(": a\n\ndata: 1\n\n")).len(), 2);
}

fn whole(body: &str) -> client::Response {
    client::Response { status: 200, headers: Default::default(), body: body.into(), complete: true }
}

#[test]
fn several_data_lines_are_one_text() {
    let block = Block::parse("data: a\ndata:b");
    assert_eq!((block.data.as_deref(), block.text.as_str()), (Some("a\nb"), "data: a\ndata:b"));
}

#[tokio::test]
async fn a_future_beside_the_test_ends_with_its_handle() {
    let (guard, ended) = tokio::sync::oneshot::channel::<()>();
    let running = beside(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    assert!(!running.ended());
    drop(running);
    let gone = wait::within("the end of a future that nobody holds", ended).await;
    assert!(gone.is_err());
    wait::until("a condition that holds", || true).await;
}

#[tokio::test]
async fn a_gateway_starts_alone_and_stops() {
    let gateway = Gateway::start(&[("API_TOKEN", "right")]).await;
    assert!(std::fs::read_dir(gateway.home()).unwrap().count() > 0, "its state is kept in its own folder");
    assert_eq!(gateway.url(), format!("http://{}", gateway.addr));
    assert_eq!(gateway.get("/livez").await.status, 200);
    assert_eq!(gateway.post("/v1/chat/completions", &json!({})).await.status, 401);
    let request = Request::post("/v1/chat/completions", &json!({})).header("authorization", "Bearer right");
    assert_eq!(gateway.send(&request).await.status, 400);
    assert_eq!(gateway.stream("/v1/embeddings", &json!({})).await.whole().await.status, 401);
    let addr = gateway.addr;
    assert!(gateway.shutdown().await);
    assert!(super::http::Connection::open(addr).await.is_err());
}
