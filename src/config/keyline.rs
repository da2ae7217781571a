//! Key lines: one backend as people write it, in any of five forms, alone or many in one text.
//!
//! | form | key | base |
//! | --- | --- | --- |
//! | `URL\|KEY` | all after the first bar; may be empty | before it |
//! | `KEY\|URL` | before the first bar; may be empty | after it |
//! | `URL#KEY` | after the last `#` | before it |
//! | `URL/KEY` | last segment: 20 or more of `A-Za-z0-9_.-`, or any that begins with `sk-` | before it |
//! | `URL` | none: a server that wants no key | the line |
//! | `KEY` | the line | the default |
//!
//! A URL begins with `http://` or `https://`, or is an address without them: `host:port`, an IP address, `localhost`. What
//! is meant as a URL but is none is an error: taken for a key it would be sent to the default. Pure: nothing is stored, asked or looked up here; whether a backend is
//! known already is told by who stores it.

use std::net::IpAddr;

use super::{BaseUrl, Secret};

/// Shortest key whose ends may be a name.
const SHORTEST_NAME: usize = 16;
/// Shortest last segment of a URL that is taken for a key.
const SHORTEST_SEGMENT: usize = 20;

/// One backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Where it stood in the text, from 1.
    pub line: usize,
    /// Where the backend is.
    pub base: BaseUrl,
    /// Its credential; empty for a server that wants none.
    pub key: Secret,
    /// How it was written.
    pub form: Form,
}

/// The forms of a key line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    UrlBarKey,
    KeyBarUrl,
    UrlHashKey,
    UrlSlashKey,
    Url,
    Key,
}

impl Form {
    /// As in the table of the forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Form::UrlBarKey => "URL|KEY",
            Form::KeyBarUrl => "KEY|URL",
            Form::UrlHashKey => "URL#KEY",
            Form::UrlSlashKey => "URL/KEY",
            Form::Url => "URL",
            Form::Key => "KEY",
        }
    }
}

/// A piece of the text that is no backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {input}: {reason}")]
pub struct LineError {
    /// Where it stood in the text, from 1.
    pub line: usize,
    /// Enough of it to recognise it, masked.
    pub input: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads a text of key lines. Pieces end at line ends, commas and semicolons; lines and pieces that begin with `#` are
/// comments, and a comment of a line hides all of it.
pub fn parse_lines(text: &str, default_base: &BaseUrl) -> Vec<Result<KeyLine, LineError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let pieces = lines.flat_map(|(at, line)| line.split([',', ';']).map(move |piece| (at + 1, piece.trim())));
    let pieces = pieces.filter(|(_, piece)| !piece.is_empty() && !piece.starts_with('#'));
    pieces.map(|(line, piece)| parse(line, piece, default_base)).collect()
}

fn parse(line: usize, piece: &str, default_base: &BaseUrl) -> Result<KeyLine, LineError> {
    let (base, key, form) = split(piece);
    let wrong = |reason: String| LineError { line, input: masked_piece(base, key), reason };
    if let Some(reason) = wrong_key(key) {
        return Err(wrong(reason.to_owned()));
    }
    let base = match base {
        None => default_base.clone(),
        Some(text) if !is_url(text) && !is_address(text) => {
            return Err(wrong("the address does not begin with http:// or https://".to_owned()));
        }
        Some(text) => text.parse().map_err(|bad| wrong(format!("the address {bad}")))?,
    };
    Ok(KeyLine { line, base, key: Secret::new(key), form })
}

