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

/// Which events are logged.
#[derive(Debug, Clone, Default)]
pub struct Levels<'l> {
    /// A word such as `info`.
    pub all: &'l str,
    /// Modules, or `request` for the lines of requests, with words of their own.
    pub parts: Vec<(&'l str, &'l str)>,
}

/// Installs the log of the process. A second call does nothing.
pub fn init(levels: &Levels<'_>, is_json: bool, is_coloured: bool) {
    let (filter, handle) = reload::Layer::new(filter(levels));
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

/// Changes what the log of the process shows, if [`init`] has installed one.
pub fn set_levels(levels: &Levels<'_>) {
    if let Some(handle) = FILTER.get() {
        // It fails only when the log itself is gone.
        let _ = handle.reload(filter(levels));
    }
}

fn filter(levels: &Levels<'_>) -> EnvFilter {
    let all = levels.all;
    // Libraries are quiet unless asked: their debug lines may hold what our own never do.
    let mut directives = format!("warn,ollama2openai={all},request={all}");
    for (part, level) in &levels.parts {
        let target = if *part == "request" { "" } else { "ollama2openai::" };
        directives += &format!(",{target}{part}={level}");
    }
    EnvFilter::new(directives)
}
