//! JSON text: borrowed strings, raw values that keep their text, and a string escaper for the hot path.

use std::borrow::Cow;
use std::fmt;

use bytes::BufMut;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest nesting accepted in a value that is passed on as text; typed values stop at serde_json's own 128.
pub const MAX_DEPTH: usize = 128;

/// A string that borrows from the input unless it holds escapes. (`Option<Cow<str>>` never borrows; this does.)
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A number whose text is kept as the client wrote it.
#[derive(Clone, Copy)]
pub struct Number<'a>(pub &'a str);

impl fmt::Debug for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match kind(raw) {
            // Ollama would refuse the whole body, and name nothing.
            Kind::Number if raw.parse().is_ok_and(f64::is_finite) => Ok(Number(raw)),
            Kind::Number => Err(de::Error::custom("number out of range")),
            other => {
                Err(de::Error::custom(format_args!("invalid type: {}, expected a number", other.name())))
            }
        }
    }
}

/// What a JSON text is, told from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// any number
    Number,
    /// a string
    Text,
    /// an array
    Array,
    /// an object
    Object,
}

impl Kind {
    /// The name for messages, as serde says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }
}

/// The kind of a valid JSON text without leading blanks (as [`RawValue`] holds it).
#[must_use]
pub fn kind(raw: &str) -> Kind {
    match raw.as_bytes().first() {
        Some(b'"') => Kind::Text,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// Whether brackets nest deeper than `limit`. Cheap: one pass, no parsing beyond strings.
#[must_use]
pub fn deeper_than(raw: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in raw.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The entries of an object in their order, duplicates included, values as text.
#[derive(Debug, Default, Clone)]
pub struct Entries<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// The last value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// For each byte: 0 = copy, otherwise the letter after the backslash (`u` = `\u00XX`).
static ESCAPE: [u8; 256] = escape_table();

const fn escape_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
}

/// Bytes looked at together when most need no escape; the compiler makes vector instructions of it.
const STRIDE: usize = 32;

/// How many bytes at the beginning of `bytes` can be copied as they are.
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    for stride in bytes.chunks_exact(STRIDE) {
        let has_escape =
            stride.iter().fold(false, |any, &byte| any | (byte < 0x20) | (byte == b'"') | (byte == b'\\'));
        if has_escape {
            break;
        }
        at += STRIDE;
    }
    at + bytes[at..].iter().take_while(|&&byte| ESCAPE[usize::from(byte)] == 0).count()
}

/// Writes `text` escaped, without the quotes round it.
pub fn write_escaped(out: &mut impl BufMut, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text.as_bytes();
    loop {
        let (copied, odd) = rest.split_at(plain(rest));
        out.put_slice(copied);
        let Some((&byte, after)) = odd.split_first() else { return };
        match ESCAPE[usize::from(byte)] {
            b'u' => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.put_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
            letter => out.put_slice(&[b'\\', letter]),
        }
        rest = after;
    }
}

/// Writes `text` as a JSON string.
pub fn write_str(out: &mut impl BufMut, text: &str) {
    out.put_u8(b'"');
    write_escaped(out, text);
    out.put_u8(b'"');
}

/// Writes an integer.
pub fn write_int(out: &mut impl BufMut, number: impl itoa::Integer) {
    out.put_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// `text` as a JSON string in a new `String`.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_str(&mut out, text);
    String::from_utf8(out).expect("escaping keeps UTF-8")
}

/// Replaces escapes of lone surrogates (`\ud83d` without its half) by `\ufffd`; `None` when there is none.
/// For upstream text only: a reply must not be lost for half a character.
#[must_use]
pub fn mend_surrogates(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        let slash = at + found;
        let unit = hex_unit(bytes, slash);
        match unit {
            Some(0xd800..=0xdbff) if matches!(hex_unit(bytes, slash + 6), Some(0xdc00..=0xdfff)) => {
                at = slash + 12
            }
            Some(0xd800..=0xdfff) => {
                mended.get_or_insert_with(|| bytes.to_vec())[slash + 2..slash + 6].copy_from_slice(b"fffd");
                at = slash + 6;
            }
            _ => at = (slash + 2).min(bytes.len()),
        }
    }
    mended.map(|bytes| String::from_utf8(bytes).expect("only ASCII was replaced"))
}

/// The code unit of a `\uXXXX` that begins at `at`.
#[must_use]
pub fn hex_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

/// What can be told to be wrong with an item as soon as it was read.
pub trait Item {
    /// Whether a field without which the item is refused is missing.
    fn is_faulty(&self) -> bool;
}

/// A list of at most `N` items. The first faulty one is the last that is kept: the request is refused for it, and
/// small bodies must not become large lists meanwhile.
#[derive(Debug, Clone)]
pub struct List<T, const N: usize>(pub Vec<T>);

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Item, const N: usize> Deserialize<'de> for List<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T, const N: usize>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Item, const N: usize> Visitor<'de> for ListVisitor<T, N> {
            type Value = List<T, N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items: Vec<T> = Vec::new();
                while let Some(item) = seq.next_element::<T>()? {
                    if items.len() == N {
                        return Err(de::Error::custom(format_args!("expected at most {N} entries")));
                    }
                    let is_faulty = item.is_faulty();
                    items.push(item);
                    if is_faulty {
                        while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                        break;
                    }
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(ListVisitor(std::marker::PhantomData))
    }
}
