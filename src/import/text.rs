//! Small texts: names that are shown, ids that fit.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::config::fields;

/// Longest name that is shown.
const SHOWN: usize = 60;

/// One short line of a text of somebody else.
pub(super) fn short(text: &str) -> String {
    let plain: String = text.chars().map(|c| if fields::is_odd(c) { ' ' } else { c }).take(SHOWN).collect();
    if plain.len() < text.len() { format!("{plain}…") } else { plain }
}

/// Ids of one file that can be used here: those of the Node program are, and stay. Another one, or one that comes
/// twice, becomes a new one that is the same at each import.
#[derive(Default)]
pub(super) struct Ids {
    seen: HashMap<String, usize>,
    /// New ids by the old ones that cannot be used.
    moved: HashMap<String, String>,
}

impl Ids {
    /// The id to be used, and whether it is another one.
    pub(super) fn fit(&mut self, kind: &str, id: &str) -> (String, bool) {
        let count = self.seen.entry(id.to_owned()).or_default();
        *count += 1;
        let is_good = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if *count == 1 && (1..=64).contains(&id.len()) && id.bytes().all(is_good) {
            return (id.to_owned(), false);
        }
        let hash = Sha256::digest(format!("{kind}\n{count}\n{id}"));
        let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let new = format!("imported-{digits}");
        if *count == 1 {
            self.moved.insert(id.to_owned(), new.clone());
        }
        (new, true)
    }

    /// The id under which one of the file is found here.
    pub(super) fn here(&self, old: String) -> String {
        self.moved.get(&old).cloned().unwrap_or(old)
    }
}

/// `1 day`, `2 days`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
