//! `.env` of the working directory as a layer. The process environment is neither read nor changed.
//!
//! dotenvy unquotes. What it would do beyond that is kept from it: `$NAME` is not replaced (a password may
//! hold a dollar), and an unquoted value is taken as it stands, blanks and backslashes included, up to ` #`.

use super::layer::{Layer, Origin, Said};
use super::problem::Problem;
use super::rows::SETTINGS;
use super::suggest;

const OPEN_QUOTE: &str = "has a quoted value that does not end, or that holds an unknown escape; single quotes \
     take all but themselves as it is";

/// Names that begin so are taken for misspelled ones of ours.
const OUR_PREFIXES: [&str; 3] = ["RATE_LIMIT_", "CACHE_", "IP_"];

/// Reads the text of `.env`.
pub(super) fn read(text: &str) -> Layer {
    let mut layer = Layer::default();
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let origin = Origin::DotEnv(at + 1);
        match entry(&lines[at..]) {
            Entry::Nothing => at += 1,
            Entry::Unreadable(message) => {
                let name = "this line".to_owned();
                layer.problems.push(Problem { origin, name, value: None, message: message.to_owned() });
                at += 1;
            }
            Entry::Said { name, text, lines } => {
                if let Some(warning) = unknown(&name, &origin) {
                    layer.warnings.push(warning);
                }
                layer.said.push(Said { name, text, origin });
                at += lines;
            }
        }
    }
    layer
}

/// The lines, names and texts of a `.env` that is not ours, in its order, and the numbers of the lines that cannot be
/// read.
pub fn read_dotenv(text: &str) -> (Vec<(usize, String, String)>, Vec<usize>) {
    let line = |origin: &Origin| match origin {
        Origin::DotEnv(line) => Some(*line),
        _ => None,
    };
    let layer = read(text);
    let unreadable = layer.problems.iter().filter_map(|problem| line(&problem.origin)).collect();
    let entries = layer.said.into_iter().filter_map(|said| Some((line(&said.origin)?, said.name, said.text)));
    (entries.collect(), unreadable)
}

enum Entry {
    Nothing,
    Unreadable(&'static str),
    Said { name: String, text: String, lines: usize },
}

/// The entry that begins at the first of `lines`.
fn entry(lines: &[&str]) -> Entry {
    let line = lines[0].trim();
    if line.is_empty() || line.starts_with('#') {
        return Entry::Nothing;
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let Some((name, value)) = line.split_once('=') else {
        return Entry::Unreadable("is not NAME=value");
    };
    let (name, value) = (name.trim().to_owned(), value.trim());
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
        return Entry::Unreadable("is not NAME=value");
    }
    if !value.starts_with(['"', '\'']) {
        return Entry::Said { name, text: unquoted(value).to_owned(), lines: 1 };
    }
    // A quoted value may span lines: as many as it takes until dotenvy can read it.
    (1..=lines.len())
        .find_map(|count| quoted(&lines[..count]).map(|text| (text, count)))
        .map_or(Entry::Unreadable(OPEN_QUOTE), |(text, lines)| Entry::Said { name, text, lines })
}

fn unquoted(value: &str) -> &str {
    let comment = if value.starts_with('#') { Some(0) } else { None };
    let comment = comment.or_else(|| value.find(" #")).or_else(|| value.find("\t#"));
    value[..comment.unwrap_or(value.len())].trim_end()
}

/// The value of a quoted entry, if these lines are one and complete.
fn quoted(lines: &[&str]) -> Option<String> {
    let mut text = lines.join("\n");
    if let Some(at) = text.find('"').filter(|at| !text[..*at].contains('\'')) {
        text = text[..at].to_owned() + &escape_dollars(&text[at..]);
    }
    let mut entries = dotenvy::from_read_iter(text.as_bytes());
    let (_, value) = entries.next()?.ok()?;
    entries.next().is_none().then_some(value)
}

/// `$` as `\$`, where it is not so already.
fn escape_dollars(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut after_backslash = false;
    for c in text.chars() {
        if c == '$' && !after_backslash {
            escaped.push('\\');
        }
        after_backslash = c == '\\' && !after_backslash;
        escaped.push(c);
    }
    escaped
}

/// A warning for a name that is none of ours but looks as if it were meant to be.
fn unknown(name: &str, origin: &Origin) -> Option<String> {
    let ours = |name: &str| {
        SETTINGS.iter().any(|row| row.name == name || row.file_name().is_some_and(|file| file == name))
    };
    if ours(name) {
        return None;
    }
    let nearest = suggest::nearest(name, SETTINGS.iter().map(|row| row.name));
    match nearest {
        Some(nearest) => Some(format!("{origin}: {name} is no setting; did you mean {nearest}?")),
        None if OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) => {
            Some(format!("{origin}: {name} is no setting"))
        }
        None => None,
    }
}
