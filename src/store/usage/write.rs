//! Writing usage: by the minute, and behind the mark also where the minutes have gone already.

use super::columns::{NAMES, NAMES_OF_SUMS, add_to, add_to_sums, unpacked};
use super::histogram::{BUCKETS, Histogram};
use super::roll::{self, KINDS, SPANS};
use super::{UsageCounts, UsageKey};
use crate::store::db::{AT_ONCE, Tx, on, places};
use crate::store::token_rows::TokenUse;
use crate::store::{Store, StoreError, tokens};

/// Bits of a bucket in a packed histogram.
const BITS: usize = 4;
const MOST: i64 = (1 << BITS) - 1;

impl Store {
    /// Adds to the usage of minutes and of tokens, all or none. Each key comes once. Ids that are gone are kept in the
    /// minutes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add_usage(
        &self,
        minutes: &[(UsageKey<'_>, UsageCounts)],
        used: &[(&str, TokenUse)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let rows: Vec<_> = minutes.iter().map(|(key, counts)| (*key, *counts)).collect();
        let mark = roll::mark(&mut tx).await?;
        add(&mut tx, &MINUTES, &rows).await?;
        let late: Vec<_> = rows.iter().filter(|(key, _)| key.minute < mark).copied().collect();
        if !late.is_empty() {
            add_late(&mut tx, &late).await?;
        }
        tokens::add_use(&mut tx, used).await?;
        tx.commit().await
    }
}
