//! Upstreams: connections to Ollama, what is known of each backend, and its live state.
//!
//! Knows nothing of clients, tokens or OpenAI's shapes beyond the error that a failure becomes.

mod backend;
mod body;
mod client;
mod connect;
mod connection;
mod failures;
mod framing;
mod head;
mod inventory;
mod pool;
mod read;

pub use backend::{Backend, InFlight};
pub use body::Body;
pub use client::{Client, Response, Timeouts};
pub use failures::{ended_early, refused, stream_broke, timed_out, total_timeout};
pub use inventory::{Capabilities, Inventory};
pub use read::{Reading, read_error, read_whole};
