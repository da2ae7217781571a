//! Pages about the gateway itself: open to all, never waiting for a backend.

use http::{StatusCode, header};

use super::Proxy;
use super::route::Page;
use crate::http::{Body, Reply, headers};
use crate::snapshot::{Origin, Snapshot, Target, TokenCounts};
use crate::upstream::health::State;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn answer(proxy: &Proxy, page: Page) -> Reply {
    match page {
        Page::Service => json(service(&proxy.snapshot.load())),
        Page::Health => json(health(proxy)),
        Page::Live => json(r#"{"status":"ok"}"#.to_owned()),
        Page::Ready if proxy.closing.is_draining() => {
            let mut reply = json(r#"{"status":"draining"}"#.to_owned());
            *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            reply
        }
        Page::Ready | Page::Metrics => json(r#"{"status":"ok"}"#.to_owned()),
    }
}

/// `GET /v1`, which some clients probe. The fields are the seed's.
pub(super) fn v1() -> Vec<u8> {
    br#"{"object":"list","data":[],"message":"Ollama2OpenAI API is running"}"#.to_vec()
}

fn json(text: String) -> Reply {
    let mut reply = Reply::new(Body::full(text));
    reply.headers_mut().insert(header::CONTENT_TYPE, headers::JSON);
    reply
}

fn service(snapshot: &Snapshot) -> String {
    let (keys, channels) = counts(snapshot);
    let TokenCounts { total, enabled, disabled, expired } = snapshot.tokens.counts(jiff::Timestamp::now());
    let tokens =
        format!(r#"{{"total":{total},"enabled":{enabled},"disabled":{disabled},"expired":{expired}}}"#);
    format!(
        r#"{{"service":"Ollama2OpenAI","version":"{VERSION}","edition":"Enterprise","description":"Ollama as an OpenAI-compatible service","endpoints":{{"chat":"/v1/chat/completions","completions":"/v1/completions","models":"/v1/models","embeddings":"/v1/embeddings","admin":"/admin","metrics":"/metrics","health":"/health"}},"keys":{keys},"channels":{channels},"tokens":{tokens}}}"#
    )
}

/// `no_backends` when all that is configured is turned off, `degraded` when no backend answered lately, else `ok`;
/// always 200, as the seed has it.
fn health(proxy: &Proxy) -> String {
    let snapshot = proxy.snapshot.load();
    let status = match snapshot.targets().next() {
        None => "no_backends",
        Some(_) if snapshot.targets().any(|target| is_well(target)) => "ok",
        Some(_) => "degraded",
    };
    let (keys, channels) = counts(&snapshot);
    let uptime = proxy.started.elapsed().as_secs_f64();
    let (rss, heap) = memory();
    format!(
        r#"{{"status":"{status}","version":"{VERSION}","keys":{keys},"channels":{channels},"uptime":{uptime:.2},"memory":{{"rss":"{rss}MB","heap":"{heap}MB"}}}}"#
    )
}

/// The seed's counts of keys and of channels.
fn counts(snapshot: &Snapshot) -> (String, String) {
    let configured = snapshot.configured;
    let of = |origin: Origin| {
        let groups: Vec<_> = snapshot.groups.iter().filter(|group| group.origin == origin).collect();
        let healthy =
            groups.iter().filter(|group| group.members.iter().any(|target| is_well(target))).count();
        (groups.len(), healthy)
    };
    let (enabled, healthy) = of(Origin::Pool);
    let keys = format!(
        r#"{{"total":{},"enabled":{enabled},"healthy":{healthy},"disabled":{},"unhealthy":{},"totalRequests":{},"totalTokens":{}}}"#,
        configured.keys,
        configured.keys - enabled,
        enabled - healthy,
        configured.total_requests,
        configured.total_tokens,
    );
    let (enabled, healthy) = of(Origin::Channel);
    let channels = format!(
        r#"{{"total":{},"enabled":{enabled},"healthy":{healthy},"disabled":{}}}"#,
        configured.channels,
        configured.channels - enabled,
    );
    (keys, channels)
}

/// Whether it answers, and requests are sent to it.
pub(super) fn is_well(target: &Target) -> bool {
    target.backend.host.inventory.is_up()
        && target.backend.breaker.state(std::time::Instant::now()) == State::Up
}

/// Resident memory and the part of it that is no file, in MB, as Linux counts them; 0 elsewhere.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    (field("VmRSS:").unwrap_or(0) / 1024, field("RssAnon:").unwrap_or(0) / 1024)
}
