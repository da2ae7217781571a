//! The log: text for people, JSON for machines, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Level, Log, LogFormat};

/// Installs the log of the process. A second call does nothing, so that tests may start several gateways.
pub fn init(log: &Log, plain: bool) {
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // Libraries are quiet unless asked: their debug lines may hold what our own never do.
    let filter = EnvFilter::new(format!("warn,ollama2openai={level},request={level}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match log.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.with_ansi(!plain && std::io::stderr().is_terminal()).try_init(),
    };
}
