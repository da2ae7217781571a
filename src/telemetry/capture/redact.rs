//! What must not be kept of a text, replaced by `***`.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;
use wire::json::hex_unit;

const HIDDEN: &str = "***";

/// What looks like a token, a cookie or a header with one of ours.
/// Each with a word in lower case without which it finds nothing: most texts have none of them, and looking for a word is
/// much faster.
static OURS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("sk-", r"\bsk-[A-Za-z0-9_-]{16,}"),
        ("bearer", r"(?i)\bbearer[ \t]+[A-Za-z0-9._~+/-]{16,}=*"),
        (
            "authorization",
            r#"(?i)\b(proxy-)?authorization[\\"']*\s*[:=]\s*[\\"']*(bearer|basic)\s+[^\s\\"',;]+"#,
        ),
        ("api-key", r#"(?i)\b(x-)?api-key[\\"']*\s*[:=]\s*[\\"']*[^\s\\"',;]+"#),
        ("o2o", r#"\b(__Host-o2o|o2o_session)=[^\s\\"';]+"#),
    ]
    .map(|(word, pattern)| (word, Regex::new(pattern).expect("the pattern is in order")))
    .into()
});

/// See above.
#[derive(Debug, Default)]
pub struct Redact(Vec<Regex>);

impl Redact {
    /// What these regular expressions find, beside what is always taken out. Those that cannot be read find nothing: the
    /// settings have none.
    #[must_use]
    pub fn new(patterns: &[String]) -> Self {
        Redact(patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect())
    }

    /// The first `most` bytes of a text of JSON, without what must not be kept. All patterns see the text as it was, what
    /// comes behind those bytes too. Gives whether there was more.
    pub(super) fn apply(&self, text: &[u8], most: usize) -> (String, bool) {
        let (text, end) = plain(&String::from_utf8_lossy(text), most);
        let lower = text.to_ascii_lowercase();
        let ours = OURS.iter().filter(|(word, _)| lower.contains(word)).map(|(_, pattern)| pattern);
        let patterns = ours.chain(&self.0);
        let found = patterns.flat_map(|pattern| pattern.find_iter(&text).map(|found| found.range()));
        let mut found: Vec<Range<usize>> =
            found.filter(|range| !range.is_empty() && range.start < end).collect();
        found.sort_unstable_by_key(|range| (range.start, range.end));
        let (mut out, mut at) = (String::with_capacity(end), 0);
        for range in found {
            if range.start >= at {
                out.push_str(&text[at..range.start]);
                out.push_str(HIDDEN);
            }
            at = at.max(range.end);
        }
        out.push_str(text.get(at..end).unwrap_or_default());
        (out, end < text.len())
    }
}

/// JSON in which escapes are written as the characters that they stand for, so that patterns find those; and where the first
/// `most` bytes of `text` end in it. What has to be escaped stays so.
fn plain(text: &str, most: usize) -> (String, usize) {
    let (mut out, mut at, mut end) = (String::with_capacity(text.len()), 0, None);
    loop {
        let next = text[at..].find('\\').map_or(text.len(), |found| at + found);
        if end.is_none() && most <= next {
            let before = text.floor_char_boundary(most.max(at));
            end = Some(out.len() + before.saturating_sub(at));
        }
        out.push_str(&text[at..next]);
        if next == text.len() {
            let end = end.unwrap_or(out.len());
            return (out, end);
        }
        let (length, character) = escape(&text[next..]);
        match character {
            Some(character) => out.push(character),
            None => out.push_str(&text[next..next + length]),
        }
        at = next + length;
    }
}

/// How long the escape is that a text begins with, and what it may be written as.
fn escape(text: &str) -> (usize, Option<char>) {
    let Some(kind) = text[1..].chars().next() else { return (1, None) };
    if kind == '/' {
        return (2, Some('/'));
    }
    let unit = |at| hex_unit(text.as_bytes(), at).and_then(|unit| u16::try_from(unit).ok());
    let Some(first) = unit(0) else { return (1 + kind.len_utf8(), None) };
    let second = unit(6);
    let units = std::iter::once(first).chain(second);
    match char::decode_utf16(units).next() {
        Some(Ok(character)) if character.is_control() || matches!(character, '"' | '\\') => (6, None),
        Some(Ok(character)) => (6 * character.len_utf16(), Some(character)),
        _ => (6, None),
    }
}
