//! How grave an event is.

/// The least grave event that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    /// Reads a word of `LOG_LEVEL`.
    #[must_use]
    pub fn of(word: &str) -> Option<Level> {
        let all = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
        all.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(word))
    }

    /// As it is written in `LOG_LEVEL`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}
