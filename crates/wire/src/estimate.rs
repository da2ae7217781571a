//! A token estimate from text, for reservations and for replies that came without counts.

/// About how many tokens `text` is: 1.5 characters a token for Chinese, Japanese and Korean, 4 for the rest.
/// Source: the rule of the Node program that users come from.
#[must_use]
pub fn tokens(text: &str) -> u64 {
    if text.is_ascii() {
        return (text.len() as u64).div_ceil(4);
    }
    let (mut dense, mut other) = (0u64, 0u64);
    for character in text.chars() {
        if is_dense(character) { dense += 1 } else { other += 1 }
    }
    // dense / 1.5 + other / 4, rounded up, in twelfths
    (dense * 8 + other * 3).div_ceil(12)
}

fn is_dense(character: char) -> bool {
    matches!(u32::from(character),
        0x1100..=0x11ff | 0x2e80..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff
        | 0xfe30..=0xfe4f | 0xff00..=0xffef | 0x20000..=0x3ffff)
}

/// What a picture or a piece of sound is taken for: the middle of what models of several families make of one.
const MEDIUM: u64 = 768;

/// About how many tokens a native body is: its text, with names and brackets for what a template adds, and its media.
pub(crate) fn body(tail: &[u8], media: Media) -> u64 {
    let text = std::str::from_utf8(tail).map_or(tail.len() as u64 / 4, tokens);
    text.saturating_sub(media.bytes.div_ceil(4)).saturating_add(media.count.saturating_mul(MEDIUM))
}

/// Pictures and sound within a body, in base64.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Media {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}
