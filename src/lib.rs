//! ollama2openai: one Ollama, or a fleet of them, as an OpenAI-compatible service.
//!
//! Rooms, and who may import whom (held by `tests/it/tidy.rs`; `ARCHITECTURE.md` has the map):
//!
//! ```text
//! layer 0   crates/wire                 pure translation
//! layer 1   config   http   telemetry   -> 0
//! layer 2   upstream   fake             -> 0 1, never each other
//! layer 3   snapshot                    -> 0 1 2
//! layer 4   proxy                       -> 0 1 snapshot upstream
//! layer 5   app boot serve cli          -> everything
//! ```

pub mod app;
pub mod boot;
pub mod cli;
pub mod config;
pub mod fake;
pub mod http;
pub mod proxy;
pub mod serve;
pub mod snapshot;
pub mod telemetry;
pub mod upstream;
