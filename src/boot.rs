//! The order of start and stop, and what a person sees of it.

mod greeting;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::config::{Config, Level, Loaded, LogFormat};
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
    runtime()?.block_on(run(loaded.config, look, Greeting::default(), out))
}

fn begin(loaded: &Loaded, look: Look) {
    let log = &loaded.config.log;
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    telemetry::init(level, log.format == LogFormat::Json, look.log_colour);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

async fn run(
    config: Config,
    look: Look,
    greeting: Greeting,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let wanted = std::net::SocketAddr::new(config.listen.host, config.listen.port);
    let app =
        App::start(&config).with_context(|| format!("cannot listen on {wanted}; is the port in use?"))?;
    greeting.listening(&app, &config, look, out)?;
    let seen = watch::look(&app.proxy).await;
    greeting.backends(&app, &config, &seen, look, out)?;
    app.run_beside(watch::run(app.proxy.clone(), seen));
    ended().await?;
    tracing::info!(
        deadline_s = config.listen.drain_timeout.as_secs(),
        "stopping: running requests may finish"
    );
    let in_time = tokio::select! {
        in_time = app.shutdown() => in_time,
        again = ended() => { again?; false }
    };
    tracing::info!(in_time, "stopped");
    Ok(ExitCode::SUCCESS)
}

/// Waits for SIGTERM or SIGINT.
async fn ended() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
