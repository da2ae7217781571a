//! A text without the data in it: images and sound in base64 are large, and nobody reads them.

/// From this length on a run of base64 is data, wherever it stands.
const RUN: usize = 512;
/// What comes before data in a data URL.
const MARK: &[u8] = b";base64,";
const IMAGE: &[u8] = b"data:image/";
/// Longest kind of data in front of the mark.
const KIND: usize = 128;

/// The beginning of `text`, at most about `most` bytes of it, with the number of its bytes in the place of data. Gives whether
/// there was more.
pub(super) fn squeezed(text: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len().min(most));
    let mut rest = text;
    while let [first, after @ ..] = rest
        && out.len() < most
    {
        let run = run_of(rest);
        if run >= RUN || (run > 0 && out.ends_with(MARK)) {
            let kind = if is_image(&out) { "image" } else { "data" };
            out.extend_from_slice(format!("[{kind} {} bytes]", decoded(&rest[..run])).as_bytes());
            rest = &rest[run..];
        } else if run > 0 {
            let kept = run.min(most - out.len());
            out.extend_from_slice(&rest[..kept]);
            rest = &rest[kept..];
        } else {
            out.push(*first);
            rest = after;
        }
    }
    (out, !rest.is_empty())
}

/// How much of it is base64. A slash may be escaped, as some programs write it in JSON.
fn run_of(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match &text[at..] {
            [b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' | b'=', ..] => 1,
            [b'\\', b'/', ..] => 2,
            _ => return at,
        };
    }
}

/// Whether a data URL of an image ends here.
fn is_image(before: &[u8]) -> bool {
    let Some(url) = before.strip_suffix(MARK) else { return false };
    let near = &url[url.len().saturating_sub(KIND)..];
    // Slashes may be escaped.
    let plain: Vec<u8> = near.iter().copied().filter(|byte| *byte != b'\\').collect();
    plain.windows(IMAGE.len()).any(|part| part == IMAGE)
}

/// Bytes that base64 stands for.
fn decoded(run: &[u8]) -> usize {
    run.iter().filter(|byte| !matches!(byte, b'=' | b'\\')).count() * 3 / 4
}
