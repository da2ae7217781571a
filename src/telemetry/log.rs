//! The log: text for people, JSON for machines, on standard error.

mod line;

use tracing_subscriber::EnvFilter;

/// Installs the log of the process. `level` is a word such as `info`. A second call does nothing.
pub fn init(level: &str, is_json: bool, is_coloured: bool) {
    // Libraries are quiet unless asked: their debug lines may hold what our own never do.
    let filter = EnvFilter::new(format!("warn,ollama2openai={level},request={level}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if is_json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else if is_coloured {
        builder.try_init()
    } else {
        builder.with_ansi(false).event_format(line::Line).try_init()
    };
}
