//! Everything at a glance.

use serde_json::Value;

use super::super::dashboard::{KINDS, RANGES, SEVERITIES};
use super::operation::{Operation, get};
use super::schema::{
    Members, anything, choice, count, flag, list, listed, map, named, nullable, number, object, such_as,
    text, time, told,
};
use super::service::{process, report};

pub(super) fn operations() -> Vec<Operation> {
    let hours = told(number(1, 744), "That which runs included; 48 unless given.");
    let days = told(number(1, 366), "Of UTC, today included; 30 unless given.");
    vec![
        get("/admin/api/dashboard", "getDashboard", "Everything at a glance", answer())
            .query("hours", such_as(hours, 24))
            .query("days", such_as(days, 7))
            .query("range", told(choice(&RANGES), "Asks for `range`.")),
    ]
}

fn answer() -> Value {
    let spans = |sentence| told(list(object([vec![("start", time())], timed()].concat())), sentence);
    let states = object(vec![("up cooling half_open down unknown disabled", count())]);
    listed(vec![
        ("keys", named("KeysSummary")),
        ("channels", object(vec![("total enabled healthy disabled", count())])),
        ("tokens", object(vec![("total enabled disabled expired", count())])),
        ("cache", report()),
        ("metrics", process()),
        ("usage", told(map(anything()), "Requests and tokens by date, today and seven days before.")),
        ("rateLimiter", object(vec![("global ip token", named("RateLimit"))])),
        ("accessControl", object(vec![("mode", text())])),
        ("time", time()),
        ("totals", told(named("Use"), "Since the beginning.")),
        ("today", told(named("Use"), "In UTC.")),
        ("minutes", spans("The last 60, all of them.")),
        ("hours days", spans("As many as were asked for, those without use included; the last one runs.")),
        ("latency firstToken", told(named("Percentiles"), "Over the hours.")),
        ("outcomes errors", told(map(count()), "Requests of the hours by word.")),
        ("byModel", top(vec![("model", told(text(), "Empty for what nobody has served."))])),
        ("byToken byBackend", top(vec![("id", text()), ("name", nullable(text()))])),
        ("backends", object(vec![("total", count()), ("states", states), ("list", list(backend()))])),
        ("queue", object(vec![("waiting max served full tooLong clientGone", count())])),
        ("ledger", ledger()),
        ("range?", range()),
        ("attention", attention()),
        ("drops", object(vec![("spans logRows logLines captures", count())])),
    ])
}

fn ledger() -> Value {
    object(vec![
        ("failing", told(flag(), "Whether what was counted cannot be written now.")),
        ("since", told(nullable(time()), "When that began.")),
        ("records sums rows", told(count(), "What waits in memory for it.")),
    ])
}

/// Counts, and how long those took that went well.
fn timed() -> Members {
    [used(), vec![("latency firstToken", named("Percentiles"))]].concat()
}

fn used() -> Members {
    vec![("requests failed promptTokens completionTokens cachedTokens gpuMs", count())]
}

/// Over the days: those with the most tokens, and all others together.
fn top(name: Members) -> Value {
    let top = told(list(object([name, timed()].concat())), "Those with the most tokens over the days.");
    object(vec![("top", top), ("rest", told(named("Use"), "All others together."))])
}

fn backend() -> Value {
    object(vec![
        ("id name", text()),
        ("channelId lastError", nullable(text())),
        ("state", choice(&["up", "cooling", "half_open", "down", "unknown"])),
        ("currentConcurrent maxConcurrent", count()),
    ])
}

/// What was used in a stretch of time, all of it of the same one.
fn range() -> Value {
    let outcomes = vec![("outcomes", told(map(count()), "Requests by outcome."))];
    let before =
        vec![("start", time()), ("totals", named("Use")), ("latency firstToken", named("Percentiles"))];
    let piece = object([vec![("start", time())], timed(), outcomes.clone()].concat());
    object(
        [
            vec![
                ("name", choice(&RANGES)),
                ("start", time()),
                (
                    "byStart",
                    told(time(), "Where what is told apart begins: of 1h with the hour that it begins in."),
                ),
                ("pieceSeconds", count()),
                ("series", told(list(piece), "All pieces, those without use included; the last one runs.")),
                ("totals", named("Use")),
                ("latency firstToken", named("Percentiles")),
                ("previous", told(object(before), "The stretch as long that ends where this one begins.")),
                ("errors", map(count())),
                ("byModel", top(vec![("model", text())])),
                ("byToken byBackend byChannel", top(vec![("id", text()), ("name", nullable(text()))])),
            ],
            outcomes,
        ]
        .concat(),
    )
}

/// What wants a person.
fn attention() -> Value {
    let subject = object(vec![
        ("type", choice(&["gateway", "backend", "token", "model"])),
        ("id name", told(text(), "Empty for the gateway.")),
    ]);
    let item = object(vec![
        ("kind", choice(&KINDS)),
        ("severity", choice(&SEVERITIES)),
        ("subject", subject),
        ("since", nullable(time())),
        ("detail", text()),
    ]);
    object(vec![
        ("list", told(list(item), "The worst first, fifty at most.")),
        ("more", told(count(), "How many there are beyond them.")),
    ])
}

pub(super) fn components() -> Members {
    let times = told(nullable(count()), "Milliseconds, null while there are none.");
    let percentiles = object(vec![("p50 p95 p99", times)]);
    vec![
        ("Percentiles", told(percentiles, "About, by interpolation between the ends of fixed buckets.")),
        ("Use", object(used())),
    ]
}
