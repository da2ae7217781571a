//! Numbers under load, and after it.

use ollama2openai::config::{Secret, TokenHash};
use ollama2openai::fake::{Fake, Script};
use ollama2openai::store::{By, NewKey, NewToken, Store};
use ollama2openai::telemetry::metrics::names;
use serde_json::{Value, json};

use super::{CHAT, EMBEDDINGS, assert_promtool_accepts, scrape};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, done, ollama, says, whole};
use crate::support::wait::{beside, until};

/// An Ollama that answers, and fails for the model `boom`.
async fn busy() -> Fake {
    ollama(|request| match (request.path.as_str(), request.model().as_str()) {
        (_, "boom") => Script::json(500, &json!({"error": "boom"})),
        (_, "gone") => Script::json(404, &json!({"error": "model 'gone' not found"})),
        ("/api/embed", _) => {
            Script::json(200, &json!({"model": "m", "embeddings": [[0.5, 0.25]], "prompt_eval_count": 4}))
        }
        _ if request.json().is_some_and(|json| json["stream"] == true) => {
            Script::ndjson([&says("Hi"), &says(" you"), &done()])
        }
        _ => whole("Hi"),
    })
    .await
}

fn of_model(model: &str) -> Value {
    let mut body = chat(false);
    body["model"] = model.into();
    body
}

/// What is sent `ROUNDS` times by each of `CLIENTS`, and the status of its answer.
fn kinds(nth: usize) -> [(Request, u16); 8] {
    let signed =
        |path: &str, body: &Value| Request::post(path, body).header("authorization", "Bearer sk-one");
    [
        (signed(CHAT, &chat(false)), 200),
        (signed("/chat/completions", &chat(true)), 200),
        (signed(EMBEDDINGS, &json!({"model": "m", "input": format!("text {nth}")})), 200),
        (signed(CHAT, &of_model("boom")), 502),
        (signed(CHAT, &of_model("gone")), 404),
        (signed(CHAT, &json!({"model": "m", "messages": 1})), 400),
        (Request::post(CHAT, &chat(false)).header("authorization", "Bearer wrong"), 401),
        (signed("/v1/models", &json!({})).method("GET").body(""), 200),
    ]
}

const CLIENTS: usize = 4;
const ROUNDS: usize = 10;
const SENT: f64 = 40.0;

