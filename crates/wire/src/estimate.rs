//! A token estimate from text, for reservations and for replies that came without counts.

/// About how many tokens `text` is: 1.5 characters a token for Chinese, Japanese and Korean, 4 for the rest.
/// Source: the rule of the Node program that users come from.
#[must_use]
pub fn tokens(text: &str) -> u64 {
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
