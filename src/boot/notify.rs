//! What a service manager is told, in the protocol of systemd. Without `NOTIFY_SOCKET` nothing is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::time::{sleep, timeout};

use super::greeting::url;
use crate::app::{App, Pulse};
use crate::snapshot::Target;
use crate::upstream::health::State;

/// Between two looks whether the line of the state is still true.
const LOOK: Duration = Duration::from_secs(5);
/// While it stops: how much longer it may take than was last said, and how often that is said.
const LONGER: Duration = Duration::from_secs(15);
const OFTEN: Duration = Duration::from_secs(5);

/// Sends one message.
pub(super) fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}

/// The configuration is being read anew, until [`NotifyState::Ready`].
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the service manager cannot be told the time"),
    }
}

/// Says for ever how many backends serve.
pub(super) async fn show_state(app: &App) {
    let mut last = String::new();
    loop {
        let (all, serving) = backends(app);
        let state = format!("listening on {}, {serving} of {all} backends answer", url(app));
        if state != last {
            tell(&[NotifyState::Status(&state)]);
        }
        last = state;
        sleep(LOOK).await;
    }
}

fn backends(app: &App) -> (usize, usize) {
    let (snapshot, now) = (app.proxy.snapshot.load(), Instant::now());
    // One that nobody has asked yet may be sent requests, too.
    let answers = |target: &&Arc<Target>| {
        let backend = &target.backend;
        backend.host.inventory.has_answered() && backend.breaker.state(now) == State::Up
    };
    (snapshot.targets().count(), snapshot.targets().filter(answers).count())
}

/// Says for ever that the gateway lives, twice in the time after which it would be ended. Only while it does.
pub(super) async fn beat(pulse: &Pulse) {
    let Some(most) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let half = most / 2;
    loop {
        let asked = Instant::now();
        match timeout(half, pulse.is_felt()).await {
            Ok(true) => tell(&[NotifyState::Watchdog]),
            Ok(false) | Err(_) => tracing::error!("the runtime or the database does not answer"),
        }
        sleep(half.saturating_sub(asked.elapsed())).await;
    }
}

/// Says for ever that it takes longer to stop.
pub(super) async fn extend() {
    let longer = u32::try_from(LONGER.as_micros()).unwrap_or(u32::MAX);
    loop {
        tell(&[NotifyState::ExtendTimeoutUsec(longer)]);
        sleep(OFTEN).await;
    }
}
