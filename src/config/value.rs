//! From the text of a setting to its value, by the kind that the table gives it. Knows nothing of where the
//! text came from.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::otlp::headers;
use super::table::{Kind, Setting, Unit, Zero};

/// Of the key that seals credentials.
const KEY_BYTES: usize = 32;

/// A setting's value, without `Debug`, as it may be a secret. `Unset` when neither a text nor a default was given.
#[derive(PartialEq, Eq)]
pub(super) enum Value {
    Unset,
    Switch(bool),
    /// An integer or a number of bytes.
    Number(u64),
    Duration(Duration),
    /// Choices are in lower case, lists are as they were written.
    Text(String),
}

/// Parses `text` for `setting`; an empty text is `Unset`. The error says what is wrong, in words that follow
/// the value ("is not a whole number").
pub(super) fn parse(setting: &Setting, text: &str) -> Result<Value, String> {
    if setting.is_secret() {
        let value = secret(text)?;
        return match (&value, &setting.kind) {
            (Value::Text(text), Kind::Key) if !is_key(text) => Err("is not a key".to_owned()),
            (_, Kind::Headers) if headers(text).is_none() => Err("is no list of headers".to_owned()),
            _ => Ok(value),
        };
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Unset);
    }
    if text.contains('\u{fffd}') {
        return Err("is not valid UTF-8".to_owned());
    }
    match setting.kind {
        Kind::Switch => switch(text).map(Value::Switch).ok_or_else(|| "is no switch".to_owned()),
        Kind::Integer { min, max } => {
            within(digits(text), min, max, "is not a whole number").map(Value::Number)
        }
        Kind::Bytes { min, max } => within(bytes(text), min, max, "is not a size").map(Value::Number),
        Kind::Duration { unit, min, max, zero } => match duration(text, unit) {
            None => Err("is not a duration".to_owned()),
            Some(Duration::ZERO) if zero == Zero::Refused => Err("is zero".to_owned()),
            Some(Duration::ZERO) => Ok(Value::Duration(Duration::ZERO)),
            Some(time) if time < min => Err("is too short".to_owned()),
            Some(time) if time > max => Err("is too long".to_owned()),
            Some(time) => Ok(Value::Duration(time)),
        },
        Kind::Choice(words) => {
            let word = text.to_ascii_lowercase();
            if words.contains(&word.as_str()) {
                Ok(Value::Text(word))
            } else {
                Err("is none of these".to_owned())
            }
        }
        Kind::Text { check, .. } => check(text).map(|()| Value::Text(text.to_owned())),
        Kind::List { check, .. } => {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).try_for_each(check)?;
            Ok(Value::Text(text.to_owned()))
        }
        Kind::Secret | Kind::Key | Kind::Headers => unreachable!("secrets are parsed above"),
    }
}

/// As [`parse`]; an empty text is the default.
pub(super) fn parse_or_default(setting: &Setting, text: &str) -> Result<Value, String> {
    match parse(setting, text)? {
        Value::Unset => Ok(parse(setting, setting.default).expect("defaults are valid")),
        value => Ok(value),
    }
}

/// Blanks around a secret are more likely a slip than meant, and could not be sent in a header.
fn secret(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        Ok(Value::Unset)
    } else if text.contains('\u{fffd}') {
        Err("is not valid UTF-8".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("holds a line break or another control character".to_owned())
    } else if text.trim() != text {
        Err("begins or ends with a blank".to_owned())
    } else {
        Ok(Value::Text(text.to_owned()))
    }
}

/// true/false, yes/no, on/off, 1/0, in any case.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn is_key(text: &str) -> bool {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
    bytes.len() == KEY_BYTES
}

fn within(number: Option<u64>, min: u64, max: u64, otherwise: &str) -> Result<u64, String> {
    match number {
        None => Err(otherwise.to_owned()),
        Some(number) if number < min => Err("is too small".to_owned()),
        Some(number) if number > max => Err("is too large".to_owned()),
        Some(number) => Ok(number),
    }
}

/// A number of ASCII digits only; one that no `u64` holds counts as the largest.
fn digits(text: &str) -> Option<u64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Number and unit, the unit in lower case.
fn split_unit(text: &str) -> Option<(u64, String)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((digits(&text[..end])?, text[end..].to_ascii_lowercase()))
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor = match unit.as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1000 * 1000,
        "gb" => 1000 * 1000 * 1000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    Some(number.saturating_mul(factor))
}

fn duration(text: &str, plain: Unit) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis = match (unit.as_str(), plain) {
        ("ms", _) | ("", Unit::Milliseconds) => 1,
        ("s", _) | ("", Unit::Seconds) => 1000,
        ("m", _) => 60 * 1000,
        ("h", _) => 60 * 60 * 1000,
        ("d", _) => 24 * 60 * 60 * 1000,
        _ => return None,
    };
    Some(Duration::from_millis(number.saturating_mul(millis)))
}

/// Which texts a setting takes, for error messages and the example files.
pub(super) fn allowed(kind: &Kind) -> String {
    match *kind {
        Kind::Switch => "true or false (also 1/0, yes/no, on/off)".to_owned(),
        Kind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Bytes { min, max } => {
            format!("bytes as a plain number, or such as 64MiB or 50MB, from {} to {}", size(min), size(max))
        }
        Kind::Duration { unit, min, max, zero } => {
            let unit = match unit {
                Unit::Milliseconds => "milliseconds",
                Unit::Seconds => "seconds",
            };
            let zero = match zero {
                Zero::Refused => "",
                Zero::Off | Zero::Plain => "0, or ",
            };
            let (min, max) = (span(min), span(max));
            format!("{unit} as a plain number, or such as 500ms, 30s, 5m, 24h; {zero}from {min} to {max}")
        }
        Kind::Choice(words) => words.join(", "),
        Kind::Text { form, .. } | Kind::List { form, .. } => form.to_owned(),
        Kind::Secret => "one line of text without blanks around it".to_owned(),
        Kind::Key => "32 bytes in base64, as `openssl rand -base64 32` prints them".to_owned(),
        Kind::Headers => "name=value,name=value, values percent-encoded".to_owned(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes}B"),
        _ if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes < 1 << 20 => format!("{}KiB", bytes >> 10),
        _ => format!("{}MiB", bytes >> 20),
    }
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{}ms", time.as_millis()),
        seconds if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        seconds => format!("{seconds}s"),
    }
}
