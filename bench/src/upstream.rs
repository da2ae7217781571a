//! The upstream of the benchmark: canned answers of Ollama's `/api/chat`, chosen by the name of the model.
//!
//! `bench-whole` is a reply of 1 KB, `bench-burst-64` 64 events one write each, `bench-lone-20ms-50` 50 events 20 ms
//! apart. Lone events are sent at exact times, evenly spread over all streams: a timer of 1 ms would send them in
//! clusters, which cost less than events that come alone.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::client::content_length;

const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n";
const STREAM: &str = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
const DONE: &str = r#"{"model":"bench","created_at":"2026-11-23T12:00:00.123456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":1234567890,"load_duration":12345678,"prompt_eval_count":96,"prompt_eval_duration":123456789,"eval_count":64,"eval_duration":987654321}"#;
const EVENT: &str = r#"{"model":"bench","created_at":"2026-11-23T12:00:00.123456789Z","message":{"role":"assistant","content":" token"},"done":false}"#;
/// Streams that wait to be taken over by the pacer.
const WAITING: usize = 1024;
/// Timers of the runtime have this resolution; what is due sooner is waited for by polling.
const COARSE: Duration = Duration::from_millis(2);

/// A running upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    /// Lone events sent so far.
    pub(crate) lone_events: Rc<Cell<u64>>,
}

/// Canned bytes.
struct Canned {
    whole: Vec<u8>,
    models: Vec<u8>,
    version: Vec<u8>,
    head: Vec<u8>,
    event: Vec<u8>,
    end: Vec<u8>,
}

impl Canned {
    fn new() -> Canned {
        let text = "The answer is long enough to make a reply of one kilobyte. ".repeat(12);
        let reply = DONE.replacen(r#""content":"""#, &format!(r#""content":"{text}""#), 1);
        Canned {
            whole: whole(&reply),
            models: whole(r#"{"models":[{"name":"bench-whole:latest","model":"bench-whole:latest"}]}"#),
            version: whole(r#"{"version":"0.0.0"}"#),
            head: format!("{HEAD}{STREAM}").into_bytes(),
            event: chunk(EVENT).into_bytes(),
            end: format!("{}0\r\n\r\n", chunk(DONE)).into_bytes(),
        }
    }
}

fn whole(json: &str) -> Vec<u8> {
    let length = json.len();
    let kind = "Content-Type: application/json; charset=utf-8";
    format!("{HEAD}{kind}\r\nContent-Length: {length}\r\n\r\n{json}").into_bytes()
}

fn chunk(line: &str) -> String {
    format!("{:x}\r\n{line}\n\r\n", line.len() + 1)
}

/// A stream of lone events.
struct Lone {
    stream: Rc<TcpStream>,
    every: Duration,
    left: usize,
    over: Option<oneshot::Sender<()>>,
}

impl Upstream {
    /// Starts on a free port of the current `LocalSet`.
    pub(crate) async fn start() -> io::Result<Upstream> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let lone_events = Rc::new(Cell::new(0));
        let canned = Rc::new(Canned::new());
        spawn_local(pace(receiver, Rc::clone(&canned), Rc::clone(&lone_events)));
        spawn_local(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (sender, canned) = (sender.clone(), Rc::clone(&canned));
                spawn_local(async move {
                    // A client that leaves ends its connection; that is no news.
                    let _ = serve(stream, &canned, &sender).await;
                });
            }
        });
        Ok(Upstream { addr, lone_events })
    }
}

async fn serve(stream: TcpStream, canned: &Canned, lone: &mpsc::Sender<Lone>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = Rc::new(stream);
    let mut buffer = Vec::with_capacity(1 << 10);
    loop {
        let Some(plan) = request(&stream, &mut buffer).await? else { return Ok(()) };
        match plan {
            Plan::Whole => write(&stream, &canned.whole).await?,
            Plan::Models => write(&stream, &canned.models).await?,
            Plan::Other => write(&stream, &canned.version).await?,
            Plan::Burst(count) => {
                write(&stream, &canned.head).await?;
                for _ in 0..count {
                    write(&stream, &canned.event).await?;
                }
                write(&stream, &canned.end).await?;
            }
            Plan::Lone(every, left) => {
                write(&stream, &canned.head).await?;
                let (over, end) = oneshot::channel();
                let order = Lone { stream: Rc::clone(&stream), every, left, over: Some(over) };
                if lone.send(order).await.is_err() || end.await.is_err() {
                    return Ok(());
                }
                write(&stream, &canned.end).await?;
            }
        }
    }
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Whole,
    Burst(usize),
    Lone(Duration, usize),
    Models,
    Other,
}

