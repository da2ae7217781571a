//! From the start to the end: what signals ask for, and what people, the log and a service manager are told.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use sd_notify::NotifyState;

use super::greeting::Greeting;
use super::reread::reread;
use super::signals::{Signals, Wish};
use super::{Look, notify};
use crate::app::{App, Ended, Passed};
use crate::config::{Loaded, Sources};

/// What a start is made of.
pub(super) struct Start {
    pub(super) loaded: Loaded,
    /// What SIGHUP reads again.
    pub(super) sources: Sources,
    pub(super) passed: Passed,
    pub(super) look: Look,
    pub(super) greeting: Greeting,
}

/// Runs until a signal ends it.
pub(super) async fn run(start: Start, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Start { loaded, sources, passed, look, greeting } = start;
    let mut signals = Signals::caught()?;
    let greeting = Greeting { is_passed: !passed.tcp.is_empty(), ..greeting };
    let app = tokio::select! {
        app = App::start_on(loaded, passed) => app?,
        () = signals.end() => return Ok(ExitCode::SUCCESS),
    };
    let config = app.settings().config.clone();
    let greeted = greeting
        .imported(&app, &config, look, out)
        .and_then(|()| greeting.listening(&app, &config, look, out))
        .and_then(|()| greeting.cautions(&app, &config, look, out));
    let is_heard = has_printed(&greeted);
    notify::tell(&[NotifyState::Ready]);
    let pulse = app.pulse();
    let looking = async {
        let seen = app.first_look().await;
        if is_heard {
            has_printed(&greeting.backends(&app, &config, &seen, look, out));
        }
        notify::show_state(&app).await;
    };
    // A signal ends the first look, too: it may wait for a host that sleeps.
    tokio::select! {
        () = looking => {}
        () = notify::beat(&pulse) => {}
        () = obey(&app, &sources, &mut signals) => {}
    }
    stop(app, signals).await
}

/// Whether somebody may still read what is printed. A pipe that is closed or a full disk ends no gateway.
fn has_printed(printed: &std::io::Result<()>) -> bool {
    if let Err(error) = printed {
        tracing::warn!(%error, "standard output takes nothing; the greeting is left out");
    }
    printed.is_ok()
}

/// Does what signals ask for until one ends the gateway.
async fn obey(app: &App, sources: &Sources, signals: &mut Signals) {
    while signals.next().await == Wish::Reread {
        notify::reloading();
        reread(app, sources).await;
        notify::tell(&[NotifyState::Ready]);
    }
}

async fn stop(app: App, mut signals: Signals) -> anyhow::Result<ExitCode> {
    let (shutdown_grace, drain_timeout) = app.settings().config.listen.times_of_a_stop();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (grace_ms, deadline_ms) = (millis(shutdown_grace), millis(drain_timeout));
    tracing::info!(grace_ms, deadline_ms, "stopping: running requests may finish; another signal cuts them");
    notify::tell(&[NotifyState::Stopping, NotifyState::Status("stopping: running requests may finish")]);
    let pulse = app.pulse();
    let Ended { in_time, is_stored } = tokio::select! {
        ended = app.shutdown(signals.end()) => ended,
        () = notify::extend() => unreachable!("it never ends"),
        () = notify::beat(&pulse) => unreachable!("it never ends"),
    };
    if !is_stored {
        tracing::error!(in_time, "stopped, but not all was stored");
        return Ok(ExitCode::FAILURE);
    }
    tracing::info!(in_time, "stopped");
    Ok(ExitCode::SUCCESS)
}
