//! The families of the Node program. Series of closed sets are there from the start.

use std::fmt;

use super::{Out, Page};
use crate::telemetry::metrics::names;

pub(super) fn write(page: &Page, out: &mut Out<'_>) -> fmt::Result {
    let (book, reading) = (&page.book, &page.reading);
    let requests = book.requests.iter();
    out.counters(
        &names::REQUESTS,
        requests.map(|((method, endpoint, status), count)| ([*method, endpoint, status.as_str()], *count)),
    )?;
    out.gauge(&names::CONNECTIONS, page.active[0])?;
    let durations = book.durations.iter();
    out.histograms(
        &names::DURATION,
        durations.map(|((method, endpoint), times)| ([*method, *endpoint], times)),
    )?;
    let [prompt, completion] = book.chat_tokens;
    out.counters(&names::TOKENS, [(["prompt"], prompt), (["completion"], completion)])?;
    out.gauge(&names::KEYS_HEALTHY, reading.keys_healthy)?;
    out.gauge(&names::KEYS, reading.keys)?;
    out.counters(&names::CACHE_HITS, reading.caches.iter().map(|cache| ([cache.name], cache.hits)))?;
    out.counters(&names::CACHE_MISSES, reading.caches.iter().map(|cache| ([cache.name], cache.misses)))?;
    let [global, address, token] = book.limit_hits;
    out.counters(&names::LIMIT_HITS, [(["global"], global), (["ip"], address), (["token"], token)])?;
    let errors = book.upstream_errors.iter().map(|(status, count)| {
        (status.map_or_else(|| "connection".to_owned(), |status| format!("http_{status}")), *count)
    });
    let errors: Vec<_> = errors.collect();
    out.counters(&names::UPSTREAM_ERRORS, errors.iter().map(|(kind, count)| ([kind.as_str()], *count)))?;
    out.gauge(&names::STREAMS, page.active[1])?;
    out.gauge(&names::UPTIME, reading.uptime.as_secs_f64())?;
    let memory = page.process.map(|process| {
        [(["rss"], process.resident), (["heap_used"], process.anonymous), (["heap_total"], process.data)]
    });
    out.gauges(&names::MEMORY, memory.into_iter().flatten())
}
