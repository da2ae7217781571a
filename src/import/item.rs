//! One JSON object of an old file, whose members are taken one by one: what is wrong with one is a note, and what was
//! meant is kept as far as it can be. Nothing here repeats a value: it may be a secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::files::{File, Files};
use super::report::Notes;
use super::{ImportError, text};
use crate::config::fields::{self, MAX_COUNT, MAX_NAME, MAX_PRIORITY, MAX_TEXT};

/// Largest count that JavaScript holds exactly.
const MAX_COUNTED: i64 = 9_007_199_254_740_991;

/// A part of a file that is being read, by its place.
#[derive(Clone, Copy)]
pub(super) struct Part<'f> {
    pub(super) files: &'f Files,
    pub(super) file: File,
    raw: &'f str,
}

impl<'f> Part<'f> {
    /// A whole file; `None` when it is not there.
    pub(super) fn whole(files: &'f Files, file: File) -> Option<Part<'f>> {
        Some(Part { files, file, raw: files.text(file)? })
    }

    /// The line on which it begins, from 1.
    fn line(&self) -> usize {
        let text = self.files.text(self.file).unwrap_or_default();
        // Parts are slices of the text.
        let before = (self.raw.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        1 + text.as_bytes()[..before.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> ImportError {
        self.files.damaged(self.file, self.line(), what)
    }

    fn parse<T: serde::Deserialize<'f>>(&self, form: &str) -> Result<T, ImportError> {
        serde_json::from_str(self.raw).map_err(|error| {
            if error.is_data() {
                return self.damaged(format!("it must be {form}"));
            }
            // Errors of syntax tell of the syntax only; those of data would repeat it.
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            let what = format!("{what} at column {}", error.column());
            self.files.damaged(self.file, self.line() + error.line().max(1) - 1, what)
        })
    }

    /// The members of an object. Of two with one name the last counts.
    pub(super) fn members(&self) -> Result<BTreeMap<String, Part<'f>>, ImportError> {
        let members: BTreeMap<String, &'f RawValue> = self.parse("an object")?;
        Ok(members.into_iter().map(|(name, raw)| (name, self.part(raw))).collect())
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Result<Vec<Part<'f>>, ImportError> {
        let items: Vec<&'f RawValue> = self.parse("a list")?;
        Ok(items.into_iter().map(|raw| self.part(raw)).collect())
    }

    /// An object whose members are read.
    pub(super) fn item(&self) -> Result<Item, ImportError> {
        Ok(Item { given: self.parse("an object")?, notes: Notes::default() })
    }

    fn part(&self, raw: &'f RawValue) -> Part<'f> {
        Part { raw: raw.get(), ..*self }
    }

    /// The objects of the list that a file is for, each with its place. The list may be missing.
    pub(super) fn list(&self, name: &str) -> Result<Vec<(Part<'f>, Item)>, ImportError> {
        let Some(list) = self.members()?.remove(name) else { return Ok(Vec::new()) };
        list.items()?.into_iter().map(|part| Ok((part, part.item()?))).collect()
    }
}

/// An object that is being read.
pub(super) struct Item {
    given: Map<String, Value>,
    notes: Notes,
}

impl Item {
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.texts.push(note.into());
    }

    /// A note that tells a person what to do.
    pub(super) fn needs_you(&mut self, note: impl Into<String>) {
        self.note(note);
        self.notes.is_manual = true;
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.given.remove(name).filter(|value| !value.is_null())
    }

    /// A text without which the object means nothing.
    pub(super) fn need(&mut self, name: &str, part: &Part<'_>) -> Result<String, ImportError> {
        match self.given.remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(part.damaged(format!("its {name} is no text"))),
            None => Err(part.damaged(format!("it has no {name}"))),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.note(format!("{name} is no text and was left out"));
                None
            }
        }
    }

    /// A name for people.
    pub(super) fn name(&mut self, otherwise: &str) -> String {
        let given = self.text("name").filter(|name| !name.trim().is_empty());
        let Some(given) = given else { return otherwise.to_owned() };
        fields::name(&given).unwrap_or_else(|_| {
            self.note(format!(
                "the name was made to fit: at most {MAX_NAME} characters, none of them a control character or a mark \
                 of direction"
            ));
            let plain: String = given.chars().filter(|c| !fields::is_odd(*c)).take(MAX_NAME).collect();
            fields::name(&plain).unwrap_or_else(|_| otherwise.to_owned())
        })
    }

    /// A word such as the name of a group, on one line.
    pub(super) fn label(&mut self, name: &str) -> String {
        let given = self.text(name).unwrap_or_default();
        if fields::line(&given).is_ok() {
            return given;
        }
        self.note(format!(
            "{name} was made to fit: short, without control characters and marks of direction"
        ));
        given.chars().filter(|c| !fields::is_odd(*c)).take(MAX_NAME).collect()
    }

