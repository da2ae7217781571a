//! What an upstream's error repeats of the request that it is about: that is for the client alone.
//!
//! Texts are compared by their letters and digits: quotes, spaces, ends of lines and escapes of JSON are written in many ways
//! on the way there and back.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Bytes of letters and digits in a row that are known again wherever they stand.
const WINDOW: usize = size_of::<u128>();
/// Strings of the request from this length on are known again where they stand alone.
const SHORT: usize = 4;
/// So are words from this length on which have letters and digits, as names of accounts and passwords do.
const MIXED: usize = 8;
/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 4096;
/// Of a longer one, the last bytes are left out: what they begin to repeat could not be known.
const EDGE: usize = 256;
/// What stands in the place of what is cut.
const CUT: char = '…';
/// Strings that say what something is, and nothing of what was asked.
const WORDS: [&str; 15] = [
    "array",
    "assistant",
    "boolean",
    "function",
    "high",
    "integer",
    "json",
    "medium",
    "null",
    "number",
    "object",
    "string",
    "system",
    "tool",
    "user",
];

/// `text` without what it repeats of `request`, which is JSON, in at most about 4 KiB. A name of `kept` is not cut, unless
/// it is repeated with more.
#[must_use]
pub fn without_request(text: &str, request: &[u8], kept: &[&str]) -> String {
    let seen = &text[..text.floor_char_boundary(LOOKED_AT)];
    let mut echo = Echo::of(seen);
    let runs = match Strings(&mut echo).deserialize(&mut serde_json::Deserializer::from_slice(request)) {
        Ok(()) => echo.runs(),
        // What cannot be compared is not told.
        Err(_) => std::iter::once(0..seen.len()).collect(),
    };
    let end = if seen.len() < text.len() { seen.floor_char_boundary(LOOKED_AT - EDGE) } else { seen.len() };
    let (mut out, mut at) = (String::with_capacity(end), 0);
    let is_kept = |run: &Range<usize>| {
        let mut named = kept.iter().flat_map(|name| seen.match_indices(name));
        named.any(|(at, name)| at <= run.start && run.end <= at + name.len())
    };
    for run in runs.into_iter().filter(|run| run.start < end && !is_kept(run)) {
        out.push_str(&seen[at..run.start]);
        out.push(CUT);
        at = run.end;
    }
    out.push_str(&seen[at.min(end)..end]);
    if seen.len() < text.len() && !out.ends_with(CUT) {
        out.push(CUT);
    }
    out
}

/// A byte of a letter or digit, and where that stands.
struct Byte {
    byte: u8,
    place: Range<usize>,
}

/// The letters and digits of a text, whatever else stands between them, and whatever escapes of JSON they are written in,
/// once or several times. Of what is not ASCII everything counts.
fn fold(text: &str, mut each: impl FnMut(Byte)) {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if byte.is_ascii_alphanumeric() {
            at += 1;
            each(Byte { byte, place: start..at });
        } else if byte == b'\\' {
            at += bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
            let (char, length) = escaped(&bytes[at..]);
            at += length;
            if counts(char) {
                let mut buffer = [0; 4];
                let bytes = char.encode_utf8(&mut buffer).bytes();
                bytes.for_each(|byte| each(Byte { byte, place: start..at }));
            }
        } else if byte.is_ascii() {
            at += 1;
        } else {
            at = text.ceil_char_boundary(at + 1);
            bytes[start..at].iter().for_each(|&byte| each(Byte { byte, place: start..at }));
        }
    }
}

fn counts(char: char) -> bool {
    char.is_ascii_alphanumeric() || !char.is_ascii()
}

/// The character that an escape stands for, after its backslash, and how long that is. None of the shorter ones is a letter
/// or a digit.
fn escaped(text: &[u8]) -> (char, usize) {
    const NONE: char = ' ';
    match (text.first(), unit(text)) {
        (Some(b'n' | b'r' | b't' | b'b' | b'f'), _) => (NONE, 1),
        (_, Some(first)) => {
            let rest = &text[UNIT..];
            let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
            let second = unit(&rest[slashes..]).filter(|_| slashes > 0);
            match char::decode_utf16([first].into_iter().chain(second)).next() {
                Some(Ok(char)) if char.len_utf16() == 1 => (char, UNIT),
                Some(Ok(char)) => (char, UNIT + slashes + UNIT),
                _ => (NONE, UNIT),
            }
        }
        _ => (NONE, 0),
    }
}

/// Length of `u00e9`.
const UNIT: usize = 5;

fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.get(1..UNIT).filter(|_| text[0] == b'u')?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)? as u16))
}

