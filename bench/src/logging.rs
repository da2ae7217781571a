//! What logs cost: the same gateway with lines, rows and the last requests in memory, and without them.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Face;
use crate::load::{self, BURST, Target};
use crate::servers::Place;

/// Requests a second of a busy gateway.
const PACE: f64 = 2000.0;

/// What one gateway showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Microseconds of processor time for a whole reply, as many as it can give.
    pub(crate) full_us: f64,
    /// The same, [`PACE`] a second.
    pub(crate) paced_us: f64,
    /// For an event of a burst.
    pub(crate) burst_us: f64,
    /// The share of rows that found no room.
    pub(crate) unwritten: f64,
}

/// Starts both, and measures them in turn for each figure.
pub(crate) async fn measure(
    place: &Place,
    order: [bool; 2],
    window: Duration,
) -> anyhow::Result<Vec<(bool, Seen)>> {
    let mut servers = Vec::new();
    for is_on in order {
        let (mut server, addr) = place.start_logging(is_on)?;
        crate::run::first_answer(&mut server, addr, Face::OpenAi).await?;
        servers.push((is_on, server, addr));
    }
    let target = |server, addr| Target { server, addr, face: Face::OpenAi };
    let [mut full, mut paced, mut burst] = [const { Vec::<f64>::new() }; 3];
    for (_, server, addr) in &servers {
        full.push(load::closed(target(server, *addr), false, window).await?.cpu_us);
    }
    for (_, server, addr) in &servers {
        paced.push(load::paced(target(server, *addr), PACE, window).await?);
    }
    for (_, server, addr) in &servers {
        burst.push(load::closed(target(server, *addr), true, window).await?.cpu_us / BURST as f64);
    }
    let mut seen = Vec::new();
    for (at, (is_on, _, addr)) in servers.iter().enumerate() {
        let unwritten = unwritten(*addr).await.context("/metrics")?;
        seen.push((*is_on, Seen { full_us: full[at], paced_us: paced[at], burst_us: burst[at], unwritten }));
    }
    Ok(seen)
}

/// The share of rows that were dropped, as `/metrics` counts them.
async fn unwritten(addr: SocketAddr) -> anyhow::Result<f64> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    let sum = |begin: &str| {
        let lines = page.lines().filter(|line| line.starts_with(begin));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
    };
    let dropped = sum("ollama2openai_dropped_total{what=\"log_rows\"}");
    Ok(dropped / sum("ollama2openai_outcomes_total{").max(1.0))
}
