//! A value that fits a JSON schema, made from the words and numbers of a question. It knows the keywords that
//! structured outputs and tools use; `pattern` is not among them.

use serde_json::{Map, Value};

use super::text::{numbers, proper_name, words};

/// Below this depth only what is required is filled in.
const DEEP: usize = 5;
/// Below this depth nothing is, so that a schema that contains itself ends.
const DEEPEST: usize = 24;
/// The most values that are made for one schema.
const MOST_VALUES: usize = 20_000;

/// Makes one value after another; numbers of the question are used in their order.
#[derive(Debug)]
pub(super) struct Maker<'a> {
    /// Where `$ref` leads from.
    root: &'a Value,
    question: &'a str,
    numbers: Vec<f64>,
    made: usize,
}

impl<'a> Maker<'a> {
    pub(super) fn new(root: &'a Value, question: &'a str) -> Maker<'a> {
        let mut numbers = numbers(question);
        numbers.reverse();
        Maker { root, question, numbers, made: 0 }
    }

    /// A value for the whole schema.
    pub(super) fn whole(&mut self) -> Value {
        self.value(self.root, "", 0)
    }

    /// A value for `schema`, which belongs to the property `name`.
    pub(super) fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        let Some(fields) = schema.as_object() else { return self.text(&Map::new(), name).into() };
        self.made += 1;
        if depth > DEEPEST || self.made > MOST_VALUES {
            return Value::Null;
        }
        if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
            let found = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return found.map_or(Value::Null, |schema| self.value(schema, name, depth + 1));
        }
        if let Some(value) = fields.get("const") {
            return value.clone();
        }
        if let Some(choices) = list(fields, "enum") {
            return self.choice(choices);
        }
        if let Some(choices) = list(fields, "anyOf").or_else(|| list(fields, "oneOf")) {
            let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) == Some("null");
            let null = choices.iter().find(is_null).filter(|_| depth > DEEP);
            let chosen = null.or_else(|| choices.iter().find(|choice| !is_null(choice))).or(choices.first());
            return chosen.map_or(Value::Null, |schema| self.value(schema, name, depth + 1));
        }
        if let Some(all) = list(fields, "allOf") {
            return self.value(&merged(fields, all, self.root), name, depth + 1);
        }
        match kind(fields) {
            "object" => self.object(fields, depth),
            "array" => self.array(fields, name, depth),
            "integer" => self.number(fields, true),
            "number" => self.number(fields, false),
            "boolean" => true.into(),
            "null" => Value::Null,
            _ => self.text(fields, name).into(),
        }
    }

    fn choice(&self, choices: &[Value]) -> Value {
        let asked = words(self.question);
        let named = choices.iter().find(|choice| {
            let choice = words(choice.as_str().unwrap_or_default());
            !choice.is_empty() && asked.windows(choice.len()).any(|window| window == choice)
        });
        named.or(choices.first()).cloned().unwrap_or_default()
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Value {
        let required = list(fields, "required").unwrap_or_default();
        let mut made = Map::new();
        if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
            for (name, schema) in properties {
                if depth <= DEEP || required.iter().any(|known| known.as_str() == Some(name)) {
                    made.insert(name.clone(), self.value(schema, name, depth + 1));
                }
            }
        }
        Value::Object(made)
    }

    fn array(&mut self, fields: &Map<String, Value>, name: &str, depth: usize) -> Value {
        let limit = |key: &str| fields.get(key).and_then(Value::as_u64);
        let least = limit("minItems").unwrap_or(0);
        let wanted = if depth > DEEP { least } else { least.max(1) };
        let wanted = wanted.min(limit("maxItems").unwrap_or(u64::MAX)).min(1000);
        let first = list(fields, "prefixItems").unwrap_or_default();
        let any = Value::Bool(true);
        let items = fields.get("items").unwrap_or(&any);
        let wanted = usize::try_from(wanted).unwrap_or(1).max(first.len());
        let singular = name.strip_suffix('s').unwrap_or(name).to_owned();
        (0..wanted).map(|at| self.value(first.get(at).unwrap_or(items), &singular, depth + 1)).collect()
    }

    fn number(&mut self, fields: &Map<String, Value>, whole: bool) -> Value {
        let limit = |key: &str| fields.get(key).and_then(Value::as_f64);
        let step = limit("multipleOf").unwrap_or(if whole { 1.0 } else { 0.0 });
        let gap = if whole { 1.0 } else { 1e-3 };
        let low = limit("minimum").or(limit("exclusiveMinimum").map(|low| low + gap));
        let high = limit("maximum").or(limit("exclusiveMaximum").map(|high| high - gap));
        let fits = |number: f64| {
            low.is_none_or(|low| number >= low)
                && high.is_none_or(|high| number <= high)
                && (!whole || number.fract() == 0.0)
                && (step <= 0.0 || (number / step).fract() == 0.0)
        };
        let found = self.numbers.iter().rposition(|&number| fits(number));
        let mut number = match found {
            Some(at) => self.numbers.remove(at),
            None => low.unwrap_or(high.map_or(1.0, |high| high.min(1.0))),
        };
        if found.is_none() && step > 0.0 {
            number = (number / step).ceil() * step;
        }
        if whole { (number as i64).into() } else { number.into() }
    }

    fn text(&self, fields: &Map<String, Value>, name: &str) -> String {
        let mut text = match fields.get("format").and_then(Value::as_str) {
            Some("date-time") => "2026-01-01T12:00:00Z".to_owned(),
            Some("date") => "2026-01-01".to_owned(),
            Some("time") => "12:00:00Z".to_owned(),
            Some("duration") => "PT1H".to_owned(),
            Some("email") => "demo@example.com".to_owned(),
            Some("hostname") => "example.com".to_owned(),
            Some("uri" | "url") => "https://example.com/".to_owned(),
            Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
            Some("ipv4") => "192.0.2.1".to_owned(),
            Some("ipv6") => "2001:db8::1".to_owned(),
            _ => self.words_for(name),
        };
        let limit = |key: &str| fields.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        if let Some(most) = limit("maxLength").filter(|most| text.chars().count() > *most) {
            text = text.chars().take(most).collect();
        }
        let least = limit("minLength").unwrap_or(0).min(10_000);
        while text.chars().count() < least {
            text.push('.');
        }
        text
    }

    /// Something of the question that suits a property of this name.
    fn words_for(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
        if has(&["date", "day"]) {
            return "2026-01-01".to_owned();
        }
        if has(&["query", "question", "text", "prompt", "message", "expression", "input", "content"]) {
            return super::text::excerpt(self.question, 200);
        }
        if let Some(found) = proper_name(self.question) {
            return found;
        }
        match words(self.question).pop() {
            Some(word) if has(&["city", "location", "place", "name", "country", "topic", "title"]) => word,
            _ if lower.is_empty() => "demo".to_owned(),
            _ => format!("demo {}", name.replace('_', " ")),
        }
    }
}

fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a [Value]> {
    fields.get(name).and_then(Value::as_array).map(Vec::as_slice)
}

/// The type of a schema: the first that is not null, or what its keywords imply.
fn kind(fields: &Map<String, Value>) -> &str {
    let named = match fields.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").or(Some("null"))
        }
        _ => None,
    };
    let implied = if fields.contains_key("properties") {
        "object"
    } else if fields.contains_key("items") || fields.contains_key("prefixItems") {
        "array"
    } else {
        "string"
    };
    named.unwrap_or(implied)
}

/// One schema of all that must hold: properties and required names together, other keywords by the last.
fn merged(fields: &Map<String, Value>, all: &[Value], root: &Value) -> Value {
    let mut whole = fields.clone();
    whole.remove("allOf");
    for part in all {
        let target = part.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        let part = target.and_then(|pointer| root.pointer(pointer)).unwrap_or(part);
        for (key, value) in part.as_object().into_iter().flatten() {
            match (whole.get_mut(key), value) {
                (Some(Value::Object(known)), Value::Object(more)) => {
                    known.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
                _ => {
                    whole.insert(key.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(whole)
}
