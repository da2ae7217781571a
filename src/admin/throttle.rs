//! Failed sign-ins by address: a few a minute, then none for longer and longer. Time comes in as a value.
//!
//! An attempt is counted when it begins and given back when it was right, so that many at once are no way around it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures of an address within [`WINDOW`].
const FEW: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// The first wait; each failure after it doubles the next one.
const WAIT: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(3600);
/// After so long without an attempt all is forgotten.
const QUIET: Duration = Duration::from_secs(3600);
/// Addresses that are remembered.
pub(super) const MOST: usize = 10_000;
/// Between two looks for those that are over.
const SWEEP: Duration = Duration::from_secs(1);
/// Of those, so many are looked at to find one that makes room.
const LOOKED_AT: usize = 16;

/// What is remembered of addresses. No more than [`MOST`].
#[derive(Debug, Default)]
pub(super) struct Throttle {
    of: HashMap<IpAddr, Failures>,
    /// When what is over was last looked for.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    /// When the window began in which `count` were counted.
    since: Instant,
    /// How often it had to wait.
    waits: u32,
    /// It waits until then.
    until: Instant,
}

impl Failures {
    /// When nothing is known of it any more.
    fn forgotten(&self) -> Instant {
        if self.waits == 0 { self.since + WINDOW } else { self.until + QUIET }
    }
}

impl Throttle {
    /// How long this address still waits.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let left = self.of.get(&network(address))?.until.saturating_duration_since(now);
        Some(left).filter(|left| !left.is_zero())
    }

    /// Counts an attempt as failed until [`Throttle::forgive`] says otherwise.
    ///
    /// # Errors
    /// How long the address waits, when it may not even try.
    pub(super) fn attempt(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if let Some(left) = self.wait(address, now) {
            return Err(left);
        }
        let address = network(address);
        if !self.of.contains_key(&address) {
            self.make_room(now);
        }
        let new = Failures { count: 0, since: now, waits: 0, until: now };
        let known = self.of.entry(address).or_insert(new);
        if known.forgotten() <= now {
            *known = Failures { count: 0, since: now, waits: 0, until: now };
        } else if known.waits == 0 && now.duration_since(known.since) >= WINDOW {
            (known.count, known.since) = (0, now);
        }
        known.count += 1;
        if known.count >= FEW {
            let wait = WAIT.saturating_mul(1 << known.waits.min(10)).min(LONGEST);
            known.until = now + wait;
            known.waits += 1;
        }
        Ok(())
    }

    /// Takes an attempt back that was right. What others at this address did wrong stays.
    pub(super) fn forgive(&mut self, address: IpAddr, now: Instant) {
        let address = network(address);
        let Some(known) = self.of.get_mut(&address) else { return };
        if known.count >= FEW && known.waits > 0 {
            known.waits -= 1;
            known.until = now;
        }
        known.count = known.count.saturating_sub(1);
        if known.count == 0 {
            self.of.remove(&address);
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.of.len() < MOST {
            return;
        }
        if self.swept.is_none_or(|swept| now - swept >= SWEEP) {
            self.swept = Some(now);
            self.of.retain(|_, known| known.forgotten() > now);
        }
        if self.of.len() < MOST {
            return;
        }
        // Whoever has ten thousand networks is not held by this; nobody else shall wait for that.
        let least = self.of.iter().take(LOOKED_AT).min_by_key(|(_, known)| known.until);
        if let Some(address) = least.map(|(address, _)| *address) {
            self.of.remove(&address);
        }
    }
}

/// What counts as one: an address, of v6 the /64 that one household has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
