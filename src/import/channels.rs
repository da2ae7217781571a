//! `channels.json`: channels and their backends.

use serde_json::Value;

use super::ImportError;
use super::files::{File, Files};
use super::item::{Item, Part};
use super::keys::{line, totals};
use super::plan::{Draft, Surroundings};
use super::report::{Fit, Line, Place};
use super::text::{Ids, counted, short};
use crate::config::fields::{MAX_COUNT, header_value};
use crate::config::keyline::display_name;
use crate::config::{BadBaseUrl, BaseUrl, Secret};
use crate::store::{NewBackend, NewChannel};

/// Members that are of the moment, and not carried.
const LIVE: [&str; 3] = ["healthy", "lastError", "currentConcurrent"];
/// What the Node program called a channel that was given no name.
const UNNAMED: &str = "New Channel";

pub(super) fn read(files: &Files, here: &Surroundings, draft: &mut Draft) -> Result<(), ImportError> {
    let Some(whole) = Part::whole(files, File::Channels) else { return Ok(()) };
    let mut ids = Ids::default();
    let mut has_secret = false;
    for (part, item) in whole.list("channels")? {
        has_secret |= one(&part, item, here, &mut ids, draft)?;
    }
    if has_secret {
        draft.secrets.push(File::Channels);
    }
    Ok(())
}

/// Gives whether it holds a secret.
fn one(
    part: &Part<'_>,
    mut item: Item,
    here: &Surroundings,
    ids: &mut Ids,
    draft: &mut Draft,
) -> Result<bool, ImportError> {
    let id = item.need("id", part)?;
    let name = item.name(UNNAMED);
    let keys = item.take("keys");
    let has_secret = keys.as_ref().is_some_and(|keys| keys.to_string().chars().any(char::is_alphanumeric));
    let base = address(&mut item, here);
    let base = match base {
        Ok(base) => base,
        Err(bad) => {
            let note = format!("its address {bad}; enter it anew");
            draft.lines.push(Line::left(
                File::Channels,
                format!("channel {}", short(&name)),
                Fit::Manual,
                note,
            ));
            return Ok(has_secret);
        }
    };
    let (id, is_other) = ids.fit("channel", &id);
    if is_other {
        item.note("its id cannot be used here, or comes twice: it has a new one");
    }
    let mut new = NewChannel::new(name, base.to_string());
    new.id = Some(id.clone());
    let lacks = fill(&mut new, &mut item, keys, &base);
    let backends = counted(new.backends.len(), "backend", "backends");
    let what = format!("channel {} at {base}, {backends}", short(&new.name));
    let place = Place::Channel(draft.batch.channels.len());
    draft.lines.push(Line {
        id: Some(id),
        lacks,
        ..Line::taken(File::Channels, what, item.end(&LIVE), place)
    });
    draft.batch.channels.push(new);
    Ok(has_secret)
}

/// Gives whether a key was left out.
fn fill(new: &mut NewChannel, item: &mut Item, keys: Option<Value>, base: &BaseUrl) -> bool {
    new.enabled = item.flag("enabled");
    new.priority = item.priority();
    new.weight = item.weight();
    new.max_concurrent = item.cap();
    new.rate_limit = item.limit("rateLimit", MAX_COUNT).unwrap_or_else(|()| {
        item.needs_you(
            "its rateLimit is no number from 0 on, and had no effect before: it was left out; set it as it was meant",
        );
        None
    });
    if new.rate_limit.is_some() {
        item.note("its rateLimit had no effect before; it is held now, as requests a minute");
    }
    let models = item.patterns("models");
    let all_models_bad = models.is_none();
    new.models = models.unwrap_or_default();
    new.model_mapping = item.mapping();
    new.tags = item.texts("tags");
    new.created_at = item.time("createdAt");
    new.totals = totals(item);
    let lacks = backends(keys, base, new, item);
    if all_models_bad {
        item.note("none of its models can be used: it is turned off");
        new.enabled = false;
    }
    lacks
}

fn address(item: &mut Item, here: &Surroundings) -> Result<BaseUrl, BadBaseUrl> {
    match item.text("baseUrl").as_deref().map(str::trim) {
        None | Some("") => {
            item.note("it has no address; it goes where keys without one go");
            Ok(here.default_base.clone())
        }
        Some(text) => text.parse(),
    }
}

/// Fills in the backends: one a key, and one without a key when there is none. Gives whether a key was left out.
fn backends(keys: Option<Value>, base: &BaseUrl, new: &mut NewChannel, item: &mut Item) -> bool {
    let keys = match keys {
        None => Vec::new(),
        Some(Value::Array(keys)) => keys,
        Some(one @ Value::String(_)) => {
            item.note("keys is one text; it was taken for one key");
            vec![one]
        }
        Some(_) => vec![Value::Null],
    };
    let all = keys.len();
    for key in keys {
        let read = key.as_str().map(str::trim).and_then(|key| match line(key, base) {
            Some(other) => {
                item.note("an address stood among its keys; it is a backend at that address now");
                Some(other)
            }
            None => header_value(key).is_ok().then(|| (base.clone(), Secret::new(key))),
        });
        if let Some((base, key)) = read {
            new.backends.push(NewBackend::new(display_name(&base, key.expose()), base.to_string(), key));
        }
    }
    let lacks = new.backends.len() < all;
    if lacks {
        item.note(format!("{} of its {all} keys cannot be sent: left out", all - new.backends.len()));
    }
    if new.backends.is_empty() {
        if lacks {
            item.note("none of its keys can be used: it is turned off; enter them anew");
            new.enabled = false;
        }
        new.backends.push(NewBackend::new(display_name(base, ""), base.to_string(), Secret::new("")));
    }
    lacks
}
