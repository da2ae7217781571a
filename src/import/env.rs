//! `.env`: settings. None is saved: a saved one would win over the environment for ever, and a secret cannot be. Names
//! and meanings are the same here, so that the file can go along as it is.

use super::files::{File, Files};
use super::plan::{Draft, Given, Surroundings};
use super::report::{Fit, Line, Place, State};
use super::text::short;
use crate::config::{Kind, Setting, accepts, read_dotenv, settings};

const GO_ALONG: &str = "put it into .env or the environment of this program: name and meaning are the same";
const NAME_ALONE: &str = "put it into .env or the environment of this program: the name is the same";

pub(super) fn read(files: &Files, here: &Surroundings, draft: &mut Draft) {
    let Some(text) = files.text(File::Env) else { return };
    let (entries, unreadable) = read_dotenv(text);
    let mut has_secret = false;
    // Of several lines with one name the last counted.
    for (at, (number, name, value)) in entries.iter().enumerate() {
        if let Some((counted, _, other)) = entries[at + 1..].iter().rfind(|(_, later, _)| later == name) {
            if other.trim() != value.trim() {
                let what = format!("line {number}");
                let note =
                    format!("line {counted} says another {}, and only that one ever counted", short(name));
                let line = Line::left(File::Env, what, Fit::Unsupported, note);
                draft.lines.push(Line { lacks: false, ..line });
            }
            continue;
        }
        if value.trim().is_empty() {
            continue;
        }
        let setting = settings().iter().find(|setting| setting.name == name);
        let Some(setting) = setting else {
            let what = format!("variable {}", short(name));
            draft.lines.push(Line::left(
                File::Env,
                what,
                Fit::Unsupported,
                "it is no setting of this program",
            ));
            continue;
        };
        has_secret |= setting.is_secret();
        draft.lines.push(one(setting, value, here));
    }
    for line in unreadable {
        let note = "it is not NAME=value, and was ignored before, too";
        draft.lines.push(Line::left(File::Env, format!("line {line}"), Fit::Unsupported, note));
    }
    if has_secret {
        draft.secrets.push(File::Env);
    }
}

fn one(setting: &Setting, value: &str, here: &Surroundings) -> Line {
    let what = format!("setting {}", setting.name);
    let given = here.given.iter().flatten().find(|given| given.name == setting.name);
    if let Some(Given { value: now, origin, .. }) = given {
        let is_same = setting.is_secret() || now.trim() == value.trim();
        let note = match (setting.is_secret(), is_same) {
            (true, _) => format!("it is given by: {origin}; whether it is the same was not compared"),
            (false, true) => format!("it is given by: {origin}"),
            (false, false) => format!("another value is given by: {origin}; that one counts"),
        };
        let line = Line::taken(File::Env, what, Vec::new(), Place::Nowhere);
        let other = differs(setting, value);
        let fit = match (is_same, &other) {
            (true, None) => Fit::Exact,
            (true, Some(_)) => Fit::Approximate,
            (false, _) => Fit::Manual,
        };
        let notes = std::iter::once(note).chain(other).collect();
        return Line { fit, state: State::Present, notes, ..line };
    }
    let other = differs(setting, value);
    let mut line =
        Line::left(File::Env, what, Fit::Manual, if other.is_none() { GO_ALONG } else { NAME_ALONE });
    line.notes.extend(other);
    line
}

/// What a value means here that it did not mean before.
fn differs(setting: &Setting, value: &str) -> Option<String> {
    let text = value.trim();
    if setting.name == "ADMIN_PASSWORD" && text == "admin123" {
        return Some("it is the default that everybody knows: choose another one".to_owned());
    }
    if let Err(wrong) = accepts(setting, text) {
        return Some(format!("its value cannot be used here: it {wrong}"));
    }
    match setting.kind {
        Kind::Integer { .. } | Kind::Duration { .. } | Kind::Bytes { .. } if text.parse::<u64>().is_err() => {
            Some("the old program read the digits at its beginning only; here the unit counts".to_owned())
        }
        Kind::Switch if !matches!(text, "true" | "false") => Some(
            "the old program knew only true and false, in lower case; here it is read as it is meant"
                .to_owned(),
        ),
        _ if setting.name == "IP_ACCESS_MODE" => {
            Some("the rules cover the panel and all below /admin now, too".to_owned())
                .filter(|_| text != "disabled")
        }
        _ if setting.name == "TRUST_PROXY" => {
            Some("true means one proxy here, and a number of hops works".to_owned())
                .filter(|_| text != "false")
        }
        _ => None,
    }
}
