//! What an import says of each thing: for people, and as JSON. Holds no secret.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Value, json};

use super::files::{File, Files};
use super::text::counted;
use crate::store::{Imported, Landed};

/// How well a thing of the Node program fits here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does the same as before.
    Exact,
    /// It was taken over with the changes that are named.
    Approximate,
    /// A person has to do what is named.
    Manual,
    /// There is nothing here that it could become.
    Unsupported,
}

impl Fit {
    fn of(notes: &Notes) -> Fit {
        match (notes.is_manual, notes.texts.is_empty()) {
            (true, _) => Fit::Manual,
            (false, true) => Fit::Exact,
            (false, false) => Fit::Approximate,
        }
    }

    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fit::Exact => "exact",
            Fit::Approximate => "approximate",
            Fit::Manual => "manual",
            Fit::Unsupported => "unsupported",
        }
    }
}

/// Where a thing stands after the import, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    New,
    Present,
    /// It was not taken over.
    Left,
}

impl State {
    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Present => "already there",
            State::Left => "not taken",
        }
    }
}

/// Where in a batch a thing is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Nowhere,
    Key(usize),
    Channel(usize),
    Token(usize),
    Setting(usize),
    Usage(Range<usize>),
    Logs(Range<usize>),
}

/// What was not as it should be with a thing.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    /// Each a sentence without its end.
    pub(super) texts: Vec<String>,
    /// Whether one of them tells a person what to do.
    pub(super) is_manual: bool,
}

impl From<Vec<String>> for Notes {
    fn from(texts: Vec<String>) -> Self {
        Notes { texts, is_manual: false }
    }
}

/// One thing of an old file.
#[derive(Debug, Clone)]
pub struct Line {
    pub file: File,
    /// What it is, for people.
    pub what: String,
    /// The id that it has here.
    pub id: Option<String>,
    pub fit: Fit,
    pub state: State,
    /// What is different, or to be done, each a sentence without its end.
    pub notes: Vec<String>,
    /// Whether a secret of it is in the old file only.
    pub(super) lacks: bool,
    pub(super) place: Place,
}

impl Line {
    /// Of a thing that is not taken over.
    pub(super) fn left(file: File, what: impl Into<String>, fit: Fit, note: impl Into<String>) -> Line {
        Line {
            file,
            what: what.into(),
            id: None,
            fit,
            state: State::Left,
            notes: vec![note.into()],
            lacks: true,
            place: Place::Nowhere,
        }
    }

    /// Of a thing that is.
    pub(super) fn taken(file: File, what: impl Into<String>, notes: impl Into<Notes>, place: Place) -> Line {
        let notes = notes.into();
        Line {
            file,
            what: what.into(),
            id: None,
            fit: Fit::of(&notes),
            state: State::New,
            notes: notes.texts,
            lacks: false,
            place,
        }
    }

    /// Notes what became of it.
    pub(super) fn land(&mut self, imported: &Imported) {
        let landed = match &self.place {
            Place::Nowhere => return,
            Place::Key(at) => imported.keys.get(*at),
            Place::Channel(at) => imported.channels.get(*at),
            Place::Token(at) => imported.tokens.get(*at),
            Place::Setting(at) => imported.settings.get(*at),
            Place::Usage(range) => return self.land_some(&imported.usage[range.clone()]),
            Place::Logs(range) => return self.land_some(&imported.logs[range.clone()]),
        };
        match landed {
            Some(Landed::Present) => {
                self.state = State::Present;
                // What is stored here counts, and may have been seen to.
                if self.fit == Fit::Manual {
                    self.fit = Fit::Approximate;
                }
                if let Place::Setting(_) = self.place {
                    self.notes.push("what is saved here counts".to_owned());
                }
            }
            Some(Landed::Renamed(name)) => {
                self.notes.push(format!("a channel of its name is there: it is called {name:?}"));
                self.fit = Fit::Approximate;
            }
            Some(Landed::Added) | None => {}
        }
    }

    fn land_some(&mut self, added: &[bool]) {
        if !added.contains(&true) {
            self.state = State::Present;
        }
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether it was done.
    pub applied: bool,
    pub lines: Vec<Line>,
    /// The old files that hold secrets in plain text.
    pub secrets: Vec<File>,
    /// All files that were read, as they are found.
    pub(super) names: Vec<(File, String)>,
}

/// What is said of state that is only of the moment.
const LIVE: &str = "Not taken over, as it is of the moment only: healthy, lastError, lastCheck, currentConcurrent, \
    currentIndex, and quotas of a month that is over.";

impl Report {
    pub(super) fn new(lines: Vec<Line>, secrets: Vec<File>, files: &Files) -> Report {
        let read =
            File::ALL.into_iter().filter(|file| files.text(*file).is_some() || files.left.contains(file));
        let names = read.map(|file| (file, files.shown(file))).collect();
        Report { applied: false, lines, secrets, names }
    }

