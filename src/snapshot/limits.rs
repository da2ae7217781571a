//! The limits that all clients share. Their windows outlive snapshots, as long as they have the same length.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::config::{self, Rate};
use crate::limits::{Keyed, Sliding};

/// Addresses that are remembered; of more, those with the least to lose are forgotten.
const ADDRESSES: usize = 100_000;

/// What is allowed, and the windows in which it is counted.
#[derive(Debug, Clone)]
pub struct Limits {
    /// All requests together.
    pub global: Option<Shared<Sliding>>,
    /// Those of one address.
    pub address: Option<Shared<Keyed<IpAddr>>>,
    /// Those of one token that has no rate of its own.
    pub token: Option<Rate>,
    /// Where the months of quotas begin.
    pub zone: TimeZone,
    /// Tokens set aside for a reply whose length the client does not limit.
    pub completion: u64,
}

/// A window with its limit.
#[derive(Debug)]
pub struct Shared<W> {
    /// 0 refuses all.
    pub max: u64,
    pub window: Arc<W>,
    length: Duration,
}

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Shared { window: Arc::clone(&self.window), ..*self }
    }
}

impl Limits {
    /// What `config` says, in the windows of `old`.
    pub(super) fn new(config: &config::Limits, old: Option<&Limits>, now: Instant) -> Self {
        Limits {
            global: config.global.map(|rate| {
                shared(rate, old.and_then(|old| old.global.as_ref()), || Sliding::new(rate.window, now))
            }),
            address: config.address.map(|rate| {
                let new = || Keyed::new(rate.window, ADDRESSES, now);
                shared(rate, old.and_then(|old| old.address.as_ref()), new)
            }),
            token: config.token,
            zone: config.zone.clone(),
            completion: config.completion,
        }
    }
}

fn shared<W>(rate: Rate, old: Option<&Shared<W>>, new: impl FnOnce() -> W) -> Shared<W> {
    let same = old.filter(|old| old.length == rate.window);
    let window = same.map_or_else(|| Arc::new(new()), |old| Arc::clone(&old.window));
    Shared { max: rate.max, window, length: rate.window }
}
