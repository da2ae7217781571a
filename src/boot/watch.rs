//! Keeps an eye on all addresses, and tells when one is found or lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::proxy::Proxy;
use crate::upstream::{Rounds, Sight, look};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(500);
/// Between two looks at an address when `HEALTH_CHECK_INTERVAL` runs none: only for the greeting, once.
const NEVER: Duration = Duration::from_secs(365 * 86_400);
/// Probes that run at once.
const AT_ONCE: usize = 32;

/// Looks at every address once; none of them delays the others.
pub(super) async fn look_at_all(proxy: &Arc<Proxy>, rounds: &mut Rounds) -> Vec<Sight> {
    let mut running = begin(proxy, rounds, &Arc::new(Semaphore::new(AT_ONCE)));
    let mut sights = Vec::new();
    while let Some(done) = running.join_next().await {
        sights.extend(done.ok().flatten());
    }
    sights.sort_by(|one, other| one.name.cmp(&other.name));
    sights
}

/// Looks whenever an address is due; one line in the log for each change.
pub(super) async fn run(proxy: Arc<Proxy>, mut rounds: Rounds, seen: Vec<Sight>) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut last: HashMap<String, bool> =
        seen.into_iter().map(|sight| (sight.name, sight.found.is_ok())).collect();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {
                if proxy.snapshot.load().health_interval.is_some() {
                    let mut more = begin(&proxy, &mut rounds, &permits);
                    while let Some(sight) = more.try_join_next() {
                        tell(&mut last, sight.ok().flatten());
                    }
                    running.spawn(async move {
                        let mut sights = Vec::new();
                        while let Some(done) = more.join_next().await {
                            sights.extend(done.ok().flatten());
                        }
                        sights
                    });
                }
            }
            Some(done) = running.join_next(), if !running.is_empty() => {
                for sight in done.unwrap_or_default() {
                    tell(&mut last, Some(sight));
                }
                // A backend that came back may serve those who wait.
                proxy.room.notify();
            }
        }
    }
}

fn begin(proxy: &Arc<Proxy>, rounds: &mut Rounds, permits: &Arc<Semaphore>) -> JoinSet<Option<Sight>> {
    let snapshot = proxy.snapshot.load();
    let interval = snapshot.health_interval.unwrap_or(NEVER);
    let backends = snapshot.targets().map(|target| Arc::clone(&target.backend));
    let due = rounds.due(backends, interval, Instant::now(), || proxy.ids.chance());
    let mut running = JoinSet::new();
    for sharing in due {
        let (proxy, permits) = (Arc::clone(proxy), Arc::clone(permits));
        running.spawn(async move {
            let _permit = permits.acquire().await.ok()?;
            look(&proxy.client, &sharing).await
        });
    }
    running
}

fn tell(last: &mut HashMap<String, bool>, sight: Option<Sight>) {
    let Some(sight) = sight else { return };
    let was_found = last.insert(sight.name.clone(), sight.found.is_ok());
    match (&sight.found, was_found) {
        (Ok((version, models)), None | Some(false)) => {
            tracing::info!(backend = sight.name, version, models = models.join(", "), "found Ollama");
        }
        (Err(reason), None | Some(true)) => tracing::warn!(backend = sight.name, reason, "lost Ollama"),
        _ => {}
    }
}
