//! Looks whether each backend lives, tells when that changes, and finds one that appears later.

use std::sync::Arc;
use std::time::Duration;

use crate::proxy::Proxy;

/// Between two looks while a backend is missing, and after a request could not connect to one.
const EAGER: Duration = Duration::from_secs(2);
/// Between two looks while all is well.
const CALM: Duration = Duration::from_secs(60);

/// What one look at a backend showed.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    /// The backend's name.
    pub(super) name: String,
    /// Its version and models, or why there are none.
    pub(super) found: Result<(String, Vec<String>), String>,
}

/// Looks at every backend once.
pub(super) async fn look(proxy: &Proxy) -> Vec<Sight> {
    let mut sights = Vec::new();
    for backend in &proxy.snapshot.backends {
        let found = match backend.inventory.version(&proxy.client, backend).await {
            Ok(version) => {
                let models = backend.inventory.models(&proxy.client, backend).await;
                let names = models.map(|models| models.iter().map(|model| model.id.clone()).collect());
                Ok((version, names.unwrap_or_default()))
            }
            Err(failure) => Err(failure.cause.map_or(failure.error.message, String::from)),
        };
        sights.push(Sight { name: backend.name.clone(), found });
    }
    sights
}

/// Looks again and again; one line in the log for each change.
pub(super) async fn run(proxy: Arc<Proxy>, mut last: Vec<Sight>) {
    let mut waited = Duration::ZERO;
    loop {
        tokio::time::sleep(EAGER).await;
        waited += EAGER;
        let is_calm = proxy.snapshot.backends.iter().all(|backend| backend.inventory.is_up());
        if is_calm && waited < CALM {
            continue;
        }
        waited = Duration::ZERO;
        let now = look(&proxy).await;
        for (before, after) in last.iter().zip(&now) {
            match (&before.found, &after.found) {
                (Err(_), Ok((version, models))) => {
                    tracing::info!(backend = after.name, version, models = models.join(", "), "found Ollama");
                }
                (Ok(_), Err(reason)) => tracing::warn!(backend = after.name, reason, "lost Ollama"),
                _ => {}
            }
        }
        last = now;
    }
}
