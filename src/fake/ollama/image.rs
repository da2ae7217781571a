//! Base64 as Go's decoder reads it, and the kind and size of an image.

/// The bytes of a standard base64 text; line ends inside are passed over.
///
/// # Errors
/// With the offset that Go names.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut count, mut padding) = (0_u32, 0, 0);
    for (at, c) in text.bytes().enumerate() {
        let value = match c {
            b'\r' | b'\n' => continue,
            b'=' if count >= 2 => {
                padding += 1;
                0
            }
            _ if padding > 0 => return Err(at),
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(at),
        };
        held = (held << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            let [_, first, second, third] = held.to_be_bytes();
            bytes.extend_from_slice(&[first, second, third][..3 - padding]);
            (held, count) = (0, 0);
        }
    }
    if count == 0 { Ok(bytes) } else { Err(text.len()) }
}

/// What an image is, in words: `PNG, 640 x 480`.
pub(super) fn describe(bytes: &[u8]) -> String {
    let big = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let little = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    if bytes.starts_with(b"\x89PNG")
        && let (Some(width), Some(height)) = (big(16), big(20))
    {
        return format!("PNG, {width} x {height}");
    }
    if bytes.starts_with(b"GIF8")
        && let (Some(width), Some(height)) = (little(6), little(8))
    {
        return format!("GIF, {width} x {height}");
    }
    let kind = match bytes {
        [0xff, 0xd8, ..] => match jpeg_size(bytes) {
            Some((width, height)) => return format!("JPEG, {width} x {height}"),
            None => "JPEG",
        },
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "WebP",
        [b'R', b'I', b'F', b'F', ..] => "WAV",
        [b'I', b'D', b'3', ..] => "MP3",
        _ => "data",
    };
    format!("{kind}, {} bytes", bytes.len())
}

/// Width and height from the first frame header.
fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut at = 2;
    loop {
        let (mark, kind) = (*bytes.get(at)?, *bytes.get(at + 1)?);
        if mark != 0xff {
            return None;
        }
        let pair = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        if (0xc0..=0xcf).contains(&kind) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
            return Some((pair(at + 7)?, pair(at + 5)?));
        }
        at += 2 + usize::from(pair(at + 2)?);
    }
}
