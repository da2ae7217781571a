//! Prompt capture: of whom texts are kept, which, how long, and who sees them.

mod marker;

use std::time::Duration;

use ollama2openai::fake::{End, Fake, Request as Seen, Script};
use serde_json::{Value, json};

use crate::accounts::sql;
use crate::support::Gateway;
use crate::support::admin::{self, PASSWORD, call, done_by, get};
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::until;

const CHAT: &str = "/v1/chat/completions";

/// An Ollama that answers all surfaces; the model `broken` fails.
async fn upstream() -> Fake {
    ollama(|request: &Seen| {
        let asked = request.json().unwrap_or_default();
        match request.path.as_str() {
            _ if request.model() == "broken" => Script::json(500, &json!({"error": "it has stopped"})),
            "/api/embed" => Script::json(200, &json!({"embeddings": [[0.5, 0.25]], "prompt_eval_count": 2})),
            "/api/generate" => Script::json(200, &json!({"response": "Done.", "done": true})),
            _ if request.model() == "endless" => {
                let lines = vec![line(&says("begun")), pause_ms(1)];
                Script::streamed("application/x-ndjson", lines).ending(End::Hang)
            }
            _ if asked["stream"] == true => {
                let mut thought = says("");
                thought["message"]["thinking"] = "Hm".into();
                let mut calls = says("");
                calls["message"]["tool_calls"] =
                    json!([{"function": {"name": "look", "arguments": {"at": "clouds"}}}]);
                Script::ndjson([
                    &thought,
                    &says("my ke"),
                    &says("y is sk-o2o-0123456"),
                    &says("789abcdef."),
                    &calls,
                    &done(),
                ])
            }
            _ => whole("Hi there"),
        }
    })
    .await
}

async fn started(fake: &Fake, env: &[(&str, &str)]) -> Gateway {
    let url = fake.url();
    let ours = [
        ("ADMIN_PASSWORD", PASSWORD),
        ("OLLAMA_BASE_URL", url.as_str()),
        ("MAX_RETRIES", "0"),
        ("HEALTH_CHECK_INTERVAL", "0"),
    ];
    Gateway::start(&[&ours, env].concat()).await
}

/// A token; gives its id and text.
async fn token(gateway: &Gateway, name: &str, capture: bool) -> (String, String) {
    admin::token(gateway, &json!({"name": name, "capture": capture})).await
}

/// Sends a body with a token, under this id.
async fn ask(gateway: &Gateway, path: &str, body: &Value, (token, id): (&str, &str)) -> Response {
    let request = Request::post(path, body).header("authorization", &format!("Bearer {token}"));
    gateway.send(&request.header("x-request-id", id)).await
}

/// What was captured, the newest first.
async fn captured(gateway: &Gateway) -> Vec<Value> {
    get(gateway, "/captures").await["captures"].as_array().expect("a list").clone()
}

async fn one(gateway: &Gateway, id: &str) -> Value {
    get(gateway, &format!("/captures/{id}")).await["capture"].take()
}

/// The answer that was captured, as JSON.
fn answer(capture: &Value) -> Value {
    serde_json::from_str(capture["response"].as_str().expect("a text")).expect("an answer is JSON")
}

