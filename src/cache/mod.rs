//! What was answered before: whole chat replies, and one embedding an input.
//!
//! In memory, of this process, bounded by entries and bytes, and by age. Knows neither requests nor models: what may be
//! remembered and for whom is decided by who asks; [`key`] says under what. Streams are never in here.

mod bounded;
pub mod key;
mod report;
mod value;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use bounded::Bounded;

pub use key::Key;
pub use report::{Enabled, Report, Stats};
pub use value::{Replies, Vector, Weigh};

use crate::config::{self, CacheRule};

/// One cache: off, or bounded.
#[derive(Debug)]
pub struct Cache<V>(ArcSwap<Ruled<V>>);

#[derive(Debug)]
struct Ruled<V> {
    rule: CacheRule,
    kept: Option<Arc<Bounded<V>>>,
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
        Cache(ArcSwap::from_pointee(Ruled { rule, kept: begin(rule, None) }))
    }

    /// Puts another rule in its place. What is kept stays, unless the number of entries changes.
    pub fn set_rule(&self, rule: CacheRule) {
        let old = self.0.load();
        if old.rule != rule {
            self.0.store(Arc::new(Ruled { rule, kept: begin(rule, Some(&old)) }));
        }
    }

    /// Whether anything is ever kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load().kept.is_some()
    }

    /// What was kept under `key` and is not too old at `now`. Counts a hit or a miss, unless the cache is off.
    #[must_use]
    pub fn get(&self, key: &Key, now: Instant) -> Option<V> {
        let ruled = self.0.load();
        ruled.kept.as_ref()?.get(key, now, ruled.rule.max_age)
    }

    /// Keeps a value from `now` on. One that is larger than the cache itself is not kept.
    pub fn put(&self, key: Key, value: V, now: Instant) {
        if let Some(kept) = &self.0.load().kept {
            kept.put(key, value, now);
        }
    }

    /// Forgets everything, counts too.
    pub fn clear(&self) {
        if let Some(kept) = &self.0.load().kept {
            kept.clear();
        }
    }

    /// Counts since the start or the last [`Cache::clear`].
    #[must_use]
    pub fn stats(&self) -> Stats {
        let ruled = self.0.load();
        let max_size = ruled.rule.max_entries;
        ruled.kept.as_ref().map_or(Stats { max_size, ..Stats::default() }, |kept| kept.stats(max_size))
    }
}

/// What a cache begins with under this rule: what it had, or nothing.
fn begin<V: Weigh + Clone>(rule: CacheRule, old: Option<&Ruled<V>>) -> Option<Arc<Bounded<V>>> {
    let is_on = rule.is_on && rule.max_entries > 0 && !rule.max_age.is_zero();
    let same = old.filter(|old| old.rule.max_entries == rule.max_entries);
    let kept = same.and_then(|old| old.kept.clone());
    is_on.then(|| kept.unwrap_or_else(|| Arc::new(Bounded::new(rule.max_entries))))
}

impl Caches {
    /// Empty caches.
    #[must_use]
    pub fn new(config: &config::Caches) -> Self {
        Caches { chat: Cache::new(config.chat), embeddings: Cache::new(config.embeddings) }
    }

    /// Puts other rules in their place.
    pub fn set_rules(&self, config: &config::Caches) {
        self.chat.set_rule(config.chat);
        self.embeddings.set_rule(config.embeddings);
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
