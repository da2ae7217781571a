//! What is wrong with a configuration, for the one who wrote it. Holds no secret: texts are masked before.

use std::fmt;

use super::check::is_pem;
use super::layer::Origin;
use super::table::Setting;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// As it is written there; empty when the mistake is not of one setting.
    pub name: String,
    /// As it was written, secrets as `***`; `None` where there is none to show.
    pub value: Option<String>,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// A configuration that cannot be used: every mistake in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration has {} mistakes", .problems.len())]
pub struct Bad {
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problem {
    /// One line, such as `.env:3: PORT="x" is not a whole number; allowed: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Environment => f.write_str("environment variable ")?,
            Origin::Flag => f.write_str("flag ")?,
            origin => write!(f, "{origin}: ")?,
        }
        match &self.value {
            Some(value) => write!(f, "{}={} {}", self.name, quoted(value), self.message),
            None if self.name.is_empty() => f.write_str(&self.message),
            None => write!(f, "{} {}", self.name, self.message),
        }
    }
}

/// In quotes, control characters escaped, long ones cut, so that one mistake stays one line.
fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// A value as it may be printed: `***` for a secret and for a key in the wrong place, and no user name, password or query of a URL.
pub(super) fn shown(setting: &Setting, text: &str) -> String {
    if setting.is_secret() {
        return if text.is_empty() { String::new() } else { "***".to_owned() };
    }
    if is_pem(text) {
        return "***".to_owned();
    }
    // One line, and nothing that a terminal would obey.
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let text: &str = &text.trim().chars().map(plain).collect::<String>();
    if !matches!(setting.name, "OLLAMA_BASE_URL" | "OLLAMA_HOST") && !setting.name.ends_with("_ENDPOINT") {
        return text.to_owned();
    }
    let (text, query) = text.find(['?', '#']).map_or((text, ""), |at| (&text[..at], "?***"));
    match text.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let dots = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{dots}***@{host}{query}")
        }
        None => format!("{text}{query}"),
    }
}
