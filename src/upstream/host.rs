//! One Ollama address. Credentials on the same address share it: its inventory, and its probe.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::inventory::Inventory;
use super::pool::Pool;
use crate::config::BaseUrl;

/// A base URL and what is known of it. What each request reads comes first and lies together: with thousands of hosts
/// every further line of memory costs a request time.
#[derive(Debug)]
#[repr(C)]
pub struct Host {
    pub(super) pool: Arc<Pool>,
    /// What a request's head says of it, one behind the other: the path before every call, and `Host`.
    place: Box<str>,
    prefix_len: u32,
    /// Which models it has, and what they can do.
    pub inventory: Inventory,
    /// Where it is.
    pub base: BaseUrl,
}

impl Host {
    fn new(base: BaseUrl, pool: Arc<Pool>) -> Self {
        let (prefix, authority) = (base.prefix(), base.authority().as_str());
        let place = format!("{prefix}{authority}").into();
        let prefix_len = u32::try_from(prefix.len()).expect("a setting is shorter than 4 GB");
        Host { pool, place, prefix_len, inventory: Inventory::default(), base }
    }

    /// What tells it from other hosts as long as it is held.
    #[must_use]
    pub fn place(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The path before every call, which may be empty, and the value of `Host`.
    pub(super) fn prefix_and_authority(&self) -> (&str, &str) {
        self.place.split_at(self.prefix_len as usize)
    }

    /// Closes connections that were idle for too long.
    pub fn close_idle(&self) {
        self.pool.close_old();
    }
}

/// All addresses in use, one [`Host`] each.
#[derive(Debug, Default)]
pub struct Hosts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<String, Weak<Host>>,
    /// By scheme, host and port.
    pools: HashMap<String, Weak<Pool>>,
    /// With so many, those that nobody holds are forgotten. It grows with those that are held, for a look at all of them
    /// for each new one would take long with thousands.
    most: usize,
}

impl Hosts {
    /// The host of this address; made when nobody holds one.
    pub fn get(&self, base: BaseUrl) -> Arc<Host> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = base.to_string();
        if let Some(host) = known.by_address.get(&key).and_then(Weak::upgrade) {
            return host;
        }
        if known.by_address.len() >= known.most {
            known.by_address.retain(|_, host| host.strong_count() > 0);
            known.pools.retain(|_, pool| pool.strong_count() > 0);
            known.most = known.by_address.len() * 2 + 16;
        }
        let place = key.strip_suffix(base.prefix()).unwrap_or(&key).to_owned();
        let pool = known.pools.get(&place).and_then(Weak::upgrade).unwrap_or_default();
        known.pools.insert(place, Arc::downgrade(&pool));
        let host = Arc::new(Host::new(base, pool));
        known.by_address.insert(key, Arc::downgrade(&host));
        host
    }
}
