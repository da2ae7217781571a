//! What a setting is. The settings themselves are in `rows.rs`; nothing else names a default.

use std::time::Duration;

/// One setting. Its key in `config.toml` is the name in lower case, its flag that with dashes.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The environment variable, such as `REQUEST_TIMEOUT`.
    pub name: &'static str,
    pub group: Group,
    pub kind: Kind,
    /// As a user would write it; empty when there is none.
    pub default: &'static str,
    /// What an empty default means, for readers.
    pub unset: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Whether an admin may save another value while the gateway runs; others count from the next start.
    pub changeable: bool,
    /// Whether SIGHUP puts another configured value in force.
    pub reread: bool,
}

/// Headings of `config.example.toml` and `--help`, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Server,
    Upstream,
    Replies,
    Access,
    Limits,
    Cache,
    Logging,
    Traces,
    State,
}

/// Which texts a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// true or false.
    Switch,
    /// A whole number, both ends included.
    Integer { min: u64, max: u64 },
    /// A size, both ends included, in bytes.
    Bytes { min: u64, max: u64 },
    /// A time, both ends included; a plain number counts `unit`.
    Duration { unit: Unit, min: Duration, max: Duration, zero: Zero },
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// A text that `check` accepts; `form` says which.
    Text { form: &'static str, check: fn(&str) -> Result<(), String> },
    /// A comma-separated list (in `config.toml` also an array), each item checked.
    List { form: &'static str, check: fn(&str) -> Result<(), String> },
    /// A text that is never printed; `<NAME>_FILE` may name a file that holds it.
    Secret,
    /// A secret that is 32 bytes in base64.
    Key,
    /// A secret that is a list of headers, as OpenTelemetry writes them.
    Headers,
}

/// What a plain number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Seconds,
}

/// Whether 0 is a value of a duration, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    Refused,
    /// The thing is switched off.
    Off,
    /// A duration like any other.
    Plain,
}

impl Setting {
    /// The key in `config.toml`.
    pub fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The long flag without its dashes; `None` for secrets, which other users of the machine would see.
    pub fn flag(&self) -> Option<String> {
        (!self.is_secret()).then(|| self.key().replace('_', "-"))
    }

    /// The variable that names a file with the value; only secrets have one.
    pub fn file_name(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.name))
    }

    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::Key | Kind::Headers)
    }
}

impl Group {
    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Server => "Server",
            Group::Upstream => "Upstream",
            Group::Replies => "Replies",
            Group::Access => "Access",
            Group::Limits => "Limits",
            Group::Cache => "Cache",
            Group::Logging => "Logging",
            Group::Traces => "Traces",
            Group::State => "State",
        }
    }
}
