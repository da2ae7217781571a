//! What of the request log is asked for.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::access::API_TOKEN;
use crate::admin::Admin;
use crate::admin::fields::Fields;
use crate::admin::rules::moment_or_ago;
use crate::http::Outcome;
use crate::snapshot::{Group, Snapshot, Target};
use crate::store::{LogFilter, Rows, StoreError};

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
    /// Names that mean nothing now.
    pub(super) warnings: Vec<String>,
}

impl Wanted {
    /// Takes its fields; those that are wrong are noted.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn read(fields: &mut Fields, admin: &Admin) -> Result<Self, StoreError> {
        let is_grave_only = checked(fields, "level", is_grave).unwrap_or_default();
        let mut filter = filter(fields);
        let is_of_requests = filter != LogFilter::default();
        if is_grave_only {
            filter.outcomes = Some(grave(filter.outcomes.as_deref()));
        }
        let warnings = name(&mut filter, admin).await?;
        Ok(Wanted { filter, is_grave_only, is_of_requests, warnings })
    }
}

/// Whether this level leaves out what is not grave.
///
/// # Errors
/// What it must be.
pub fn is_grave(level: &str) -> Result<bool, String> {
    let level = level.to_ascii_lowercase();
    match LEVELS.contains(&level.as_str()) {
        true => Ok(matches!(level.as_str(), "warn" | "error")),
        false => Err(format!("must be one of {}", LEVELS.join(", "))),
    }
}

/// Outcomes that are grave, of those that are asked for.
#[must_use]
pub fn grave(asked: Option<&[String]>) -> Vec<String> {
    let grave = Outcome::ALL.into_iter().filter(|outcome| outcome.is_grave());
    let grave = grave.map(|outcome| outcome.as_str().to_owned());
    grave.filter(|outcome| asked.is_none_or(|asked| asked.contains(outcome))).collect()
}

fn filter(fields: &mut Fields) -> LogFilter {
    let text = fields.text("text");
    if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
        fields.wrong("text", format!("must have at most {MAX_TEXT} characters"));
    }
    let before = fields.text("cursor").map(|cursor| cursor.parse::<i64>().ok().filter(|seq| *seq > 0));
    if before == Some(None) {
        fields.wrong("cursor", "must be the nextCursor of another answer");
    }
    LogFilter {
        from: checked(fields, "since", |text| moment_or_ago(text, Timestamp::now())),
        to: checked(fields, "until", |text| moment_or_ago(text, Timestamp::now())),
        token: fields.text("token"),
        model: fields.text("model"),
        channel: fields.text("channel"),
        backend: fields.text("backend"),
        outcomes: checked(fields, "outcome", outcomes),
        statuses: checked(fields, "status", statuses),
        client: checked(fields, "ip", client),
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

/// An address in the form of the log.
///
/// # Errors
/// What it must be.
pub fn client(text: &str) -> Result<String, String> {
    let address = text.trim().parse::<IpAddr>();
    let wrong = |_| "must be an address, such as 203.0.113.7 or 2001:db8::7".to_owned();
    address.map(|address| address.to_canonical().to_string()).map_err(wrong)
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

/// Puts ids in the place of names. Gives a warning for each that nothing is called by now: what was deleted may still be
/// called by its id.
async fn name(filter: &mut LogFilter, admin: &Admin) -> Result<Vec<String>, StoreError> {
    let mut warnings = Vec::new();
    let snapshot = admin.reloader.current().load();
    // What is turned off is in the rows alone, and what the environment names is in none of them.
    let rows = match (&filter.channel, &filter.backend) {
        (None, None) => Rows::default(),
        _ => admin.store.load_backends().await?,
    };
    let mut put = |what: &str, given: &mut Option<String>, id: Option<String>| {
        let Some(text) = given.as_ref() else { return };
        match id {
            Some(id) => *given = Some(id),
            None => warnings.push(format!("there is no {what} with the name or id {text} now")),
        }
    };
    let token = filter.token.as_ref().and_then(|given| id_of_token(given, &snapshot));
    put("token", &mut filter.token, token);
    let channels = snapshot.groups.iter().map(|group| (group.id.as_str(), group.name.as_str()));
    let channels = channels.chain(rows.channels.iter().map(|row| (row.id.as_str(), row.name.as_str())));
    let channel = filter.channel.as_ref().and_then(|given| id_of(given, &channels.collect::<Vec<_>>()));
    put("channel", &mut filter.channel, channel);
    let backends = snapshot.targets().map(|target| (&*target.node.backend, &*target.node.name));
    let backends = backends.chain(rows.backends.iter().map(|row| (row.id.as_str(), row.name.as_str())));
    let backend = filter.backend.as_ref().and_then(|given| id_of(given, &backends.collect::<Vec<_>>()));
    put("backend", &mut filter.backend, backend);
    let model = filter.model.clone().filter(|model| is_served(model, &snapshot));
    put("model", &mut filter.model, model);
    Ok(warnings)
}

fn id_of_token(given: &str, snapshot: &Snapshot) -> Option<String> {
    let is_id = given == API_TOKEN || snapshot.tokens.get(given).is_some();
    let named = || snapshot.tokens.named(given).map(|found| found.id().to_owned());
    if is_id { Some(given.to_owned()) } else { named() }
}

/// Who has this id, else the first that is called so.
fn id_of(given: &str, known: &[(&str, &str)]) -> Option<String> {
    let by_id = known.iter().find(|(id, _)| *id == given);
    by_id.or_else(|| known.iter().find(|(_, name)| *name == given)).map(|(id, _)| (*id).to_owned())
}

/// Whether a backend lists or maps it, or may: one whose list nobody has read is believed.
fn is_served(model: &str, snapshot: &Snapshot) -> bool {
    let knows = |group: &Group, target: &Target| {
        group.mapping.get(model).is_some() || target.backend.host.inventory.has(model) != Some(false)
    };
    snapshot.groups.iter().any(|group| group.members.iter().any(|target| knows(group, target)))
}
