//! What the texts and numbers of channels, keys and tokens may be: one set of rules for all who write them. Pure.
//!
//! An error is what is wrong, in words that follow the name of the field ("must be …").

/// Longest name of a channel or key, in characters.
pub const MAX_NAME: usize = 200;
/// Longest of any other text, and most items of a list.
pub const MAX_TEXT: usize = 4096;
/// Largest list of patterns of models, in bytes: a request may be compared with all of it.
pub const MAX_PATTERNS: usize = 64 << 10;
/// Largest weight and cap.
pub const MAX_COUNT: i64 = 1_000_000;
/// Largest quota, in tokens a month. JavaScript can hold it.
pub const MAX_QUOTA: i64 = 1_000_000_000_000_000;
/// Priorities are this far from 0 at most.
pub const MAX_PRIORITY: i64 = 1_000_000_000;

/// Whether a character shows as another one or none, or turns the text around it: a control character, an end of a line,
/// or a mark of the direction of writing.
#[must_use]
pub fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A name for people: neither empty nor long, on one line.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(is_odd) {
        return Err(format!(
            "must have 1 to {MAX_NAME} characters, none of them a control character or a mark of direction"
        ));
    }
    Ok(text.to_owned())
}

/// Any other text, such as a model or a tag.
///
/// # Errors
/// What is wrong with it.
pub fn line(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT || text.chars().any(is_odd) {
        return Err(format!(
            "must have at most {MAX_TEXT} bytes and no control characters or marks of direction"
        ));
    }
    Ok(())
}

/// A name or pattern of a model. A blank one would be taken for none, and no pattern at all admits every model.
///
/// # Errors
/// What is wrong with it.
pub fn pattern(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("must not be blank; an empty list is all models".to_owned())
    } else {
        line(text)
    }
}

/// A list of patterns as a whole.
///
/// # Errors
/// What is wrong with it.
pub fn patterns<'r>(list: impl IntoIterator<Item = &'r String>) -> Result<(), String> {
    match list.into_iter().map(String::len).sum::<usize>() > MAX_PATTERNS {
        true => Err(format!("must have at most {MAX_PATTERNS} bytes in all; a * stands for many names")),
        false => Ok(()),
    }
}

/// 0 is 10, as in the Node program.
#[must_use]
pub fn weight(given: i64) -> i64 {
    if given == 0 { 10 } else { given }
}

/// A credential: it travels in a header.
///
/// # Errors
/// What is wrong with it.
pub fn header_value(text: &str) -> Result<(), String> {
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(()),
        false => Err("must be visible ASCII without blanks, as it travels in a header".to_owned()),
    }
}
