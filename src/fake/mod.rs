//! The fake Ollama: what `demo`, the tests and the benchmark talk to instead of a real one.
//!
//! Layers: `http` reads requests off a socket, `script` says what is sent back and when, `play` sends it,
//! `server` accepts and keeps the log of what was seen.
//! Handlers: `ollama` makes up answers, `replay` has them from recordings, `bench` sends the
//! same few at the least cost. Not here: anything of the gateway, which knows the
//! fake only by its address.

mod bench;
mod http;
mod ollama;
mod play;
mod replay;
mod script;
mod seen;
mod server;

pub use bench::bench;
pub use http::Request;
pub use ollama::{Models, Options, demo};
pub use replay::{ReplayError, ReplayOptions, replay};
pub use script::{End, Framing, Piece, Script};
pub use seen::{Log, Seen};
pub use server::{Fake, Handler, Settings};
