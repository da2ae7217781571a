//! One Ollama address. Credentials on the same address share it: its inventory, and its probe.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::Uri;

use super::inventory::Inventory;
use crate::config::BaseUrl;

/// A base URL and what is known of it.
#[derive(Debug)]
pub struct Host {
    /// Where it is.
    pub base: BaseUrl,
    /// Which models it has, and what they can do.
    pub inventory: Inventory,
    chat: Uri,
    generate: Uri,
    embed: Uri,
}

impl Host {
    fn new(base: BaseUrl) -> Self {
        Host {
            inventory: Inventory::default(),
            chat: base.uri("/api/chat"),
            generate: base.uri("/api/generate"),
            embed: base.uri("/api/embed"),
            base,
        }
    }

    /// What tells it from other hosts as long as it is held.
    #[must_use]
    pub fn place(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The address of a path such as `/api/chat`; those of the hot path were made before.
    #[must_use]
    pub fn uri(&self, path: &str) -> Uri {
        match path {
            "/api/chat" => self.chat.clone(),
            "/api/generate" => self.generate.clone(),
            "/api/embed" => self.embed.clone(),
            other => self.base.uri(other),
        }
    }
}

/// All addresses in use, one [`Host`] each.
#[derive(Debug, Default)]
pub struct Hosts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_address: HashMap<String, Weak<Host>>,
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
            known.most = known.by_address.len() * 2 + 16;
        }
        let host = Arc::new(Host::new(base));
        known.by_address.insert(key, Arc::downgrade(&host));
        host
    }
}
