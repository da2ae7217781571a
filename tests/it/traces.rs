//! Traces: what a collector sees of requests, what upstreams see of traces, and that nobody waits for either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ollama2openai::access::Minted;
use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Fake, Script, Seen};
use ollama2openai::store::{By, NewKey, NewToken, Store};
use serde_json::{Value, json};

use crate::metrics::page::Page;
use crate::support::admin;
use crate::support::client::Request;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::until;
use crate::support::{Gateway, home_with_tokens};

const CHAT: &str = "/v1/chat/completions";
const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TAKEN: &str = "{\"partialSuccess\":{}}";

/// A collector that answers all with this status.
async fn collector(status: u16) -> Fake {
    let handler = move |_: &_| Script::whole(status, "application/json", TAKEN);
    Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(handler)).await.unwrap()
}

fn env<'r>(collector: &'r str, more: &[(&'r str, &'r str)]) -> Vec<(&'r str, &'r str)> {
    let ours = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector), ("HEALTH_CHECK_INTERVAL", "0")];
    ours.into_iter().chain(more.iter().copied()).collect()
}

/// All spans that it has seen.
fn spans(collector: &Fake) -> Vec<Value> {
    let of = |seen: Seen| {
        let body = seen.request.json().expect("what is sent is JSON");
        body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().cloned().unwrap()
    };
    collector.log.all().into_iter().flat_map(of).collect()
}

