//! The fake Ollama itself: the bytes that a script puts on the wire, and the log of what was seen.

mod bench;
mod ollama;
mod recorded;
mod replay;
mod scripts;
