//! The request log.

use serde_json::{Value, json};

use super::operation::{Operation, delete, get};
use super::schema::{anything, choice, listed, number, success, such_as, text, told};

const LOGS: &str = "/admin/api/logs";

pub(super) fn operations() -> Vec<Operation> {
    let lines = told(text(), "A record each, or the cells of one.");
    let events = told(text(), "Server-sent events: request, with a record as its data, and dropped.");
    let one = listed(vec![("log", record())]);
    let format = told(choice(&["jsonl", "csv"]), "jsonl unless given.");
    let backlog = told(number(0, 100_000), "So many of the last ones come first.");
    vec![
        filtered(
            get(
                LOGS,
                "listLogs",
                "Requests, changes, and what was imported of both, the newest first",
                list(),
            )
            .query("type", choice(&["request", "audit"]))
            .query("limit", such_as(told(number(0, 10_000), "0 is the most; 200 unless given."), 5))
            .query("cursor", such_as(told(text(), "nextCursor of another answer."), "900000")),
        ),
        delete(LOGS, "clearLogs", "Deletes all requests; the audit and files stay", success(vec![])),
        filtered(
            get(
                "/admin/api/logs/export",
                "exportLogs",
                "All requests that the filters admit, as a file",
                lines,
            )
            .query("format", format),
        )
        .file("application/jsonl"),
        filtered(
            get("/admin/api/logs/tail", "followLogs", "Requests as they end", events)
                .query("backlog", such_as(backlog, 5)),
        )
        .file("text/event-stream"),
        get("/admin/api/logs/{id}", "getLog", "One request, by its seq or its x-request-id", one),
    ]
}

/// With the filters of requests.
fn filtered(operation: Operation) -> Operation {
    const FORMS: &str = "A time with its zone, a date, or how long ago, as in 30m, 1h or 2d.";
    let time = |what: &str| such_as(told(text(), &format!("{what} {FORMS}")), "2026-01-31T08:00:00Z");
    let statuses = "A status such as 404, a class such as 5xx, or some of them, parted by commas.";
    operation
        .query(
            "level",
            told(
                choice(&["debug", "info", "warn", "error"]),
                "warn and error leave out what the client did.",
            ),
        )
        .query("since", time("Over then or later."))
        .query("until", time("Over before."))
        .query("token", such_as(told(text(), "Id or name."), "ann"))
        .query("model", such_as(told(text(), "As the client named it."), "llama3.3:70b"))
        .query("channel", such_as(told(text(), "Id or name."), "room-1"))
        .query("backend", such_as(told(text(), "Id or name of who answered, or was asked last."), "gpu-1"))
        .query(
            "outcome",
            such_as(told(text(), "One outcome, or some, parted by commas."), "timeout,internal"),
        )
        .query("status", such_as(told(text(), statuses), "429,5xx"))
        .query("ip", such_as(text(), "10.0.0.7"))
        .query("id", such_as(told(text(), "The x-request-id."), "req_1"))
        .query(
            "text",
            such_as(
                told(text(), "Somewhere in the error, or in that of an attempt; case does not count."),
                "refused",
            ),
        )
}

/// As a file has it. Members that are not known are left out.
fn record() -> Value {
    told(anything(), "docs/logging.md names the members.")
}

fn list() -> Value {
    let logs = json!({"type": "array", "items": told(anything(), "Each with timestamp and type.")});
    listed(vec![("logs", logs), ("nextCursor", json!({"type": ["string", "null"]}))])
}
