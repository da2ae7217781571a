//! Clients that go on while one gateway takes the place of another.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{CHAT, content};
use crate::support::client::{Request, Stream, open};
use crate::support::http::Connection;
use crate::support::ollama::chat;
use crate::support::wait::{Beside, beside, pause, within};

/// How clients meet a connection that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is a failure.
    Fails,
    /// As the official SDKs do, with `max_retries` 5: after half a second, then twice as long each time.
    IsRetried,
}

/// What has come of requests.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) served: usize,
    pub(super) failures: Vec<String>,
    /// When connections were refused.
    pub(super) refused: Vec<Instant>,
}

/// Opens streams, and waits until each has begun.
pub(super) async fn streams(addr: SocketAddr, count: usize) -> Vec<Stream> {
    let opened = (0..count).map(|_| {
        beside(async move {
            let mut stream = open(addr, &Request::post(CHAT, &chat(true))).await;
            assert_eq!(stream.status, 200);
            stream.next_data().await.expect("a stream begins");
            stream
        })
    });
    let mut streams = Vec::new();
    for stream in opened.collect::<Vec<_>>() {
        streams.push(stream.value().await);
    }
    streams
}

/// Reads a stream that has begun to its end, which must be a good one, with all content.
pub(super) fn finish(mut stream: Stream, pieces: usize) -> Beside<()> {
    beside(async move {
        let rest = stream.rest().await;
        assert!(rest.last().is_some_and(|block| block.is_done()), "{rest:?}");
        let values: Vec<Value> = rest
            .iter()
            .filter(|block| block.data.is_some() && !block.is_done())
            .map(|block| block.json())
            .collect();
        let text: String =
            values.iter().filter_map(|value| value["choices"][0]["delta"]["content"].as_str()).collect();
        // The first piece was read when it began, alone or with the role.
        assert!(content(pieces).ends_with(&text) && text.len() + 2 >= content(pieces).len(), "{text:?}");
        assert!(values.iter().any(|value| value["choices"][0]["finish_reason"] == "stop"), "{values:?}");
    })
}

/// A hundred requests a second, for so long.
pub(super) fn requests(addr: SocketAddr, how_long: Duration, refused: Refused) -> Beside<Told> {
    beside(async move {
        let begun = Instant::now();
        let mut asked = Vec::new();
        let mut next = Duration::ZERO;
        while next < how_long {
            asked.push(beside(request(addr, refused)));
            next += Duration::from_millis(10);
            pause(next.saturating_sub(begun.elapsed())).await;
        }
        let mut all = Told::default();
        for one in asked {
            let one = one.value().await;
            all.served += one.served;
            all.failures.extend(one.failures);
            all.refused.extend(one.refused);
        }
        all
    })
}

async fn request(addr: SocketAddr, refused: Refused) -> Told {
    let mut told = Told::default();
    let mut wait = Duration::from_millis(500);
    for left in (0..=5).rev() {
        match asked(addr).await {
            Ok(()) => {
                told.served = 1;
                return told;
            }
            Err(Failure::Refused) if refused == Refused::IsRetried && left > 0 => {
                told.refused.push(Instant::now());
                pause(wait).await;
                wait = (2 * wait).min(Duration::from_secs(8));
            }
            Err(failure) => {
                told.failures.push(format!("{failure:?}"));
                return told;
            }
        }
    }
    told
}

#[derive(Debug)]
enum Failure {
    /// No connection, so no request either.
    Refused,
    #[expect(dead_code, reason = "shown when the test fails")]
    Broken(String),
}

async fn asked(addr: SocketAddr) -> Result<(), Failure> {
    let mut connection = within("to connect", Connection::open(addr)).await.map_err(|_| Failure::Refused)?;
    let broken = |error: std::io::Error| Failure::Broken(error.to_string());
    let request = Request::post(CHAT, &chat(false));
    within("to send", connection.send(&request.bytes())).await.map_err(broken)?;
    let head = within("a head", connection.head(false)).await.map_err(broken)?;
    let mut body = Vec::new();
    while let Some(piece) = within("a body", connection.piece()).await.map_err(broken)? {
        body.extend(piece);
    }
    match head.status {
        200 => Ok(()),
        status => Err(Failure::Broken(format!("{status}: {}", String::from_utf8_lossy(&body)))),
    }
}
