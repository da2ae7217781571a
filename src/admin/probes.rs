//! Looks at backends that a person asks for: `/api/version` and the list of models, never a request that loads one.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Admin;
use crate::snapshot::Target;
use crate::upstream::look;

/// Looks that run at once.
const AT_ONCE: usize = 32;

impl Admin {
    /// Looks at all of these; none delays another.
    pub(super) async fn look_at(&self, targets: Vec<Arc<Target>>) {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut looks = JoinSet::new();
        for target in targets {
            let (client, permits) = (Arc::clone(&self.client), Arc::clone(&permits));
            looks.spawn(async move {
                let _permit = permits.acquire().await;
                look(&client, &[Arc::clone(&target.backend)]).await
            });
        }
        looks.join_all().await;
    }

    /// Takes all of these for well again, until something shows otherwise.
    pub(super) fn reset(&self, targets: &[Arc<Target>]) {
        targets.iter().for_each(|target| target.backend.breaker.reset(Instant::now()));
    }
}
