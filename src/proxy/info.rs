//! Pages about the gateway itself: open to all, never waiting for a backend.

use http::{HeaderValue, StatusCode, header};

use super::Proxy;
use super::route::Page;
use crate::http::{Body, Reply, headers};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const ADMIN: &str = "<!doctype html><meta charset=utf-8><title>ollama2openai</title>\
    <p>The admin panel is not part of this version yet. The API is at <code>/v1</code>, its state at <code>/health</code>.\n";
/// The seed's counts of keys, channels and tokens: none of them exist yet.
const KEYS: &str =
    r#"{"total":0,"enabled":0,"healthy":0,"disabled":0,"unhealthy":0,"totalRequests":0,"totalTokens":0}"#;
const CHANNELS: &str = r#"{"total":0,"enabled":0,"healthy":0,"disabled":0}"#;
const TOKENS: &str = r#"{"total":0,"enabled":0,"disabled":0,"expired":0}"#;

pub(super) fn answer(proxy: &Proxy, page: Page) -> Reply {
    match page {
        Page::Service => json(service()),
        Page::Health => json(health(proxy)),
        Page::Live => json(r#"{"status":"ok"}"#.to_owned()),
        Page::Ready if proxy.closing.is_draining() => {
            let mut reply = json(r#"{"status":"draining"}"#.to_owned());
            *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            reply
        }
        Page::Ready => json(r#"{"status":"ok"}"#.to_owned()),
        Page::Admin => {
            let mut reply = Reply::new(Body::full(ADMIN));
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            reply.headers_mut().insert(header::CONTENT_TYPE, kind);
            reply
        }
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

fn service() -> String {
    format!(
        r#"{{"service":"Ollama2OpenAI","version":"{VERSION}","edition":"Enterprise","description":"Ollama as an OpenAI-compatible service","endpoints":{{"chat":"/v1/chat/completions","completions":"/v1/completions","models":"/v1/models","embeddings":"/v1/embeddings","admin":"/admin","metrics":"/metrics","health":"/health"}},"keys":{KEYS},"channels":{CHANNELS},"tokens":{TOKENS}}}"#
    )
}

/// `degraded` when no backend answered lately, `ok` otherwise; always 200, as the seed has it.
fn health(proxy: &Proxy) -> String {
    let is_up = proxy.snapshot.load().targets().any(|target| target.backend.host.inventory.is_up());
    let status = if is_up { "ok" } else { "degraded" };
    let uptime = proxy.started.elapsed().as_secs_f64();
    let (rss, heap) = memory();
    format!(
        r#"{{"status":"{status}","version":"{VERSION}","keys":{KEYS},"channels":{CHANNELS},"uptime":{uptime:.2},"memory":{{"rss":"{rss}MB","heap":"{heap}MB"}}}}"#
    )
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
