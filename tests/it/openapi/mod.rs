//! The OpenAPI document of the admin API: that it is the committed one, and that it says what a running gateway does.

mod schema;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use ollama2openai::admin::{Least, document, routes};
use serde_json::{Value, json};

use crate::commands::run_in;
use crate::support::Gateway;
use crate::support::client::{Request, Response};
use schema::Checker;

const PASSWORD: &str = "the-password-of-the-tests";

/// A call, with the admin password unless another text is given. `null` sends no body.
async fn call(gateway: &Gateway, bearer: &str, method: &'static str, path: &str, body: &Value) -> Response {
    let request = Request::new(method, path)
        .header("authorization", &format!("Bearer {bearer}"))
        .header("content-type", "application/json");
    gateway.send(&if body.is_null() { request } else { request.body(body.to_string()) }).await
}

async fn done(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Value {
    let reply = call(gateway, PASSWORD, method, path, body).await;
    assert_eq!(reply.status, 200, "{method} {path} {body}: {}", reply.text());
    reply.json()
}

async fn started() -> Gateway {
    Gateway::start(&[("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")]).await
}

/// One method of one path, as the document has it.
struct Operation {
    method: &'static str,
    path: String,
    told: Value,
}

impl Operation {
    fn id(&self) -> &str {
        self.told["operationId"].as_str().expect("an operation has an id")
    }

    fn answer(&self) -> &Value {
        &self.told["responses"]["200"]["content"]["application/json"]["schema"]
    }

    fn body(&self) -> Option<&Value> {
        self.told["requestBody"].pointer("/content/application~1json/schema")
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let method = |name: &str| {
        ["GET", "POST", "PUT", "DELETE"].into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap()
    };
    let paths = document["paths"].as_object().unwrap().iter();
    let rows = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(name, told)| Operation {
            method: method(name),
            path: path.clone(),
            told: told.clone(),
        })
    });
    rows.collect()
}

#[test]
fn every_path_of_the_table_is_told_and_no_other() {
    let document = document();
    let told: BTreeSet<_> = operations(&document)
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let rows: BTreeSet<_> = routes().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(told, rows);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/openapi");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let source: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let written: BTreeSet<_> = source.split('"').filter(|text| text.starts_with("/admin/")).collect();
    let paths: BTreeSet<_> = routes().iter().map(|(_, path, _)| *path).collect();
    let lost: Vec<_> = written.difference(&paths).filter(|path| **path != "/admin/api/").collect();
    assert!(lost.is_empty(), "operations without a row: {lost:?}");
}

/// Texts between quotes in these files that have the form of an action.
fn actions(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap());
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let is_action =
        |word: &&str| word.split_once('.').is_some_and(|(kind, act)| is_word(kind) && is_word(act));
    let found = |text: String| text.split('"').filter(is_action).map(str::to_owned).collect::<Vec<_>>();
    texts.flat_map(found).collect()
}

#[test]
fn every_action_of_the_audit_is_told() {
    let document = document();
    let parameters = document["paths"]["/admin/api/audit"]["get"]["parameters"].as_array().unwrap();
    let action = parameters.iter().find(|parameter| parameter["name"] == "action").unwrap();
    let told = action["schema"]["description"].as_str().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/admin.md");
    let page = std::fs::read_to_string(page).unwrap();
    let kinds =
        ["admin_token", "backup", "cache", "channel", "key", "log", "session", "setting", "token", "user"];
    let is_written = |name: &String| kinds.iter().any(|kind| name.starts_with(&format!("{kind}.")));
    let written =
        ["src/store", "src/store/request_log", "src/admin"].into_iter().flat_map(actions).filter(is_written);
    for name in written.collect::<BTreeSet<_>>() {
        assert!(told.contains(name.as_str()), "{name} is not in the document");
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/admin.md");
    }
}

#[test]
fn ids_are_told_once_and_roles_are_those_of_the_table() {
    let document = document();
    let all = operations(&document);
    let ids: BTreeSet<_> = all.iter().map(Operation::id).collect();
    assert_eq!(ids.len(), all.len(), "an id is there twice");
    for (method, path, least) in routes() {
        let told = &document["paths"][path][method.as_str().to_ascii_lowercase()];
        let (role, is_open) = match least {
            Least::Nobody => (Value::Null, true),
            Least::Known => (Value::Null, false),
            Least::Role(role) => (json!(role.text()), false),
        };
        assert_eq!(told["x-least-role"], role, "{method} {path}");
        assert_eq!(told["security"] == json!([]), is_open, "{method} {path}");
    }
}

#[test]
fn every_schema_that_is_named_is_there_and_used() {
    let document = document();
    let text = document.to_string();
    let named: BTreeSet<_> =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let there: BTreeSet<_> =
        document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, there);
}

#[tokio::test]
async fn the_committed_document_is_what_is_printed_and_served() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run_in(dir.path(), &[], &["openapi"], "").await.good();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/openapi.json");
    if std::env::vars().any(|(name, value)| name == "UPDATE" && value == "1") {
        std::fs::write(&path, &printed).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == printed,
        "tests/cases/openapi.json is not what the code says; run `UPDATE=1 cargo test openapi::` and commit it"
    );
    let gateway = started().await;
    let served = done(&gateway, "GET", "/admin/api/openapi.json", &Value::Null).await;
    assert!(served == serde_json::from_str::<Value>(&printed).unwrap(), "it is served as it is printed");
}

#[tokio::test]
async fn what_is_refused_is_answered_as_told() {
    let gateway = started().await;
    let key = json!({"key": "http://127.0.0.1:1/key"});
    done(&gateway, "POST", "/admin/api/keys", &key).await;
    let rules = json!({"mode": "blacklist", "blacklist": ["127.0.0.1"]});
    let document = document();
    let mut checker = Checker::new(&document);
    for (status, method, path, body) in [
        (400, "POST", "/admin/api/channels", json!({"weight": -1})),
        (404, "PUT", "/admin/api/keys/none", json!({})),
        (409, "POST", "/admin/api/keys", key),
        (409, "POST", "/admin/api/settings/access-control", rules),
        (409, "POST", "/admin/api/settings", json!({"max_retries": 1, "revision": -1})),
    ] {
        let reply = call(&gateway, PASSWORD, method, path, &body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        checker.hold(&json!({"$ref": "#/components/schemas/Error"}), &reply.json(), path);
    }
    let reply = call(&gateway, "wrong", "GET", "/admin/api/keys", &Value::Null).await;
    checker.hold(&json!({"$ref": "#/components/schemas/Error"}), &reply.json(), "nobody");
    let unseen: Vec<_> = checker.unseen().filter(|name| name.starts_with("Error.")).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
