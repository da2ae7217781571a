//! Pure translation between OpenAI's API and Ollama's native API, both ways.
//!
//! Knows bytes and nothing else: no sockets, no tokio, no clock, no randomness, no globals. Time and ids come in
//! as values. What must survive as text (tool arguments, schemas, numbers) is carried as [`serde_json::value::RawValue`].
//!
//! - [`openai`]: requests as clients send them, and the error object.
//! - [`ollama`]: replies as Ollama sends them.
//! - [`translate`]: one file a surface; requests to native bodies, native replies to OpenAI's.
//! - [`ndjson`], [`sse`], [`json`]: bytes to lines, events to bytes, JSON text.
//! - [`estimate`]: how many tokens a text may be.

pub mod estimate;
pub mod json;
pub mod ndjson;
pub mod ollama;
pub mod openai;
pub mod sse;
pub mod translate;
