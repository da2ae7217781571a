//! The one swappable pointer, and who puts a new view there after a change. Whoever needs a snapshot takes it once; a
//! swap changes nothing for those who hold one.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{BadRow, Registry, Snapshot, Target};
use crate::config::Config;
use crate::store::{Rows, Store, StoreError, Totals};
use crate::upstream::Counted;

/// The current snapshot.
#[derive(Debug)]
pub struct Current(ArcSwap<Snapshot>);

impl Current {
    /// The snapshot of this moment.
    #[must_use]
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }
}

/// Why a change is stored but not in force. The former snapshot goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// Makes snapshots of what is stored.
#[derive(Debug)]
pub struct Reloader {
    config: Config,
    store: Arc<Store>,
    registry: Registry,
    current: Arc<Current>,
    /// Revision of the rows in force. Held while a snapshot is made, so that an older one never replaces a newer.
    revision: Mutex<i64>,
}

impl Reloader {
    /// The first snapshot, of what is stored now.
    ///
    /// # Errors
    /// Those of the database, and a row that no snapshot can be made of.
    pub async fn start(config: Config, store: Arc<Store>, registry: Registry) -> Result<Self, ReloadError> {
        let rows = store.load().await?;
        for (row, why) in rows.lost() {
            tracing::warn!(
                backend = row.name,
                base_url = row.base_url,
                "a credential cannot be read: {why}; enter it again"
            );
        }
        let first = registry.build(&config, &rows)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(first)));
        Ok(Reloader { config, store, registry, current, revision: Mutex::new(rows.revision) })
    }

    /// Where the snapshot in force is found.
    #[must_use]
    pub fn current(&self) -> &Arc<Current> {
        &self.current
    }

    /// Puts what is stored now in force, for requests that begin from now on.
    ///
    /// # Errors
    /// As [`Reloader::start`]; nothing has changed then.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        // What no row names any more is forgotten, its counts too; its channel keeps them. Those that cannot be
        // written now are written later.
        let _ = self.write_totals().await;
        let known = self.current.load().tokens.revision;
        let rows = self.store.load_since(Some(known)).await?;
        Ok(self.put(&rows)?)
    }

    /// [`Reloader::reload`] if another process, such as the command line, has changed something. Gives whether it has.
    ///
    /// # Errors
    /// As [`Reloader::reload`].
    pub async fn follow(&self) -> Result<bool, ReloadError> {
        let known = *self.revision.lock().unwrap_or_else(PoisonError::into_inner);
        let has_changed = self.store.revision().await? != known;
        if has_changed {
            self.reload().await?;
        }
        Ok(has_changed)
    }

    /// Closes the database. The snapshot goes on.
    pub async fn close(&self) {
        self.store.close_shared().await;
    }

    /// Live state by id.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Writes down what backends and channels have done since the last time. What cannot be written is kept.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write_totals(&self) -> Result<(), StoreError> {
        let counting = self.registry.counting();
        let taken: Vec<_> =
            counting.iter().filter_map(|target| Some((target, target.tally.take()?))).collect();
        if taken.is_empty() {
            return Ok(());
        }
        let of = |(target, counted): &(&Arc<Target>, Counted)| {
            let channel = target.channel.as_deref().map(str::to_owned);
            let ids = std::iter::once(target.backend.id.clone()).chain(channel);
            let counted = *counted;
            ids.map(move |id| (id, totals(counted)))
        };
        let deltas: Vec<_> = taken.iter().flat_map(of).collect();
        let written = self.store.add_totals(&deltas).await;
        if written.is_err() {
            taken.iter().for_each(|(target, counted)| target.tally.put_back(*counted));
        }
        written
    }

    fn put(&self, rows: &Rows) -> Result<(), BadRow> {
        let mut revision = self.revision.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.revision >= *revision {
            let next = self.registry.build(&self.config, rows)?;
            self.current.0.store(Arc::new(next));
            *revision = rows.revision;
        }
        Ok(())
    }
}

fn totals(counted: Counted) -> Totals {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(number(counted.last_used)).ok();
    Totals {
        total_requests: number(counted.requests),
        failed_requests: number(counted.failed),
        total_tokens: number(counted.tokens),
        last_used: at.filter(|_| counted.last_used > 0).map(|at| format!("{at:.3}")),
    }
}
