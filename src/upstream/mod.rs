//! Upstreams: connections to Ollama, what is known of each backend, and its live state.
//!
//! Knows nothing of clients, tokens or OpenAI's shapes beyond the error that a failure becomes.

mod backend;
pub mod balance;
mod body;
mod client;
mod connect;
mod connection;
mod failures;
mod framing;
mod head;
pub mod health;
mod host;
mod inventory;
mod pool;
mod probe;
mod read;
mod tally;

pub use backend::Backend;
pub use balance::{Rotation, Turns};
pub use body::Body;
pub use client::{Client, Headers, Response, Timeouts};
pub use failures::{ended_early, refused, stream_broke, timed_out, total_timeout};
pub use host::{Host, Hosts};
pub use inventory::{Capabilities, Inventory};
pub use probe::{Due, Rounds, Sight, look};
pub use read::{Reading, read_error, read_whole};
pub use tally::{Counted, Tally};
pub use wire::translate::models::{Model, Running};
