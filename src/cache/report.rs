//! What the admin API tells of the caches; the names are the seed's.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// Both caches.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which of them keep anything.
    pub enabled: Enabled,
    /// One entry an input.
    pub embeddings: Stats,
    /// One entry a whole reply.
    pub chat: Stats,
    /// Entries of both.
    pub total_items: usize,
}

/// Which caches are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Enabled {
    pub embeddings: bool,
    pub chat: bool,
}

/// Counts of one cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Reads that found something.
    pub hits: u64,
    /// Reads that found nothing, or something too old.
    pub misses: u64,
    /// Entries that had to make room.
    pub evictions: u64,
    /// Entries, among them some that are too old and not read since.
    pub size: usize,
    /// Entries at most.
    pub max_size: usize,
    /// Bytes at most; 0 when the cache is off.
    pub max_bytes: u64,
}

impl Stats {
    /// Hits among all reads, such as `80.00%`; `0%` before the first.
    #[must_use]
    pub fn hit_rate(&self) -> String {
        let reads = self.hits + self.misses;
        if reads == 0 {
            return "0%".to_owned();
        }
        #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
        let rate = self.hits as f64 / reads as f64 * 100.0;
        format!("{rate:.2}%")
    }
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Stats", 7)?;
        object.serialize_field("hits", &self.hits)?;
        object.serialize_field("misses", &self.misses)?;
        object.serialize_field("evictions", &self.evictions)?;
        object.serialize_field("size", &self.size)?;
        object.serialize_field("maxSize", &self.max_size)?;
        object.serialize_field("hitRate", &self.hit_rate())?;
        object.serialize_field("maxBytes", &self.max_bytes)?;
        object.end()
    }
}
