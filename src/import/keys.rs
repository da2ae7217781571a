//! `keys.json`: keys of the pool.

use super::ImportError;
use super::files::{File, Files};
use super::item::{Item, Part};
use super::plan::{Draft, Surroundings};
use super::report::{Fit, Line, Place};
use crate::config::fields::header_value;
use crate::config::keyline::{display_name, parse_lines};
use crate::config::{BaseUrl, Secret};
use crate::store::{NewKey, Totals};

/// Members that are of the moment, and not carried.
const LIVE: [&str; 4] = ["healthy", "lastCheck", "lastError", "currentConcurrent"];

pub(super) fn read(files: &Files, here: &Surroundings, draft: &mut Draft) -> Result<(), ImportError> {
    let Some(whole) = Part::whole(files, File::Keys) else { return Ok(()) };
    let mut has_secret = false;
    for (part, item) in whole.list("keys")? {
        has_secret |= one(&part, item, here, draft)?;
    }
    if has_secret {
        draft.secrets.push(File::Keys);
    }
    Ok(())
}

/// Gives whether it holds a secret.
fn one(part: &Part<'_>, mut item: Item, here: &Surroundings, draft: &mut Draft) -> Result<bool, ImportError> {
    let (id, key, base) = (item.need("id", part)?, item.need("key", part)?, item.need("baseUrl", part)?);
    let is_secret = !key.trim().is_empty();
    let (base, credential) = match backend(&base, &key, here, &mut item) {
        Ok(read) => read,
        Err(wrong) => {
            let note = format!("{wrong}; enter it anew");
            draft.lines.push(Line::left(
                File::Keys,
                format!("key {}", super::text::short(&id)),
                Fit::Manual,
                note,
            ));
            return Ok(is_secret);
        }
    };
    let (id, is_other) = draft.key_ids.fit("key", &id);
    if is_other {
        item.note("its id cannot be used here, or comes twice: it has a new one");
    }
    let fitting = display_name(&base, credential.expose());
    let given = item.name(&fitting);
    // The Node program's own names show the ends of a key, or all of a short one.
    let tells = !key.is_empty() && (given == old_name(&key) || given.contains(key.trim()));
    let mut new = NewKey::new(if tells { fitting } else { given }, base.to_string(), credential);
    new.id = Some(id.clone());
    new.enabled = item.flag("enabled");
    new.priority = item.priority();
    new.weight = item.weight();
    new.max_concurrent = item.cap();
    match item.patterns("models") {
        Some(models) => new.models = models,
        None => {
            item.note("none of its models can be used: it is turned off");
            new.enabled = false;
        }
    }
    new.model_mapping = item.mapping();
    new.group = item.label("group");
    new.tags = item.texts("tags");
    new.added_at = item.time("addedAt");
    new.totals = totals(&mut item);
    let what = format!("key {} at {base}", super::text::short(&new.name));
    let place = Place::Key(draft.batch.keys.len());
    draft.lines.push(Line { id: Some(id), ..Line::taken(File::Keys, what, item.end(&LIVE), place) });
    draft.batch.keys.push(new);
    Ok(is_secret)
}

pub(super) fn totals(item: &mut Item) -> Totals {
    Totals {
        total_requests: item.count("totalRequests"),
        failed_requests: item.count("failedRequests"),
        total_tokens: item.count("totalTokens"),
        last_used: item.time("lastUsed"),
    }
}

/// How the Node program named a key.
fn old_name(key: &str) -> String {
    let count = key.chars().count();
    let last: String = key.chars().skip(count.saturating_sub(4)).collect();
    match count {
        0..=8 => key.to_owned(),
        _ => format!("{}...{last}", key.chars().take(4).collect::<String>()),
    }
}

/// Where a key goes, and what it is. The Node program took some addresses for keys; they are told apart here, for an
/// address must not be sent as a key.
///
/// # Errors
/// Why it cannot be used.
fn backend(base: &str, key: &str, here: &Surroundings, item: &mut Item) -> Result<(BaseUrl, Secret), String> {
    let key = key.trim();
    if let "http:" | "https:" = base.trim().trim_end_matches('/') {
        let whole = format!("{}//{key}", base.trim().trim_end_matches('/'));
        let base = whole.parse::<BaseUrl>().map_err(|bad| format!("its address {bad}"))?;
        item.note("the old program took the address for a key; it is an address without a key here");
        return Ok((base, Secret::new("")));
    }
    let base = match base.trim() {
        "" => here.default_base.clone(),
        text => text.parse::<BaseUrl>().map_err(|bad| format!("its address {bad}"))?,
    };
    if let Some(read) = line(key, &base) {
        item.note(
            "the old program took a whole line for a key; it is an address, with or without a key, here",
        );
        return Ok(read);
    }
    header_value(key).map_err(|wrong| format!("its key {wrong}"))?;
    Ok((base, Secret::new(key)))
}

/// A text that was stored as a key, and is an address.
pub(super) fn line(key: &str, base: &BaseUrl) -> Option<(BaseUrl, Secret)> {
    match <[_; 1]>::try_from(parse_lines(key, base)) {
        Ok([Ok(line)]) if line.base != *base && (key.contains("://") || line.key.expose().is_empty()) => {
            Some((line.base, line.key))
        }
        _ => None,
    }
}
