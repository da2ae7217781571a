//! `config.toml` as a layer: flat, one key a setting, unknown keys are mistakes.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Layer, Origin, Said};
use super::problem::Problem;
use super::rows::SETTINGS;
use super::suggest;

/// Reads the text of `config.toml`; `path` is how messages call it.
pub(super) fn read(path: &str, text: &str) -> Layer {
    let mut layer = Layer::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = |at: usize| Origin::File(path.to_owned(), 1 + text[..at].matches('\n').count());
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        // Only the message: the whole error would quote the line, which may hold a secret.
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let message = format!("is not TOML: {}", error.message());
        layer.problems.push(Problem { origin: line(at), name: "this line".to_owned(), value: None, message });
    }
    for (key, value) in table.into_inner() {
        let origin = line(key.span().start);
        let key = key.into_inner();
        let known = match value.get_ref() {
            DeValue::Table(_) => {
                Err("is a table; settings stand without [headings], as key = value".to_owned())
            }
            _ => known_name(&key),
        };
        let said =
            known.and_then(|name| text_of(value).map(|text| Said { name, text, origin: origin.clone() }));
        match said {
            Ok(said) => layer.said.push(said),
            Err(message) => {
                layer.problems.push(Problem { origin, name: key.into_owned(), value: None, message });
            }
        }
    }
    layer
}

/// The variable that a key stands for.
fn known_name(key: &str) -> Result<String, String> {
    let name = key.to_ascii_uppercase();
    let exact = key.chars().all(|c| !c.is_ascii_uppercase());
    let files = || SETTINGS.iter().filter_map(super::Setting::file_name);
    if exact && (SETTINGS.iter().any(|row| row.name == name) || files().any(|file| file == name)) {
        return Ok(name);
    }
    let nearest = suggest::nearest(key, SETTINGS.iter().map(|row| row.name));
    let hint = nearest.map(|name| format!("; did you mean `{}`?", name.to_ascii_lowercase()));
    Err(format!("is no setting{}", hint.unwrap_or_default()))
}

/// A value as the text that a variable would hold.
fn text_of(value: Spanned<DeValue<'_>>) -> Result<String, String> {
    match value.into_inner() {
        DeValue::String(text) => Ok(text.into_owned()),
        DeValue::Boolean(on) => Ok(on.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Datetime(time) => Ok(time.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.to_string()),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map(|number| number.to_string())
            .map_err(|_| "is too large".to_owned()),
        DeValue::Array(items) => {
            let items: Result<Vec<String>, String> = items.into_iter().map(text_of).collect();
            Ok(items?.join(","))
        }
        DeValue::Table(_) => Err("holds a table, which no setting takes".to_owned()),
    }
}
