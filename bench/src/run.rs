//! The runs, gateway and nginx in turn, and the figures that they give.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::client::{Connection, Face};
use crate::figures::{Bar, Figure, median};
use crate::latency::open_loop;
use crate::load::{self, BURST, Target};
use crate::logging;
use crate::many::{self, Size};
use crate::options::Options;
use crate::process::Server;
use crate::servers::{Kind, Place};
use crate::upstream::Upstream;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests a second of the open loop: 20 % of what the gateway can do, within these bounds.
const LOAD: f64 = 0.2;
const RATES: (f64, f64) = (200.0, 8000.0);

/// All figures that were asked for.
pub(crate) async fn all(
    options: &Options,
    place: &Place,
    upstream: &Upstream,
) -> anyhow::Result<Vec<Figure>> {
    let mut runs = Runs { options, place, upstream, figures: Figures::new() };
    if options.wants("many") {
        many::fill(place).await.context("the databases of many channels")?;
    }
    for round in 1..=options.rounds {
        // The order changes from round to round, so that neither always comes first.
        let mut order = Kind::BOTH;
        order.rotate_left(round % 2);
        if options.wants_servers() {
            runs.round(order).await.with_context(|| format!("round {round}"))?;
        }
        if options.wants("many") {
            runs.many(round).await.with_context(|| format!("round {round}, many channels"))?;
        }
        if options.wants("logging") {
            runs.logging(round).await.with_context(|| format!("round {round}, logging"))?;
        }
        eprint(&format!("round {round} of {} done\n", options.rounds));
    }
    Ok(runs.figures.into_list())
}

/// Progress, for people who wait.
fn eprint(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}

struct Figures {
    whole: Figure,
    whole_rate: Figure,
    burst: Figure,
    lone: Figure,
    added_p50: Figure,
    added_p99: Figure,
    direct_p50: Figure,
    direct_p99: Figure,
    idle: Figure,
    stream: Figure,
    start: Figure,
    many_all: Figure,
    many_few: Figure,
    reload: Figure,
    logging_full: Figure,
    logging_paced: Figure,
    logging_burst: Figure,
    unwritten: Figure,
}

impl Figures {
    fn new() -> Figures {
        Figures {
            whole: Figure::new("whole reply, CPU a request", "us", Bar::Ratio(2.0)),
            whole_rate: Figure::new("whole replies, 16 connections", "1/s", Bar::None),
            burst: Figure::new("burst of 64, CPU an event", "us", Bar::Ratio(1.2)),
            lone: Figure::new("lone events, CPU an event", "us", Bar::Ratio(1.2)),
            added_p50: Figure::new("latency over direct, p50", "us", Bar::Value(100.0)),
            added_p99: Figure::new("latency over direct, p99", "us", Bar::Value(400.0)),
            direct_p50: Figure::new("latency direct, p50", "us", Bar::None),
            direct_p99: Figure::new("latency direct, p99", "us", Bar::None),
            idle: Figure::new("memory, idle", "KB", Bar::Value(20_480.0)),
            stream: Figure::new("memory, each slow stream", "KB", Bar::Value(20.0)),
            start: Figure::new("start to first answer", "ms", Bar::Value(150.0)),
            many_all: Figure::new("10,000 : 1 backend, all serve", "us", Bar::Ratio(1.1)),
            many_few: Figure::new("10,000 : 1 backend, ten serve", "us", Bar::Ratio(1.1)),
            reload: Figure::new("change with 10,000 backends", "ms", Bar::Value(1000.0)),
            logging_full: Figure::new("logs on : off, full speed", "us", Bar::Ratio(1.15)),
            logging_paced: Figure::new("logs on : off, 2,000 a second", "us", Bar::Ratio(1.15)),
            logging_burst: Figure::new("logs on : off, event of a burst", "us", Bar::Ratio(1.15)),
            unwritten: Figure::new("rows that found no room, of 1000", "", Bar::Value(0.0)),
        }
    }

    fn into_list(self) -> Vec<Figure> {
        let all = [
            self.whole,
            self.whole_rate,
            self.burst,
            self.lone,
            self.direct_p50,
            self.added_p50,
            self.direct_p99,
            self.added_p99,
            self.idle,
            self.stream,
            self.start,
            self.many_all,
            self.many_few,
            self.reload,
            self.logging_full,
            self.logging_paced,
            self.logging_burst,
            self.unwritten,
        ];
        all.into_iter().filter(|figure| !figure.gateway.is_empty()).collect()
    }
}

struct Runs<'a> {
    options: &'a Options,
    place: &'a Place,
    upstream: &'a Upstream,
    figures: Figures,
}

