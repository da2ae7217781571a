//! What channels, keys and accounts may hold: one set of rules for the admin API and the command line. Pure.
//!
//! An error is what is wrong, in words that follow the name of the field ("must be …").

use jiff::{SignedDuration, Timestamp};

use super::keyline::{display_name, is_address_like, parse_lines};
use super::passwords::DEFAULT;
use super::view::{masked, member};
use crate::config::fields::header_value;
pub use crate::config::fields::{
    MAX_COUNT, MAX_NAME, MAX_PRIORITY, MAX_TEXT, line, name, pattern, patterns, weight,
};
use crate::config::{BaseUrl, Secret};
use crate::store::{BackendRow, ChannelRow, NewBackend};

/// Why a new address asks for a credential.
pub const ENTER_AGAIN: &str = "must be entered again, as the address changes: a stored key goes nowhere else";

/// Of a password that is chosen, in bytes.
pub(super) const SHORTEST_PASSWORD: usize = 8;
/// Why a password will not do, in general.
pub const PASSWORD: &str = "must have 8 to 256 bytes, and be neither admin123 nor the name of the account";

/// A new password.
///
/// # Errors
/// What is wrong with it.
pub fn password(text: &str, name: &str) -> Result<(), String> {
    let is_known = text.eq_ignore_ascii_case(DEFAULT) || text.eq_ignore_ascii_case(name);
    match (SHORTEST_PASSWORD..=256).contains(&text.len()) && !is_known {
        true => Ok(()),
        false => Err(PASSWORD.to_owned()),
    }
}

/// The name of an account, in lower case.
///
/// # Errors
/// What is wrong with it.
pub fn account(text: &str) -> Result<String, String> {
    let name = text.trim().to_lowercase();
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    match (1..=64).contains(&name.len()) && name.bytes().all(is_fine) {
        true => Ok(name),
        false => Err("must have 1 to 64 letters, digits or any of . _ @ -".to_owned()),
    }
}

/// What a credential in a change of a key means; `None` when it is the key's own mask, which changes nothing.
///
/// # Errors
/// What is wrong with it.
pub fn credential(text: &str, row: &BackendRow) -> Result<Option<Secret>, String> {
    if text == masked(row) {
        return Ok(None);
    }
    if is_mask(text) {
        return Err("is the mask of another key".to_owned());
    }
    header_value(text).map(|()| Some(Secret::new(text)))
}

fn is_mask(text: &str) -> bool {
    text.contains("***") || text.ends_with("(lost)")
}

/// Whether two addresses are the same scheme, host and port: only then may a credential go along.
#[must_use]
pub fn is_same_place(one: &str, other: &BaseUrl) -> bool {
    one.parse::<BaseUrl>().is_ok_and(|one| {
        one.uri("/").scheme() == other.uri("/").scheme() && one.authority() == other.authority()
    })
}

/// Whether the credential of a key must not follow it to this address.
#[must_use]
pub fn must_enter_again(row: &BackendRow, base: &BaseUrl) -> bool {
    !is_same_place(&row.base_url, base) && row.credential != Ok(Secret::new(""))
}

/// The backends of a channel that may keep their credential when the channel goes to `base`. One that was sealed for
/// one place must not be sent to another: it has to be entered again.
#[must_use]
pub fn staying<'r>(
    channel: &ChannelRow,
    members: &[&'r BackendRow],
    base: Option<&BaseUrl>,
) -> Vec<&'r BackendRow> {
    let is_moved = base.is_some_and(|base| !is_same_place(&channel.base_url, base));
    let would_travel =
        |member: &BackendRow| member.base_url == channel.base_url && member.credential != Ok(Secret::new(""));
    members.iter().copied().filter(|member| !is_moved || !would_travel(member)).collect()
}

/// The backends that a channel's list of keys means, each or what is wrong with it. An item is a credential, the mask of
/// one that is `known`, or a key line with an address of its own. No item is one backend that wants no credential.
#[must_use]
pub fn backends(keys: &[String], base: &BaseUrl, known: &[&BackendRow]) -> Vec<Result<NewBackend, String>> {
    let at_base = base.to_string();
    let bare = || NewBackend::new(display_name(base, ""), &at_base, Secret::new(""));
    if keys.is_empty() {
        return vec![Ok(bare())];
    }
    let mut known: Vec<_> = known.to_vec();
    let mut read = |text: &str| {
        let is_it = |row: &&BackendRow| member(row, &at_base) == text;
        if let Some(same) = known.iter().position(is_it) {
            let row = known.remove(same);
            let lost = "was sealed with a key that is not in use, and cannot be read: enter it again";
            return row
                .credential
                .clone()
                .map(|credential| kept(row, credential))
                .map_err(|_| lost.to_owned());
        }
        match text {
            "" | "(empty)" => Ok(bare()),
            _ if is_mask(text) => {
                Err("is the mask of a key that this channel does not have at this address".to_owned())
            }
            _ if is_address_like(text) || text.contains("://") => {
                match <[_; 1]>::try_from(parse_lines(text, base)) {
                    Ok([Ok(line)]) => {
                        let shown = display_name(&line.base, line.key.expose());
                        Ok(NewBackend::new(shown, line.base.to_string(), line.key))
                    }
                    Ok([Err(error)]) => Err(no_line(&error.reason)),
                    Err(_) => Err("must be one key or key line".to_owned()),
                }
            }
            _ => header_value(text)
                .map(|()| NewBackend::new(display_name(base, text), &at_base, Secret::new(text))),
        }
    };
    keys.iter().map(|text| read(text.trim())).collect()
}

/// A time with its zone, or a date, which is its midnight in UTC.
///
/// # Errors
/// What it must be.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let moment = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse());
    moment.map_err(|_| "must be a time, as in 2026-01-31T08:00:00Z, or a date".to_owned())
}

/// A time as [`moment`] reads it, or how long before `now` it was: `30m`, `1h`, `2d`.
///
/// # Errors
/// What it must be.
pub fn moment_or_ago(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let ago = |text: &str| {
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
        let (number, unit) =
            units.into_iter().find_map(|(sign, unit)| Some((text.strip_suffix(sign)?, unit)))?;
        let seconds = i64::from(number.parse::<u32>().ok()?) * unit;
        now.checked_sub(SignedDuration::from_secs(seconds)).ok()
    };
    ago(text.trim()).map_or_else(|| moment(text), Ok).map_err(|_| {
        "must be a time, as in 2026-01-31T08:00:00Z, a date, or how long ago, as in 30m, 1h or 2d".to_owned()
    })
}

/// What is wrong with a text that should be a key line.
#[must_use]
pub fn no_line(reason: &str) -> String {
    format!("is no key line: {reason}")
}

/// A backend that a channel has already.
fn kept(row: &BackendRow, credential: Secret) -> NewBackend {
    NewBackend {
        enabled: row.enabled,
        priority: row.priority,
        weight: row.weight,
        max_concurrent: row.max_concurrent,
        models: row.models.clone(),
        model_mapping: row.model_mapping.clone(),
        group: row.group.clone(),
        tags: row.tags.clone(),
        ..NewBackend::new(&row.name, &row.base_url, credential)
    }
}
