//! One source of settings: what it says, and where. Later layers win; nothing here judges a value.

use std::fmt;
use std::path::PathBuf;

use super::problem::Problem;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Default,
    /// `config.toml`, by the path that was given, and the line.
    File(String, usize),
    /// `.env` in the working directory, and the line.
    DotEnv(usize),
    Environment,
    Flag,
    /// The file that `<NAME>_FILE` names.
    SecretFile(PathBuf),
    /// By an admin, while the gateway ran.
    Saved,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, line) => write!(f, "{path}:{line}"),
            Origin::DotEnv(line) => write!(f, ".env:{line}"),
            Origin::Environment => f.write_str("environment"),
            Origin::Flag => f.write_str("flag"),
            Origin::Saved => f.write_str("saved"),
            Origin::SecretFile(path) => write!(f, "file {}", path.display()),
        }
    }
}

impl Origin {
    /// A setting's name as it is written there: `request_timeout`, `REQUEST_TIMEOUT`, `--request-timeout`.
    pub(super) fn spelling(&self, name: &str) -> String {
        match self {
            Origin::File(..) => name.to_ascii_lowercase(),
            Origin::Flag => format!("--{}", name.to_ascii_lowercase().replace('_', "-")),
            _ => name.to_owned(),
        }
    }
}

/// One assignment. Without `Debug`, as the text may be a secret.
#[derive(Clone)]
pub(super) struct Said {
    /// The variable's name, or that with `_FILE`.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// All assignments of one source, in its order; of several to one name the last counts.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) said: Vec<Said>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
}

impl Layer {
    pub(super) fn last(&self, name: &str) -> Option<&Said> {
        self.said.iter().rev().find(|said| said.name == name)
    }
}
