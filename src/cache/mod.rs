//! What was answered before: whole chat replies, and one embedding an input.
//!
//! In memory, of this process, bounded by entries and bytes, and by age. Knows neither requests nor models: what may be
//! remembered and for whom is decided by who asks; [`key`] says under what. Streams are never in here.

mod bounded;
pub mod key;
mod report;
mod value;

use std::time::Instant;

use bounded::Bounded;

pub use key::Key;
pub use report::{Enabled, Report, Stats};
pub use value::{Replies, Vector, Weigh};

use crate::config::{self, CacheRule};

/// One cache: off, or bounded.
#[derive(Debug)]
pub struct Cache<V> {
    rule: CacheRule,
    kept: Option<Bounded<V>>,
}

/// Both caches of a gateway.
#[derive(Debug)]
pub struct Caches {
    /// Native answers to whole chat requests.
    pub chat: Cache<Replies>,
    /// Vectors of single inputs.
    pub embeddings: Cache<Vector>,
}

impl<V: Weigh + Clone> Cache<V> {
    /// A cache by its rule. One that may hold nothing, or for no time, is off.
    #[must_use]
    pub fn new(rule: CacheRule) -> Self {
        let is_on = rule.is_on && rule.max_entries > 0 && !rule.max_age.is_zero();
        Cache { rule, kept: is_on.then(|| Bounded::new(rule.max_entries)) }
    }

    /// Whether anything is ever kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.kept.is_some()
    }

    /// What was kept under `key` and is not too old at `now`. Counts a hit or a miss, unless the cache is off.
    #[must_use]
    pub fn get(&self, key: &Key, now: Instant) -> Option<V> {
        self.kept.as_ref()?.get(key, now)
    }

    /// Keeps a value from `now` on. One that is larger than the cache itself is not kept.
    pub fn put(&self, key: Key, value: V, now: Instant) {
        if let Some(kept) = &self.kept {
            kept.put(key, value, now + self.rule.max_age);
        }
    }

    /// Forgets everything, counts too.
    pub fn clear(&self) {
        if let Some(kept) = &self.kept {
            kept.clear();
        }
    }

    /// Counts since the start or the last [`Cache::clear`].
    #[must_use]
    pub fn stats(&self) -> Stats {
        let max_size = self.rule.max_entries;
        self.kept.as_ref().map_or(Stats { max_size, ..Stats::default() }, |kept| kept.stats(max_size))
    }
}

impl Caches {
    /// Empty caches.
    #[must_use]
    pub fn new(config: &config::Caches) -> Self {
        Caches { chat: Cache::new(config.chat), embeddings: Cache::new(config.embeddings) }
    }

    /// Forgets everything in both.
    pub fn clear(&self) {
        self.chat.clear();
        self.embeddings.clear();
    }

    /// What the admin API tells of them.
    #[must_use]
    pub fn report(&self) -> Report {
        let (embeddings, chat) = (self.embeddings.stats(), self.chat.stats());
        Report {
            enabled: Enabled { embeddings: self.embeddings.is_on(), chat: self.chat.is_on() },
            total_items: embeddings.size + chat.size,
            embeddings,
            chat,
        }
    }
}

#[cfg(test)]
mod tests;
