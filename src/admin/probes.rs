//! Looks at backends that a person asks for: `/api/version` and the list of models, never a request that loads one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Admin;
use crate::config::BaseUrl;
use crate::snapshot::Target;
use crate::store::{By, Entry, StoreError};
use crate::upstream::health::Breaker;
use crate::upstream::{Backend, Hosts, look};

/// Version and models, or why there are none.
type Found = Result<(String, Vec<String>), String>;

/// Looks that run at once.
const AT_ONCE: usize = 32;

impl Admin {
    /// Looks at all of these; none delays another.
    pub(super) async fn look_at(&self, targets: Vec<Arc<Target>>) {
        self.look(targets.iter().map(|target| Arc::clone(&target.backend))).await;
    }

    /// Looks at addresses with credentials that are in no channel yet: version and models, or why there are none, in
    /// their order.
    pub(super) async fn look_before<'k>(
        &self,
        places: impl Iterator<Item = (BaseUrl, &'k str)>,
    ) -> Vec<Found> {
        // Nothing is shared with those that serve: what is found here changes nothing there.
        let backend = |(base, credential)| {
            let breaker = Breaker::new(Instant::now(), Duration::ZERO, 0.0);
            Arc::new(Backend::new("", Hosts::default().get(base), credential, breaker))
        };
        let mut found = self.look(places.map(backend)).await;
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// Looks at each, and tells the place of each in the list with what was found.
    async fn look(&self, backends: impl Iterator<Item = Arc<Backend>>) -> Vec<(usize, Found)> {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut looks = JoinSet::new();
        for (at, backend) in backends.enumerate() {
            let (client, permits) = (Arc::clone(&self.client), Arc::clone(&permits));
            looks.spawn(async move {
                let _permit = permits.acquire().await;
                look(&client, &[backend]).await.map(|sight| (at, sight.found))
            });
        }
        looks.join_all().await.into_iter().flatten().collect()
    }

    /// Takes all of these for well again, until something shows otherwise, once the audit has it.
    pub(super) async fn reset(
        &self,
        by: &By,
        entry: Entry,
        targets: &[Arc<Target>],
    ) -> Result<(), StoreError> {
        self.store.record(by, entry).await?;
        targets.iter().for_each(|target| target.backend.breaker.reset(Instant::now()));
        Ok(())
    }
}