#[tokio::test]
async fn both_switches_must_be_on() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (id, on) = token(&gateway, "on", true).await;
    let (_, off) = token(&gateway, "off", false).await;
    ask(&gateway, CHAT, &chat(false), (&on, "a")).await;
    assert_eq!(captured(&gateway).await.len(), 0, "off by default");
    done_by(&gateway, "POST", "/settings", &json!({"capture": "tokens"})).await;
    ask(&gateway, CHAT, &chat(false), (&off, "b")).await;
    ask(&gateway, CHAT, &chat(true), (&off, "b")).await;
    assert_eq!(captured(&gateway).await.len(), 0, "the token has it off");
    ask(&gateway, CHAT, &chat(false), (&on, "Some/Thing-1")).await;
    let all = captured(&gateway).await;
    assert_eq!(
        (all.len(), &all[0]["requestId"], &all[0]["tokenId"]),
        (1, &json!("Some/Thing-1"), &json!(id))
    );
    assert_eq!(
        (&all[0]["tokenName"], &all[0]["model"], &all[0]["endpoint"]),
        (&json!("on"), &json!("m"), &json!(CHAT))
    );
    assert!(all[0]["request"].is_null() && all[0]["response"].is_null(), "lists have no texts");
    assert_eq!(all[0]["requestBytes"], chat(false).to_string().len());
    let by_request = one(&gateway, "Some%2FThing-1").await;
    assert_eq!(by_request, one(&gateway, all[0]["id"].as_str().unwrap()).await);
    assert_eq!(by_request["request"], chat(false).to_string());
    assert_eq!(answer(&by_request)["choices"][0]["message"]["content"], "Hi there");
    assert_eq!((&by_request["requestIsCut"], &by_request["responseIsCut"]), (&json!(false), &json!(false)));
    done_by(&gateway, "PUT", &format!("/tokens/{id}"), &json!({"capture": false})).await;
    ask(&gateway, CHAT, &chat(false), (&on, "c")).await;
    done_by(&gateway, "PUT", &format!("/tokens/{id}"), &json!({"capture": true})).await;
    done_by(&gateway, "POST", "/settings", &json!({"capture": "off"})).await;
    ask(&gateway, CHAT, &chat(false), (&on, "d")).await;
    assert_eq!(captured(&gateway).await.len(), 1);
    assert_eq!(call(&gateway, "GET", "/captures/d", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn every_surface_is_captured_as_it_was_sent() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let (_, on) = token(&gateway, "on", true).await;
    let completion = json!({"model": "m", "prompt": "Once"});
    ask(&gateway, "/v1/completions", &completion, (&on, "completion")).await;
    ask(&gateway, "/v1/embeddings", &json!({"model": "m", "input": "word"}), (&on, "embedding")).await;
    ask(&gateway, CHAT, &chat(true), (&on, "stream")).await;
    let mut broken = chat(false);
    broken["model"] = "broken".into();
    let failed = ask(&gateway, CHAT, &broken, (&on, "broken")).await;
    ask(&gateway, CHAT, &json!({"model": "m", "messages": 3}), (&on, "wrong")).await;
    gateway.send(&Request::get("/v1/models").header("authorization", &format!("Bearer {on}"))).await;
    assert_eq!(captured(&gateway).await.len(), 5, "lists of models have no texts");
    let seen = one(&gateway, "completion").await;
    assert_eq!(seen["request"], completion.to_string());
    assert_eq!(answer(&seen)["choices"][0]["text"], "Done.");
    assert_eq!(answer(&one(&gateway, "embedding").await)["data"][0]["embedding"], json!([0.5, 0.25]));
    let seen = answer(&one(&gateway, "stream").await);
    let call = json!([{"name": "look", "arguments": "{\"at\":\"clouds\"}"}]);
    let whole = json!({"choices": [{"index": 0, "reasoning": "Hm", "content": "my key is ***.", "tool_calls": call,
        "finish_reason": "tool_calls"}]});
    assert_eq!(seen, whole, "a secret in three pieces is one");
    assert_eq!(answer(&one(&gateway, "broken").await), failed.json());
    let seen = one(&gateway, "wrong").await;
    assert_eq!((&seen["request"], &seen["model"]), (&json!("{\"model\":\"m\",\"messages\":3}"), &json!("")));
}

#[tokio::test]
async fn a_client_that_leaves_leaves_what_it_has_seen() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let (_, on) = token(&gateway, "on", true).await;
    let mut body = chat(true);
    body["model"] = "endless".into();
    let request = Request::post(CHAT, &body).header("authorization", &format!("Bearer {on}"));
    let mut stream =
        crate::support::client::open(gateway.addr, &request.header("x-request-id", "gone")).await;
    while !stream.next_data().await.expect("there is content").text.contains("begun") {}
    drop(stream);
    let ledger = gateway.ledger();
    until("the request is over", || {
        ledger.journal.captures.waiting() > 0 || ledger.journal.recent().len() == 1
    })
    .await;
    assert_eq!(answer(&one(&gateway, "gone").await), json!({"choices": [{"index": 0, "content": "begun"}]}));
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_redacted() {
    let fake = upstream().await;
    let patterns = r"[a-z.]+@[a-z.]+ card-\d{4} 张三";
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let rules = json!({"capture_max_bytes": "1KiB", "capture_redact": patterns});
    done_by(&gateway, "POST", "/settings", &rules).await;
    let (_, on) = token(&gateway, "on", true).await;
    let text = format!("I am ann@example.org, card-1234, with {on} and {}", "word ".repeat(1000));
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]});
    ask(&gateway, CHAT, &body, (&on, "long")).await;
    let seen = one(&gateway, "long").await;
    let kept = seen["request"].as_str().unwrap();
    assert!(kept.contains("I am ***, ***, with *** and word") && kept.len() <= 1024, "{kept}");
    assert!(kept.len() > 900 && seen["requestIsCut"] == true, "{}", kept.len());
    assert_eq!(seen["requestBytes"], body.to_string().len());
    let body = r#"{"model":"m","messages":[{"role":"user","content":"\u5f20\u4e09 \u2713"}]}"#;
    let request =
        Request::post(CHAT, &Value::Null).body(body).header("authorization", &format!("Bearer {on}"));
    gateway.send(&request.header("x-request-id", "escaped")).await;
    let kept = one(&gateway, "escaped").await;
    assert_eq!(kept["request"], r#"{"model":"m","messages":[{"role":"user","content":"*** ✓"}]}"#);
    let image = format!("data:image/png;base64,{}", "iVBO".repeat(3000));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": "what is it?"}]}]});
    ask(&gateway, CHAT, &body, (&on, "image")).await;
    let kept = one(&gateway, "image").await;
    let kept = kept["request"].as_str().unwrap();
    assert!(kept.contains("base64,[image 9000 bytes]") && kept.contains("what is it?"), "{kept}");
    for wrong in ["[", "a b(", "x*"] {
        let reply = call(&gateway, "POST", "/settings", &json!({"capture_redact": wrong})).await;
        assert_eq!(reply.status, 400, "{wrong}: {}", reply.text());
    }
}

