//! The matching language of the case files. A plain object accepts more keys than it names, an array has
//! exactly its elements, a text that begins with `$` and an object with one key that does are operators.

use std::collections::HashMap;

use super::json::Json;

/// Values that a pattern kept with `$save`, for `$differs`.
pub type Saved = HashMap<String, Json>;

/// The differences between a pattern and a value; none means that it is accepted. `None` is a missing value.
pub fn differences(pattern: &Json, value: Option<&Json>, path: &str, saved: &mut Saved) -> Vec<String> {
    if let Some(word) = pattern.as_str().filter(|text| text.starts_with('$')) {
        return word_differences(word, value, path, saved);
    }
    if let Some((operator, argument)) = pattern.only_entry().filter(|(key, _)| key.starts_with('$')) {
        return operator_differences(operator, argument, value, path, saved);
    }
    match (pattern, value) {
        (Json::Object(entries), Some(Json::Object(_))) => {
            let value = value.expect("it was just matched");
            let each = entries
                .iter()
                .flat_map(|(key, sub)| differences(sub, value.get(key), &format!("{path}.{key}"), saved));
            each.collect()
        }
        (Json::Object(_), _) => vec![format!("{path}: expected an object, got {}", shown(value))],
        (Json::Array(patterns), Some(Json::Array(values))) => sequence(patterns, values, path, saved),
        (Json::Array(_), _) => vec![format!("{path}: expected an array, got {}", shown(value))],
        _ => equal(pattern, value, path),
    }
}

fn equal(pattern: &Json, value: Option<&Json>, path: &str) -> Vec<String> {
    match value {
        Some(value) if pattern.same(value) => Vec::new(),
        _ => vec![format!("{path}: expected {}, got {}", brief(pattern), shown(value))],
    }
}

/// Element by element; an element `{"$optional": p}` may be missing.
fn sequence(patterns: &[Json], values: &[Json], path: &str, saved: &mut Saved) -> Vec<String> {
    let required = patterns.iter().filter(|pattern| pattern.get("$optional").is_none()).count();
    if values.len() < required || values.len() > patterns.len() {
        let (most, got) = (patterns.len(), values.len());
        let values = brief(&values.to_vec().into());
        return vec![format!("{path}: expected {required}..{most} elements, got {got}: {values}")];
    }
    let mut at = 0;
    for (position, pattern) in patterns.iter().enumerate() {
        if let Some(optional) = pattern.get("$optional") {
            if values.get(at).is_some_and(|value| differences(optional, Some(value), path, saved).is_empty())
            {
                at += 1;
            }
            continue;
        }
        let found = differences(pattern, values.get(at), &format!("{path}[{position}]"), saved);
        if !found.is_empty() {
            return found;
        }
        at += 1;
    }
    match values.get(at) {
        Some(value) => vec![format!("{path}: unexpected element {}", brief(value))],
        None => Vec::new(),
    }
}

fn word_differences(word: &str, value: Option<&Json>, path: &str, saved: &mut Saved) -> Vec<String> {
    let (name, argument) = word.split_once(':').unwrap_or((word, ""));
    let accepted = match (name, value) {
        ("$absent", value) => value.is_none(),
        (_, None) => false,
        ("$any", _) => true,
        ("$save", Some(value)) => {
            saved.insert(argument.to_owned(), value.clone());
            true
        }
        ("$differs", Some(value)) => saved.get(argument).is_none_or(|known| !known.same(value)),
        ("$nonempty", Some(value)) => value.is_nonempty(),
        ("$type", Some(value)) => has_type(argument, value),
        ("$regex", Some(value)) => value.as_str().is_some_and(|text| {
            regex_lite::Regex::new(argument).expect("a case holds a valid expression").is_match(text)
        }),
        _ => panic!("{path}: unknown matcher {word}"),
    };
    if accepted { Vec::new() } else { vec![format!("{path}: expected {word}, got {}", shown(value))] }
}

fn has_type(name: &str, value: &Json) -> bool {
    match (name, value) {
        ("int", Json::Number(text)) => !text.contains(['.', 'e', 'E']),
        ("string", Json::String(_))
        | ("number", Json::Number(_))
        | ("object", Json::Object(_))
        | ("array", Json::Array(_)) => true,
        _ => false,
    }
}

