//! Closed loops and slow streams: what the processor time of one request and of one event is measured with.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;

use crate::client::{Connection, Face};
use crate::latency::open_loop;
use crate::process::Server;
use crate::upstream::Upstream;

/// Connections of a closed loop.
const CONNECTIONS: usize = 16;
/// Before anything is measured.
const WARM_UP: Duration = Duration::from_millis(400);
/// Events of a burst.
pub(crate) const BURST: usize = 64;
/// Streams of lone events, and how far apart the events of one are.
const LONE_STREAMS: usize = 200;
const LONE_MODEL: &str = "bench-lone-20ms-100000";
/// Of the memory figure: an event a second.
const SLOW_MODEL: &str = "bench-lone-1000ms-100000";
/// Streams opened at once, so that the accept queue does not overflow.
const OPENING: usize = 50;

/// A server and how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) server: &'a Server,
    pub(crate) addr: SocketAddr,
    pub(crate) face: Face,
}

/// What a closed loop showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    /// Microseconds of processor time a request.
    pub(crate) cpu_us: f64,
    /// Requests a second.
    pub(crate) rate: f64,
}

/// Asks over and over on [`CONNECTIONS`] connections, `window` long: whole replies, or bursts.
pub(crate) async fn closed(target: Target<'_>, burst: bool, window: Duration) -> anyhow::Result<Closed> {
    let model = if burst { format!("bench-burst-{BURST}") } else { "bench-whole".to_owned() };
    let request: Rc<[u8]> = target.face.request(&model, burst).into();
    let done = Rc::new(Cell::new(0_u64));
    let mut loops = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(target.addr).await?;
        let (request, done, face) = (Rc::clone(&request), Rc::clone(&done), target.face);
        loops.spawn_local(async move {
            loop {
                let answered = match burst {
                    true => connection.events(&request, face, BURST).await,
                    false => connection.whole(&request).await,
                };
                if let Err(error) = answered {
                    return error;
                }
                done.set(done.get() + 1);
            }
        });
    }
    let count = || done.get();
    let (cpu_us, per_second) = measure(target.server, count, window, &mut loops).await?;
    Ok(Closed { cpu_us, rate: per_second })
}

/// Microseconds of processor time a request, at `rate` a second.
pub(crate) async fn paced(target: Target<'_>, rate: f64, window: Duration) -> anyhow::Result<f64> {
    open_loop(target.addr, target.face, rate, WARM_UP).await?;
    let before = target.server.cpu_ns();
    let seen = open_loop(target.addr, target.face, rate, window).await?;
    Ok((target.server.cpu_ns() - before) as f64 / 1000.0 / seen.requests as f64)
}

/// Microseconds of processor time for an event that comes alone.
pub(crate) async fn lone(target: Target<'_>, upstream: &Upstream, window: Duration) -> anyhow::Result<f64> {
    let received = Rc::new(Cell::new(0));
    let mut streams = open_streams(target, LONE_MODEL, LONE_STREAMS, &received).await?;
    let (sent_before, received_before) = (upstream.lone_events.get(), received.get());
    let count = || upstream.lone_events.get();
    let (cpu_us, _) = measure(target.server, count, window, &mut streams).await?;
    let (sent, received) = (upstream.lone_events.get() - sent_before, received.get() - received_before);
    let missing = sent.abs_diff(received);
    ensure!(missing * 50 < sent + 50 * LONE_STREAMS as u64, "{received} of {sent} lone events came");
    Ok(cpu_us)
}

/// Kilobytes of resident memory: before, and for each of `count` slow streams.
pub(crate) async fn memory(target: Target<'_>, count: usize) -> anyhow::Result<(f64, f64)> {
    let idle = target.server.rss_kb();
    let received = Rc::new(Cell::new(0));
    let mut streams = open_streams(target, SLOW_MODEL, count, &received).await?;
    rest(Duration::from_secs(3), &mut streams).await?;
    let before = received.get();
    rest(Duration::from_secs(2), &mut streams).await?;
    let seen = received.get() - before;
    ensure!(seen >= count as u64 * 3 / 2, "{count} streams got {seen} events in two seconds");
    let grown = target.server.rss_kb().saturating_sub(idle);
    Ok((idle as f64, grown as f64 / count as f64))
}

type Loops = JoinSet<std::io::Error>;

async fn open_streams(
    target: Target<'_>,
    model: &str,
    count: usize,
    received: &Rc<Cell<u64>>,
) -> anyhow::Result<Loops> {
    let request: Rc<[u8]> = target.face.request(model, true).into();
    let (mut readers, mut opening) = (JoinSet::new(), JoinSet::new());
    let mut left = count;
    while left > 0 || !opening.is_empty() {
        while left > 0 && opening.len() < OPENING {
            let (request, addr) = (Rc::clone(&request), target.addr);
            opening.spawn_local(async move {
                let mut connection = Connection::open(addr).await?;
                connection.open_stream(&request).await?;
                Ok::<_, std::io::Error>(connection)
            });
            left -= 1;
        }
        let Some(opened) = opening.join_next().await else { break };
        let mut connection = opened?.context("a stream did not open")?;
        let (received, face) = (Rc::clone(received), target.face);
        readers.spawn_local(async move {
            loop {
                match connection.next_events(face).await {
                    Ok(events) => received.set(received.get() + events as u64),
                    Err(error) => return error,
                }
            }
        });
    }
    Ok(readers)
}

/// Processor time over what `count` counts in `window`, in microseconds, and that count a second.
async fn measure(
    server: &Server,
    count: impl Fn() -> u64,
    window: Duration,
    loops: &mut Loops,
) -> anyhow::Result<(f64, f64)> {
    rest(WARM_UP, loops).await?;
    let (cpu, counted, began) = (server.cpu_ns(), count(), Instant::now());
    rest(window, loops).await?;
    let (cpu, counted, took) = (server.cpu_ns() - cpu, count() - counted, began.elapsed());
    ensure!(counted > 0, "nothing was answered");
    Ok((cpu as f64 / 1000.0 / counted as f64, counted as f64 / took.as_secs_f64()))
}

/// Lets the load run; it must not end.
async fn rest(time: Duration, loops: &mut Loops) -> anyhow::Result<()> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(ended) = loops.join_next() => Err(ended?).context("the load broke off"),
    }
}
