//! What wants a person, as the dashboard lists it: the worst first, in an order that stays.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Drops;
use super::kept::Found;
use crate::access::Doors;
use crate::admin::error::AdminError;
use crate::admin::{Admin, cautions, models, view};
use crate::config::IpMode;
use crate::ledger::Trouble;
use crate::snapshot::{Snapshot, Token};
use crate::telemetry::{CALM, DiskTrouble, Losses};
use Severity::{Critical, Info, Warning};

/// Things that are listed.
pub(super) const MOST: usize = 50;
/// Tokens that end within this time are told.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(in crate::admin) const SEVERITIES: [&str; 3] = ["critical", "warning", "info"];
pub(in crate::admin) const KINDS: [&str; 20] = [
    "default_password",
    "shut_out",
    "certificate_ended",
    "open_access",
    "empty_whitelist",
    "no_backend",
    "ledger_failing",
    "disk_failing",
    "tracing_failing",
    "backend_down",
    "token_exhausted",
    "token_nearly_exhausted",
    "token_expiring",
    "weak_token",
    "weak_password",
    "certificate_ending",
    "digest_drift",
    "drops",
    "password_ignored",
    "no_token",
];

/// The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Critical,
    Warning,
    Info,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Critical => SEVERITIES[0],
            Severity::Warning => SEVERITIES[1],
            Severity::Info => SEVERITIES[2],
        }
    }
}

/// What is known beside the snapshot.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) now: Timestamp,
    /// Why the database cannot be written.
    pub(super) trouble: Option<Trouble>,
    pub(super) drops: Drops,
    /// Why log files cannot be written.
    pub(super) disk: Option<DiskTrouble>,
}

/// One thing. In its order it comes before others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    severity: Severity,
    kind: &'static str,
    /// Name and id.
    subject: (String, String),
    /// What the subject is.
    what: &'static str,
    since: Option<Timestamp>,
    detail: String,
}

impl Item {
    /// Of the gateway itself.
    fn own(severity: Severity, kind: &'static str, detail: impl Into<String>) -> Item {
        let subject = (String::new(), String::new());
        Item { severity, kind, subject, what: "gateway", since: None, detail: detail.into() }
    }

    fn of(self, what: &'static str, id: &str, name: &str) -> Item {
        Item { what, subject: (name.to_owned(), id.to_owned()), ..self }
    }

    fn shown(&self) -> Value {
        let (name, id) = &self.subject;
        json!({
            "kind": self.kind, "severity": self.severity.word(),
            "subject": { "type": self.what, "id": id, "name": name },
            "since": self.since.map(|since| format!("{since:.3}")), "detail": self.detail,
        })
    }
}

/// The list, and how many there are beyond it.
pub(super) async fn shown(
    admin: &Admin,
    snapshot: &Arc<Snapshot>,
    facts: Facts,
) -> Result<Value, AdminError> {
    let mut items = access(admin, snapshot).await?;
    items.extend(down(snapshot));
    items.extend(service(&facts));
    items.extend(tracing(admin));
    let Found { items: slow, count } = admin.attention.found(snapshot, facts.now).await;
    let all = items.len() + count;
    items.extend(slow.iter().cloned());
    items.sort();
    let more = all.saturating_sub(MOST);
    let list: Vec<_> = items.iter().take(MOST).map(Item::shown).collect();
    Ok(json!({ "list": list, "more": more }))
}

/// Who gets in.
async fn access(admin: &Admin, snapshot: &Snapshot) -> Result<Vec<Item>, AdminError> {
    let severity = |kind| match kind {
        "password_ignored" => Info,
        "certificate_ending" | "weak_password" => Warning,
        _ => Critical,
    };
    let told = cautions(admin).await?.into_iter();
    let mut items: Vec<_> =
        told.map(|caution| Item::own(severity(caution.kind), caution.kind, caution.text)).collect();
    let settings = admin.reloader.settings();
    let has_none = Doors::of(snapshot).has_none();
    if has_none && settings.config.access.serves_everybody() {
        let open = "no token is asked for, from any address: the first token that is made ends that";
        items.push(Item::own(Critical, "open_access", open));
    } else if has_none {
        items.push(Item::own(
            Info,
            "no_token",
            "there is no token: only programs of this machine may call, if any",
        ));
    }
    let rules = &snapshot.ip_rules;
    if rules.mode == IpMode::Whitelist && rules.whitelist.is_empty() {
        items.push(Item::own(Critical, "empty_whitelist", "the whitelist is empty: nobody may call"));
    }
    Ok(items)
}

