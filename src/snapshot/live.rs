//! The one swappable pointer. Whoever needs a snapshot takes it once; a swap changes nothing for those who hold one.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Snapshot;

/// The current snapshot.
#[derive(Debug)]
pub struct Current(ArcSwap<Snapshot>);

impl Current {
    /// Begins with `first`.
    #[must_use]
    pub fn new(first: Snapshot) -> Self {
        Current(ArcSwap::from_pointee(first))
    }

    /// The snapshot of this moment.
    #[must_use]
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Puts another in its place, for requests that begin from now on.
    pub fn swap(&self, next: Snapshot) {
        self.0.store(Arc::new(next));
    }
}
