//! `tokens.json`: tokens. Their texts are hashed and dropped.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use super::ImportError;
use super::access::addresses;
use super::files::{File, Files};
use super::item::{Item, Part};
use super::keys::totals;
use super::moment::{milliseconds, moment};
use super::plan::{Draft, Surroundings};
use super::report::{Fit, Line, Place};
use super::text::short;
use crate::access::{Minted, is_strong};
use crate::config::fields::{MAX_COUNT, MAX_QUOTA};
use crate::limits::period;
use crate::store::NewToken;

const UNNAMED: &str = "API Token";

pub(super) fn read(files: &Files, here: &Surroundings, draft: &mut Draft) -> Result<(), ImportError> {
    let Some(whole) = Part::whole(files, File::Tokens) else { return Ok(()) };
    let mut texts = std::collections::HashSet::new();
    let mut has_secret = false;
    for (part, mut item) in whole.list("tokens")? {
        let id = item.need("id", &part)?;
        let name = item.name(UNNAMED);
        let text = match item.take("token") {
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
            _ => {
                let note = "it has no text and let nobody in; make a new one if it is needed";
                draft.lines.push(Line::left(
                    File::Tokens,
                    format!("token {}", short(&name)),
                    Fit::Manual,
                    note,
                ));
                continue;
            }
        };
        has_secret = true;
        let name = if name.contains(&text) { UNNAMED.to_owned() } else { name };
        let minted = Minted::of(text.clone());
        if !texts.insert(minted.hash) {
            let note = "another token before it has the same text, and only that one ever counted";
            let line = Line::left(File::Tokens, format!("token {}", short(&name)), Fit::Unsupported, note);
            draft.lines.push(Line { lacks: false, ..line });
            continue;
        }
        let (id, is_other) = draft.token_ids.fit("token", &id);
        if is_other {
            item.note("its id cannot be used here, or comes twice: it has a new one");
        }
        let is_weak = !is_strong(&text);
        let mut new = NewToken::new(name, minted.hash, minted.prefix, minted.last_four);
        new.id = Some(id.clone());
        new.weak = is_weak;
        fill(&mut new, &mut item, here);
        let what = format!("token {}", short(&new.name));
        let place = Place::Token(draft.batch.tokens.len());
        // What is kept of a token beside its text.
        let mut line =
            Line { id: Some(id), ..Line::taken(File::Tokens, what, item.end(&["tokenHash"]), place) };
        if is_weak {
            let works = if new.enabled { "it works as before and" } else { "it is turned off, and" };
            line.notes.push(format!(
                "{works} is marked weak: it has not the form of our tokens and may be easy to guess"
            ));
        }
        draft.lines.push(line);
        draft.batch.tokens.push(new);
    }
    if has_secret {
        draft.secrets.push(File::Tokens);
    }
    Ok(())
}

fn fill(new: &mut NewToken, item: &mut Item, here: &Surroundings) {
    new.enabled = item.flag("enabled");
    new.allow_client_options = true;
    new.created_at = item.time("createdAt");
    expiry(new, item, here);
    new.rate_limit = limit(new, item, "rateLimit", MAX_COUNT);
    new.quota_limit = limit(new, item, "quotaLimit", MAX_QUOTA);
    match item.patterns("allowedModels") {
        Some(models) => new.models = models,
        None => {
            item.note("none of its allowedModels can be used: it is turned off");
            new.enabled = false;
        }
    }
    let ips = item.texts("allowedIPs");
    let had_any = !ips.is_empty();
    let read = addresses(&ips);
    if read.dropped > 0 {
        item.note(format!(
            "left out of its allowedIPs, as no addresses, which admitted nobody: {}",
            read.dropped
        ));
    }
    if read.has_ranges {
        item.note("ranges in its allowedIPs had no effect before; they admit their addresses now");
    }
    if had_any && read.good.is_empty() {
        item.note("none of its allowedIPs can be used: it is turned off");
        new.enabled = false;
    }
    new.ips = read.good;
    new.totals = totals(item);
    if let Some(metadata) = item.take("metadata") {
        match metadata {
            Value::Object(metadata) => new.metadata = metadata,
            _ => item.note("metadata is no object and was left out"),
        }
    }
    quota(new, item, here);
}

/// A limit that cannot be read must not become none: the token is turned off.
fn limit(new: &mut NewToken, item: &mut Item, name: &str, max: i64) -> Option<i64> {
    item.limit(name, max).unwrap_or_else(|()| {
        new.enabled = false;
        item.needs_you(format!(
            "its {name} is no number from 0 on: it is turned off; set it as it was meant, and turn it on"
        ));
        None
    })
}

/// What was used of the quota, if it was used in the month that is running.
fn quota(new: &mut NewToken, item: &mut Item, here: &Surroundings) {
    let used = item.count("quotaUsed");
    // It is midnight of the server on the first of the next month; two days before is that month in every zone.
    let ends = item.time("quotaResetAt").and_then(|text| text.parse::<Timestamp>().ok());
    let inside = ends.and_then(|ends| ends.checked_sub(48.hours()).ok());
    let last_used = || new.totals.last_used.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
    let month_of = |moment: Timestamp| period(moment, &here.quota_zone).month;
    let month: Date = month_of(here.now);
    if used > 0 && inside.or_else(last_used).map(month_of) == Some(month) {
        new.quota_used = used;
        new.quota_month = Some(month.to_string());
    }
}

/// When it ends. An end that cannot be read must not become none: the token is turned off.
fn expiry(new: &mut NewToken, item: &mut Item, here: &Surroundings) {
    let read = match item.take("expiresAt") {
        None => return,
        Some(Value::String(text)) if text.is_empty() => return,
        Some(Value::String(text)) => moment(text.trim(), &here.zone),
        Some(Value::Number(count)) => match count.as_f64() {
            Some(0.0) => return,
            count => count.and_then(milliseconds).map(|moment| (moment, true)),
        },
        Some(_) => None,
    };
    let Some((moment, is_plain)) = read else {
        new.enabled = false;
        return item.needs_you(
            "its expiresAt cannot be read: it is turned off; set when it ends, or that it never does, and turn it on",
        );
    };
    let is_last = moment == Timestamp::MAX;
    let moment = format!("{moment:.3}");
    if is_last {
        item.note(format!("its expiresAt is later than can be stored: it ends at {moment}"));
    }
    if !is_plain {
        item.note(format!("its expiresAt was read as JavaScript reads it: {moment}"));
    }
    new.expires_at = Some(moment);
}
