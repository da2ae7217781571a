//! A small checker of JSON against the schemas of the document. It is stricter than JSON Schema: a property that is not
//! told is a fault, and so is a word in a schema that the checker does not know.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

/// Words that say nothing of a value.
const FOR_READERS: [&str; 2] = ["description", "examples"];

pub struct Checker<'d> {
    document: &'d Value,
    /// Properties that were met, as `Schema.property`; a name that is not told is `*`.
    seen: BTreeSet<String>,
}

impl<'d> Checker<'d> {
    pub fn new(document: &'d Value) -> Checker<'d> {
        Checker { document, seen: BTreeSet::new() }
    }

    /// Panics with every fault of the value.
    #[track_caller]
    pub fn hold(&mut self, schema: &Value, value: &Value, what: &str) {
        let faults = self.faults(schema, value, what);
        assert!(faults.is_empty(), "{}\nof {value:#}", faults.join("\n"));
    }

    /// What is wrong with a value. `at` names the place: the schema, or the operation, and what is below it.
    pub fn faults(&mut self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let Some(words) = schema.as_object() else {
            return if schema == true { faults } else { vec![format!("{at}: no schema: {schema}")] };
        };
        for (word, told) in words {
            match word.as_str() {
                "$ref" => {
                    let name = told.as_str().unwrap().rsplit('/').next().unwrap();
                    let meant = &self.document["components"]["schemas"][name];
                    faults.extend(self.faults(meant, value, name));
                }
                "anyOf" => {
                    let all = told.as_array().unwrap();
                    if !all.iter().any(|one| self.faults(one, value, at).is_empty()) {
                        faults.push(format!("{at}: {value} is none of these"));
                    }
                }
                "type" if !is_of(told, value) => faults.push(format!("{at}: {value} is no {told}")),
                "enum" if !told.as_array().unwrap().contains(value) => {
                    faults.push(format!("{at}: {value} is none of {told}"));
                }
                "const" if told != value => faults.push(format!("{at}: {value} is not {told}")),
                "minimum" if value.as_f64().is_some_and(|it| it < told.as_f64().unwrap()) => {
                    faults.push(format!("{at}: {value} is less than {told}"));
                }
                "maximum" if value.as_f64().is_some_and(|it| it > told.as_f64().unwrap()) => {
                    faults.push(format!("{at}: {value} is more than {told}"));
                }
                "format" => {
                    assert_eq!(told, "date-time");
                    if value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_err()) {
                        faults.push(format!("{at}: {value} is no time"));
                    }
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        faults.extend(self.faults(told, item, at));
                    }
                }
                "properties" | "additionalProperties" | "required" => {}
                "type" | "enum" | "const" | "minimum" | "maximum" => {}
                word => assert!(FOR_READERS.contains(&word), "{at}: what does {word} mean?"),
            }
        }
        faults.extend(self.faults_of_members(schema, value, at));
        faults
    }

    fn faults_of_members(&mut self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let Some(object) = value.as_object() else { return Vec::new() };
        let mut faults = Vec::new();
        for (name, value) in object {
            let (at, any) = (format!("{at}.{name}"), format!("{at}.*"));
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(told), _) => {
                    faults.extend(self.faults(told, value, &at));
                    self.seen.insert(at);
                }
                (None, Some(told)) => faults.extend(self.faults(told, value, &any)),
                // Whoever has no words for members leaves them to another schema.
                (None, None) if schema["type"].is_null() => {}
                (None, None) => faults.push(format!("{at} is not told")),
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let missing = required.filter(|name| !object.contains_key(name.as_str().unwrap()));
        faults.extend(missing.map(|name| format!("{at}.{name} is missing")));
        faults
    }

    /// The properties of named schemas that no value had.
    pub fn unseen(&self) -> impl Iterator<Item = String> {
        let schemas = self.document["components"]["schemas"].as_object().unwrap().iter();
        schemas.flat_map(|(name, schema)| self.unseen_of(name, schema))
    }

    /// The properties of one schema that no value had.
    pub fn unseen_of(&self, name: &str, schema: &Value) -> Vec<String> {
        let mut names = Vec::new();
        properties(schema, name, &mut names);
        names.retain(|name| !self.seen.contains(name));
        names
    }
}

/// All properties of a schema and of what is below it, but for what has a name of its own.
fn properties(schema: &Value, at: &str, names: &mut Vec<String>) {
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        properties(schema, &at, names);
        names.push(at);
    }
    properties_below(schema, at, names);
}

fn properties_below(schema: &Value, at: &str, names: &mut Vec<String>) {
    let values = schema.get("additionalProperties").map(|values| (values, format!("{at}.*")));
    let items = schema.get("items").map(|items| (items, at.to_owned()));
    let ways = schema["anyOf"].as_array().into_iter().flatten().map(|way| (way, at.to_owned()));
    for (schema, at) in values.into_iter().chain(items).chain(ways) {
        properties(schema, &at, names);
    }
}

fn is_of(told: &Value, value: &Value) -> bool {
    let one = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("what is {other}?"),
    };
    told.as_array().map_or_else(|| one(told), |names| names.iter().any(one))
}

#[test]
fn faults_are_found() {
    let document = json!({"components": {"schemas": {"Name": {"type": "string", "enum": ["a"]}}}});
    let schema = json!({
        "type": "object", "required": ["name", "count"],
        "properties": {
            "name": {"$ref": "#/components/schemas/Name"},
            "count": {"type": "integer", "minimum": 1, "maximum": 3},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "list": {"type": "array", "items": {"anyOf": [{"type": "boolean"}, {"const": "x"}]}},
        },
    });
    let faults = |value: Value| Checker::new(&document).faults(&schema, &value, "it").len();
    assert_eq!(faults(json!({"name": "a", "count": 2, "at": null, "list": [true, "x"]})), 0);
    for wrong in [
        json!([]),
        json!({"name": "a"}),
        json!({"name": "b", "count": 1}),
        json!({"name": "a", "count": 0}),
        json!({"name": "a", "count": 4}),
        json!({"name": "a", "count": 1.5}),
        json!({"name": "a", "count": 1, "more": 1}),
        json!({"name": "a", "count": 1, "at": "yesterday"}),
        json!({"name": "a", "count": 1, "list": ["y"]}),
    ] {
        assert_eq!(faults(wrong.clone()), 1, "{wrong}");
    }
}
