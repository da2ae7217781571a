//! One sliding window for each key, such as an address, in bounded memory however many keys there are.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sliding::{Cells, Clock};
use super::{Refusal, Standing, Taken};

/// Parts with a lock each.
const SHARDS: usize = 16;
/// How many are looked at to find one that can be forgotten.
const LOOKED_AT: usize = 8;

/// Windows by key. When there are more keys than may be remembered, those are forgotten that have the least to lose:
/// first who has taken nothing for a window, then who has taken little. So a flood of new keys frees nobody who is at
/// the limit.
#[derive(Debug)]
pub struct Keyed<K> {
    clock: Clock,
    hasher: RandomState,
    shards: Box<[Mutex<Shard<K>>]>,
    /// Keys of one shard at most.
    most: usize,
}

#[derive(Debug)]
struct Shard<K> {
    places: HashMap<K, usize>,
    entries: Vec<(K, Cells)>,
    /// How many were looked at to find one that can be forgotten.
    looks: u64,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    /// Empty windows of this length, for about `keys` keys at most, at some 200 bytes each.
    #[must_use]
    pub fn new(window: Duration, keys: usize, now: Instant) -> Self {
        let shard = || Mutex::new(Shard { places: HashMap::new(), entries: Vec::new(), looks: 0 });
        Keyed {
            clock: Clock::new(window, now),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            most: keys.div_ceil(SHARDS).max(1),
        }
    }

    /// [`Sliding::take`](super::Sliding::take) in the window of `key`.
    ///
    /// # Errors
    /// When it does not fit; nothing was taken then.
    pub fn take(&self, key: &K, limit: u64, weight: u64, now: Instant) -> Result<Taken, Refusal> {
        let mut shard = self.shard(key);
        self.cells(&mut shard, key, now).take(&self.clock, limit, weight, now)
    }

    /// [`Sliding::settle`](super::Sliding::settle) in the window of `key`. A key that was forgotten meanwhile has
    /// nothing to correct.
    pub fn settle(&self, key: &K, taken: &Taken, weight: u64, now: Instant) {
        let mut shard = self.shard(key);
        if let Some(place) = shard.places.get(key).copied() {
            shard.entries[place].1.settle(&self.clock, taken, weight, now);
        }
    }

    /// What is left of `limit` for `key`, without remembering it.
    #[must_use]
    pub fn look(&self, key: &K, limit: u64, now: Instant) -> Standing {
        let mut shard = self.shard(key);
        match shard.places.get(key).copied() {
            Some(place) => shard.entries[place].1.look(&self.clock, limit, now),
            None => Cells::default().look(&self.clock, limit, now),
        }
    }

    /// Forgets those that have nothing in their window, gives their memory back, and says how many are left.
    pub fn sweep(&self, now: Instant) -> usize {
        let sweep = |shard: &Mutex<Shard<K>>| {
            let mut shard = lock(shard);
            let Shard { places, entries, .. } = &mut *shard;
            entries.retain_mut(|(_, cells)| cells.count(&self.clock, now) > 0);
            entries.shrink_to(entries.len() * 2);
            places.clear();
            places.extend(entries.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)));
            places.shrink_to(entries.len() * 2);
            entries.len()
        };
        self.shards.iter().map(sweep).sum()
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).entries.len()).sum()
    }

    /// Whether no key is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K>> {
        // The remainder is below 16.
        lock(&self.shards[(self.hasher.hash_one(key) % SHARDS as u64) as usize])
    }

    /// The window of `key`, a new one if it is not known.
    fn cells<'s>(&self, shard: &'s mut Shard<K>, key: &K, now: Instant) -> &'s mut Cells {
        let place = match shard.places.get(key) {
            Some(place) => *place,
            None if shard.entries.len() < self.most => {
                shard.entries.push((key.clone(), Cells::default()));
                shard.places.insert(key.clone(), shard.entries.len() - 1);
                shard.entries.len() - 1
            }
            None => {
                let place = shard.dispensable(&self.clock, now);
                let (old, _) = std::mem::replace(&mut shard.entries[place], (key.clone(), Cells::default()));
                shard.places.remove(&old);
                shard.places.insert(key.clone(), place);
                place
            }
        };
        &mut shard.entries[place].1
    }
}

impl<K> Shard<K> {
    /// The place of one with nothing in its window, else of the one of several with the least. They are taken from all
    /// over the shard, for those that came together stand together.
    fn dispensable(&mut self, clock: &Clock, now: Instant) -> usize {
        let mut best = (u64::MAX, 0);
        for _ in 0..LOOKED_AT {
            self.looks = self.looks.wrapping_add(1);
            // Multiples of the golden ratio, modulo 1, are spread evenly.
            let spread = self.looks.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let place = ((spread * self.entries.len() as u64) >> 32) as usize;
            let count = self.entries[place].1.count(clock, now);
            if count < best.0 {
                best = (count, place);
            }
            if count == 0 {
                break;
            }
        }
        best.1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What addresses are counted by: a v4 address by itself, mapped into v6 or not; a v6 address by its /64, for that is
/// what one client has.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}
