//! One Ollama: where it is, and how busy it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Uri;

use super::inventory::Inventory;
use super::pool::Pool;
use crate::config::BaseUrl;

/// One Ollama base URL with its live state, which outlives every snapshot.
#[derive(Debug)]
pub struct Backend {
    /// For people and logs; never for clients.
    pub name: String,
    base: BaseUrl,
    chat: Uri,
    generate: Uri,
    embed: Uri,
    /// Which models it has, and what they can do.
    pub inventory: Inventory,
    pub(super) pool: Arc<Pool>,
    in_flight: AtomicUsize,
}

impl Backend {
    /// A backend that was not spoken to yet.
    #[must_use]
    pub fn new(base: BaseUrl) -> Self {
        Backend {
            name: base.to_string(),
            chat: base.uri("/api/chat"),
            generate: base.uri("/api/generate"),
            embed: base.uri("/api/embed"),
            base,
            inventory: Inventory::default(),
            pool: Arc::default(),
            in_flight: AtomicUsize::new(0),
        }
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

    /// Counts a request as running until the guard falls.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Requests that run now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}

/// One running request of a backend.
#[derive(Debug)]
pub struct InFlight(Arc<Backend>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
