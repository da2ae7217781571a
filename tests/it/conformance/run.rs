//! Runs one case: a gateway and scripted Ollamas of its own, the steps in order, what was seen on both sides.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::case::{Case, expand};
use super::client::{Reply, milliseconds, perform};
use super::json::Json;
use super::pattern::{Saved, differences};
use super::upstream::{Call, Scripts, Upstream};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::wait::{pause, until_or};

/// How long a call may take to end after its client has left, before the case says that it never did.
const CLOSE_WAIT: Duration = Duration::from_secs(6);
const MOST_STREAM_PROBLEMS: usize = 3;

const PASSWORD: &str = "conformance-pass-1";

/// What every gateway of the suite is told; a case may add to it.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("ADMIN_PASSWORD", PASSWORD),
    ("RATE_LIMIT_GLOBAL_ENABLED", "false"),
    ("RATE_LIMIT_IP_ENABLED", "false"),
    ("RATE_LIMIT_TOKEN_ENABLED", "false"),
    ("CACHE_CHAT", "false"),
    ("CACHE_EMBEDDINGS", "false"),
    ("MAX_RETRIES", "2"),
    ("ALLOW_CLIENT_OPTIONS", "false"),
];

/// The differences that a case found; none when it passed.
pub async fn run(case: &Case) -> Vec<String> {
    let nothing = Json::object();
    let plan = case.gateway.as_ref().unwrap_or(&nothing);
    let mut main = Json::object();
    main.set("main", Json::object());
    let backends = plan.get("backends").unwrap_or(&main);
    let Json::Object(backends) = backends else { panic!("backends are named by an object") };
    let mut upstreams = Vec::new();
    for (name, profile) in backends {
        upstreams.push(Upstream::start(name, profile, case).await);
    }
    let base = upstreams.first().expect("a case has a backend").url();
    let mut env: Vec<(&str, &str)> = ENVIRONMENT.to_vec();
    env.push(("OLLAMA_BASE_URL", &base));
    if let Some(Json::Object(more)) = plan.get("env") {
        env.extend(more.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))));
    }
    let gateway = Gateway::start(&env).await;
    for channel in plan.array_at("channels") {
        make_channel(&gateway, channel, &upstreams).await;
    }
    if let Some(time) = plan.u64_at("settle_ms") {
        pause(Duration::from_millis(time)).await;
    }
    let found = run_steps(case, gateway.addr, &mut upstreams).await;
    gateway.shutdown().await;
    found
}

/// Makes a channel of a case, as a person would by the admin API.
async fn make_channel(gateway: &Gateway, channel: &Json, upstreams: &[Upstream]) {
    let name = channel.str_at("backend").expect("a channel names its backend");
    let upstream = upstreams.iter().find(|upstream| upstream.name() == name);
    let mut body = Json::object();
    body.set("name", name);
    if let Json::Object(fields) = channel {
        let fields = fields.iter().filter(|(field, _)| field != "backend");
        fields.for_each(|(field, value)| body.set(field, value.clone()));
    }
    body.set("baseUrl", upstream.expect("a channel's backend is one of the case").url());
    let request = Request::new("POST", "/admin/api/channels")
        .header("authorization", &format!("Bearer {PASSWORD}"))
        .header("content-type", "application/json")
        .body(body.to_string());
    let reply = gateway.send(&request).await;
    assert_eq!(reply.status, 200, "the channel {name}: {}", reply.text());
}