fn operator_differences(
    operator: &str,
    argument: &Json,
    value: Option<&Json>,
    path: &str,
    saved: &mut Saved,
) -> Vec<String> {
    let fail = || vec![format!("{path}: expected {operator} {}, got {}", brief(argument), shown(value))];
    let choices = argument.as_array().unwrap_or_default();
    match (operator, value) {
        ("$oneOf", _) => one_of(choices, value, path, saved),
        ("$allOf", _) => choices.iter().flat_map(|sub| differences(sub, value, path, saved)).collect(),
        ("$not", _) if differences(argument, value, path, saved).is_empty() => fail(),
        ("$not", _) => Vec::new(),
        ("$exact", _) => exact(argument, value, path, false),
        ("$ordered", _) => exact(argument, value, path, true),
        (_, None) => fail(),
        ("$range", Some(value)) => {
            let bound = |at: usize| choices.get(at).and_then(Json::as_f64).expect("$range has two numbers");
            let inside = value.as_f64().is_some_and(|number| bound(0) <= number && number <= bound(1));
            if inside { Vec::new() } else { fail() }
        }
        ("$num", Some(Json::Number(text))) if argument.as_str() == Some(text) => Vec::new(),
        ("$num", _) => fail(),
        ("$text", Some(value)) => {
            let parts = choices.iter().filter_map(Json::as_str);
            let lacking = parts.filter(|part| !value.as_str().is_some_and(|text| text.contains(part)));
            let lacking: Vec<_> = lacking.collect();
            if lacking.is_empty() { Vec::new() } else { vec![format!("{path}: text lacks {lacking:?}")] }
        }
        ("$jsonText", Some(value)) => match value.as_str().and_then(Json::parse) {
            Some(inner) => differences(argument, Some(&inner), &format!("{path}<json>"), saved),
            None => vec![format!("{path}: expected json text, got {}", brief(value))],
        },
        ("$len", Some(value)) => {
            let length = length(value).map(Json::from);
            differences(argument, length.as_ref(), &format!("{path}.length"), saved)
        }
        (_, Some(Json::Array(values))) => array_differences(operator, argument, values, path, saved),
        _ => vec![format!("{path}: expected an array, got {}", shown(value))],
    }
}

fn one_of(choices: &[Json], value: Option<&Json>, path: &str, saved: &mut Saved) -> Vec<String> {
    let attempts = choices.iter().map(|choice| differences(choice, value, path, saved));
    let attempts: Vec<_> = attempts.collect();
    if attempts.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let closest =
        attempts.iter().min_by_key(|found| found.len()).map(|found| found[..found.len().min(2)].join("; "));
    vec![format!("{path}: none of {} alternatives; closest: {}", choices.len(), closest.unwrap_or_default())]
}

fn array_differences(
    operator: &str,
    argument: &Json,
    values: &[Json],
    path: &str,
    saved: &mut Saved,
) -> Vec<String> {
    let patterns = argument.as_array().unwrap_or_default();
    let all = || brief(&values.to_vec().into());
    match operator {
        "$each" => {
            let items = values.iter().enumerate();
            items
                .flat_map(|(i, item)| differences(argument, Some(item), &format!("{path}[{i}]"), saved))
                .collect()
        }
        "$contains" => {
            let mut missing = Vec::new();
            for sub in patterns {
                if !values.iter().any(|item| differences(sub, Some(item), path, saved).is_empty()) {
                    missing.push(format!("{path}: no element matches {} in {}", brief(sub), all()));
                }
            }
            missing
        }
        "$unordered" => {
            let mut rest: Vec<&Json> = values.iter().collect();
            for sub in patterns {
                match rest.iter().position(|item| differences(sub, Some(item), path, saved).is_empty()) {
                    Some(at) => drop(rest.remove(at)),
                    None => return vec![format!("{path}: no element left for {} in {}", brief(sub), all())],
                }
            }
            let count = rest.len();
            if count == 0 {
                Vec::new()
            } else {
                vec![format!("{path}: {count} unexpected elements: {}", all())]
            }
        }
        "$allSame" => {
            let key = argument.as_str().expect("$allSame names a key");
            let first = values.first().and_then(|item| item.get(key));
            let differs = |item: &Json| match (item.get(key), first) {
                (Some(one), Some(other)) => !one.same(other),
                (one, other) => one.is_some() != other.is_some(),
            };
            if values.iter().any(differs) {
                vec![format!("{path}: {key} differs in {}", all())]
            } else {
                Vec::new()
            }
        }
        _ => panic!("{path}: unknown matcher {operator}"),
    }
}

/// No more keys than these, at every depth; `ordered`: in this order too.
fn exact(pattern: &Json, value: Option<&Json>, path: &str, ordered: bool) -> Vec<String> {
    match (pattern, value) {
        (Json::Object(wanted), Some(Json::Object(got))) => {
            let keys = |entries: &[(String, Json)]| {
                let mut keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
                if !ordered {
                    keys.sort();
                }
                keys
            };
            if keys(wanted) != keys(got) {
                let order = if ordered { " in this order" } else { "" };
                return vec![format!(
                    "{path}: expected exactly the keys {:?}{order}, got {:?}",
                    keys(wanted),
                    keys(got)
                )];
            }
            let value = value.expect("it was just matched");
            let each = wanted
                .iter()
                .flat_map(|(key, sub)| exact(sub, value.get(key), &format!("{path}.{key}"), ordered));
            each.collect()
        }
        (Json::Array(wanted), Some(Json::Array(got))) if wanted.len() == got.len() => {
            let pairs = wanted.iter().zip(got).enumerate();
            pairs.flat_map(|(i, (a, b))| exact(a, Some(b), &format!("{path}[{i}]"), ordered)).collect()
        }
        _ => equal(pattern, value, path),
    }
}

/// Of a text in characters.
fn length(value: &Json) -> Option<usize> {
    match value {
        Json::String(text) => Some(text.chars().count()),
        Json::Array(items) => Some(items.len()),
        Json::Object(entries) => Some(entries.len()),
        _ => None,
    }
}

fn shown(value: Option<&Json>) -> String {
    value.map_or_else(|| "<absent>".to_owned(), brief)
}

/// A value cut to one line of a report.
pub fn brief(value: &Json) -> String {
    const LIMIT: usize = 160;
    let text = value.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
