//! The order of start and stop, and what a person sees of it.

mod greeting;
mod notify;
mod ownership;
mod passed;
mod reread;
mod run;
mod signals;
mod user;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::app::Passed;
use crate::config::{BaseUrl, Loaded, LogFormat, Sources};
use crate::fake::{self, Fake};
use crate::snapshot::levels;
use crate::telemetry;
use greeting::Greeting;
use run::{Start, run};
use signals::Signals;

pub use user::{Takes, step_down};

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
pub fn serve(loaded: Loaded, sources: Sources, look: Look, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    begin(&loaded, look);
    let passed = passed::taken()?;
    let start = Start { loaded, sources, passed, look, greeting: Greeting::default() };
    runtime()?.block_on(run(start, out))
}

/// Runs the gateway in front of the built-in fake Ollama, or of recordings.
///
/// # Errors
/// When it cannot start, or the folder of recordings cannot be used.
pub fn demo(
    mut loaded: Loaded,
    sources: Sources,
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
        let greeting = Greeting { demo: is_demo, ..Greeting::default() };
        run(Start { loaded, sources, passed: Passed::default(), look, greeting }, out).await
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
        Signals::caught()?.end().await;
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
