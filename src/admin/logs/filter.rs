//! What of the request log is asked for.

use crate::admin::fields::Fields;
use crate::admin::rules::moment;
use crate::http::Outcome;
use crate::snapshot::Snapshot;
use crate::store::LogFilter;

/// The levels of the Node program, the least grave first.
const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];
/// Longest text that is looked for.
const MAX_TEXT: usize = 200;

/// What was asked for beside the kind of records.
pub(super) struct Wanted {
    pub(super) filter: LogFilter,
    /// Whether records that are not grave are left out.
    pub(super) is_grave_only: bool,
    /// Whether it asks for what only requests have.
    pub(super) is_of_requests: bool,
}

impl Wanted {
    /// Takes its fields; those that are wrong are noted.
    pub(super) fn read(fields: &mut Fields, snapshot: &Snapshot) -> Self {
        let level = fields.text("level").map(|level| level.to_ascii_lowercase());
        if level.as_deref().is_some_and(|level| !LEVELS.contains(&level)) {
            fields.wrong("level", format!("must be one of {}", LEVELS.join(", ")));
        }
        let is_grave_only = matches!(level.as_deref(), Some("warn" | "error"));
        let filter = filter(fields, snapshot);
        let is_of_requests = filter != LogFilter::default();
        let outcomes = match (is_grave_only, filter.outcomes) {
            (false, asked) => asked,
            (true, None) => Some(grave().collect()),
            (true, Some(asked)) => Some(grave().filter(|outcome| asked.contains(outcome)).collect()),
        };
        Wanted { filter: LogFilter { outcomes, ..filter }, is_grave_only, is_of_requests }
    }
}

fn grave() -> impl Iterator<Item = String> {
    Outcome::ALL.into_iter().filter(|outcome| outcome.is_grave()).map(|outcome| outcome.as_str().to_owned())
}

fn filter(fields: &mut Fields, snapshot: &Snapshot) -> LogFilter {
    let text = fields.text("text");
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
        fields.wrong("text", format!("must have at most {MAX_TEXT} characters"));
    }
    let before = fields.text("cursor").map(|cursor| cursor.parse::<i64>().ok().filter(|seq| *seq > 0));
    if before == Some(None) {
        fields.wrong("cursor", "must be the nextCursor of another answer");
    }
    LogFilter {
        from: checked(fields, "since", moment),
        to: checked(fields, "until", moment),
        token: fields.text("token").map(|token| id_of_token(token, snapshot)),
        model: fields.text("model"),
        channel: fields.text("channel").map(|channel| id_of_group(channel, snapshot)),
        backend: fields.text("backend").map(|backend| id_of_backend(backend, snapshot)),
        outcomes: checked(fields, "outcome", outcomes),
        statuses: checked(fields, "status", statuses),
        client: fields.text("ip"),
        id: fields.text("id"),
        text,
        before: before.flatten(),
        after: None,
    }
}

fn checked<T>(fields: &mut Fields, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
    let text = fields.text(name)?;
    read(&text).inspect_err(|wrong| fields.wrong(name, wrong.as_str())).ok()
}

/// Outcomes, parted by commas.
///
/// # Errors
/// What they must be.
pub fn outcomes(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = parts(text).map(str::to_owned).collect();
    let is_known = |word: &String| Outcome::ALL.iter().any(|outcome| outcome.as_str() == word);
    match words.iter().all(is_known) {
        true => Ok(words),
        false => Err(format!("must be one or some of {}", Outcome::ALL.map(Outcome::as_str).join(", "))),
    }
}

/// `404`, `5xx`, or several of them, parted by commas.
///
/// # Errors
/// What they must be.
pub fn statuses(text: &str) -> Result<Vec<i64>, String> {
    let mut statuses = Vec::new();
    for part in parts(text) {
        let class = part.strip_suffix("xx").and_then(|class| class.parse::<i64>().ok());
        match (class, part.parse::<i64>()) {
            (Some(class @ 1..=5), _) => statuses.extend(class * 100..(class + 1) * 100),
            (None, Ok(status @ (0 | 100..=599))) => statuses.push(status),
            _ => return Err("must be a status such as 404, a class such as 5xx, or some of them".to_owned()),
        }
    }
    Ok(statuses)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Things may be called by their names, too, as long as they have them.
fn id_of_token(token: String, snapshot: &Snapshot) -> String {
    match snapshot.tokens.get(&token) {
        Some(_) => token,
        None => snapshot.tokens.named(&token).map_or(token, |found| found.id().to_owned()),
    }
}

fn id_of_group(group: String, snapshot: &Snapshot) -> String {
    let named = snapshot.groups.iter().find(|known| known.name == group);
    named.map_or(group, |named| named.id.clone())
}

fn id_of_backend(backend: String, snapshot: &Snapshot) -> String {
    let named = snapshot.targets().find(|target| *target.node.name == *backend);
    named.map_or(backend, |named| named.node.backend.to_string())
}
