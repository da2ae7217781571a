//! ollama2openai: one Ollama, or a fleet of them, as an OpenAI-compatible service.
//!
//! Rooms, and who may import whom (held by `tests/it/tidy.rs`; `ARCHITECTURE.md` has the map):
//!
//! ```text
//! layer 0   crates/wire                 pure translation
//! layer 1   config   http   telemetry   -> 0; telemetry -> http
//! layer 2   upstream   limits   cache   fake   -> 0 1, never each other
//! layer 3   snapshot                    -> 0 1 2
//!           access                      -> 0 1 snapshot
//!           ledger                      -> 1 store
//! layer 4   proxy                       -> 0 1 snapshot access ledger upstream limits cache
//!           admin                       -> 1 2 3 import, never the pure crate and proxy
//!           import                      -> 1 2 3, never the pure crate
//! layer 5   app boot serve cli          -> everything
//! ```

pub mod access;
pub mod admin;
pub mod app;
pub mod boot;
pub mod cache;
pub mod cli;
pub mod config;
pub mod fake;
pub mod http;
pub mod import;
pub mod ledger;
pub mod limits;
pub mod proxy;
pub mod serve;
pub mod snapshot;
pub mod store;
pub mod telemetry;
pub mod upstream;