async fn started(fake: &Fake) -> Gateway {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let token = NewToken::new("a \"quoted\"\nname \\", TokenHash::of(b"sk-one"), "sk-o", "-one");
    store.create_tokens(&[token], &By::cli()).await.unwrap();
    store.create_keys(&[NewKey::new("one", fake.url(), Secret::new(""))], &By::cli()).await.unwrap();
    store.close().await;
    Gateway::start_in(home, &[("MAX_RETRIES", "1")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_under_load_is_valid_and_ends_with_the_numbers_of_what_was_sent() {
    let fake = busy().await;
    let gateway = started(&fake).await;
    gateway.look().await;
    let addr = gateway.addr;
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        clients.push(beside(async move {
            for round in 0..ROUNDS {
                for (request, status) in kinds(client * ROUNDS + round) {
                    let reply = client::send(addr, &request).await;
                    assert_eq!(reply.status, status, "{request:?}: {}", reply.text());
                }
            }
        }));
    }
    while !clients.iter().all(|client| client.ended()) {
        let page = scrape(&gateway).await;
        page.assert_histograms_add_up();
        assert_promtool_accepts(&page.text).await;
    }
    for client in clients {
        client.value().await;
    }
    until("no request runs", || gateway.ledger().metrics.requests.count() == 0).await;
    let page = scrape(&gateway).await;
    assert!(page.assert_histograms_add_up() > 10, "{}", page.text);
    assert_promtool_accepts(&page.text).await;
    for (name, labels, value) in seeds() {
        assert_eq!(page.find(&format!("ollama2openai_{name}"), &labels), Some(value), "{name} {labels:?}");
    }
    for (name, labels, value) in ours() {
        assert_eq!(page.find(name, &labels), Some(value), "{name} {labels:?}\n{}", page.text);
    }
    assert!(page.sum("ollama2openai_uptime_seconds", &[]) > 0.0);
    assert!(page.sum("process_cpu_seconds_total", &[]) > 0.0);
    let told: Vec<_> = page.types.keys().map(String::as_str).collect();
    let mut known: Vec<_> = [names::SEEDS, names::OURS].concat().iter().map(|family| family.name).collect();
    known.sort_unstable();
    assert_eq!(told, known);
    let first = page.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let order: Vec<_> = first.map(|(name, _)| name).take(names::SEEDS.len()).collect();
    assert_eq!(
        order,
        names::SEEDS.iter().map(|family| family.name).collect::<Vec<_>>(),
        "the Node program's order"
    );
}

type Sample = (&'static str, Vec<(&'static str, &'static str)>, f64);

fn seeds() -> Vec<Sample> {
    let request =
        |method, endpoint, status| vec![("method", method), ("endpoint", endpoint), ("status", status)];
    vec![
        ("requests_total", request("POST", CHAT, "200"), 2.0 * SENT),
        ("requests_total", request("POST", CHAT, "502"), SENT),
        ("requests_total", request("POST", CHAT, "404"), SENT),
        ("requests_total", request("POST", EMBEDDINGS, "200"), SENT),
        ("requests_total", request("GET", "/v1/models", "200"), SENT),
        // Nothing that the gateway has refused by itself.
        ("requests_total", vec![], 6.0 * SENT),
        ("request_duration_seconds_count", vec![("method", "POST"), ("endpoint", CHAT)], 2.0 * SENT),
        ("request_duration_seconds_bucket", vec![("endpoint", CHAT), ("le", "300.0")], 2.0 * SENT),
        ("tokens_total", vec![("type", "prompt")], 2.0 * 3.0 * SENT),
        ("tokens_total", vec![("type", "completion")], 2.0 * 2.0 * SENT),
        ("keys_total", vec![], 1.0),
        ("cache_hits_total", vec![("cache_type", "embeddings")], 0.0),
        ("cache_misses_total", vec![("cache_type", "embeddings")], SENT),
        ("cache_misses_total", vec![("cache_type", "chat")], 0.0),
        ("rate_limit_hits_total", vec![("limit_type", "ip")], 0.0),
        ("upstream_errors_total", vec![("error_type", "http_404")], SENT),
        ("active_connections", vec![], 0.0),
        ("active_streams", vec![], 0.0),
    ]
}

fn ours() -> Vec<Sample> {
    let outcome = |outcome| vec![("endpoint", CHAT), ("outcome", outcome)];
    let model = |operation| vec![("gen_ai_operation_name", operation), ("gen_ai_request_model", "m")];
    let tokens = |operation, kind| [model(operation), vec![("gen_ai_token_type", kind)]].concat();
    vec![
        ("ollama2openai_outcomes_total", outcome("ok"), 2.0 * SENT),
        ("ollama2openai_outcomes_total", outcome("bad_request"), SENT),
        ("ollama2openai_outcomes_total", outcome("unauthorized"), SENT),
        ("ollama2openai_outcomes_total", outcome("no_model"), SENT),
        ("ollama2openai_outcomes_total", vec![], 8.0 * SENT),
        ("ollama2openai_own_seconds_count", vec![], 8.0 * SENT),
        ("ollama2openai_refusals_total", vec![("reason", "invalid_api_key")], SENT),
        ("gen_ai_server_request_duration_seconds_count", model("chat"), 2.0 * SENT),
        ("gen_ai_server_time_to_first_token_seconds_count", model("chat"), SENT),
        ("gen_ai_server_time_per_output_token_seconds_count", model("chat"), SENT),
        ("gen_ai_client_token_usage_sum", tokens("chat", "input"), 2.0 * 3.0 * SENT),
        ("gen_ai_client_token_usage_sum", tokens("chat", "output"), 2.0 * 2.0 * SENT),
        ("gen_ai_client_token_usage_sum", tokens("embeddings", "input"), 4.0 * SENT),
        (
            "ollama2openai_backend_attempts_total",
            vec![("name", "one"), ("channel", ""), ("outcome", "ok")],
            3.0 * SENT,
        ),
        ("ollama2openai_backend_tokens_total", vec![("name", "one"), ("type", "prompt")], 10.0 * SENT),
        ("ollama2openai_backend_first_token_seconds_count", vec![("name", "one")], SENT),
        ("ollama2openai_token_requests_total", vec![("name", "a \\\"quoted\\\"\\nname \\\\")], 7.0 * SENT),
        ("ollama2openai_token_tokens_total", vec![("type", "completion")], 4.0 * SENT),
        ("ollama2openai_backend_in_flight", vec![("name", "one")], 0.0),
        ("ollama2openai_api_tokens", vec![("state", "enabled")], 1.0),
        ("ollama2openai_queue_depth", vec![], 0.0),
        ("ollama2openai_build_info", vec![("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ]
}
