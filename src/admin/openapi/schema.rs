//! Words in which schemas are written: each makes one piece of JSON Schema, as OpenAPI 3.1 has it.

use serde_json::{Map, Value, json};

/// Members of an object: names parted by spaces, and what each of them is. One that may be missing ends in `?`.
pub(super) type Members = Vec<(&'static str, Value)>;

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

/// RFC 3339 in UTC.
pub(super) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// A whole number that is not negative.
pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn number(min: i64, max: i64) -> Value {
    json!({"type": "integer", "minimum": min, "maximum": max})
}

/// From 0 to 1.
pub(super) fn part() -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1})
}

pub(super) fn list(items: Value) -> Value {
    let mut list = json!({"type": "array"});
    list["items"] = items;
    list
}

/// An object whose names are not known beforehand.
pub(super) fn map(values: Value) -> Value {
    let mut map = json!({"type": "object"});
    map["additionalProperties"] = values;
    map
}

/// An object of anything.
pub(super) fn anything() -> Value {
    map(json!(true))
}

/// One of these words.
pub(super) fn choice(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// A schema that has a name.
pub(super) fn named(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The same, or `null`.
pub(super) fn nullable(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    schema
}

/// The same, with a value as callers may send it.
pub(super) fn such_as(mut schema: Value, value: impl Into<Value>) -> Value {
    schema["examples"] = json!([value.into()]);
    schema
}

/// The same, with a sentence for readers.
pub(super) fn told(mut schema: Value, sentence: &str) -> Value {
    schema["description"] = json!(sentence);
    schema
}

pub(super) fn object(members: Members) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (names, schema) in members {
        for name in names.split(' ') {
            let bare = name.strip_suffix('?');
            if bare.is_none() {
                required.push(name);
            }
            properties.insert(bare.unwrap_or(name).to_owned(), schema.clone());
        }
    }
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// The answer of a change by a body, with these members. What was sent and is no field is in `warnings`.
pub(super) fn done(members: Members) -> Value {
    success([members, vec![("warnings?", list(text()))]].concat())
}

/// The answer of a change that needs no body, with these members.
pub(super) fn success(members: Members) -> Value {
    object([vec![("success", json!({"type": "boolean", "const": true}))], members].concat())
}