    /// Whether nothing of a file is missing here.
    #[must_use]
    pub fn is_complete(&self, file: File) -> bool {
        self.applied && !self.lines.iter().any(|line| line.file == file && line.lacks)
    }

    fn count(&self, is: impl Fn(&Line) -> bool) -> usize {
        self.lines.iter().filter(|line| is(line)).count()
    }

    /// Things that a person has to see to. Logs that were not asked for are none.
    #[must_use]
    pub fn manual(&self) -> usize {
        self.count(|line| line.fit == Fit::Manual && !line.file.is_log())
    }

    /// How many of which kind were new, in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let new = |is: fn(&Place) -> bool| self.count(|line| line.state == State::New && is(&line.place));
        let kinds = [
            counted(new(|place| matches!(place, Place::Key(_))), "key", "keys"),
            counted(new(|place| matches!(place, Place::Channel(_))), "channel", "channels"),
            counted(new(|place| matches!(place, Place::Token(_))), "token", "tokens"),
            counted(new(|place| matches!(place, Place::Setting(_))), "setting", "settings"),
        ];
        kinds.join(", ")
    }

    /// All of it, for people. `target` is the data folder that it is imported into.
    #[must_use]
    pub fn text(&self, target: &str) -> String {
        let mut out = String::new();
        let done = if self.applied {
            "Imported"
        } else {
            "What an import would do: nothing was changed; --apply does it."
        };
        let _ = match self.applied {
            true => writeln!(out, "{done} into {target}."),
            false => writeln!(out, "{done}\nInto {target}."),
        };
        for (file, shown) in &self.names {
            let _ = writeln!(out, "\n{shown}");
            let lines = self.lines.iter().filter(|line| line.file == *file);
            lines.for_each(|line| print(&mut out, line));
            if !self.lines.iter().any(|line| line.file == *file) {
                out.push_str("  nothing in it\n");
            }
        }
        let fits = [Fit::Exact, Fit::Approximate, Fit::Manual, Fit::Unsupported];
        let fits = fits.map(|fit| format!("{} {}", self.count(|line| line.fit == fit), fit.word()));
        let present = self.count(|line| line.state == State::Present);
        let verb = if self.applied { "New" } else { "New would be" };
        let _ = writeln!(out, "\n{verb}: {}. Already there: {present}.", self.summary());
        let _ = writeln!(out, "Of all: {}.\n{LIVE}", fits.join(", "));
        if !self.secrets.is_empty() {
            let _ = writeln!(out, "{}", self.warning());
        }
        out
    }

    /// Which old files still hold secrets in plain text, and what to do about it.
    #[must_use]
    pub fn warning(&self) -> String {
        let names = self.secrets.iter().filter_map(|file| self.names.iter().find(|(known, _)| known == file));
        let names: Vec<_> = names.map(|(_, shown)| shown.as_str()).collect();
        format!(
            "Secrets in plain text are still in: {}. When you no longer need the old program, \
             `ollama2openai import FOLDER --apply --remove-source` deletes those that were taken over.",
            names.join(", ")
        )
    }

    /// All of it as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let items = self.lines.iter().map(|line| {
            json!({
                "file": line.file.name(), "what": line.what, "id": line.id, "fit": line.fit.word(),
                "state": line.state.word(), "notes": line.notes,
            })
        });
        let count = |fit: Fit| self.count(|line| line.fit == fit);
        let state = |state: State| self.count(|line| line.state == state);
        json!({
            "applied": self.applied,
            "items": items.collect::<Vec<_>>(),
            "summary": {
                "exact": count(Fit::Exact), "approximate": count(Fit::Approximate), "manual": count(Fit::Manual),
                "unsupported": count(Fit::Unsupported), "new": state(State::New), "present": state(State::Present),
                "left": state(State::Left),
            },
            "plainSecrets": self.secrets.iter().map(|file| file.name()).collect::<Vec<_>>(),
        })
    }
}

fn print(out: &mut String, line: &Line) {
    let id = line.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let _ = writeln!(out, "  {:11}  {:13}  {}{id}", line.fit.word(), line.state.word(), line.what);
    for note in &line.notes {
        let _ = writeln!(out, "{:30}{note}", "");
    }
}
