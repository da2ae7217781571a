//! The log: text for people, JSON for machines, on standard error.

mod line;
mod output;
mod request;

use std::sync::OnceLock;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

pub use output::batched;
pub use request::tell;

/// The filter of the process's log, once it is installed.
static FILTER: OnceLock<Handle<EnvFilter, Registry>> = OnceLock::new();

/// Installs the log of the process. `level` is a word such as `info`. A second call does nothing.
pub fn init(level: &str, is_json: bool, is_coloured: bool) {
    let (filter, handle) = reload::Layer::new(filter(level));
    let layer = fmt::layer().with_writer(output::Output);
    let layer = if is_json {
        layer.json().flatten_event(true).with_current_span(false).boxed()
    } else if is_coloured {
        layer.boxed()
    } else {
        layer.with_ansi(false).event_format(line::Line).boxed()
    };
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
}

/// Changes the level of the log of the process, if [`init`] has installed one.
pub fn set_level(level: &str) {
    if let Some(handle) = FILTER.get() {
        // It fails only when the log itself is gone.
        let _ = handle.reload(filter(level));
    }
}

fn filter(level: &str) -> EnvFilter {
    // Libraries are quiet unless asked: their debug lines may hold what our own never do.
    EnvFilter::new(format!("warn,ollama2openai={level},request={level}"))
}