/// What takes long to find among many: models of which backends have different versions, and tokens.
pub(super) fn slow(snapshot: &Snapshot, now: Timestamp) -> Vec<Item> {
    let drifting = models::drifting(snapshot).into_iter();
    let drifting = drifting.map(|name| {
        Item::own(Warning, "digest_drift", "backends have different versions of it").of("model", &name, &name)
    });
    drifting.chain(tokens(snapshot, now)).collect()
}

/// Backends that are down.
fn down(snapshot: &Snapshot) -> Vec<Item> {
    let clock = Instant::now();
    let down = snapshot.targets().filter(|target| view::state(target, clock) == "down").map(|target| {
        let breaker = &target.backend.breaker;
        let reason =
            breaker.last_error().map_or_else(|| "it is down".to_owned(), |error| error.text.to_string());
        Item { since: breaker.down_since(), ..Item::own(Critical, "backend_down", reason) }.of(
            "backend",
            &target.node.backend,
            &target.node.name,
        )
    });
    let mut items: Vec<_> = down.collect();
    if snapshot.targets().next().is_none() {
        items.push(Item::own(
            Critical,
            "no_backend",
            "no channel and no key is turned on: nobody can be served",
        ));
    }
    items
}

/// Those that are turned on and have not ended.
fn tokens(snapshot: &Snapshot, now: Timestamp) -> Vec<Item> {
    let is_on = |token: &Token| token.enabled && token.expires_at.is_none_or(|end| end > now);
    let clock = Instant::now();
    let mut items = Vec::new();
    for token in snapshot.tokens.all().filter(|token| is_on(token)) {
        let mut add = |severity, kind, detail: String| {
            items.push(Item::own(severity, kind, detail).of("token", token.id(), token.name()));
        };
        if let Some(end) = token.expires_at.filter(|end| *end <= now + SOON) {
            add(Warning, "token_expiring", format!("it ends at {end:.0}"));
        }
        if token.weak {
            add(Warning, "weak_token", "its text was imported and may be guessed: regenerate it".to_owned());
        }
        let Some(limit) = token.quota_limit else { continue };
        let left = token.left(&snapshot.limits, clock, now).quota.unwrap_or(limit);
        let used = limit.saturating_sub(left);
        let detail = format!("{used} of {limit} tokens of this month are used");
        if left == 0 {
            add(Critical, "token_exhausted", detail);
        } else if u128::from(used) * 10 >= u128::from(limit) * 9 {
            add(Warning, "token_nearly_exhausted", detail);
        }
    }
    items
}

/// What cannot be written or told.
fn service(facts: &Facts) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(Trouble { since, why }) = &facts.trouble {
        let detail = format!(
            "nothing can be written: {why}. Requests go on; what they use is counted here and written when it can be. \
             Changes and sign-ins are refused until then."
        );
        items.push(Item { since: Some(*since), ..Item::own(Critical, "ledger_failing", detail) });
    }
    let is_failing = facts.disk.is_some();
    if let Some(DiskTrouble { since, why }) = &facts.disk {
        let detail = format!("lines of the log files are lost until one can be written again: {why}");
        items.push(Item { since: Some(*since), ..Item::own(Warning, "disk_failing", detail) });
    }
    let Drops { spans, rows, lines, captures } = facts.drops;
    for (dropped, what) in [
        (rows, "rows of the request log"),
        (captures, "captured requests"),
        (spans, "spans of traces"),
        // While the disk fails, that says it.
        (lines.filter(|_| !is_failing), "lines of the log file"),
    ] {
        let Some(Losses { count, since, last }) = dropped else { continue };
        let detail = format!(
            "{count} {what} were dropped, the last at {last:.0}. This ends when none was for {} minutes",
            CALM.as_mins()
        );
        items.push(Item { since: Some(since), ..Item::own(Warning, "drops", detail) });
    }
    items
}

/// Until a batch is taken again.
fn tracing(admin: &Admin) -> Option<Item> {
    let exports = admin.ledger.traces()?.exports();
    let ((since, why), failed) = (exports.failing?, exports.failed);
    let detail = format!(
        "traces do not reach the collector {why}; exports that have failed since the start: {failed}"
    );
    Some(Item { since: Some(since), ..Item::own(Warning, "tracing_failing", detail) })
}