impl Runs<'_> {
    /// Fresh servers through all figures. Both are measured for a figure before the next one comes: what else happens
    /// on the machine changes by the second, and only neighbours are alike.
    async fn round(&mut self, order: [Kind; 2]) -> anyhow::Result<()> {
        let mut servers = Vec::new();
        for kind in order {
            let (server, addr) = self.start(kind).await.with_context(|| format!("{kind:?}"))?;
            servers.push((kind, server, addr));
        }
        if self.options.wants("memory") {
            for (kind, server, addr) in &servers {
                let target = Target { server, addr: *addr, face: self.place.face(*kind) };
                let (idle, each) =
                    load::memory(target, self.options.streams).await.context("slow streams")?;
                note(&mut self.figures.idle, *kind, idle);
                note(&mut self.figures.stream, *kind, each);
            }
        }
        for figure in ["whole", "burst", "lone"] {
            // Latency is measured at a share of what is known of whole replies.
            let is_wanted = self.options.wants(figure) || figure == "whole" && self.options.wants("latency");
            for (kind, server, addr) in servers.iter().filter(|_| is_wanted) {
                let target = Target { server, addr: *addr, face: self.place.face(*kind) };
                self.cpu(figure, *kind, target).await.with_context(|| format!("{kind:?}, {figure}"))?;
            }
        }
        if self.options.wants("latency") {
            let addrs = servers.iter().map(|(kind, _, addr)| (*kind, *addr));
            self.latency(addrs).await.context("latency")?;
        }
        Ok(())
    }

    /// Three sizes of configuration, one after the other; the small one is the measure of the large ones.
    async fn many(&mut self, round: usize) -> anyhow::Result<()> {
        let mut order = Size::ALL;
        order.rotate_left(round % 3);
        for size in order {
            let seen = many::measure(self.place, size, self.options.window).await;
            let seen = seen.with_context(|| format!("{size:?}"))?;
            let figures = &mut self.figures;
            match size {
                Size::One => {
                    figures.many_all.nginx.push(seen.cpu_us);
                    figures.many_few.nginx.push(seen.cpu_us);
                    figures.reload.nginx.push(median(&seen.reloads_ms));
                }
                Size::All => {
                    figures.many_all.gateway.push(seen.cpu_us);
                    figures.reload.gateway.push(median(&seen.reloads_ms));
                }
                Size::Few => figures.many_few.gateway.push(seen.cpu_us),
            }
        }
        Ok(())
    }

    /// With logs as they are by default, and without; who comes first changes from round to round.
    async fn logging(&mut self, round: usize) -> anyhow::Result<()> {
        let mut order = [true, false];
        order.rotate_left(round % 2);
        let seen = logging::measure(self.place, order, self.options.window).await?;
        let figures = &mut self.figures;
        for (is_on, seen) in seen {
            let kind = if is_on { Kind::Gateway } else { Kind::Measure };
            note(&mut figures.logging_full, kind, seen.full_us);
            note(&mut figures.logging_paced, kind, seen.paced_us);
            note(&mut figures.logging_burst, kind, seen.burst_us);
            if is_on {
                figures.unwritten.gateway.push(seen.unwritten * 1000.0);
            }
        }
        Ok(())
    }

    async fn start(&mut self, kind: Kind) -> anyhow::Result<(Server, SocketAddr)> {
        let began = Instant::now();
        let (mut server, addr) = self.place.start(kind)?;
        first_answer(&mut server, addr, self.place.face(kind)).await?;
        if self.options.wants("start") {
            note(&mut self.figures.start, kind, began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok((server, addr))
    }

    async fn cpu(&mut self, figure: &str, kind: Kind, target: Target<'_>) -> anyhow::Result<()> {
        let (window, figures) = (self.options.window, &mut self.figures);
        match figure {
            "whole" => {
                let whole = load::closed(target, false, window).await?;
                note(&mut figures.whole, kind, whole.cpu_us);
                note(&mut figures.whole_rate, kind, whole.rate);
            }
            "burst" => {
                let burst = load::closed(target, true, window).await?;
                note(&mut figures.burst, kind, burst.cpu_us / BURST as f64);
            }
            _ => note(&mut figures.lone, kind, load::lone(target, self.upstream, window).await?),
        }
        Ok(())
    }

    /// Direct, gateway and nginx at the same rate.
    async fn latency(&mut self, addrs: impl Iterator<Item = (Kind, SocketAddr)>) -> anyhow::Result<()> {
        let (window, place, figures) = (self.options.window, self.place, &mut self.figures);
        let capacity = 1e6 / median(&figures.whole.gateway);
        let rate = (capacity * LOAD).clamp(RATES.0, RATES.1);
        let direct = open_loop(self.upstream.addr, Face::Native, rate, window).await?;
        figures.direct_p50.gateway.push(direct.p50);
        figures.direct_p99.gateway.push(direct.p99);
        for (kind, addr) in addrs {
            let latency = open_loop(addr, place.face(kind), rate, window).await?;
            note(&mut figures.added_p50, kind, latency.p50 - direct.p50);
            note(&mut figures.added_p99, kind, latency.p99 - direct.p99);
        }
        Ok(())
    }
}

fn note(figure: &mut Figure, kind: Kind, value: f64) {
    match kind {
        Kind::Gateway => figure.gateway.push(value),
        Kind::Measure => figure.nginx.push(value),
    }
}

/// Asks until a whole reply comes.
pub(crate) async fn first_answer(server: &mut Server, addr: SocketAddr, face: Face) -> anyhow::Result<()> {
    let request = face.request("bench-whole", false);
    let began = Instant::now();
    loop {
        let answered = match Connection::open(addr).await {
            Ok(mut connection) => connection.whole(&request).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(()) => return Ok(()),
            Err(error) if began.elapsed() > PATIENCE => return Err(error).context("no answer"),
            Err(_) => ensure!(server.is_alive(), "it ended at once"),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
