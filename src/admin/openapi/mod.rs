//! The admin API as an OpenAPI 3.1 document, from which clients are made: what each row of the table of paths takes and
//! answers, as plain data. Not here: who may call, which is read from that table.
//!
//! The data is held against a running gateway by `tests/it/openapi`: every path, every field, every answer.

mod accounts;
mod backends;
mod captures;
mod dashboard;
mod logs;
mod models;
mod operation;
mod routing;
mod schema;
mod service;
mod settings;
mod tokens;

use axum::Json;
use serde_json::{Map, Value, json};

use super::routes::routes;
use super::visitor::PLAIN_COOKIE;
use operation::{Operation, get};
use schema::{anything, map, object, text};

/// Answers the document.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// All operations, in the order in which they are shown.
fn operations() -> Vec<Operation> {
    let mut all = accounts::sign_in();
    all.extend(backends::operations());
    all.extend(tokens::operations());
    all.extend(routing::operations());
    all.extend(models::operations());
    all.extend(settings::operations());
    all.extend(dashboard::operations());
    all.extend(logs::operations());
    all.extend(captures::operations());
    all.extend(service::operations());
    all.extend(accounts::operations());
    let summary = "This document";
    all.push(get("/admin/api/openapi.json", "getOpenapi", summary, anything()));
    all
}

/// Shapes that have a name.
fn components() -> Vec<(&'static str, Value)> {
    let mut all = backends::components();
    all.extend(tokens::components());
    all.extend(routing::components());
    all.extend(settings::components());
    all.extend(dashboard::components());
    all.extend(captures::components());
    all.extend(service::components());
    all.extend(accounts::components());
    all.push(("Error", error()));
    all
}

/// What every refused call answers. A key that is there already comes along, and an address that would be shut out.
fn error() -> Value {
    object(vec![
        ("error code", text()),
        ("fields?", map(text())),
        ("key?", schema::named("DuplicateKey")),
        ("address?", text()),
        (
            "revision?",
            schema::told(schema::count(), "The one that there is now, of a 409 `changed_meanwhile`."),
        ),
    ])
}

/// The document: all operations by path, with who may call them.
#[must_use]
pub fn document() -> Value {
    let routes = routes();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let row =
            routes.iter().find(|(method, path, _)| *method == operation.method && *path == operation.path);
        // One that no row has is left out, and the tests miss it.
        let Some((method, path, least)) = row else { continue };
        let methods = paths.entry(*path).or_insert_with(|| json!({}));
        methods[method.as_str().to_ascii_lowercase()] = operation.json(*least);
    }
    let schemas: Map<String, Value> =
        components().into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ollama2openai admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Fields and filters that are not known are no error: they are named in `warnings` of the answer. Only where something is made, a name that nearly is one of a right or a limit is refused.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"apiKey": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {
                "id": {"name": "id", "in": "path", "required": true, "schema": text()},
                "ifMatch": {
                    "name": "If-Match", "in": "header", "schema": text(),
                    "description": "A revision, as in \"3\"; with another one the answer is 409.",
                },
            },
            "responses": {"Refused": {
                "description": "Why it was not done.",
                "content": {"application/json": {"schema": schema::named("Error")}},
            }},
            "securitySchemes": security(),
        },
    })
}

fn security() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "The admin password, a session, or an API token of the admin API.",
        },
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": PLAIN_COOKIE,
            "description": "A session, as browsers show it; under TLS the cookie has another name.",
        },
    })
}