async fn run_steps(case: &Case, addr: SocketAddr, upstreams: &mut [Upstream]) -> Vec<String> {
    let (mut problems, mut saved) = (Vec::new(), Saved::new());
    for (number, step) in case.steps.iter().enumerate() {
        let scripts = Scripts::of(step.get("upstream"));
        for upstream in &mut *upstreams {
            upstream.begin(step, &scripts);
            if step.array_at("stop_backends").iter().any(|name| name.as_str() == Some(upstream.name())) {
                upstream.stop().await;
            }
        }
        let name = step.str_at("name").map(|name| format!(" ({name})")).unwrap_or_default();
        for _ in 0..step.u64_at("repeat").unwrap_or(1) {
            let found = send_copies(case, addr, upstreams, step, &mut saved).await;
            problems.extend(found.iter().map(|problem| format!("step {}{name}: {problem}", number + 1)));
            if !found.is_empty() {
                break;
            }
        }
    }
    problems
}

/// Sends a step as often as its `parallel` says, at once, and checks each copy.
async fn send_copies(
    case: &Case,
    addr: SocketAddr,
    upstreams: &[Upstream],
    step: &Json,
    saved: &mut Saved,
) -> Vec<String> {
    let copies = (0..step.u64_at("parallel").unwrap_or(1)).map(|n| expand(step, &[("n", &n.to_string())]));
    let mut running = tokio::task::JoinSet::new();
    for copy in copies {
        let limit = case.timeout;
        running.spawn(async move {
            let request = copy.get("request").expect("a step has a request");
            (perform(addr, request, limit).await, copy)
        });
    }
    let mut found = Vec::new();
    for (reply, copy) in running.join_all().await {
        let seen = observe(&reply, upstreams, &copy).await;
        found.extend(check(&copy, &seen, saved));
    }
    found
}

/// Both sides of a step as its pattern sees them.
async fn observe(reply: &Reply, upstreams: &[Upstream], step: &Json) -> Json {
    let calls = || {
        let mut calls: Vec<Call> = upstreams.iter().flat_map(Upstream::calls).collect();
        calls.sort_by_key(|call| call.began);
        calls
    };
    let mut timing = reply.timing();
    let asked = step.get("expect").and_then(|expect| expect.get("timing"));
    if asked.is_some_and(|timing| timing.get("upstream_closed_ms").is_some()) {
        until_or(CLOSE_WAIT, || calls().iter().any(|call| call.left.is_some())).await;
        let closed = calls().iter().filter_map(|call| call.left).next_back();
        timing.set("upstream_closed_ms", closed.map(|closed| between(reply.left, closed)));
    }
    timing.set("upstream_sent_bytes", calls().iter().map(|call| call.sent_bytes).sum::<usize>());
    let path = step.get("request").and_then(|request| request.str_at("path")).unwrap_or_default();
    let mut seen = Json::object();
    seen.set("reply", reply.seen(path));
    seen.set("native", calls().iter().map(Call::seen).collect::<Vec<_>>());
    seen.set("timing", timing);
    seen
}

/// Milliseconds from one moment to another, below zero when it came first.
fn between(from: Instant, to: Instant) -> i64 {
    milliseconds(to.saturating_duration_since(from)) - milliseconds(from.saturating_duration_since(to))
}

/// The differences between what a step expects and what was seen, and every breach of the general rules.
pub fn check(step: &Json, seen: &Json, saved: &mut Saved) -> Vec<String> {
    let mut problems = differences(step.get("expect").expect("a step has an expect"), Some(seen), "", saved);
    let reply = seen.get("reply").expect("every step was answered or not, and says so");
    let client = step.get("request").and_then(|request| request.get("client"));
    if client.is_some_and(Json::is_nonempty) {
        return problems;
    }
    let broken_off = reply.get("complete").and_then(Json::as_bool) == Some(false);
    if reply.get("status").is_some_and(Json::is_nonempty) && broken_off {
        problems.push(".reply: the connection broke off before the end of the body".to_owned());
    }
    let breaches = reply.get("sse").map(|sse| sse.array_at("problems")).unwrap_or_default();
    let breaches = breaches.iter().filter_map(Json::as_str).take(MOST_STREAM_PROBLEMS);
    problems.extend(breaches.map(|breach| format!(".reply.sse: {breach}")));
    problems
}