fn plan(head: &[u8], body: &[u8]) -> Plan {
    if memmem::find(head, b"/api/tags ").is_some() {
        return Plan::Models;
    }
    let from = memmem::find(body, b"\"bench-").map_or(body.len(), |at| at + 7);
    let name = body[from..].split(|&byte| byte == b'"').next().unwrap_or_default();
    let mut words = std::str::from_utf8(name).unwrap_or_default().split('-');
    match (words.next(), words.next(), words.next()) {
        (Some("whole"), ..) => Plan::Whole,
        (Some("burst"), Some(count), _) => count.parse().map_or(Plan::Other, Plan::Burst),
        (Some("lone"), Some(every), Some(count)) => {
            let every = every.strip_suffix("ms").and_then(|every| every.parse().ok());
            match (every, count.parse()) {
                (Some(every), Ok(count)) => Plan::Lone(Duration::from_millis(every), count),
                _ => Plan::Other,
            }
        }
        _ => Plan::Other,
    }
}

/// Reads one request; `None` when the client has closed.
async fn request(stream: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Plan>> {
    buffer.clear();
    loop {
        if let Some(at) = memmem::find(buffer, b"\r\n\r\n") {
            let length = content_length(&buffer[..at]).unwrap_or(0);
            if buffer.len() >= at + 4 + length {
                return Ok(Some(plan(&buffer[..at], &buffer[at + 4..])));
            }
        }
        stream.readable().await?;
        match stream.try_read_buf(buffer) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(size) => bytes = &bytes[size..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends lone events when they are due.
async fn pace(mut orders: mpsc::Receiver<Lone>, canned: Rc<Canned>, sent: Rc<Cell<u64>>) {
    let mut streams: Vec<Option<Lone>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut due: BinaryHeap<Reverse<(Instant, usize)>> = BinaryHeap::new();
    loop {
        let order = match due.peek() {
            None => orders.recv().await,
            Some(_) => orders.try_recv().ok(),
        };
        if let Some(order) = order {
            // A golden-ratio walk spreads the streams evenly over the period, however many they are.
            let phase = (due.len() as f64 * 0.618_033_988_75).fract();
            let first = Instant::now() + order.every.mul_f64(phase);
            let place = free.pop().unwrap_or_else(|| {
                streams.push(None);
                streams.len() - 1
            });
            streams[place] = Some(order);
            due.push(Reverse((first, place)));
        }
        let now = Instant::now();
        while let Some(&Reverse((when, place))) = due.peek()
            && when <= now
        {
            due.pop();
            let Some(lone) = &mut streams[place] else { continue };
            let is_sent = lone.stream.try_write(&canned.event).is_ok();
            lone.left -= 1;
            sent.set(sent.get() + u64::from(is_sent));
            if is_sent && lone.left > 0 {
                due.push(Reverse((when + lone.every, place)));
            } else {
                let over = lone.over.take().filter(|_| is_sent);
                over.map(|over| over.send(()));
                streams[place] = None;
                free.push(place);
            }
        }
        match due.peek() {
            Some(&Reverse((when, _))) if when > Instant::now() + COARSE => {
                let pause = tokio::time::Instant::from_std(when - COARSE / 2);
                tokio::time::sleep_until(pause.min(tokio::time::Instant::now() + COARSE)).await;
            }
            _ => tokio::task::yield_now().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_says_what_is_sent() {
        let of = |name: &str| plan(b"POST /api/chat HTTP/1.1", format!(r#"{{"model":"{name}"}}"#).as_bytes());
        assert_eq!(of("bench-whole"), Plan::Whole);
        assert_eq!(of("bench-burst-64"), Plan::Burst(64));
        assert_eq!(of("bench-lone-20ms-50"), Plan::Lone(Duration::from_millis(20), 50));
        assert_eq!(of("bench-lone-x-50"), Plan::Other);
        assert_eq!(of("llama3"), Plan::Other);
        assert_eq!(plan(b"GET /api/version HTTP/1.1", b""), Plan::Other);
        assert_eq!(plan(b"GET /1/2/api/tags HTTP/1.1", b""), Plan::Models);
    }
}
