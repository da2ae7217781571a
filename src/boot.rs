//! The order of start and stop, and what a person sees of it.

mod greeting;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::config::{BaseUrl, Loaded, LogFormat};
use crate::fake::{self, Fake};
use crate::snapshot::levels;
use crate::telemetry;
use greeting::Greeting;

/// How the greeting is printed.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether standard output shows colours.
    pub colour: bool,
    /// Whether standard error, where the log goes, shows colours.
    pub log_colour: bool,
}

/// Runs the gateway until a signal ends it.
///
/// # Errors
/// When it cannot start.
pub fn serve(loaded: Loaded, look: Look, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    begin(&loaded, look);
    runtime()?.block_on(run(loaded, look, Greeting::default(), out))
}

/// Runs the gateway in front of the built-in fake Ollama, or of recordings.
///
/// # Errors
/// When it cannot start, or the folder of recordings cannot be used.
pub fn demo(
    mut loaded: Loaded,
    replay: Option<&Path>,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    begin(&loaded, look);
    runtime()?.block_on(async {
        let handler = match replay {
            Some(folder) => fake::replay(folder, fake::ReplayOptions::default())?,
            None => fake::demo(fake::Options::default()),
        };
        let fake =
            Fake::start(([127, 0, 0, 1], 0).into(), handler).await.context("the fake Ollama cannot start")?;
        loaded.config.upstream.base =
            fake.url().parse::<BaseUrl>().context("the fake Ollama has no address")?;
        // What is configured in the working directory is another gateway's.
        let data = tempfile::tempdir().context("the demo has no folder for its state")?;
        loaded.config.data_dir = data.path().to_owned();
        let is_demo =
            Some(replay.map_or("the built-in fake Ollama", |_| "recorded traffic of a real Ollama"));
        run(loaded, look, Greeting { demo: is_demo }, out).await
    })
}

/// Runs the benchmark's upstream until a signal ends it.
///
/// # Errors
/// When the port cannot be bound.
pub fn bench_upstream(port: u16, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let quiet = fake::Settings { log_limit: 0, ..fake::Settings::default() };
    runtime()?.block_on(async {
        let fake = Fake::start_with(([127, 0, 0, 1], port).into(), fake::bench(), quiet)
            .await
            .context("the port cannot be bound")?;
        writeln!(out, "listening on {}", fake.url())?;
        Ending::caught()?.wait().await;
        fake.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn begin(loaded: &Loaded, look: Look) {
    let log = &loaded.config.log;
    telemetry::init(&levels(log), log.format == LogFormat::Json, look.log_colour);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

async fn run(
    loaded: Loaded,
    look: Look,
    greeting: Greeting,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let app = App::start(loaded).await?;
    let config = app.settings().config.clone();
    let mut ending = Ending::caught()?;
    greeting.imported(&app, &config, look, out)?;
    greeting.listening(&app, &config, look, out)?;
    greeting.cautions(&app, &config, look, out)?;
    // A signal ends the first look, too: it may wait for a host that sleeps.
    tokio::select! {
        seen = app.first_look() => {
            greeting.backends(&app, &config, &seen, look, out)?;
            ending.wait().await;
        }
        () = ending.wait() => {}
    }
    let deadline_ms =
        u64::try_from(app.settings().config.listen.drain_timeout.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(deadline_ms, "stopping: running requests may finish; another signal cuts them");
    let in_time = app.shutdown(ending.wait()).await;
    tracing::info!(in_time, "stopped");
    Ok(ExitCode::SUCCESS)
}

/// The signals that end the gateway: SIGTERM and SIGINT. Caught from the moment when this is made.
struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    fn caught() -> anyhow::Result<Self> {
        let catch = |kind| signal(kind).context("signals cannot be caught");
        Ok(Ending { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
