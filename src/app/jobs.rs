//! What is done again and again beside the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;
use crate::proxy::Proxy;
use crate::snapshot::Reloader;
use crate::store::{Store, StoreError};

/// How long what is left is tried to be written at the end, while others write.
const LAST_PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether another process, such as the command line, has changed what is stored.
const FOLLOW: Duration = Duration::from_millis(500);
/// Between two looks whether a newer program has changed the form of the database.
const FORM: Duration = Duration::from_secs(5);
/// How long the first request that is over waits for others to be told of with it.
const TELL: Duration = Duration::from_millis(100);
/// Between two times that forgotten addresses are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Tells of requests that are over, those of a moment together.
pub(super) async fn tell(ledger: Arc<Ledger>) {
    loop {
        ledger.arrived().await;
        sleep(TELL).await;
        while ledger.tell_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// Puts changes of other processes in force.
pub(super) async fn follow(reloader: Arc<Reloader>) {
    let mut last = String::new();
    loop {
        sleep(FOLLOW).await;
        match reloader.follow().await {
            Ok(true) => tracing::info!("what is stored was read anew: another process has changed it"),
            Ok(false) => last.clear(),
            Err(error) => {
                let error = error.to_string();
                if error != last {
                    tracing::error!(error, "what is stored cannot be read; what is in force stays");
                }
                last = error;
            }
        }
    }
}

/// Tells once that a newer program has changed the form of the database.
pub(super) async fn note_newer(store: Arc<Store>) {
    loop {
        sleep(FORM).await;
        // While it cannot be read, others tell of it.
        if let Ok(Some(version)) = store.newer().await {
            tracing::warn!(
                version,
                "a newer program has changed the database: this one goes on, but cannot start again with it"
            );
            return;
        }
    }
}

/// Gives back the memory of addresses that ask no more.
pub(super) async fn sweep(proxy: Arc<Proxy>) {
    loop {
        sleep(SWEEP).await;
        if let Some(addresses) = &proxy.snapshot.load().limits.address {
            addresses.window.sweep(Instant::now());
        }
    }
}

/// Writes again and again, after a pause each, until the gateway stops, and then for the last time, which `write` is told;
/// never half: what was taken to be written is written or put back. The ledger tells of failures, and knows what is lost.
pub(super) async fn keep(
    what: &'static str,
    ledger: Arc<Ledger>,
    mut pause: impl AsyncFnMut(),
    stop: CancellationToken,
    mut write: impl AsyncFnMut(bool) -> Result<(), StoreError>,
) {
    while stop.run_until_cancelled(pause()).await.is_some() {
        // What could not be written is there the next time.
        let _ = write(false).await;
    }
    let end = Instant::now() + LAST_PATIENCE;
    while let Err(error) = write(true).await {
        if !matches!(error, StoreError::Locked) || Instant::now() >= end {
            return ledger.lose(what, &error);
        }
        pause().await;
    }
}
