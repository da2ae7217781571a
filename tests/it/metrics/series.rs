//! Which series there are: none of what clients type, none of what is gone.

use std::collections::BTreeMap;

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Script};
use ollama2openai::store::{NewChannel, NewKey};
use ollama2openai::telemetry::metrics::names;
use serde_json::json;

use super::{CHAT, EMBEDDINGS, scrape};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, ollama, says, whole};
use crate::support::wait::{beside, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_type_makes_no_series() {
    let fake = ollama(|request| match request.model().as_str() {
        name if name.starts_with("absent") => Script::json(404, &json!({"error": "model not found"})),
        _ if request.path == "/api/embed" => Script::json(200, &json!({"model": "m", "embeddings": [[0.5]]})),
        _ => whole("hi"),
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    gateway.look().await;
    let addr = gateway.addr;
    let ask = |path: &str, name: &str, nth: usize| {
        let mut body = if path == CHAT { chat(false) } else { json!({"input": "text"}) };
        body["model"] = format!("{name}{nth}").into();
        Request::post(path, &body)
            .header("user-agent", &format!("agent-{nth}"))
            .header("authorization", &format!("Bearer token-{nth}"))
            .header("x-request-id", &format!("id-{nth}"))
    };
    // One of each kind makes all the series that there may be.
    for (path, name) in [(CHAT, "absent"), (CHAT, "unlisted"), (EMBEDDINGS, "unlisted")] {
        client::send(addr, &ask(path, name, 0)).await;
    }
    for spelling in ["m", "m:latest"] {
        let mut body = chat(false);
        body["model"] = spelling.into();
        assert_eq!(gateway.post(CHAT, &body).await.status, 200);
    }
    let before = scrape(&gateway).await.series();
    let mut clients = Vec::new();
    for client in 0..4 {
        clients.push(beside(async move {
            for nth in 1..=100 {
                let nth = client * 1000 + nth;
                for (path, name) in [(CHAT, "absent"), (CHAT, "unlisted"), (EMBEDDINGS, "unlisted")] {
                    client::send(addr, &ask(path, name, nth)).await;
                }
                client::send(addr, &Request::get(&format!("/v1/unknown/{nth}"))).await;
            }
        }));
    }
    for client in clients {
        client.value().await;
    }
    for spelling in ["M", "M:LATEST", "m:Latest"] {
        let mut body = chat(false);
        body["model"] = spelling.into();
        assert_eq!(gateway.post(CHAT, &body).await.status, 200, "{spelling}");
    }
    let page = scrape(&gateway).await;
    let new: Vec<_> = page.series().difference(&before).cloned().collect();
    assert!(new.is_empty(), "{new:#?}");
    let other = [("gen_ai_operation_name", "chat"), ("gen_ai_request_model", "other")];
    assert_eq!(page.sum("gen_ai_server_request_duration_seconds_count", &other), 401.0);
    let known = [("gen_ai_operation_name", "chat"), ("gen_ai_request_model", "m")];
    assert_eq!(page.sum("gen_ai_server_request_duration_seconds_count", &known), 5.0);
}

#[tokio::test]
async fn usage_that_a_write_has_with_it_is_not_written_yet() {
    use sqlx::Connection as _;
    let fake = ollama(|_| whole("hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let file = gateway.home().join("ollama2openai.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let unwritten = async || scrape(&gateway).await.sum("ollama2openai_ledger_unwritten_sums", &[]);
    let begun = std::time::Instant::now();
    let (mut seen, mut last) = (false, 0.0);
    while begun.elapsed() < std::time::Duration::from_millis(1500) {
        last = unwritten().await;
        seen |= last > 0.0;
        assert!(last > 0.0 || !seen, "it is away, and not written");
    }
    assert!(last > 0.0, "it was tried within half a second");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let ledger = gateway.ledger();
    until("it is written", || ledger.waiting() == (0, 0)).await;
}

#[tokio::test]
async fn a_backend_that_is_gone_takes_its_series_with_it() {
    let fake = ollama(|_| whole("hi")).await;
    let new = |name: &str| NewKey::new(name, fake.url(), Secret::new(name));
    let env = [("ADMIN_PASSWORD", "the-password-of-the-tests")];
    let gateway = Gateway::with_rows(&env, &[], &[new("stays"), new("goes")]).await;
    for _ in 0..4 {
        assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    }
    let before = scrape(&gateway).await;
    let named = |name| [("name", name), ("outcome", "ok")];
    assert_eq!(before.find("ollama2openai_backend_attempts_total", &named("goes")), Some(2.0));
    let is_goes = |labels: &&super::page::Labels| labels.get("name").is_some_and(|name| name == "goes");
    let labels = before.samples.iter().map(|(_, labels, _)| labels).find(is_goes).unwrap();
    let path = format!("/admin/api/keys/{}", labels["backend"]);
    let request = Request::new("DELETE", &path).header("authorization", "Bearer the-password-of-the-tests");
    assert_eq!(gateway.send(&request).await.status, 200);
    let after = scrape(&gateway).await;
    assert!(!after.text.contains("\"goes\""), "{}", after.text);
    assert_eq!(after.find("ollama2openai_backend_attempts_total", &named("stays")), Some(2.0));
    assert!(
        after.sum("ollama2openai_config_revision", &[]) > before.sum("ollama2openai_config_revision", &[])
    );
}

#[tokio::test]
async fn what_runs_and_what_waits_is_shown_while_it_does() {
    let hang = || Script::streamed("application/x-ndjson", vec![line(&says("H"))]).ending(End::Hang);
    let fake = ollama(move |_| hang()).await;
    let key = NewKey { max_concurrent: 1, ..NewKey::new("one", fake.url(), Secret::new("")) };
    let channel = NewChannel { enabled: false, ..NewChannel::new("idle", fake.url()) };
    let gateway = Gateway::with_rows(&[("MAX_QUEUE", "1")], &[channel], &[key]).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let addr = gateway.addr;
    let waits = beside(async move { client::post_json(addr, CHAT, &chat(true)).await });
    until("one waits", || gateway.waiting() == 1).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 503);
    let page = scrape(&gateway).await;
    let of = |name: &str, labels: &[(&str, &str)]| page.find(&format!("ollama2openai_{name}"), labels);
    assert_eq!(of("active_connections", &[]), Some(2.0));
    assert_eq!(of("active_streams", &[]), Some(1.0));
    assert!(of("open_connections", &[]).is_some_and(|open| open >= 3.0), "the scrape's own, too");
    assert_eq!(of("queue_depth", &[]), Some(1.0));
    assert_eq!(of("queue_left_total", &[("reason", "full")]), Some(1.0));
    assert_eq!(of("refusals_total", &[("reason", "overloaded")]), Some(1.0));
    assert_eq!(of("backend_in_flight", &[("name", "one")]), Some(1.0));
    assert_eq!(of("backend_cap", &[("name", "one")]), Some(1.0));
    assert_eq!(of("channels", &[("state", "disabled")]), Some(1.0));
    drop(waits);
    until("nobody waits", || gateway.waiting() == 0).await;
    drop(stream);
    until("nothing runs", || gateway.ledger().metrics.requests.count() == 0).await;
    let page = scrape(&gateway).await;
    assert_eq!(page.sum("ollama2openai_active_streams", &[]), 0.0);
    assert_eq!(page.sum("ollama2openai_queue_wait_seconds_count", &[]), 1.0, "who leaves has waited");
    let gone = [("endpoint", CHAT), ("outcome", "client_gone")];
    assert_eq!(page.sum("ollama2openai_outcomes_total", &gone), 2.0);
}

#[tokio::test]
async fn refusals_of_limits_say_which() {
    let fake = ollama(|_| whole("hi")).await;
    for (variable, word, reason) in [
        ("GLOBAL", "global", "rate_limit_global"),
        ("IP", "ip", "rate_limit_ip"),
        ("TOKEN", "token", "rate_limit_token"),
    ] {
        let token = ollama2openai::config::TokenHash::of(b"sk-one");
        let token = ollama2openai::store::NewToken::new("one", token, "sk-o", "-one");
        let (on, max) = (format!("RATE_LIMIT_{variable}_ENABLED"), format!("RATE_LIMIT_{variable}_MAX"));
        let env = [("OLLAMA_BASE_URL", fake.url()), (&on, "true".to_owned()), (&max, "1".to_owned())];
        let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let gateway = Gateway::with_tokens(&env, &[token]).await;
        let request = Request::post(CHAT, &chat(false)).header("authorization", "Bearer sk-one");
        for status in [200, 429, 429] {
            assert_eq!(gateway.send(&request).await.status, status, "{variable}");
        }
        let page = scrape(&gateway).await;
        assert_eq!(page.sum("ollama2openai_rate_limit_hits_total", &[]), 2.0);
        assert_eq!(page.sum("ollama2openai_rate_limit_hits_total", &[("limit_type", word)]), 2.0);
        assert_eq!(page.sum("ollama2openai_refusals_total", &[("reason", reason)]), 2.0);
        assert_eq!(
            page.sum("ollama2openai_requests_total", &[]),
            1.0,
            "what the gateway refuses is not counted"
        );
    }
}

#[tokio::test]
async fn a_failover_is_a_retry() {
    let (bad, good) =
        (ollama(|_| Script::json(503, &json!({"error": "busy"}))).await, ollama(|_| whole("hi")).await);
    let first = NewKey { priority: 1, ..NewKey::new("bad", bad.url(), Secret::new("")) };
    let gateway =
        Gateway::with_rows(&[], &[], &[first, NewKey::new("good", good.url(), Secret::new(""))]).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let page = scrape(&gateway).await;
    assert_eq!(page.sum("ollama2openai_retries_total", &[("outcome", "overloaded")]), 1.0, "{}", page.text);
    assert_eq!(page.sum("ollama2openai_upstream_errors_total", &[("error_type", "http_503")]), 1.0);
    let attempts = |name, outcome| {
        page.sum("ollama2openai_backend_attempts_total", &[("name", name), ("outcome", outcome)])
    };
    assert_eq!(
        (attempts("bad", "overloaded"), attempts("good", "ok"), attempts("bad", "ok")),
        (1.0, 1.0, 0.0)
    );
}

#[test]
fn each_family_is_told_in_the_documentation() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/monitoring.md")).unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let kind = cells.get(1).filter(|kind| ["counter", "gauge", "histogram"].contains(kind))?;
        Some((code(cells[0]).remove(0), ((*kind).to_owned(), code(cells[2]))))
    });
    let told: BTreeMap<_, _> = rows.collect();
    let known = [names::SEEDS, names::OURS].concat().into_iter().map(|family| {
        let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
        (family.name.to_owned(), (format!("{:?}", family.kind).to_lowercase(), labels))
    });
    assert_eq!(told, known.collect());
}
