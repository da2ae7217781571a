//! Log probabilities: chat's objects, and the four parallel lists of text completions. Numbers keep their text.

use bytes::BufMut;

use crate::json::{write_int, write_str};
use crate::ollama::Logprob;

/// Most other tokens that either API gives for one.
const MAX_TOP: usize = 20;

/// Writes `{"content":[…],"refusal":null}`, or `null` when none were asked for (policy 12).
pub(super) fn write_chat(out: &mut impl BufMut, logprobs: Option<&[Logprob<'_>]>) {
    let Some(logprobs) = logprobs else { return out.put_slice(b"null") };
    out.put_slice(br#"{"content":["#);
    for (at, entry) in logprobs.iter().enumerate() {
        if at > 0 {
            out.put_u8(b',');
        }
        write_entry(out, entry);
        out.put_slice(br#","top_logprobs":["#);
        for (at, other) in entry.top_logprobs.iter().flatten().enumerate() {
            if at > 0 {
                out.put_u8(b',');
            }
            write_entry(out, other);
            out.put_u8(b'}');
        }
        out.put_slice(b"]}");
    }
    out.put_slice(br#"],"refusal":null}"#);
}

/// Writes an entry without its closing brace.
fn write_entry(out: &mut impl BufMut, entry: &Logprob<'_>) {
    out.put_slice(br#"{"token":"#);
    write_str(out, entry.token.as_ref().map_or("", |token| token.as_str()));
    out.put_slice(br#","logprob":"#);
    out.put_slice(number(entry));
    out.put_slice(br#","bytes":"#);
    out.put_slice(bytes(entry));
}

/// The list of bytes as it came. Anything else, also with line breaks between (they end a frame), is null.
fn bytes<'r>(entry: &Logprob<'r>) -> &'r [u8] {
    let raw = entry.bytes.map_or("null", |raw| raw.get());
    let inner = raw.strip_prefix('[').and_then(|raw| raw.strip_suffix(']'));
    let is_byte = |byte: &str| byte.trim_matches(' ').parse::<u8>().is_ok();
    let is_list = inner.is_some_and(|inner| inner.is_empty() || inner.split(',').all(is_byte));
    if is_list { raw.as_bytes() } else { b"null" }
}

fn number<'r>(entry: &Logprob<'r>) -> &'r [u8] {
    // OpenAI's stand-in for "very unlikely", where the upstream left the number out
    let raw = entry.logprob.map(|raw| raw.get());
    let raw = raw.filter(|raw| raw.parse::<f64>().is_ok_and(f64::is_finite));
    raw.unwrap_or("-9999.0").as_bytes()
}

/// Writes `{"tokens","token_logprobs","top_logprobs","text_offset"}`; `offset` counts characters and runs on.
pub(super) fn write_completion(out: &mut impl BufMut, logprobs: Option<&[Logprob<'_>]>, offset: &mut usize) {
    let Some(logprobs) = logprobs else { return out.put_slice(b"null") };
    let list = |out: &mut _, name: &[u8], write: &mut dyn FnMut(&mut _, &Logprob<'_>)| {
        put(out, name);
        for (at, entry) in logprobs.iter().enumerate() {
            if at > 0 {
                put(out, b",");
            }
            write(out, entry);
        }
    };
    fn put<B: BufMut>(out: &mut B, bytes: &[u8]) {
        out.put_slice(bytes);
    }
    let token =
        |entry: &Logprob<'_>| entry.token.as_ref().map_or(String::new(), |token| token.as_str().to_owned());
    list(out, br#"{"tokens":["#, &mut |out, entry| write_str(out, &token(entry)));
    list(out, br#"],"token_logprobs":["#, &mut |out, entry| put(out, number(entry)));
    list(out, br#"],"top_logprobs":["#, &mut |out, entry| {
        put(out, b"{");
        let others = entry.top_logprobs.as_deref().unwrap_or_default();
        let others = &others[..others.len().min(MAX_TOP)];
        for (at, other) in others.iter().enumerate() {
            // Halves of characters all read U+FFFD: a key comes once, the likeliest first
            if others[..at].iter().any(|earlier| token(earlier) == token(other)) {
                continue;
            }
            if at > 0 {
                put(out, b",");
            }
            write_str(out, &token(other));
            put(out, b":");
            put(out, number(other));
        }
        put(out, b"}");
    });
    list(out, br#"],"text_offset":["#, &mut |out, entry| {
        write_int(out, *offset);
        *offset += token(entry).chars().count();
    });
    out.put_slice(b"]}");
}
