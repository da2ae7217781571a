//! All that requests are told to is away at once: no request waits for it, and what has to be kept is kept.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ollama2openai::fake::{End, Fake, Script};
use serde_json::{Value, json};

use super::program::lines;
use super::{CHAT, PASSWORD};
use crate::metrics::page::Page;
use crate::support::admin::{self, get};
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::{DEADLINE, beside, pause, until};
use crate::support::{Gateway, child};

const CLIENTS: usize = 4;
const EACH: usize = 300;
/// Spans of a request that one backend has served, and how many of them wait at most.
const SPANS: u64 = 2;
const WAITING: u64 = 2048;

async fn collector_that_hangs() -> Fake {
    Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(|_: &_| Script::silent(End::Hang))).await.unwrap()
}

async fn scrape(gateway: &Gateway) -> Page {
    Page::read(&gateway.get("/metrics").await.text())
}

/// Statuses of so many chats, one after the other.
async fn chats(addr: SocketAddr, token: String, count: usize) -> Vec<u16> {
    let request = Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {token}"));
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(client::send(addr, &request).await.status);
    }
    statuses
}

fn is_failing(dashboard: &Value) -> bool {
    dashboard["ledger"]["failing"] == true
}

/// Takes all space that is left, and serves until nothing can be written. Gives how many it has served.
async fn fill(gateway: &Gateway, folder: &Path, token: &str) -> u64 {
    let mut filler = std::fs::File::create(folder.join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    let mut served = 0;
    // What the database has of free space is used up first.
    while !is_failing(&get(gateway, "/dashboard").await) || gateway.ledger().journal.waiting_rows() == 0 {
        assert_eq!(chats(gateway.addr, token.to_owned(), 20).await, [200; 20]);
        served += 20;
        assert!(served < 5000, "it is never full");
    }
    served
}

/// What wants a person, with its detail.
fn kinds(dashboard: &Value) -> Vec<(String, String)> {
    let list = dashboard["attention"]["list"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.map(|item| (text(&item["kind"]), text(&item["detail"]))).collect()
}

/// Both `/metrics` and the dashboard say what is lost, and what waits.
async fn is_told(gateway: &Gateway, served: u64) {
    let ledger = gateway.ledger();
    ledger.tell();
    until("every line is counted as lost", || ledger.journal.dropped() == (0, served)).await;
    let spans = served * SPANS - WAITING;
    let shown = get(gateway, "/dashboard").await;
    let drops = ["spans", "logRows", "logLines"].map(|name| shown["drops"][name].as_u64());
    assert_eq!(drops, [Some(spans), Some(0), Some(served)], "{}", shown["drops"]);
    let told = kinds(&shown);
    assert!(told.iter().any(|(kind, _)| kind == "disk_failing"), "{told:?}");
    assert!(told.iter().any(|(kind, detail)| kind == "drops" && detail.contains("spans")), "{told:?}");
    assert!(!told.iter().any(|(_, detail)| detail.contains("lines of the log file were")), "{told:?}");
    assert!(is_failing(&shown) && shown["ledger"]["sums"].as_u64() > Some(0), "{}", shown["ledger"]);
    let page = scrape(gateway).await;
    let of = |name: &str, what| page.find(&format!("ollama2openai_{name}"), &[("what", what)]);
    let dropped = ["spans", "log_rows", "log_lines"].map(|what| of("dropped_total", what));
    assert_eq!(dropped, [spans, 0, served].map(|count| Some(count as f64)));
    for what in ["usage", "request_log"] {
        assert!(of("database_write_errors_total", what) > Some(0.0), "{what}");
    }
    assert!(page.sum("ollama2openai_ledger_unwritten_sums", &[]) > 0.0);
}

/// Everything is there, but for what was counted as lost.
async fn is_kept(gateway: &Gateway, folder: &Path, id: &str, served: u64) {
    let end = Instant::now() + DEADLINE;
    while is_failing(&get(gateway, "/dashboard").await) {
        assert!(Instant::now() < end, "it is never written");
        pause(Duration::from_millis(20)).await;
    }
    let shown = get(gateway, "/dashboard").await;
    let names = ["requests", "promptTokens", "completionTokens"];
    let told = names.map(|name| shown["totals"][name].as_u64().unwrap());
    assert_eq!(told, [served, 3 * served, 2 * served]);
    assert_eq!((&shown["ledger"]["records"], &shown["ledger"]["sums"]), (&json!(0), &json!(0)));
    let usage = get(gateway, &format!("/tokens/{id}/usage")).await["usage"].take();
    let days = usage.as_object().unwrap().values().map(|day| day["requests"].as_u64().unwrap());
    assert_eq!(days.sum::<u64>(), served);
    let rows = get(gateway, "/logs?type=request&limit=0").await;
    assert_eq!(rows["logs"].as_array().unwrap().len() as u64, served);
    assert_eq!(scrape(gateway).await.sum("ollama2openai_ledger_unwritten_sums", &[]), 0.0);
    let file = folder.join("logs/requests.jsonl");
    until("the file is written again", || {
        std::fs::read_to_string(&file).is_ok_and(|text| lines(&text).len() == 1)
    })
    .await;
    let shown = get(gateway, "/dashboard").await;
    let told = kinds(&shown);
    assert!(!told.iter().any(|(kind, _)| kind == "disk_failing"), "the disk works again: {told:?}");
    assert!(told.iter().any(|(_, detail)| detail.contains("lines of the log file were")), "{told:?}");
    assert!(shown["drops"]["logLines"].as_u64() > Some(0), "the count stays");
}

async fn all_is_away(folder: &Path, _ballast: &Path) {
    let (fake, collector) = (ollama(|_| whole("Hi")).await, collector_that_hangs().await);
    std::fs::write(folder.join("logs"), "no folder").unwrap();
    let (url, data, traces) = (fake.url(), folder.to_string_lossy().into_owned(), collector.url());
    let env = [
        ("ADMIN_PASSWORD", PASSWORD),
        ("OLLAMA_BASE_URL", &url),
        ("DATA_DIR", &data),
        ("LOG_TO_FILE", "true"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &traces),
    ];
    let gateway = Gateway::start(&env).await;
    let (id, text) = admin::token(&gateway, &json!({"name": "ann"})).await;
    let mut served = fill(&gateway, folder, &text).await;
    let clients: Vec<_> = (0..CLIENTS).map(|_| beside(chats(gateway.addr, text.clone(), EACH))).collect();
    for client in clients {
        assert_eq!(client.value().await, [200; EACH]);
        served += EACH as u64;
    }
    is_told(&gateway, served).await;
    std::fs::remove_file(folder.join("logs")).unwrap();
    // What waits takes more than the ballast leaves.
    let mut mount = std::process::Command::new("mount");
    assert!(mount.args(["-o", "remount,size=16m"]).arg(folder).status().unwrap().success());
    assert_eq!(chats(gateway.addr, text, 1).await, [200]);
    is_kept(&gateway, folder, &id, served + 1).await;
    assert!(gateway.shutdown().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_a_full_disk_and_no_log_folder_cost_no_request_and_no_usage() {
    let test =
        "accounting::faults::a_dead_collector_a_full_disk_and_no_log_folder_cost_no_request_and_no_usage";
    child::on_small_disk(test, all_is_away).await;
}