/// An attribute as text.
fn attribute(span: &Value, key: &str) -> Option<String> {
    let found = span["attributes"].as_array()?.iter().find(|one| one["key"] == key)?;
    let (_, value) = found["value"].as_object()?.iter().next()?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn time(span: &Value, key: &str) -> u128 {
    span[key].as_str().expect("a time is a text").parse().unwrap()
}

/// The span of the request, and those of its calls, which must lie inside.
fn of_one_request(spans: &[Value]) -> (&Value, Vec<&Value>) {
    let request = spans.iter().find(|span| span["kind"] == 2).expect("a span of the request");
    let calls: Vec<_> = spans.iter().filter(|span| span["kind"] == 3).collect();
    let bounds = |span| (time(span, "startTimeUnixNano"), time(span, "endTimeUnixNano"));
    let (start, end) = bounds(request);
    for call in &calls {
        let (sent, over) = bounds(call);
        assert!(start <= sent && sent <= over && over <= end, "{start} {sent} {over} {end}");
        assert_eq!(call["parentSpanId"], request["spanId"]);
        assert_eq!(call["traceId"], request["traceId"]);
        assert_ne!(call["spanId"], request["spanId"]);
    }
    (request, calls)
}

fn parents(upstream: &Fake) -> Vec<String> {
    let asked = upstream.log.of("/api/chat").into_iter();
    asked.filter_map(|seen| seen.request.header("traceparent").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_request_is_a_span_with_a_child_an_attempt() {
    let collector = collector(200).await;
    let bad = ollama(|_| Script::json(503, &json!({"error": "busy"}))).await;
    let good = ollama(|_| whole("hi").after(Duration::from_millis(30))).await;
    let bad_key = NewKey { priority: 9, ..NewKey::new("bad", bad.url(), Secret::new("")) };
    let mut good_key = NewKey::new("good", good.url(), Secret::new(""));
    good_key.model_mapping = vec![("m".to_owned(), "n".to_owned())];
    let url = collector.url();
    let more = [("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=a%20b"), ("OTEL_SERVICE_NAME", "gate")];
    let gateway = Gateway::with_rows(&env(&url, &more), &[], &[bad_key, good_key]).await;
    let request = Request::post(CHAT, &chat(false)).header("traceparent", PARENT);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let reply = gateway.send(&request.header("tracestate", "vendor=1").header("x-request-id", "r1")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(gateway.shutdown().await);

    let sent = &collector.log.all()[0].request;
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.header("x-scope"), Some("a b"));
    let resource = sent.json().unwrap()["resourceSpans"][0]["resource"].clone();
    assert_eq!(attribute(&resource, "service.name").as_deref(), Some("gate"));

    let spans = spans(&collector);
    let (request, calls) = of_one_request(&spans);
    assert_eq!((spans.len(), calls.len()), (3, 2));
    assert_eq!((&request["traceId"], &request["parentSpanId"]), (&json!(ID), &json!("00f067aa0ba902b7")));
    assert_eq!((&request["name"], &request["traceState"]), (&json!("chat m"), &json!("vendor=1")));
    let took = time(request, "endTimeUnixNano") - time(request, "startTimeUnixNano");
    assert!(took >= 30_000_000 && time(request, "startTimeUnixNano") >= before, "{took}");
    let told = |key: &str| attribute(request, key).unwrap_or_default();
    let names = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"];
    assert_eq!(names.map(told), ["chat", "ollama", "m"]);
    let counts = ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "http.response.status_code"];
    assert_eq!(counts.map(told), ["3", "2", "200"]);
    let ours = ["gen_ai.response.model", "o2o.backend.name", "o2o.request.id", "error.type"];
    assert_eq!(ours.map(told), ["n", "good", "r1", ""]);
    assert!(told("o2o.first_token_ms").parse::<f64>().unwrap() >= 30.0);
    assert_eq!(request.get("status"), None);

    let [failed, served] = calls[..] else { panic!("two calls") };
    assert_eq!(attribute(failed, "error.type").as_deref(), Some("overloaded"));
    assert_eq!((&failed["status"]["code"], served.get("status")), (&json!(2), None));
    assert_eq!(attribute(served, "o2o.backend.name").as_deref(), Some("good"));
    assert_eq!(attribute(served, "server.port"), Some(good.addr.port().to_string()));
    assert_eq!(attribute(served, "o2o.attempt").as_deref(), Some("2"));
    assert_eq!(served["name"], "chat n");
    assert!(time(failed, "endTimeUnixNano") <= time(served, "startTimeUnixNano"));
    for (upstream, call) in [(&bad, failed), (&good, served)] {
        let wanted = format!("00-{ID}-{}-01", call["spanId"].as_str().unwrap());
        assert_eq!(parents(upstream), [wanted]);
        let asked = &upstream.log.of("/api/chat")[0].request;
        assert_eq!(asked.header("tracestate"), Some("vendor=1"));
    }
}

#[tokio::test]
async fn a_stream_and_a_refusal_are_traced_to_their_end() {
    let collector = collector(200).await;
    let fake = ollama(|_| {
        let body = vec![line(&says("He")), pause_ms(40), line(&says("y")), line(&done())];
        Script::streamed("application/x-ndjson", body)
    })
    .await;
    let (url, base) = (collector.url(), fake.url());
    let gateway = Gateway::start(&env(&url, &[("OLLAMA_BASE_URL", &base)])).await;
    assert_eq!(gateway.post(CHAT, &chat(true)).await.status, 200);
    assert_eq!(gateway.post(CHAT, &json!({"model": "m"})).await.status, 400);
    assert!(gateway.shutdown().await);
    let all = spans(&collector);
    let (refused, streamed): (Vec<Value>, Vec<Value>) = all
        .into_iter()
        .partition(|span| attribute(span, "http.response.status_code").as_deref() == Some("400"));
    let (request, calls) = of_one_request(&streamed);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["endTimeUnixNano"], request["endTimeUnixNano"]);
    let took = time(calls[0], "endTimeUnixNano") - time(calls[0], "startTimeUnixNano");
    assert!(took >= 40_000_000, "{took}");
    assert_eq!(request.get("parentSpanId"), None);
    assert_eq!(attribute(request, "o2o.stream").as_deref(), Some("true"));
    let [refused] = &refused[..] else { panic!("one refusal") };
    assert_eq!(attribute(refused, "error.type").as_deref(), Some("bad_request"));
    assert_eq!((&refused["name"], refused.get("status")), (&json!("chat"), None));
    assert_ne!(refused["traceId"], request["traceId"]);
}

#[tokio::test]
async fn calls_that_run_at_once_end_each_on_its_own() {
    let collector = collector(200).await;
    let is_first = AtomicBool::new(true);
    let fake = ollama(move |_| match is_first.swap(false, Relaxed) {
        true => whole("quick"),
        false => whole("slow").after(Duration::from_millis(300)),
    })
    .await;
    let (url, base) = (collector.url(), fake.url());
    let gateway = Gateway::start(&env(&url, &[("OLLAMA_BASE_URL", &base)])).await;
    let mut body = chat(false);
    body["n"] = 2.into();
    assert_eq!(gateway.post(CHAT, &body).await.status, 200);
    assert!(gateway.shutdown().await);
    let spans = spans(&collector);
    let (request, calls) = of_one_request(&spans);
    assert_eq!(calls.len(), 2);
    let mut ends: Vec<_> = calls.iter().map(|call| time(call, "endTimeUnixNano")).collect();
    ends.sort_unstable();
    assert!(ends[0] + 150_000_000 < ends[1], "{ends:?}");
    assert!(ends[1] <= time(request, "endTimeUnixNano"));
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_call() {
    let collector = collector(200).await;
    let fake = ollama(|_| Script::silent(End::Hang)).await;
    let (url, base) = (collector.url(), fake.url());
    let gateway = Gateway::start(&env(&url, &[("OLLAMA_BASE_URL", &base)])).await;
    let mut left = crate::support::client::connect(gateway.addr).await;
    left.send(&Request::post(CHAT, &chat(false)).bytes()).await.unwrap();
    let asked = |seen: &[Seen]| seen.iter().any(|seen| seen.request.path == "/api/chat");
    assert!(fake.log.wait_until(Duration::from_secs(10), asked).await);
    drop(left);
    let closed = |seen: &[Seen]| seen.iter().any(|seen| seen.closed_at.is_some());
    assert!(fake.log.wait_until(Duration::from_secs(10), closed).await);
    assert!(gateway.shutdown().await);
    let spans = spans(&collector);
    let (request, calls) = of_one_request(&spans);
    assert_eq!(calls.len(), 1);
    for span in [request, calls[0]] {
        assert_eq!(attribute(span, "error.type").as_deref(), Some("client_gone"));
        assert_eq!(span.get("status"), None, "nobody's fault");
    }
}

/// How many spans come of a request with this `traceparent`, and the flags that its upstream sees.
async fn sampled(sampler: &[(&str, &str)], parent: &str) -> (usize, String) {
    let (collector, fake) = (collector(200).await, ollama(|_| whole("hi")).await);
    let (url, base) = (collector.url(), fake.url());
    let more: Vec<_> = sampler.iter().copied().chain([("OLLAMA_BASE_URL", base.as_str())]).collect();
    let gateway = Gateway::start(&env(&url, &more)).await;
    let request = Request::post(CHAT, &chat(false)).header("traceparent", parent);
    assert_eq!(gateway.send(&request).await.status, 200);
    assert!(gateway.shutdown().await);
    let parents = parents(&fake);
    (spans(&collector).len(), parents[0][parents[0].len() - 2..].to_owned())
}

#[tokio::test]
async fn the_clients_flag_decides_before_the_ratio() {
    let told = |spans, flags: &str| (spans, flags.to_owned());
    let unsampled = PARENT.replace("-01", "-00");
    let (none, ours) = (("OTEL_TRACES_SAMPLER_ARG", "0"), ("OTEL_TRACES_SAMPLER", "traceidratio"));
    assert_eq!(sampled(&[], PARENT).await, told(2, "01"));
    assert_eq!(sampled(&[], &unsampled).await, told(0, "00"));
    assert_eq!(sampled(&[none], PARENT).await, told(2, "01"));
    assert_eq!(sampled(&[none], "not one").await, told(0, "00"));
    assert_eq!(sampled(&[ours], &unsampled).await, told(2, "01"));
    assert_eq!(sampled(&[ours, none], PARENT).await, told(0, "00"));
    assert_eq!(sampled(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")], "").await, told(0, "00"));
}

#[tokio::test]
async fn without_a_collector_nothing_is_sent_on() {
    let fake = ollama(|_| whole("hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("OTEL_SERVICE_NAME", "gate")]).await;
    let request = Request::post(CHAT, &chat(false)).header("traceparent", PARENT);
    assert_eq!(gateway.send(&request.header("tracestate", "a=1")).await.status, 200);
    let asked = &fake.log.of("/api/chat")[0].request;
    assert_eq!((asked.header("traceparent"), asked.header("tracestate")), (None, None));
    assert!(gateway.ledger().traces().is_none());
}

#[tokio::test]
async fn a_dead_collector_slows_nobody_and_is_counted() {
    let hangs = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(|_: &_| Script::silent(End::Hang))).await;
    let hangs = hangs.unwrap();
    let fake = ollama(|_| whole("hi")).await;
    let (url, base) = (hangs.url(), fake.url());
    let gateway = Gateway::start(&env(&url, &[("OLLAMA_BASE_URL", &base)])).await;
    let began = Instant::now();
    let mut connection = crate::support::client::connect(gateway.addr).await;
    let (ask, all) = (Request::get("/v1").bytes(), 2048 + 100);
    for _ in 0..all {
        connection.send(&ask).await.unwrap();
        assert_eq!(connection.head(false).await.unwrap().status, 200);
        while connection.piece().await.unwrap().is_some() {}
    }
    assert!(
        hangs.log.wait_until(Duration::from_secs(10), |seen| !seen.is_empty()).await,
        "a full batch is sent"
    );
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!(reply.status, 200);
    println!("{all} requests before a dead collector: {:?}", began.elapsed());
    let ledger = gateway.ledger();
    let dropped = || ledger.traces().unwrap().dropped();
    crate::support::wait::until("what does not fit is counted", || dropped() == 102).await;
    let stopping = Instant::now();
    gateway.shutdown().await;
    assert!(
        stopping.elapsed() < Duration::from_secs(4),
        "the last flush is bounded: {:?}",
        stopping.elapsed()
    );
    assert_eq!(dropped(), 2048 + 102);
}

#[tokio::test]
async fn what_a_collector_refuses_for_good_is_counted_and_not_sent_again() {
    let (collector, fake) = (collector(400).await, ollama(|_| whole("hi")).await);
    let (url, base) = (format!("{}/of/traces", collector.url()), fake.url());
    let more = [("OLLAMA_BASE_URL", base.as_str()), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &url)];
    let gateway = Gateway::start(&env("http://127.0.0.1:1", &more)).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let ledger = gateway.ledger();
    gateway.shutdown().await;
    assert_eq!(collector.log.all()[0].request.path, "/of/traces");
    assert_eq!((collector.log.all().len(), ledger.traces().unwrap().dropped()), (1, 2));
}

#[tokio::test]
async fn what_a_collector_refuses_for_now_is_sent_again() {
    let is_first = AtomicBool::new(true);
    let busy = move |_: &_| match is_first.swap(false, Relaxed) {
        true => Script::text(503, "busy"),
        false => Script::json(200, &json!({"partialSuccess": {"rejectedSpans": "3"}})),
    };
    let collector = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(busy)).await.unwrap();
    let url = collector.url();
    let gateway = Gateway::start(&env(&url, &[])).await;
    for _ in 0..512 {
        assert_eq!(gateway.get("/v1").await.status, 200);
    }
    assert!(collector.log.wait_until(Duration::from_secs(10), |seen| !seen.is_empty()).await);
    let ledger = gateway.ledger();
    assert_eq!(ledger.traces().unwrap().dropped(), 0);
    gateway.shutdown().await;
    let [refused, taken] = &collector.log.all()[..] else { panic!("one batch, twice") };
    assert_eq!(refused.request.body, taken.request.body);
    assert_eq!(spans(&collector).len(), 2 * 512);
    assert_eq!(ledger.traces().unwrap().dropped(), 3, "what the collector says it has not taken");
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_seen_from_the_first_failure_on() {
    let is_well = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&is_well);
    let handler = move |_: &_| match answers.load(Relaxed) {
        true => Script::whole(200, "application/json", TAKEN),
        false => Script::text(503, "busy"),
    };
    let collector = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(handler)).await.unwrap();
    let (url, more) = (collector.url(), [("ADMIN_PASSWORD", admin::PASSWORD)]);
    let gateway = Gateway::start(&env(&url, &more)).await;
    let failed = async || {
        let page = Page::read(&gateway.get("/metrics").await.text());
        page.sum("ollama2openai_trace_export_errors_total", &[])
    };
    let told = async || {
        let list = admin::get(&gateway, "/dashboard").await["attention"]["list"].take();
        let mut items = list.as_array().unwrap().iter().filter(|item| item["kind"] == "tracing_failing");
        items.next().map(|item| ["detail", "since"].map(|name| item[name].as_str().unwrap().to_owned()))
    };
    assert_eq!((failed().await, told().await), (0.0, None));
    // One request, far from enough for a batch.
    assert_eq!(gateway.get("/v1").await.status, 200);
    gateway.get("/metrics").await;
    let traces = gateway.ledger();
    let is_failing = || traces.traces().unwrap().exports().failing.is_some();
    until("the first try has failed", is_failing).await;
    assert!(failed().await >= 1.0);
    let [why, since] = told().await.expect("the dashboard says so");
    until("another try has failed", || traces.traces().unwrap().exports().failed > 1).await;
    assert_eq!(told().await.map(|[_, since]| since), Some(since), "it stays");
    assert!(why.contains(&url) && why.contains("status 503"), "{why}");
    is_well.store(true, Relaxed);
    until("a try goes well", || !is_failing()).await;
    assert_eq!(told().await, None);
    assert!(failed().await >= 1.0, "what was counted stays");
}

#[tokio::test]
async fn no_secret_is_in_a_span() {
    const MARKER: &str = "MARKER-of-something-secret";
    let collector = collector(200).await;
    let echo = |request: &ollama2openai::fake::Request| String::from_utf8_lossy(&request.body).into_owned();
    let fake = ollama(move |request| match request.header("authorization") {
        Some(bearer) => Script::json(500, &json!({"error": format!("bad key {bearer}, {}", echo(request))})),
        None if request.json().is_some_and(|json| json["options"]["seed"] == 4) => {
            Script::json(400, &json!({"error": echo(request)}))
        }
        None => whole("MARKER-of-something-secret in an answer"),
    })
    .await;
    let minted = Minted::of(format!("sk-o2o-{MARKER}"));
    let token = NewToken::new("team", minted.hash, minted.prefix, minted.last_four);
    let home = home_with_tokens(&[token]).await;
    let store = Store::open(home.path(), None).await.unwrap();
    let secret = NewKey { priority: 9, ..NewKey::new("secret", fake.url(), Secret::new(MARKER)) };
    store.create_keys(&[secret, NewKey::new("open", fake.url(), Secret::new(""))], &By::cli()).await.unwrap();
    store.close().await;
    let gateway = Gateway::start_in(home, &env(&collector.url(), &[])).await;
    let mut body = chat(false);
    body["messages"][0]["content"] = "say a MARKER".into();
    let ask = |body: &Value| Request::post(CHAT, body).header("cookie", MARKER);
    let bearer = format!("Bearer sk-o2o-{MARKER}");
    assert_eq!(gateway.send(&ask(&body).header("authorization", &bearer)).await.status, 200);
    assert_eq!(gateway.send(&ask(&body).header("authorization", "Bearer MARKER-wrong")).await.status, 401);
    body["seed"] = 4.into();
    let refused = gateway.send(&ask(&body).header("authorization", &bearer)).await;
    assert!(refused.status == 400 && refused.text().contains("say a MARKER"), "{}", refused.text());
    body["temperature"] = MARKER.into();
    assert_eq!(gateway.send(&ask(&body).header("x-api-key", &bearer[7..])).await.status, 400);
    assert!(gateway.shutdown().await);
    let all = spans(&collector);
    assert_eq!(all.len(), 8, "{all:?}");
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("MARKER"), "{text}");
    assert!(text.contains("bad key Bearer [removed], "), "the upstream's word without the key: {text}");
    assert!(text.contains("…"), "and without the prompt: {text}");
    let tokens: Vec<_> = all.iter().filter_map(|span| attribute(span, "o2o.token.id")).collect();
    assert_eq!(tokens.len(), 3, "{text}");
}
