//! Tool calls of a reply: a running index, stable ids, arguments as text.

use std::borrow::Cow;

use bytes::BufMut;

use crate::json::{Kind, Text, kind, write_int, write_str};
use crate::ollama::ToolCall;

/// Writes `[…]` of calls; `next` numbers them over all chunks of a choice, `choice` keeps ids of choices apart.
pub(super) fn write(
    out: &mut impl BufMut,
    calls: &[ToolCall<'_>],
    next: &mut u32,
    identity: (u64, usize),
    with_index: bool,
) {
    out.put_u8(b'[');
    for (at, call) in calls.iter().enumerate() {
        out.put_slice(if at > 0 { b",{" } else { b"{" });
        if with_index {
            out.put_slice(b"\"index\":");
            write_int(out, *next);
            out.put_u8(b',');
        }
        out.put_slice(b"\"id\":");
        match call.id.as_ref().map(Text::as_str).filter(|id| !id.is_empty()) {
            Some(id) => write_str(out, id),
            None => write_str(out, &made_id(identity, *next)),
        }
        let function = call.function.as_ref();
        out.put_slice(br#","type":"function","function":{"name":"#);
        write_str(out, function.and_then(|function| function.name.as_ref()).map_or("", Text::as_str));
        out.put_slice(br#","arguments":"#);
        write_str(out, &arguments(function.and_then(|function| function.arguments).map(|raw| raw.get())));
        out.put_slice(b"}}");
        *next += 1;
    }
    out.put_u8(b']');
}

/// An object keeps its text; a string is taken as the text itself; nothing is an empty object.
fn arguments(raw: Option<&str>) -> Cow<'_, str> {
    match raw {
        None | Some("null" | "\"\"") => Cow::Borrowed("{}"),
        Some(raw) if kind(raw) == Kind::Text => {
            serde_json::from_str::<Text<'_>>(raw).map_or(Cow::Borrowed(raw), |text| text.0)
        }
        Some(raw) => Cow::Borrowed(raw),
    }
}

/// `call_` and 24 letters and digits, different for every reply, choice and call.
fn made_id((seed, choice): (u64, usize), index: u32) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut id = String::with_capacity(29);
    id.push_str("call_");
    let mut state = seed ^ ((choice as u64) << 32 | u64::from(index)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        // splitmix64: spreads neighbouring inputs over all bits
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        id.extend(
            (0..12).map(|at| {
                char::from(LETTERS[usize::try_from(bits >> (5 * at) & 31).expect("five bits fit")])
            }),
        );
    }
    id
}