/// The address, `None` for the default, the key, and the form.
fn split(piece: &str) -> (Option<&str>, &str, Form) {
    if let Some((first, rest)) = piece.split_once('|') {
        let (first, rest) = (first.trim(), rest.trim());
        let is_first = is_url(first) || is_address(first);
        return match is_first {
            true => (Some(first), rest, Form::UrlBarKey),
            false => (Some(rest), first, Form::KeyBarUrl),
        };
    }
    if is_address(piece) || is_near_url(piece) {
        return (Some(piece), "", Form::Url);
    }
    if !is_url(piece) {
        return (None, piece, Form::Key);
    }
    if let Some((base, key)) = piece.rsplit_once('#') {
        return (Some(base.trim()), key.trim(), Form::UrlHashKey);
    }
    let bare = piece.trim_end_matches('/');
    match bare.rsplit_once('/') {
        // Before the last slash of a lone host there is nothing but the scheme.
        Some((base, key)) if !base.ends_with('/') && is_key_segment(key) => {
            (Some(base), key, Form::UrlSlashKey)
        }
        _ => (Some(piece), "", Form::Url),
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// Whether it is an address without a scheme, path or not; a key has no such form.
fn is_address(text: &str) -> bool {
    let host_port = text.split('/').next().unwrap_or_default();
    let is_host = |host: &str| {
        host.starts_with('[')
            || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let has_port = host_port.rsplit_once(':').is_some_and(|(host, port)| {
        is_host(host) && (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    has_port || host_port.parse::<IpAddr>().is_ok() || host_port.eq_ignore_ascii_case("localhost")
}

/// Whether it is an address, or was meant as one: such a text is no credential.
#[must_use]
pub fn is_address_like(text: &str) -> bool {
    is_url(text) || is_address(text) || is_near_url(text)
}

/// Whether it was meant as a URL, with another scheme or a slip in it.
fn is_near_url(text: &str) -> bool {
    let has_slip = |start: &str| {
        let after = text.get(..start.len()).filter(|begin| begin.eq_ignore_ascii_case(start));
        after.is_some() && !is_url(text)
    };
    text.contains("://") && !is_url(text) || ["http:", "https:", "http/", "https/"].into_iter().any(has_slip)
}

fn is_key_segment(segment: &str) -> bool {
    let is_long = segment.len() >= SHORTEST_SEGMENT || segment.len() > 3 && segment.starts_with("sk-");
    is_long && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// A key travels in a header.
fn wrong_key(key: &str) -> Option<&'static str> {
    if key.bytes().any(|byte| matches!(byte, b' ' | b'\t')) {
        Some("the key holds a blank")
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("the key holds a character that is not visible ASCII")
    } else {
        None
    }
}

/// A secret as it is shown: its first six and last four characters when it is longer than ten, fewer of a shorter one,
/// and never all of it.
#[must_use]
pub fn mask(secret: &str) -> String {
    match secret.chars().count() {
        0 => "(empty)".to_owned(),
        1..=4 => "***".to_owned(),
        5..=10 => format!("{}***", first(secret, 2)),
        _ => format!("{}***{}", first(secret, 6), last(secret, 4)),
    }
}

/// A name for a backend that was given none, safe to show and log: the ends of its key, or the host when it has none, or
/// one that is too short to show anything of.
#[must_use]
pub fn display_name(base: &BaseUrl, key: &str) -> String {
    match key.chars().count() {
        0..SHORTEST_NAME => base.authority().to_string(),
        _ => format!("{}...{}", first(key, 4), last(key, 4)),
    }
}

/// The key masked, and of the address what cannot be secret: scheme, host and port.
fn masked_piece(base: Option<&str>, key: &str) -> String {
    let host = base.and_then(|text| {
        let (scheme, rest) = text.split_once("://")?;
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let shown = if authority.contains('@') { "***" } else { authority };
        Some(format!("{scheme}://{shown}"))
    });
    match (host, base) {
        (Some(host), _) if key.is_empty() => host,
        (Some(host), _) => format!("{host}|{}", mask(key)),
        (None, Some(base)) if key.is_empty() => mask(base),
        (None, Some(_)) => format!("{}|***", mask(key)),
        (None, None) => mask(key),
    }
}

fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

fn last(text: &str, count: usize) -> &str {
    let skipped = text.chars().count().saturating_sub(count);
    text.char_indices().nth(skipped).map_or("", |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests;
