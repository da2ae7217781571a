//! One Ollama: where it is, and what is known of it.

use http::Uri;

use super::inventory::Inventory;
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
}
