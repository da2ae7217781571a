//! Scripts, played to a raw client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ollama2openai::fake::{End, Fake, Framing, Handler, Piece, Script};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::client::{self, Request};
use crate::support::http::Connection;
use crate::support::wait::{DEADLINE, within};

async fn fake(script: Script) -> Fake {
    let handler: Handler = Arc::new(move |_| script.clone());
    Fake::start(([127, 0, 0, 1], 0).into(), handler).await.unwrap()
}

fn bytes(text: &'static str) -> Piece {
    Piece::Bytes(Bytes::from_static(text.as_bytes()))
}

/// Every piece of one reply, and how the body ended.
async fn pieces(connection: &mut Connection) -> (Vec<String>, io::Result<()>) {
    let mut pieces = Vec::new();
    loop {
        match within("a piece", connection.piece()).await {
            Ok(Some(piece)) => pieces.push(String::from_utf8(piece).unwrap()),
            Ok(None) => return (pieces, Ok(())),
            Err(error) => return (pieces, Err(error)),
        }
    }
}

#[tokio::test]
async fn each_piece_is_one_chunk_and_the_connection_serves_again() {
    let body = vec![bytes("{\"a\":"), Piece::Pause(Duration::from_millis(2)), bytes("1}\n"), bytes("")];
    let fake = fake(Script::streamed("application/x-ndjson", body)).await;
    let mut connection = client::connect(fake.addr).await;
    for _ in 0..2 {
        connection.send(&Request::get("/x?y=1").bytes()).await.unwrap();
        let head = connection.head(false).await.unwrap();
        assert_eq!((head.status, head.headers.get("content-type")), (200, Some("application/x-ndjson")));
        let (pieces, end) = pieces(&mut connection).await;
        assert_eq!(pieces, ["{\"a\":", "1}\n"]);
        end.unwrap();
    }
    assert!(fake.log.wait_until(DEADLINE, |log| log.iter().filter(|seen| seen.ended).count() == 2).await);
    let seen = &fake.log.all()[1];
    assert_eq!((seen.connection, seen.sent, seen.closed_at), (0, 8, None));
    assert_eq!((seen.request.path.as_str(), seen.request.query.as_str()), ("/x", "y=1"));
}

#[tokio::test]
async fn a_body_is_read_by_length_by_chunks_and_after_100_continue() {
    let fake = fake(Script::json(201, &json!({}))).await;
    let chunked = Request::new("POST", "/c")
        .header("transfer-encoding", "chunked")
        .body("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\ntrailer: 1\r\n\r\n");
    let expecting = Request::new("POST", "/e").header("expect", "100-continue").body("12345");
    for request in [Request::post("/l", &json!([1, 2])), chunked, expecting] {
        let reply = client::send(fake.addr, &request).await;
        assert_eq!((reply.status, reply.text(), reply.complete), (201, "{}".to_owned(), true));
    }
    let bodies: Vec<_> = fake.log.all().iter().map(|seen| seen.request.body.clone()).collect();
    assert_eq!(bodies, ["[1,2]", "abcde", "12345"]);
}

#[tokio::test]
async fn a_reply_may_be_ill_formed() {
    let body = || vec![bytes("abc")];
    let chunked = Script::streamed("text/plain", body());
    let length = |length| Script { framing: Framing::Length(length), ..chunked.clone() };
    let cases = [
        (length(Some(9)), Err(io::ErrorKind::UnexpectedEof)),
        (length(Some(2)), Ok(())),
        (length(None).ending(End::Close), Ok(())),
        (Script { framing: Framing::Close, ..chunked.clone() }, Ok(())),
        (chunked.clone().ending(End::Close), Err(io::ErrorKind::UnexpectedEof)),
        (chunked.clone().ending(End::Reset), Err(io::ErrorKind::ConnectionReset)),
    ];
    for (script, expected) in cases {
        let fake = fake(script.clone()).await;
        let mut connection = client::connect(fake.addr).await;
        connection.send(&Request::get("/").bytes()).await.unwrap();
        connection.head(false).await.unwrap();
        let (pieces, end) = pieces(&mut connection).await;
        let sent = if script.framing == Framing::Length(Some(2)) { "ab" } else { "abc" };
        assert_eq!((pieces.concat().as_str(), end.map_err(|e| e.kind())), (sent, expected), "{script:?}");
    }
}

#[tokio::test]
async fn no_head_at_all() {
    for (end, kind) in
        [(End::Close, io::ErrorKind::UnexpectedEof), (End::Reset, io::ErrorKind::ConnectionReset)]
    {
        let fake = fake(Script::silent(end)).await;
        let mut connection = client::connect(fake.addr).await;
        connection.send(&Request::get("/").bytes()).await.unwrap();
        assert_eq!(connection.head(false).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_script_and_is_noted() {
    let body = vec![bytes("one"), Piece::Pause(Duration::from_secs(600))];
    for script in [Script::streamed("text/plain", body), Script::silent(End::Hang)] {
        let fake = fake(script).await;
        let mut connection = client::connect(fake.addr).await;
        connection.send(&Request::get("/").bytes()).await.unwrap();
        assert!(fake.log.wait_until(DEADLINE, |log| log.len() == 1).await);
        assert_eq!(fake.log.all()[0].closed_at, None);
        drop(connection);
        assert!(fake.log.wait_until(DEADLINE, |log| log[0].closed_at.is_some()).await);
        assert!(!fake.log.all()[0].ended);
    }
}

#[tokio::test]
async fn a_slot_is_held_until_the_reply_has_ended() {
    let slot = Arc::new(Semaphore::new(1));
    let script = Script { slot: Some(Arc::clone(&slot)), ..Script::silent(End::Hang) };
    let handler: Handler = Arc::new(move |request| match request.path.as_str() {
        "/hold" => script.clone(),
        _ => Script { slot: script.slot.clone(), ..Script::text(200, "ok") },
    });
    let fake = Fake::start(([127, 0, 0, 1], 0).into(), handler).await.unwrap();
    let mut first = client::connect(fake.addr).await;
    first.send(&Request::get("/hold").bytes()).await.unwrap();
    assert!(fake.log.wait_until(DEADLINE, |log| log.len() == 1).await);
    let mut second = client::connect(fake.addr).await;
    second.send(&Request::get("/").bytes()).await.unwrap();
    assert!(fake.log.wait_until(DEADLINE, |log| log.len() == 2).await);
    assert_eq!((slot.available_permits(), fake.log.all()[1].sent), (0, 0));
    drop(first);
    assert_eq!(within("the reply", second.head(false)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_stopped_fake_frees_its_port() {
    let fake = fake(Script::text(200, "ok")).await;
    let addr = fake.addr;
    let mut connection = client::connect(addr).await;
    assert_eq!(client::exchange(&mut connection, &Request::get("/")).await.status, 200);
    within("the end of the fake", fake.stop()).await;
    assert!(within("the end of its connection", connection.closed()).await.unwrap());
    let again = Fake::start(addr, Arc::new(|_| Script::text(204, ""))).await.unwrap();
    assert_eq!(client::get(again.addr, "/").await.status, 204);
}

#[tokio::test]
async fn a_request_that_is_not_http_is_refused() {
    let fake = fake(Script::text(200, "ok")).await;
    let mut connection = client::connect(fake.addr).await;
    connection.send(b"nonsense\r\n\r\n").await.unwrap();
    assert_eq!(within("the refusal", connection.head(false)).await.unwrap().status, 400);
    assert!(fake.log.all().is_empty());
}
