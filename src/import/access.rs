//! `access.json`: which addresses may call. It becomes saved settings, as it was what the panel had saved.

use super::ImportError;
use super::files::{File, Files};
use super::item::Part;
use super::plan::Draft;
use super::report::{Line, Place};
use crate::config::Range;

/// A list of addresses, as it means the same here.
pub(super) struct Addresses {
    pub(super) good: Vec<String>,
    /// Texts that are none.
    pub(super) dropped: usize,
    pub(super) has_ranges: bool,
}

/// Reads a list of addresses and ranges. The Node program took `::1` for `127.0.0.1`.
pub(super) fn addresses(texts: &[String]) -> Addresses {
    let mut good: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    let all = good.len();
    good.retain(|text| text.parse::<Range>().is_ok());
    let dropped = all - good.len();
    let has = |text: &str| good.iter().any(|known| known == text);
    match (has("127.0.0.1"), has("::1")) {
        (true, false) => good.push("::1".to_owned()),
        (false, true) => good.push("127.0.0.1".to_owned()),
        _ => {}
    }
    Addresses { has_ranges: good.iter().any(|text| text.contains('/')), good, dropped }
}

pub(super) fn read(files: &Files, draft: &mut Draft) -> Result<(), ImportError> {
    let Some(whole) = Part::whole(files, File::Access) else { return Ok(()) };
    let mut item = whole.item()?;
    let mode = item.text("mode");
    let mut lists = Vec::new();
    for (member, setting) in [("whitelist", "IP_WHITELIST"), ("blacklist", "IP_BLACKLIST")] {
        let texts = item.texts(member);
        let was_empty = texts.is_empty();
        let read = addresses(&texts);
        let dropped = read.dropped;
        let note = format!("left out of the {member}, as no addresses, which matched nobody: {dropped}");
        lists.push((setting, read.good, was_empty, (dropped > 0).then_some(note)));
    }
    let notes = item.end(&[]).texts;
    if let Some(mode) = mode {
        let mut notes = notes.clone();
        let lets_all_in = lists[0].2;
        let mode = match mode.as_str() {
            "whitelist" if lets_all_in => {
                notes.push(
                    "an empty whitelist let everybody in before, and would let nobody in now: it is disabled"
                        .to_owned(),
                );
                "disabled"
            }
            "whitelist" => "whitelist",
            "blacklist" => "blacklist",
            "disabled" => "disabled",
            _ => {
                notes.push("the mode is none that is known, which was as if disabled".to_owned());
                "disabled"
            }
        };
        if mode != "disabled" {
            notes.push(
                "the rules were for /v1 only; now they are for every path, for the panel and /admin too"
                    .to_owned(),
            );
        }
        save(draft, "IP_ACCESS_MODE", mode.to_owned(), notes);
    }
    for (setting, good, was_empty, note) in lists {
        if !was_empty {
            save(draft, setting, good.join(","), note.into_iter().collect());
            if let Some(line) = draft.lines.last_mut() {
                line.notes.push(format!(
                    "an {setting} of the environment was added to it before; now it is instead of that"
                ));
            }
        }
    }
    Ok(())
}

fn save(draft: &mut Draft, name: &str, value: String, notes: Vec<String>) {
    let place = Place::Setting(draft.batch.settings.len());
    draft.lines.push(Line::taken(File::Access, format!("setting {name}={value}"), notes, place));
    draft.batch.settings.push((name.to_owned(), value));
}
