//! A map that forgets: by weight (quick_cache evicts what is used least) and by age (told on read).
//!
//! One number bounds bytes and entries: an entry weighs its bytes, but never less than its share of the whole. So the
//! sum of bytes stays below the bound, and the number of entries below theirs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use super::key::Key;
use super::report::Stats;
use super::value::Weigh;

/// No cache takes more than this.
const MOST_BYTES: u64 = 256 << 20;
/// What one entry may take on average; a cache of few entries is bounded lower by it.
const BYTES_AN_ENTRY: u64 = 128 << 10;
/// However few entries there are, one large reply fits.
const LEAST_BYTES: u64 = 4 << 20;
/// Key, age and the map's own part of each entry.
const OVERHEAD: u64 = 160;
/// Fewer entries share one lock, as a shard that is full evicts while others have room.
const ENTRIES_A_SHARD: usize = 4096;
const MOST_SHARDS: usize = 16;

pub(super) struct Bounded<V> {
    map: Cache<Key, Entry<V>, Weights, DefaultHashBuilder, Evictions>,
    weights: Weights,
    evictions: Evictions,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    since: Instant,
}

/// The weight of an entry is at least `least`.
#[derive(Clone, Copy)]
struct Weights {
    least: u64,
}

#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Weights {
    fn of<V: Weigh>(self, value: &V) -> u64 {
        (value.bytes() as u64).saturating_add(OVERHEAD).max(self.least)
    }
}

impl<V: Weigh> Weighter<Key, Entry<V>> for Weights {
    fn weight(&self, _key: &Key, entry: &Entry<V>) -> u64 {
        self.of(&entry.value)
    }
}

impl<V> Lifecycle<Key, Entry<V>> for Evictions {
    type RequestState = ();

    fn on_evict(&self, _state: &mut (), _key: Key, _entry: Entry<V>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<V: Weigh + Clone> Bounded<V> {
    /// For at most `max_entries`, which is not 0.
    pub(super) fn new(max_entries: usize) -> Self {
        let entries = max_entries as u64;
        let capacity = entries.saturating_mul(BYTES_AN_ENTRY).clamp(LEAST_BYTES, MOST_BYTES);
        // One entry more than allowed would be too heavy; a single one is light enough to be taken in.
        let weights = Weights { least: capacity / (entries + 1) + 1 };
        let evictions = Evictions::default();
        let expected = entries.min(capacity / OVERHEAD);
        let options = OptionsBuilder::new()
            .shards((max_entries / ENTRIES_A_SHARD).clamp(1, MOST_SHARDS))
            .estimated_items_capacity(usize::try_from(expected).unwrap_or(usize::MAX))
            .weight_capacity(capacity)
            .build()
            .expect("both capacities are set");
        let map = Cache::with_options(options, weights, DefaultHashBuilder::default(), evictions.clone());
        Bounded { map, weights, evictions, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    pub(super) fn get(&self, key: &Key, now: Instant, max_age: Duration) -> Option<V> {
        let is_fresh = |entry: &Entry<V>| now.saturating_duration_since(entry.since) < max_age;
        let found = self.map.get(key);
        let fresh = found.as_ref().filter(|entry| is_fresh(entry)).map(|entry| entry.value.clone());
        if found.is_some() && fresh.is_none() {
            self.map.remove_if(key, |entry| !is_fresh(entry));
        }
        let count = if fresh.is_some() { &self.hits } else { &self.misses };
        count.fetch_add(1, Ordering::Relaxed);
        fresh
    }

    pub(super) fn put(&self, key: Key, value: V, now: Instant) {
        // The map would refuse it, and count an eviction.
        let largest = self.map.shard_capacity() / 10 * 9;
        if self.weights.of(&value) <= largest {
            self.map.insert(key, Entry { value, since: now });
        }
    }

    pub(super) fn clear(&self) {
        self.map.clear();
        for count in [&self.hits, &self.misses, &self.evictions.0] {
            count.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn stats(&self, max_size: usize) -> Stats {
        Stats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evictions.0.load(Ordering::Relaxed),
            size: self.map.len(),
            max_size,
            max_bytes: self.map.capacity(),
        }
    }
}

impl<V> fmt::Debug for Bounded<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").finish_non_exhaustive()
    }
}
