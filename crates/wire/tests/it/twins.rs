//! Twins: a recorded native exchange and one of Ollama's own `/v1` with the same model, messages and `stream`.
//! Our reply to the native one may differ from the other only where the table in [`allowed`] says so, with the
//! heading of `docs/conformance.md` that gives the reason.

mod allowed;
mod compare;
mod pairs;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use allowed::{ALLOWED, Allowed};
use compare::differences;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_list_of_twins_is_complete() {
    let list = pairs::list(&pairs::all());
    let path = repository("tests/cases/twins.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if list != committed {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("twins.json");
        std::fs::write(&made, &list).expect("the folder for tests can be written to");
        panic!("tests/cases/twins.json is not the list of all twins; the right one is in {}", made.display());
    }
}

#[test]
fn replies_differ_from_ollamas_own_only_where_the_table_says_so() {
    let mut used = BTreeSet::new();
    let mut offences = String::new();
    for pair in pairs::all() {
        for difference in differences(&pair) {
            match ALLOWED.iter().position(|row| row.covers(&difference, &pair)) {
                Some(row) => {
                    used.insert(row);
                }
                None => writeln!(offences, "{}: {difference}", pair.title()).expect("text takes text"),
            }
        }
    }
    assert!(offences.is_empty(), "differences without a reason:\n{offences}");
    let unused: Vec<_> =
        (0..ALLOWED.len()).filter(|row| !used.contains(row)).map(|row| &ALLOWED[row]).collect();
    assert!(unused.is_empty(), "rows that allow what never happens: {unused:#?}");
}

#[test]
fn every_reason_is_a_heading_of_the_document() {
    let text = std::fs::read_to_string(repository("docs/conformance.md")).expect("the document is there");
    let headings: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches(['#', ' ']))
        .collect();
    let missing: BTreeSet<&str> = ALLOWED.iter().map(|row: &Allowed| row.heading).collect();
    let missing: Vec<_> = missing.difference(&headings).collect();
    assert!(missing.is_empty(), "docs/conformance.md lacks: {missing:#?}");
}
