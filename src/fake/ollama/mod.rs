//! A believable Ollama: it answers as version 0.33 was recorded to answer, with words that are made up.
//!
//! The same request gets the same answer. Not here: model management, and Ollama's own `/v1`.

mod answer;
mod ask;
mod embed;
mod fields;
mod image;
mod json;
mod listing;
mod models;
mod reply;
mod run;
mod schema;
mod service;
mod state;
mod text;

use std::sync::Arc;
use std::time::Duration;

use service::Ollama;
use state::State;

use super::server::Handler;

/// Which models a fake has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Models {
    /// `llama3.2:3b` (tools), `qwen3-vl:8b` (thinking, tools, images), `nomic-embed-text:latest`.
    Demo,
    /// Those of the server whose traffic was recorded, with their capabilities and engines.
    Recorded,
}

/// How a fake Ollama behaves.
#[derive(Debug, Clone)]
pub struct Options {
    pub models: Models,
    /// Between two tokens, on average.
    pub token_delay: Duration,
    /// Before a model answers that is not loaded, or is loaded with another context size.
    pub load_time: Duration,
    /// Requests that one model runs at once (`OLLAMA_NUM_PARALLEL`); others wait without limit.
    pub slots: usize,
    /// Requests that may wait for a load (`OLLAMA_MAX_QUEUE`); 0 refuses each that needs one.
    pub max_queue: usize,
    /// The runner dies after this many lines of each answer.
    pub crash_after: Option<usize>,
}

impl Default for Options {
    /// As `demo` shows it.
    fn default() -> Options {
        Options {
            models: Models::Demo,
            token_delay: Duration::from_millis(30),
            load_time: Duration::from_millis(400),
            slots: 4,
            max_queue: 512,
            crash_after: None,
        }
    }
}

impl Options {
    /// For tests: without any delay.
    pub fn quick(models: Models) -> Options {
        Options { models, token_delay: Duration::ZERO, load_time: Duration::ZERO, ..Options::default() }
    }
}

/// The handler of a believable Ollama. Each call makes a server with a memory of its own.
pub fn demo(options: Options) -> Handler {
    let models: &'static [models::Model] = match options.models {
        Models::Demo => &models::DEMO,
        Models::Recorded => &models::RECORDED,
    };
    let state = State::new(options.load_time, options.max_queue, options.slots);
    let ollama = Ollama { options, models, state };
    Arc::new(move |request| ollama.answer(request))
}
