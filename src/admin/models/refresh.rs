//! Reads the lists of all backends anew, a few at once, and for no longer than a person waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::timeout_at;

use crate::admin::Admin;
use crate::snapshot::Target;

/// Addresses that are asked at once.
const AT_ONCE: usize = 32;
/// Those that were not asked by then keep what is remembered of them.
const PATIENCE: Duration = Duration::from_secs(10);
/// A list that is younger is not read again.
const REST: Duration = Duration::from_secs(1);

/// Asks every address of the backends that are turned on for its list and for what it has loaded. Gives how many are to
/// be asked, how many answered, and how many did not in time.
pub(super) async fn lists(admin: &Admin) -> Value {
    // Many who ask at once are one.
    let _turn = admin.refreshing.acquire().await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let snapshot = admin.reloader.current().load();
    let addresses: HashMap<usize, Arc<Target>> =
        snapshot.targets().map(|target| (target.backend.host.place(), Arc::clone(target))).collect();
    let total = addresses.len();
    let looks = stream::iter(addresses.into_values()).map(|target| read(admin, target));
    let mut looks = looks.buffer_unordered(AT_ONCE);
    let (mut answered, mut failed) = (0, 0);
    while let Ok(Some(is_read)) = timeout_at(deadline, looks.next()).await {
        if is_read { answered += 1 } else { failed += 1 }
    }
    json!({ "addresses": total, "answered": answered, "failed": failed, "late": total - answered - failed })
}

/// Whether the list is new now.
async fn read(admin: &Admin, target: Arc<Target>) -> bool {
    let (backend, began) = (&target.backend, Instant::now());
    let inventory = &backend.host.inventory;
    if inventory.last().is_some_and(|(_, age)| age < REST) && inventory.last_running().is_some() {
        return true;
    }
    let list = inventory.models(&admin.client, backend).await;
    // The last list stands in for one that fails.
    let is_new = list.is_ok() && inventory.last().is_some_and(|(_, age)| age <= began.elapsed());
    if is_new && let Err(failure) = inventory.running(&admin.client, backend).await {
        tracing::debug!(backend = &*target.node.name, error = failure.error.message, "no list of what runs");
    }
    is_new
}
