//! The files of `deploy/grafana` that this module reads, and that every name, label and value in them exists in a scrape.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ollama2openai::config::{Secret, TokenHash};
use ollama2openai::fake::Script;
use ollama2openai::http::Outcome;
use ollama2openai::store::{By, NewKey, NewToken, Store};
use serde_json::{Value, json};
use tokio::process::Command;

use super::promql::{Query, Selector};
use super::{CHAT, EMBEDDINGS, Page, alerts, dashboard, scrape};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, done, ollama, says};
use crate::support::wait::{until, within};

/// What Prometheus itself adds to every series.
const OF_TARGETS: [&str; 2] = ["job", "instance"];

/// A query of a file, and the labels that the texts beside it show.
#[derive(Debug, Clone)]
pub struct Used {
    /// What it is for.
    pub place: String,
    pub query: String,
    pub shown: BTreeSet<String>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana")
}

pub fn file(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs promtool in the folder of the files; panics with what it says unless it is content.
pub async fn promtool(args: &[&str]) {
    let output = Command::new("promtool").args(args).current_dir(folder()).kill_on_drop(true).output();
    let output = within("promtool", output).await.expect("promtool is installed: scripts/setup.sh does that");
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "promtool {args:?}: {out}\n{err}");
}

/// What is wrong with a query, by a scrape.
fn faults(used: &Used, page: &Page) -> Vec<String> {
    let query = Query::read(&used.query);
    let mut found = Vec::new();
    if query.selectors.is_empty() {
        found.push(format!("no metric in {}", used.query));
    }
    if !query.by.is_empty() {
        let lost = used.shown.difference(&query.by);
        found.extend(lost.map(|label| format!("shows {label}, which the query sums up")));
    }
    for Selector { name, matchers } in &query.selectors {
        let series: Vec<_> = page.samples.iter().filter(|(known, ..)| known == name).collect();
        if series.is_empty() && name != "up" {
            found.push(format!("no series is named {name}"));
            continue;
        }
        let values = |label: &str| -> BTreeSet<&str> {
            series.iter().filter_map(|(_, labels, _)| labels.get(label)).map(String::as_str).collect()
        };
        let asked = matchers.iter().map(|(label, _)| label).chain(&query.by).chain(&query.on);
        let shown = used.shown.iter().filter(|_| query.by.is_empty());
        let labels = asked.chain(shown).filter(|label| !OF_TARGETS.contains(&label.as_str()));
        let missing = labels.filter(|label| values(label).is_empty());
        found.extend(missing.map(|label| format!("{name} has no label {label}")));
        for (label, value) in matchers.iter().filter(|(label, _)| !OF_TARGETS.contains(&label.as_str())) {
            let known = if label == "outcome" { outcomes() } else { values(label) };
            let unknown = value.split('|').filter(|value| !known.contains(value));
            found.extend(unknown.map(|value| format!("{label} of {name} is never {value}")));
        }
    }
    found.into_iter().map(|fault| format!("{}: {fault}", used.place)).collect()
}

/// All that there may be: some are hard to bring about.
fn outcomes() -> BTreeSet<&'static str> {
    Outcome::ALL.map(Outcome::as_str).into()
}

/// A scrape of a gateway that has had some of everything that makes series.
async fn page() -> Page {
    let good = ollama(|request| match request.path.as_str() {
        "/api/embed" => {
            Script::json(200, &json!({"model": "m", "embeddings": [[0.5, 0.25]], "prompt_eval_count": 4}))
        }
        _ => Script::ndjson([&says("Hi"), &says(" you"), &done()]),
    })
    .await;
    let bad = ollama(|_| Script::json(503, &json!({"error": "busy"}))).await;
    let collector = ollama(|_| Script::json(200, &json!({}))).await;
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let token = NewToken::new("one", TokenHash::of(b"sk-one"), "sk-o", "-one");
    store.create_tokens(&[token], &By::cli()).await.unwrap();
    let key = |name: &str, url: String| NewKey::new(name, url, Secret::new(""));
    let first = NewKey { priority: 1, max_concurrent: 2, ..key("bad", bad.url()) };
    store.create_keys(&[first, key("good", good.url())], &By::cli()).await.unwrap();
    store.close().await;
    let gateway = Gateway::start_in(home, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())]).await;
    gateway.look().await;
    let signed =
        |path: &str, body: &Value| Request::post(path, body).header("authorization", "Bearer sk-one");
    for (request, status) in [
        (signed(CHAT, &chat(true)), 200),
        (signed(EMBEDDINGS, &json!({"model": "m", "input": "text"})), 200),
        (Request::post(CHAT, &chat(false)).header("authorization", "Bearer wrong"), 401),
    ] {
        let reply = gateway.send(&request).await;
        assert_eq!(reply.status, status, "{request:?}: {}", reply.text());
    }
    // Not one of these requests speaks TLS.
    gateway.ledger().metrics.certificate_end.set(4_102_444_800);
    until("no request runs", || gateway.ledger().metrics.requests.count() == 0).await;
    scrape(&gateway).await
}

#[tokio::test]
async fn what_dashboard_and_rules_ask_for_exists() {
    let page = page().await;
    let used = [dashboard::used(), alerts::used()].concat();
    assert!(used.len() > 70, "{} queries", used.len());
    let found: Vec<_> = used.iter().flat_map(|used| faults(used, &page)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_wrong_name_is_found() {
    let page = Page::read("a_total{x=\"1\",y=\"2\"} 1\n");
    let check = |query: &str, shown: &[&str]| {
        let shown = shown.iter().map(|label| (*label).to_owned()).collect();
        faults(&Used { place: "here".to_owned(), query: query.to_owned(), shown }, &page).join("; ")
    };
    assert_eq!(check("sum by (x, job) (rate(a_total{y=\"2\",job=~\"$job\"}[5m]))", &["x"]), "");
    assert_eq!(check("up{job=\"any\"} == 0", &["instance"]), "");
    assert_eq!(check("a_total", &["x"]), "");
    assert_eq!(check("a", &[]), "here: no series is named a");
    assert_eq!(check("vector(1)", &[]), "here: no metric in vector(1)");
    assert_eq!(check("a_total{z=\"1\"}", &[]), "here: a_total has no label z; here: z of a_total is never 1");
    assert_eq!(check("a_total{x=~\"1|3\"}", &[]), "here: x of a_total is never 3");
    assert_eq!(check("sum by (z) (a_total)", &[]), "here: a_total has no label z");
    assert_eq!(check("a_total", &["z"]), "here: a_total has no label z");
    assert_eq!(check("sum by (x) (a_total)", &["y"]), "here: shows y, which the query sums up");
}
