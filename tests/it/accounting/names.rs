//! Clients can call things what they like: no account of them grows by it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ollama2openai::fake::{Fake, Script};
use ollama2openai::store::Store;
use serde_json::{Value, json};

use super::{CHAT, EMBEDDINGS, PASSWORD};
use crate::metrics::page::Page;
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::until;

const CLIENTS: usize = 4;
const EACH: usize = 300;
/// Lines that are kept at hand.
const RECENT: &str = "300";

async fn upstream() -> Fake {
    ollama(|request| match request.model().as_str() {
        absent if absent.starts_with("absent") => {
            Script::json(404, &json!({"error": format!("model '{absent}' not found")}))
        }
        _ if request.path == "/api/embed" => Script::json(200, &json!({"model": "m", "embeddings": [[0.5]]})),
        _ => whole("hi"),
    })
    .await
}

/// One of the spellings by which a mapped name can be called: by case, with its tag, and between spaces.
fn spelled(nth: usize) -> String {
    let letters = "assistant:latest".chars().enumerate();
    let word: String = letters
        .map(|(at, letter)| if nth >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter })
        .collect();
    format!("{}{word}", " ".repeat(nth % 7))
}

async fn one(addr: SocketAddr, first: usize) {
    for nth in (first..first + EACH).map(|nth| nth + 1) {
        let of = [
            (CHAT, format!("absent-{nth}")),
            (CHAT, format!("unlisted-{nth}")),
            (EMBEDDINGS, format!("unlisted-{nth}")),
            (CHAT, spelled(nth)),
        ];
        for (path, model) in of {
            let mut body = if path == CHAT { chat(false) } else { json!({"input": "text"}) };
            body["model"] = model.into();
            let request = Request::post(path, &body)
                .header("user-agent", &format!("agent-{nth}"))
                .header("x-request-id", &format!("id-{nth}"))
                .header("x-forwarded-for", &format!("10.1.{}.{}", nth / 250, nth % 250));
            client::send(addr, &request).await;
        }
    }
}

async fn started(fake: &Fake) -> Gateway {
    let gateway = unlooked(fake).await;
    gateway.look().await;
    gateway
}

/// The same where nobody has read the backend's list.
async fn unlooked(fake: &Fake) -> Gateway {
    let env = [
        ("OLLAMA_BASE_URL", fake.url()),
        ("ADMIN_PASSWORD", PASSWORD.to_owned()),
        ("TRUST_PROXY", "true".to_owned()),
        ("RATE_LIMIT_IP_ENABLED", "true".to_owned()),
        ("LOG_RECENT_MAX", RECENT.to_owned()),
        ("ALLOW_ANONYMOUS", "true".to_owned()),
    ];
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let key = ollama2openai::store::NewKey {
        model_mapping: vec![("assistant".to_owned(), "m".to_owned())],
        ..ollama2openai::store::NewKey::new("one", fake.url(), ollama2openai::config::Secret::new(""))
    };
    Gateway::with_rows(&env, &[], &[key]).await
}