/// A text, and what of it was found in the request.
struct Echo {
    places: Vec<Range<usize>>,
    found: Vec<bool>,
    /// Where its pieces stand. Those that were found are taken out.
    pieces: HashMap<u128, Vec<usize>>,
    /// Whether a piece may be there: quicker than to look.
    may_hold: Vec<bool>,
}

/// Among so many slots a few thousand pieces leave most empty.
const SLOT_BITS: u32 = 16;

fn slot(piece: u128) -> usize {
    let mixed = ((piece >> 64) as u64 ^ piece as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SLOT_BITS)) as usize
}

/// No byte is 0, so that pieces of different lengths differ.
fn joined(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |piece, byte| piece << 8 | u128::from(*byte))
}

impl Echo {
    fn of(text: &str) -> Echo {
        let (mut bytes, mut places) = (Vec::new(), Vec::<Range<usize>>::new());
        fold(text, |Byte { byte, place }| {
            bytes.push(byte);
            places.push(place);
        });
        // Nothing but ASCII has words with spaces between.
        let is_edge = |at: usize| match (at.checked_sub(1), places.get(at)) {
            (Some(before), Some(place)) if bytes[before].is_ascii() && bytes[at].is_ascii() => {
                places[before].end < place.start
            }
            (Some(before), Some(place)) => places[before] != *place,
            _ => true,
        };
        let mut pieces: HashMap<u128, Vec<usize>> = HashMap::new();
        let mut may_hold = vec![false; 1 << SLOT_BITS];
        let mut add = |range: Range<usize>| {
            let piece = joined(&bytes[range.clone()]);
            may_hold[slot(piece)] = true;
            pieces.entry(piece).or_default().push(range.start);
        };
        for start in 0..bytes.len() {
            if start + WINDOW <= bytes.len() {
                add(start..start + WINDOW);
            }
            let ends = (start + SHORT..start + WINDOW).take_while(|end| *end <= bytes.len());
            ends.filter(|end| is_edge(start) && is_edge(*end)).for_each(|end| add(start..end));
        }
        let found = vec![false; bytes.len()];
        Echo { places, found, pieces, may_hold }
    }

    /// A string of the request. What is only a name in it is not looked for as a whole.
    fn string(&mut self, text: &str, is_name: bool) {
        let (mut last, mut length, mut word) = (0, 0, Word::default());
        fold(text, |Byte { byte, place }| {
            if !word.goes_on(byte, &place) {
                self.word(std::mem::take(&mut word), last);
            }
            word.add(byte, &place);
            (last, length) = (last << 8 | u128::from(byte), length + 1);
            if length >= WINDOW {
                self.look(last, WINDOW);
            }
        });
        self.word(word, last);
        if !is_name && (SHORT..WINDOW).contains(&length) && !WORDS.contains(&text) {
            self.look(last, length);
        }
    }

    /// A word of the request that ends with `last`.
    fn word(&mut self, word: Word, last: u128) {
        if (MIXED..WINDOW).contains(&word.length) && word.has_digit && word.has_letter {
            self.look(last & ((1 << (8 * word.length)) - 1), word.length);
        }
    }

    fn look(&mut self, piece: u128, length: usize) {
        if self.may_hold[slot(piece)]
            && let Some(starts) = self.pieces.remove(&piece)
        {
            starts.into_iter().for_each(|start| self.found[start..start + length].fill(true));
        }
    }

    /// What was found, with all that stands between its letters.
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs = Vec::<Range<usize>>::new();
        let mut is_open = false;
        for (place, found) in self.places.iter().zip(&self.found) {
            match runs.last_mut().filter(|_| *found && is_open) {
                Some(run) => run.end = place.end,
                None if *found => runs.push(place.clone()),
                None => {}
            }
            is_open = *found;
        }
        runs
    }
}

/// A word of ASCII, as far as it was read.
#[derive(Clone, Copy, Default)]
struct Word {
    length: usize,
    end: usize,
    has_digit: bool,
    has_letter: bool,
}

impl Word {
    fn goes_on(&self, byte: u8, place: &Range<usize>) -> bool {
        byte.is_ascii() && self.end == place.start
    }

    fn add(&mut self, byte: u8, place: &Range<usize>) {
        self.end = place.end;
        if byte.is_ascii() {
            self.length += 1;
            self.has_digit |= byte.is_ascii_digit();
            self.has_letter |= byte.is_ascii_alphabetic();
        }
    }
}

/// Shows all strings of a JSON text, however deep.
struct Strings<'r>(&'r mut Echo);

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.string(text, false);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Strings(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key_seed(Name(self.0))?.is_some() {
            members.next_value_seed(Strings(self.0))?;
        }
        Ok(())
    }
}

/// The name of a member.
struct Name<'r>(&'r mut Echo);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.string(name, true);
        Ok(())
    }
}