#[tokio::test]
async fn captures_end_after_hours_or_at_once() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let (first, on) = token(&gateway, "on", true).await;
    let (_, other) = token(&gateway, "other", true).await;
    for id in ["a", "a", "b"] {
        ask(&gateway, CHAT, &chat(false), (&on, id)).await;
    }
    ask(&gateway, CHAT, &chat(false), (&other, "c")).await;
    let all = captured(&gateway).await;
    assert_eq!(one(&gateway, "A").await["id"], all[2]["id"], "the newest of two");
    for (query, found) in [("token=on", 3), ("token=other&limit=5", 1), ("limit=2", 2), ("token=none", 0)] {
        let listed = get(&gateway, &format!("/captures?{query}")).await;
        assert_eq!(listed["captures"].as_array().unwrap().len(), found, "{query}");
    }
    let unknown = get(&gateway, "/captures?token=none").await;
    assert_eq!(unknown["warnings"], json!(["there is no token with the name or id none now"]));
    let by_id = get(&gateway, &format!("/captures?token={first}")).await;
    assert_eq!(by_id["captures"].as_array().unwrap().len(), 3);
    sql(&gateway, "UPDATE captures SET at = at - 23 * 3600000 WHERE request_id = 'a'").await;
    sql(&gateway, "UPDATE captures SET at = at - 25 * 3600000 WHERE request_id = 'b'").await;
    // A start looks at once what is too old.
    let url = fake.url();
    let env = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", url.as_str())];
    let gateway = Gateway::start_in(gateway.stopped().await, &env).await;
    let becomes = async |gateway: &Gateway, left: usize| {
        let trimmed = async { while captured(gateway).await.len() != left {} };
        tokio::time::timeout(Duration::from_secs(10), trimmed).await.expect("what is too old goes");
    };
    becomes(&gateway, 3).await;
    done_by(&gateway, "POST", "/settings", &json!({"capture_retention_hours": 23})).await;
    let gateway = Gateway::start_in(gateway.stopped().await, &env).await;
    becomes(&gateway, 1).await;
    done_by(&gateway, "DELETE", "/captures", &Value::Null).await;
    becomes(&gateway, 0).await;
    let told = async |action: &str| {
        let audit = get(&gateway, &format!("/audit?action=capture.{action}")).await;
        audit["entries"].as_array().expect("a list").clone()
    };
    assert_eq!(told("clear").await.len(), 1);
    let views = told("view").await;
    assert_eq!((views.len(), &views[0]["after"]), (1, &json!({"token": first, "requestId": "a"})));
    assert!(told("list").await.len() >= 6);
}

#[tokio::test]
async fn a_database_that_is_away_costs_nothing_but_time() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let (_, on) = token(&gateway, "on", true).await;
    sql(&gateway, "ALTER TABLE captures RENAME TO away; UPDATE tokens SET name = name").await;
    for id in ["a", "b"] {
        assert_eq!(ask(&gateway, CHAT, &chat(false), (&on, id)).await.status, 200);
    }
    assert_eq!(call(&gateway, "GET", "/captures/a", &Value::Null).await.status, 500);
    let logged = get(&gateway, "/logs?type=request").await;
    assert_eq!(logged["logs"].as_array().unwrap().len(), 2, "the request log is not held up");
    let metrics = gateway.get("/metrics").await.text();
    assert!(metrics.contains("ollama2openai_dropped_total{what=\"captures\"} 0"), "{metrics}");
    assert!(metrics.contains("ollama2openai_database_write_errors_total{what=\"captures\"}"), "{metrics}");
    sql(&gateway, "ALTER TABLE away RENAME TO captures; UPDATE tokens SET name = name").await;
    let ids: Vec<_> = captured(&gateway).await.iter().map(|one| one["requestId"].clone()).collect();
    assert_eq!(ids, ["b", "a"]);
}

#[tokio::test]
async fn what_was_sealed_with_another_key_is_told_so() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("CAPTURE", "tokens")]).await;
    let (_, on) = token(&gateway, "on", true).await;
    ask(&gateway, CHAT, &chat(false), (&on, "a")).await;
    ask(&gateway, CHAT, &chat(false), (&on, "b")).await;
    assert_eq!(captured(&gateway).await.len(), 2);
    let swap = "UPDATE captures SET texts = (SELECT texts FROM captures WHERE request_id = 'a') WHERE request_id = 'b'";
    sql(&gateway, swap).await;
    let refused = call(&gateway, "GET", "/captures/b", &Value::Null).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (409, Some("sealed")),
        "{}",
        refused.text()
    );
    assert!(one(&gateway, "a").await["request"].is_string());
}
