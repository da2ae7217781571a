//! Recorded native replies → what a client of OpenAI's API gets, one snapshot each; and the same whatever the cuts.

use std::collections::BTreeSet;

use wire::translate::UsageRule;

use crate::recordings::{self, Recording};
use crate::replay::{Asked, Reply, translated};
use crate::support::{cases, no_leftovers, snapshot};

const PATHS: [&str; 4] = ["/api/chat", "/api/generate", "/api/embed", "/api/tags"];
const ASKED: Asked<'_> = Asked { usage: UsageRule::Chunk, encoding: "float" };

fn replied() -> Vec<Recording> {
    let all = recordings::to(&PATHS).into_iter();
    all.filter(|recording| recording.status.is_some() && !recording.name.ends_with("-head")).collect()
}

#[test]
fn native_replies_become_those_of_openai() {
    let folder = cases("replies");
    let mut names = BTreeSet::new();
    for recording in replied() {
        let pieces: Vec<&[u8]> = recording.chunks.iter().map(String::as_bytes).collect();
        let text = match translated(&recording, &pieces, ASKED) {
            Reply::Whole(json) => json,
            Reply::Events(events) => events,
            Reply::Refused(error) => {
                let json = String::from_utf8(error.to_json()).expect("an error is UTF-8");
                let retry =
                    error.retry_after.map_or(String::new(), |after| format!(", retry after {after} s"));
                format!("status {}{retry}\n{json}", error.status)
            }
        };
        snapshot(&folder, &recording.name, &recording.what, &text);
        names.insert(recording.name);
    }
    no_leftovers(&folder, &names);
}

#[test]
fn cuts_do_not_change_what_comes_out() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for recording in replied() {
        let whole = recording.reply();
        let pieces: Vec<&[u8]> = recording.chunks.iter().map(String::as_bytes).collect();
        let expected = translated(&recording, &pieces, ASKED);
        let bytes: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
        assert_eq!(translated(&recording, &bytes, ASKED), expected, "{}, byte by byte", recording.name);
        for _ in 0..5 {
            let cut = randomly_cut(whole.as_bytes(), &mut random);
            let lengths: Vec<_> = cut.iter().map(|piece| piece.len()).collect();
            assert_eq!(translated(&recording, &cut, ASKED), expected, "{}, cut {lengths:?}", recording.name);
        }
    }
}

fn randomly_cut<'b>(mut bytes: &'b [u8], random: &mut u64) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        // xorshift64: any spread of lengths will do
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let length = usize::try_from(*random % 700).expect("below 700") + 1;
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
