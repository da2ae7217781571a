//! `/metrics`: who may see how much of it, and what is live when a scrape comes. What is shown is in
//! [`crate::telemetry::metrics`].

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq as _;
use wire::openai::ApiError;

use super::Proxy;
use super::info::is_well;
use crate::access::{API_TOKEN, Caller, shown};
use crate::cache::Stats;
use crate::http::{Body, Failure, Outcome, Reply};
use crate::ledger::Ledger;
use crate::snapshot::{Group, Origin, Snapshot, Target};
use crate::telemetry::metrics::{BackendReading, CacheReading, Format, Reading, Rest};

/// What a scrape gets to see, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    is_whole: bool,
    format: Format,
}

/// Programs of this machine see everything, and so does who shows `METRICS_TOKEN`; others see what the Node program
/// shows.
///
/// # Errors
/// 401 for another text in the place of `METRICS_TOKEN`.
pub(super) fn view(snapshot: &Snapshot, headers: &HeaderMap, caller: Caller) -> Result<View, Failure> {
    let format = Format::of(headers.get(header::ACCEPT));
    let Some(token) = &snapshot.metrics_token else {
        return Ok(View { is_whole: caller.is_loopback, format });
    };
    let is_whole = match shown(headers)? {
        Some(shown) if bool::from(shown.ct_eq(token.expose().as_bytes())) => true,
        Some(_) => {
            let error = ApiError::new(401, "invalid_request_error", "this is not the METRICS_TOKEN");
            return Err(Failure::new(Outcome::Unauthorized, error.with_code("invalid_metrics_token")));
        }
        None => caller.is_loopback,
    };
    Ok(View { is_whole, format })
}

pub(super) async fn answer(
    proxy: &Arc<Proxy>,
    snapshot: Arc<Snapshot>,
    view: Result<View, Failure>,
) -> Reply {
    let (View { is_whole, format }, proxy) = match view {
        Ok(view) => (view, Arc::clone(proxy)),
        Err(refused) => {
            let mut reply = refused.into_reply();
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return reply;
        }
    };
    // With thousands of backends a page takes longer than requests should wait.
    let page = tokio::task::spawn_blocking(move || {
        let waiting = proxy.ledger.waiting();
        proxy.ledger.tell();
        let rest = is_whole.then(|| rest(&proxy, &snapshot, waiting));
        proxy.ledger.metrics.page(reading(&proxy, &snapshot, rest), format)
    });
    match page.await {
        Ok(page) => {
            let mut reply = Reply::new(Body::full(page));
            let headers = reply.headers_mut();
            headers.insert(header::CONTENT_TYPE, format.content_type());
            headers.insert(header::VARY, HeaderValue::from_static("accept"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            reply
        }
        Err(_) => {
            let error = ApiError::new(500, "api_error", "the metrics could not be written");
            Failure::new(Outcome::Internal, error).into_reply()
        }
    }
}

/// What is configured no more, or turned off, has no series.
fn forget(proxy: &Proxy, snapshot: &Snapshot) {
    let live: HashSet<&str> = snapshot.targets().map(|target| &*target.node.backend).collect();
    let has_token = |id: &str| id == API_TOKEN || snapshot.tokens.get(id).is_some();
    proxy.ledger.metrics.forget(|id| live.contains(id), has_token);
}

fn reading(proxy: &Proxy, snapshot: &Snapshot, rest: Option<Rest>) -> Reading {
    let (chat, embeddings) = (proxy.caches.chat.stats(), proxy.caches.embeddings.stats());
    let cache = |name, stats: Stats| CacheReading {
        name,
        hits: stats.hits,
        misses: stats.misses,
        entries: stats.size,
        evictions: stats.evictions,
    };
    Reading {
        uptime: proxy.started.elapsed(),
        keys: snapshot.configured.keys,
        keys_healthy: well(snapshot, Origin::Pool).1,
        caches: [cache("chat", chat), cache("embeddings", embeddings)],
        rest,
    }
}

/// Groups of this kind that are turned on, and those of them that are well.
fn well(snapshot: &Snapshot, origin: Origin) -> (usize, usize) {
    let groups = || snapshot.groups.iter().filter(|group| group.origin == origin);
    let is_group_well = |group: &&Arc<Group>| group.members.iter().any(|target| is_well(target));
    (groups().count(), groups().filter(is_group_well).count())
}

fn dropped(ledger: &Ledger) -> Vec<(&'static str, u64)> {
    let (rows, lines) = ledger.journal.dropped();
    let spans = ledger.traces().map(|traces| ("spans", traces.dropped()));
    let captures = ledger.journal.captures.dropped();
    [("log_rows", rows), ("log_lines", lines), ("captures", captures)].into_iter().chain(spans).collect()
}

fn rest(proxy: &Proxy, snapshot: &Snapshot, (records, sums): (usize, usize)) -> Rest {
    forget(proxy, snapshot);
    let backend = |target: &Arc<Target>| BackendReading {
        node: Arc::clone(&target.node),
        is_up: is_well(target),
        in_flight: target.counts.slots.in_flight(),
        cap: target.counts.slots.cap(),
    };
    let backends: Vec<_> = snapshot.targets().map(backend).collect();
    let (ledger, waits) = (&proxy.ledger, proxy.room.counts());
    let (channels, healthy) = well(snapshot, Origin::Channel);
    let tokens = snapshot.tokens.counts(jiff::Timestamp::now());
    Rest {
        queue_depth: proxy.room.depth(),
        queue_left: [
            ("served", waits.served),
            ("full", waits.full),
            ("too_long", waits.too_long),
            ("client_gone", waits.left),
        ],
        backends,
        channels: [
            ("healthy", healthy),
            ("unhealthy", channels - healthy),
            ("disabled", snapshot.configured.channels - channels),
        ],
        api_tokens: [("enabled", tokens.enabled), ("disabled", tokens.disabled), ("expired", tokens.expired)],
        revision: snapshot.configured.revision,
        records,
        sums,
        dropped: dropped(ledger),
        trace_errors: ledger.traces().map(|traces| traces.exports().failed),
    }
}
