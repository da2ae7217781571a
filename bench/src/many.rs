//! What many channels and tokens cost: requests beside a gateway with one backend and one token, and putting a change
//! in force.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ollama2openai::access::Minted;
use ollama2openai::config::Secret;
use ollama2openai::store::{By, NewBackend, NewChannel, NewToken, Store};

use crate::client::{Connection, Face};
use crate::load::{self, Target};
use crate::process::Server;
use crate::servers::{ADMIN_PASSWORD, Place, TOKEN};

/// Channels of the large configurations, and backends of each.
const CHANNELS: usize = 1000;
const BACKENDS: usize = 10;
/// Tokens of the large configurations, beside the one that is shown.
const TOKENS: usize = 100_000;
/// The channel that is changed, and that serves alone where one does.
const FIRST: &str = "channel-0";
/// Changes put in force in a round.
const RELOADS: usize = 3;
/// A gateway that works less than this in [`PAUSE`] has ended what it does at its start.
const IDLE: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(600);
/// So often that is waited for.
const PAUSES: usize = 50;

/// A configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// One channel with one backend.
    One,
    /// All channels serve every model.
    All,
    /// As many, of which one serves the model that is asked for.
    Few,
}

/// What a configuration showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Microseconds of processor time a request.
    pub(crate) cpu_us: f64,
    /// Milliseconds until a change was in force, each time.
    pub(crate) reloads_ms: Vec<f64>,
}

impl Size {
    pub(crate) const ALL: [Size; 3] = [Size::One, Size::All, Size::Few];

    fn folder(self, place: &Place) -> PathBuf {
        place.folder.join(format!("many-{self:?}").to_lowercase())
    }
}

/// Makes the databases of all sizes.
pub(crate) async fn fill(place: &Place) -> anyhow::Result<()> {
    for size in Size::ALL {
        let data = size.folder(place).join("data");
        fs::create_dir_all(&data)?;
        fill_one(&data, size, place.upstream).await.with_context(|| format!("{size:?}"))?;
    }
    Ok(())
}

async fn fill_one(data: &Path, size: Size, upstream: SocketAddr) -> anyhow::Result<()> {
    let (channels, backends) = if size == Size::One { (1, 1) } else { (CHANNELS, BACKENDS) };
    let store = Store::open(data, None).await?;
    for channel in 0..channels {
        let base = |backend: usize| format!("http://{upstream}/{channel}/{backend}");
        let backend = |at: usize| NewBackend::new(format!("backend {at}"), base(at), Secret::new(""));
        let serves = size != Size::Few || channel == 0;
        let new = NewChannel {
            id: Some(format!("channel-{channel}")),
            models: vec![if serves { "bench*".to_owned() } else { format!("model-{channel}*") }],
            backends: (0..backends).map(backend).collect(),
            ..NewChannel::new(format!("channel {channel}"), base(0))
        };
        store.create_channel(&new, &By::cli()).await?;
    }
    let tokens = if size == Size::One { 0 } else { TOKENS };
    let texts = (0..tokens).map(|at| format!("token {at}")).chain([TOKEN.to_owned()]);
    let tokens: Vec<_> = texts.map(|text| token(&text)).collect();
    store.create_tokens(&tokens, &By::cli()).await?;
    store.close().await;
    Ok(())
}

/// A token with all limits, which are never reached.
fn token(text: &str) -> NewToken {
    let minted = Minted::of(text.to_owned());
    NewToken {
        rate_limit: Some(1_000_000_000),
        tokens_per_minute: Some(1_000_000_000_000),
        quota_limit: Some(1_000_000_000_000),
        max_concurrent: 100_000,
        models: vec!["bench*".to_owned()],
        ..NewToken::new("bench", minted.hash, minted.prefix, minted.last_four)
    }
}

/// Starts a gateway of this size and measures it.
pub(crate) async fn measure(place: &Place, size: Size, window: Duration) -> anyhow::Result<Seen> {
    let (mut server, addr) = place.start_with_data(&size.folder(place))?;
    crate::run::first_answer(&mut server, addr, Face::OpenAi).await?;
    until_idle(&server).await?;
    let target = Target { server: &server, addr, face: Face::OpenAi };
    let cpu_us = load::closed(target, false, window).await?.cpu_us;
    let mut reloads_ms = Vec::new();
    for number in 0..RELOADS {
        reloads_ms.push(reload(addr, number).await.context("a change")?);
    }
    Ok(Seen { cpu_us, reloads_ms })
}

/// Changes a channel, and waits until that is in force.
async fn reload(addr: SocketAddr, number: usize) -> anyhow::Result<f64> {
    let body = format!("{{\"priority\":{}}}", number % 2);
    let request = format!(
        "PUT /admin/api/channels/{FIRST} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ADMIN_PASSWORD}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::open(addr).await?;
    let began = Instant::now();
    connection.whole(request.as_bytes()).await?;
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

/// At its start a gateway looks at every backend once.
async fn until_idle(server: &Server) -> anyhow::Result<()> {
    for _ in 0..PAUSES {
        let before = server.cpu_ns();
        tokio::time::sleep(PAUSE).await;
        if Duration::from_nanos(server.cpu_ns() - before) < IDLE {
            return Ok(());
        }
    }
    anyhow::bail!("the gateway works without requests: more than {IDLE:?} in each {PAUSE:?}")
}