async fn dashboard(gateway: &Gateway) -> Value {
    let request = Request::get("/admin/api/dashboard").header("authorization", &format!("Bearer {PASSWORD}"));
    gateway.send(&request).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_names_are_no_more_than_a_few() {
    let fake = upstream().await;
    let gateway = started(&fake).await;
    one(gateway.addr, 0).await;
    let scrape = async || Page::read(&gateway.get("/metrics").await.text());
    let before = scrape().await.series();
    // Each wait has its own deadline; all of them together depend on what else the machine does.
    let mut clients = tokio::task::JoinSet::new();
    for client in 1..=CLIENTS {
        clients.spawn(one(gateway.addr, client * EACH));
    }
    clients.join_all().await;
    until("no request runs", || gateway.ledger().metrics.requests.count() == 0).await;
    let page = scrape().await;
    let new: Vec<_> = page.series().difference(&before).cloned().collect();
    assert!(new.is_empty(), "{new:#?}");
    let names: BTreeSet<_> =
        page.samples.iter().filter_map(|(_, labels, _)| labels.get("gen_ai_request_model")).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["assistant", "other"]);
    let shown = dashboard(&gateway).await;
    let requests = 4 * (CLIENTS + 1) * EACH;
    assert_eq!(shown["totals"]["requests"], requests);
    let mut models: Vec<_> =
        shown["byModel"]["top"].as_array().unwrap().iter().map(|one| &one["model"]).collect();
    models.sort_by_key(|model| model.to_string());
    assert_eq!(models, ["", "assistant", "other"], "{}", shown["errors"]);
    let kinds: Vec<_> = shown["errors"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["model_not_found"]);
    let (ledger, recent) = (gateway.ledger(), RECENT.parse().unwrap());
    assert_eq!((ledger.journal.recent().len(), ledger.journal.dropped()), (recent, (0, 0)));
    let home = gateway.stopped().await;
    let store = Store::open(home.path(), None).await.unwrap();
    let hours = store.usage_since(0).await.unwrap();
    // What was served by name, by another name, and not at all; an hour may have ended meanwhile.
    assert!(hours.len() <= 2 * 3, "{hours:?}");
    assert_eq!(hours.iter().map(|row| row.counts.requests).sum::<i64>(), i64::try_from(requests).unwrap());
    store.close().await;
}

/// Names that are asked of a backend whose list fails.
const MADE_UP: usize = 20_000;
/// Of these, names that are told apart in usage, and in metrics.
const BELIEVED: usize = 1000;
const IN_METRICS: usize = 200;

/// Asks for so many names, each with another user agent, on one connection.
async fn make_up(addr: SocketAddr, names: std::ops::Range<usize>) {
    let mut connection = client::connect(addr).await;
    let mut body = chat(false);
    for nth in names {
        body["model"] = format!("made-up-{nth}").into();
        let request = Request::post(CHAT, &body)
            .header("user-agent", &format!("agent-{nth}"))
            .header("x-forwarded-for", &format!("10.1.{}.{}", nth / 250, nth % 250));
        assert_eq!(client::exchange(&mut connection, &request).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_backend_without_a_list_answers_have_an_end() {
    let answers = |request: &ollama2openai::fake::Request| match request.path.as_str() {
        "/api/tags" => Script::json(500, &json!({"error": "the disk is gone"})),
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        _ => whole("hi"),
    };
    let fake = Fake::start(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(answers)).await.unwrap();
    let gateway = unlooked(&fake).await;
    let share = MADE_UP / CLIENTS;
    let mut clients = tokio::task::JoinSet::new();
    for at in 0..CLIENTS {
        clients.spawn(make_up(gateway.addr, at * share..(at + 1) * share));
    }
    clients.join_all().await;
    until("no request runs", || gateway.ledger().metrics.requests.count() == 0).await;
    let page = Page::read(&gateway.get("/metrics").await.text());
    let names: BTreeSet<_> =
        page.samples.iter().filter_map(|(_, labels, _)| labels.get("gen_ai_request_model")).collect();
    assert_eq!(names.len(), IN_METRICS + 1, "and all others");
    let request = Request::get("/admin/api/logs?type=request&limit=1");
    let logged = gateway.send(&request.header("authorization", &format!("Bearer {PASSWORD}"))).await.json();
    assert!(logged["logs"][0]["model"].as_str().unwrap().starts_with("made-up-"), "{logged:#}");
    let home = gateway.stopped().await;
    let store = Store::open(home.path(), None).await.unwrap();
    let hours = store.usage_since(0).await.unwrap();
    // An hour, or a day of UTC, may have ended meanwhile.
    assert!((BELIEVED..=2 * (BELIEVED + 1)).contains(&hours.len()), "{}", hours.len());
    assert_eq!(hours.iter().map(|row| row.counts.requests).sum::<i64>(), MADE_UP as i64);
    store.close().await;
}