    /// The Node program asked whether it was truthy.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.given.remove(name) {
            Some(Value::Bool(flag)) => return flag,
            None => self.note(format!("{name} is missing, which was off")),
            Some(_) => self.note(format!("{name} is neither true nor false; it is off")),
        }
        false
    }

    /// A whole number of `min` to `max`.
    fn number(&mut self, name: &str, otherwise: i64, min: i64, max: i64) -> i64 {
        let Some(value) = self.take(name) else { return otherwise };
        let Some((number, is_plain)) = whole(&value) else {
            self.note(format!("{name} is no number; it is {otherwise}"));
            return otherwise;
        };
        let fits = number.clamp(min, max);
        if fits != number || !is_plain {
            self.note(format!("{name} is {fits}: it must be a whole number from {min} to {max}"));
        }
        fits
    }

    /// 0 is the default, as in the Node program.
    pub(super) fn weight(&mut self) -> i64 {
        let is_zero = self.given.get("weight").and_then(exact) == Some(0.0);
        if is_zero {
            self.given.remove("weight");
        }
        self.number("weight", fields::weight(0), 1, MAX_COUNT)
    }

    pub(super) fn priority(&mut self) -> i64 {
        self.number("priority", 0, -MAX_PRIORITY, MAX_PRIORITY)
    }

    /// Most requests at once. One that cannot be read must not become none.
    pub(super) fn cap(&mut self) -> i64 {
        match self.limit("maxConcurrent", MAX_COUNT) {
            Ok(limit) => limit.unwrap_or_default(),
            Err(()) => {
                self.needs_you("maxConcurrent is no number from 0 on: it is 1; set it as it was meant");
                1
            }
        }
    }

    /// A limit; 0 and nothing are none. A larger one than can be is the largest, and a part of one is 1: a limit never
    /// becomes none.
    ///
    /// # Errors
    /// It is negative or no number.
    pub(super) fn limit(&mut self, name: &str, max: i64) -> Result<Option<i64>, ()> {
        let value = match self.take(name) {
            None | Some(Value::Bool(false)) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(value) => value,
        };
        let number = exact(&value).ok_or(())?;
        if number == 0.0 && value.is_number() {
            return Ok(None);
        }
        // The text "0" was a limit that is always reached.
        let (limit, is_plain) = whole(&value).filter(|_| number > 0.0).ok_or(())?;
        let fits = limit.clamp(1, max);
        if limit > max {
            self.needs_you(format!("{name} is {fits}, the most that there is: set it as it was meant"));
        } else if fits != limit || !is_plain {
            self.note(format!("{name} is {fits}: it must be a whole number"));
        }
        Ok(Some(fits))
    }

    /// What was counted; anything else is 0.
    pub(super) fn count(&mut self, name: &str) -> i64 {
        self.number(name, 0, 0, MAX_COUNTED)
    }

    /// A list of texts; one text is taken for a list with commas.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let items = match self.take(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(Value::String(text)) => {
                self.note(format!("{name} is one text; it was read as a list with commas"));
                text.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
            }
            Some(_) => {
                self.note(format!("{name} is no list and was left out"));
                return Vec::new();
            }
        };
        let all = items.len();
        let good = |item: Value| match item {
            Value::String(text) if fields::line(&text).is_ok() => Some(text),
            _ => None,
        };
        let texts: Vec<String> = items.into_iter().filter_map(good).take(MAX_TEXT).collect();
        if texts.len() < all {
            self.note(format!(
                "{} of {all} items of {name} are no usable texts and were left out",
                all - texts.len()
            ));
        }
        texts
    }

    /// Names and patterns of models. `None` when some were given and none is usable: no list would admit all.
    pub(super) fn patterns(&mut self, name: &str) -> Option<Vec<String>> {
        let was_empty = match self.given.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::String(text)) => text.is_empty(),
            Some(_) => false,
        };
        let mut texts = self.texts(name);
        let all = texts.len();
        texts.retain(|text| fields::pattern(text).is_ok());
        if texts.len() < all {
            self.note(format!("blank items of {name} were left out"));
        }
        if let Err(wrong) = fields::patterns(&texts) {
            // Of a list that admits, less admits less.
            let mut room = fields::MAX_PATTERNS;
            texts.retain(|text| room.checked_sub(text.len()).inspect(|rest| room = *rest).is_some());
            self.note(format!("{name} {wrong}; the rest was left out"));
        }
        (was_empty || !texts.is_empty()).then_some(texts)
    }

    pub(super) fn mapping(&mut self) -> Vec<(String, String)> {
        let given = match self.take("modelMapping") {
            None => return Vec::new(),
            Some(Value::Object(given)) => given,
            Some(_) => {
                self.note("modelMapping is no object and was left out");
                return Vec::new();
            }
        };
        let all = given.len();
        let good = |text: &str| fields::pattern(text).is_ok();
        let pairs = given.into_iter().filter_map(|(from, to)| {
            let to = to.as_str()?.to_owned();
            (good(&from) && good(&to)).then_some((from, to))
        });
        let pairs: Vec<_> = pairs.collect();
        if pairs.len() < all {
            self.note(format!("{} of {all} names of modelMapping were left out", all - pairs.len()));
        }
        pairs
    }

    /// A moment of the past, as it is stored.
    pub(super) fn time(&mut self, name: &str) -> Option<String> {
        let moment = self.text(name)?.trim().parse::<Timestamp>();
        if moment.is_err() {
            self.note(format!("{name} is no time and was left out"));
        }
        moment.ok().map(|moment| format!("{moment:.3}"))
    }

    /// Ends the reading: members that nobody took are noted, but for those that are live and not carried.
    pub(super) fn end(mut self, live: &[&str]) -> Notes {
        let unknown = self.given.keys().filter(|name| !live.contains(&name.as_str()));
        let unknown: Vec<_> = unknown.map(|name| text::short(name)).collect();
        if !unknown.is_empty() {
            let note = format!("unknown fields were left out: {}", unknown.join(", "));
            self.note(note);
        }
        self.notes
    }
}

/// The number that is meant.
fn exact(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// The whole number next to the one that is meant, and whether it was written as such.
fn whole(value: &Value) -> Option<(i64, bool)> {
    let written = match value {
        Value::String(text) => text.trim().parse().ok().map(|number| (number, false)),
        value => value.as_i64().map(|number| (number, true)),
    };
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
    written.or_else(|| exact(value).map(|number| (number.round() as i64, false)))
}
