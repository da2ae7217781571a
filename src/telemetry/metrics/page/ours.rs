//! What the Node program does not tell.

use std::fmt;

use super::{BackendReading, Out, Page, Rest};
use crate::telemetry::metrics::book::{Book, OfBackend, OfModel};
use crate::telemetry::metrics::histogram::Histogram;
use crate::telemetry::metrics::names;

pub(super) fn write(page: &Page, rest: &Rest, out: &mut Out<'_>) -> fmt::Result {
    let book = &page.book;
    let outcomes = book.outcomes.iter();
    out.counters(
        &names::OUTCOMES,
        outcomes.map(|((endpoint, outcome), count)| ([*endpoint, *outcome], *count)),
    )?;
    out.counters(&names::REFUSALS, book.refusals.iter().map(|(kind, count)| ([*kind], *count)))?;
    out.histograms(&names::OWN, [([], &book.own)])?;
    out.counters(&names::CACHED_TOKENS, [([], book.cached_tokens)])?;
    models(book, out)?;
    out.histograms(&names::QUEUE_WAIT, [([], &book.wait)])?;
    out.gauge(&names::QUEUE_DEPTH, rest.queue_depth)?;
    out.counters(&names::QUEUE_LEFT, rest.queue_left.map(|(how, count)| ([how], count)))?;
    out.counters(&names::RETRIES, book.retries.iter().map(|(outcome, count)| ([*outcome], *count)))?;
    backends(book, rest, out)?;
    let tokens = || book.tokens.values().map(|token| ([&*token.consumer.id, &*token.consumer.name], token));
    out.counters(&names::TOKEN_REQUESTS, tokens().map(|(labels, token)| (labels, token.requests)))?;
    let used = tokens().flat_map(|([id, name], token)| {
        let [prompt, completion] = token.tokens;
        [([id, name, "prompt"], prompt), ([id, name, "completion"], completion)]
    });
    out.counters(&names::TOKEN_TOKENS, used)?;
    out.gauges(&names::CHANNELS, rest.channels.map(|(state, count)| ([state], count)))?;
    out.gauges(&names::API_TOKENS, rest.api_tokens.map(|(state, count)| ([state], count)))?;
    let caches = page.reading.caches.iter();
    out.gauges(&names::CACHE_ENTRIES, caches.clone().map(|cache| ([cache.name], cache.entries)))?;
    out.counters(&names::CACHE_EVICTIONS, caches.map(|cache| ([cache.name], cache.evictions)))?;
    out.gauge(&names::OPEN_CONNECTIONS, page.active[2])?;
    out.gauges(&names::CERTIFICATE_END, page.end.map(|end| ([], end)))?;
    out.gauge(&names::CONFIG_REVISION, rest.revision)?;
    out.gauge(&names::LEDGER_QUEUE, rest.records)?;
    out.gauge(&names::LEDGER_UNWRITTEN, rest.sums)?;
    out.counters(&names::DROPPED, rest.dropped.iter().map(|(what, count)| ([*what], *count)))?;
    out.counters(&names::TRACE_ERRORS, rest.trace_errors.map(|failed| ([], failed)))?;
    out.histograms(&names::WRITES, book.writes.iter().map(|(what, (times, _))| ([*what], times)))?;
    out.counters(&names::WRITE_ERRORS, book.writes.iter().map(|(what, (_, failed))| ([*what], *failed)))?;
    out.gauges(&names::BUILD, [([env!("CARGO_PKG_VERSION")], 1_u32)])?;
    of_process(page, out)
}

fn models(book: &Book, out: &mut Out<'_>) -> fmt::Result {
    let all = || {
        let operations = book.models.iter();
        operations
            .flat_map(|(operation, models)| models.iter().map(|(model, of)| ([*operation, &**model], of)))
    };
    let seen = |part: fn(&OfModel) -> &Histogram| {
        all().map(move |(labels, of)| (labels, part(of))).filter(|(_, times)| times.count() > 0)
    };
    out.histograms(&names::MODEL_DURATION, seen(|of| &of.duration))?;
    out.histograms(&names::FIRST_TOKEN, seen(|of| &of.first))?;
    out.histograms(&names::PER_TOKEN, seen(|of| &of.per_token))?;
    let tokens = all().flat_map(|([operation, model], of)| {
        [([operation, model, "input"], &of.input), ([operation, model, "output"], &of.output)]
    });
    out.histograms(&names::MODEL_TOKENS, tokens.filter(|(_, tokens)| tokens.count() > 0))
}

fn backends(book: &Book, rest: &Rest, out: &mut Out<'_>) -> fmt::Result {
    let live = &rest.backends;
    out.gauges(&names::BACKEND_UP, live.iter().map(|backend| (backend.labels(), u32::from(backend.is_up))))?;
    out.gauges(&names::BACKEND_IN_FLIGHT, live.iter().map(|backend| (backend.labels(), backend.in_flight)))?;
    out.gauges(&names::BACKEND_CAP, live.iter().map(|backend| (backend.labels(), backend.cap)))?;
    // Each that was asked, by its labels.
    let asked = || {
        let of = |backend: &BackendReading| book.backends.get(&backend.node.backend);
        live.iter().filter_map(move |backend| Some((backend.labels(), of(backend)?)))
    };
    let attempts = |([id, name, channel], of): ([_; 3], &OfBackend)| {
        of.attempts
            .iter()
            .map(move |(outcome, count)| ([id, name, channel, *outcome], *count))
            .collect::<Vec<_>>()
    };
    out.counters(&names::ATTEMPTS, asked().flat_map(attempts))?;
    let tokens = asked().flat_map(|([id, name, channel], of)| {
        let [prompt, completion] = of.tokens;
        [([id, name, channel, "prompt"], prompt), ([id, name, channel, "completion"], completion)]
    });
    out.counters(&names::BACKEND_TOKENS, tokens)?;
    let first = asked().map(|(labels, of)| (labels, &of.first)).filter(|(_, times)| times.count() > 0);
    out.histograms(&names::BACKEND_FIRST, first)
}

impl BackendReading {
    fn labels(&self) -> [&str; 3] {
        [&self.node.backend, &self.node.name, &self.node.channel_name]
    }
}

fn of_process(page: &Page, out: &mut Out<'_>) -> fmt::Result {
    if let Some(process) = page.process {
        out.counters(&names::PROCESS_CPU, [([], process.cpu_seconds)])?;
        out.gauge(&names::PROCESS_RESIDENT, process.resident)?;
        out.gauge(&names::PROCESS_VIRTUAL, process.virtual_size)?;
        out.gauge(&names::PROCESS_FDS, process.open_files)?;
        out.gauges(&names::PROCESS_MAX_FDS, process.max_files.map(|most| ([], most)))?;
        out.gauge(&names::PROCESS_THREADS, process.threads)?;
        out.gauges(&names::PROCESS_START, process.began.map(|began| ([], began)))?;
    }
    Ok(())
}
