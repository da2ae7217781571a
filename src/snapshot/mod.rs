//! The immutable view of all configuration that one request reads, from its start to its end.
//!
//! It holds `Arc`s to live state (backends), so that a new snapshot resets no counter.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Secret, StreamUsage};
use crate::upstream::Backend;

/// Everything that a request may look up.
#[derive(Debug)]
pub struct Snapshot {
    /// Candidates, best first.
    pub backends: Vec<Arc<Backend>>,
    /// The one token of the environment.
    pub api_token: Option<Secret>,
    /// Whether clients may set what makes Ollama load, reload or evict a model; `None` decides by who asks.
    pub load_options: Option<bool>,
    /// When streams tell their token counts.
    pub usage: StreamUsage,
    /// Silence after which a stream gets a comment.
    pub heartbeat: Duration,
    /// Largest request body, unpacked.
    pub max_body_bytes: usize,
}

impl Snapshot {
    /// The view of a configuration: one backend, for now.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Snapshot {
            backends: vec![Arc::new(Backend::new(config.upstream.base.clone()))],
            api_token: config.access.api_token.clone(),
            load_options: config.replies.client_options,
            usage: config.replies.usage,
            heartbeat: config.replies.heartbeat,
            max_body_bytes: config.listen.max_body_bytes,
        }
    }
}
