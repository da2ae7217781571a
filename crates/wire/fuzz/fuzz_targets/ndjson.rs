//! Cuts of a stream do not change its lines. The first byte is the limit, the next eight are lengths of pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::ndjson::{LineTooLong, Lines};

fn split<'b>(pieces: impl Iterator<Item = &'b [u8]>, limit: usize) -> (Vec<Vec<u8>>, Option<LineTooLong>) {
    let (mut lines, mut found) = (Lines::new(limit), Vec::new());
    for piece in pieces {
        let pushed = lines.push(piece, |line| {
            found.push(line.to_vec());
            true
        });
        if let Err(error) = pushed {
            return (found, Some(error));
        }
    }
    lines.finish(|line| {
        found.push(line.to_vec());
        true
    });
    (found, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((head, stream)) = data.split_first_chunk::<9>() else { return };
    let limit = usize::from(head[0]) + 1;
    let whole = split(std::iter::once(stream), limit);
    let (mut rest, mut pieces, mut lengths) = (stream, Vec::new(), head[1..].iter().cycle());
    while !rest.is_empty() {
        let length = usize::from(*lengths.next().expect("it repeats")).max(1).min(rest.len());
        pieces.push(&rest[..length]);
        rest = &rest[length..];
    }
    assert_eq!(split(pieces.into_iter(), limit), whole);
    assert!(whole.0.iter().all(|line| line.len() <= limit && !line.is_empty()));
});
