//! What a path does, as the document tells it.

use http::Method;
use serde_json::{Value, json};

use super::super::routes::Least;

/// One method of one path.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// The name of the function in a client.
    id: &'static str,
    summary: &'static str,
    /// Name, whether it has to be given, and what it is.
    query: Vec<(&'static str, bool, Value)>,
    body: Option<Value>,
    /// Whether `If-Match` may tell a revision.
    has_revision: bool,
    answer: Value,
    /// The form of the answer.
    form: &'static str,
}

/// A call that reads.
pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Value) -> Operation {
    let form = "application/json";
    Operation {
        method: Method::GET,
        path,
        id,
        summary,
        query: Vec::new(),
        body: None,
        has_revision: false,
        answer,
        form,
    }
}

pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str, answer: Value) -> Operation {
    Operation { method: Method::POST, ..get(path, id, summary, answer) }
}

pub(super) fn put(path: &'static str, id: &'static str, summary: &'static str, answer: Value) -> Operation {
    Operation { method: Method::PUT, ..get(path, id, summary, answer) }
}

pub(super) fn delete(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    answer: Value,
) -> Operation {
    Operation { method: Method::DELETE, ..get(path, id, summary, answer) }
}

impl Operation {
    /// With one more parameter behind the question mark, which need not be given.
    pub(super) fn query(mut self, name: &'static str, schema: Value) -> Operation {
        self.query.push((name, false, schema));
        self
    }

    /// With one that must be given.
    pub(super) fn required(mut self, name: &'static str, schema: Value) -> Operation {
        self.query.push((name, true, schema));
        self
    }

    /// Which holds only for a revision, if the head names one.
    pub(super) fn of_revision(self) -> Operation {
        Operation { has_revision: true, ..self }
    }

    /// Which answers something of this type, not JSON.
    pub(super) fn file(self, form: &'static str) -> Operation {
        Operation { form, ..self }
    }

    /// With an object as its body.
    pub(super) fn body(mut self, schema: Value) -> Operation {
        self.body = Some(schema);
        self
    }

    /// As OpenAPI has it; `least` is who may call it.
    pub(super) fn json(self, least: Least) -> Value {
        let tag = self.path.strip_prefix("/admin/api/").and_then(|path| path.split('/').next());
        let mut shown = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [tag.unwrap_or("sign-in")],
        });
        match least {
            Least::Nobody => shown["security"] = json!([]),
            Least::Known => {}
            Least::Role(role) => shown["x-least-role"] = json!(role.text()),
        }
        let mut parameters = Vec::new();
        if self.path.contains("{id}") {
            parameters.push(json!({"$ref": "#/components/parameters/id"}));
        }
        let of_query = |(name, is_required, schema)| {
            let mut parameter = json!({"name": name, "in": "query", "schema": schema});
            if is_required {
                parameter["required"] = json!(true);
            }
            parameter
        };
        parameters.extend(self.query.into_iter().map(of_query));
        if self.has_revision {
            parameters.push(json!({"$ref": "#/components/parameters/ifMatch"}));
        }
        if !parameters.is_empty() {
            shown["parameters"] = json!(parameters);
        }
        if let Some(schema) = self.body {
            let required = schema.get("required").is_some();
            shown["requestBody"] =
                json!({"required": required, "content": {"application/json": {"schema": schema}}});
        }
        let form = self.form;
        let content = json!({form: {"schema": self.answer}});
        shown["responses"] = json!({
            "200": {"description": "Done.", "content": content},
            "default": {"$ref": "#/components/responses/Refused"},
        });
        shown
    }
}
