//! Captured requests.

use super::operation::{Operation, delete, get};
use super::schema::{
    Members, count, flag, list, listed, named, nullable, number, object, success, such_as, text, time, told,
};

const CAPTURES: &str = "/admin/api/captures";

pub(super) fn operations() -> Vec<Operation> {
    let limit = such_as(told(number(1, 1000), "100 unless given."), 5);
    vec![
        get(
            CAPTURES,
            "listCaptures",
            "Captured requests without their texts, the newest first; the audit tells of it",
            listed(vec![("captures", list(object(facts())))]),
        )
        .query("token", told(text(), "Id or name."))
        .query("limit", limit),
        get(
            "/admin/api/captures/{id}",
            "getCapture",
            "What was asked and answered, by the x-request-id or the capture's own id; the audit tells of it",
            listed(vec![("capture", named("Capture"))]),
        ),
        delete(CAPTURES, "clearCaptures", "Deletes all captured requests", success(vec![])),
    ]
}

fn facts() -> Members {
    vec![
        ("id", text()),
        ("requestId", told(text(), "The x-request-id, which clients may choose.")),
        ("timestamp", told(time(), "When it was over.")),
        ("tokenId endpoint model", text()),
        ("tokenName", nullable(text())),
        ("requestBytes responseBytes", told(count(), "Of the whole, however much of it is kept.")),
    ]
}

pub(super) fn components() -> Members {
    let texts = vec![
        ("request", told(text(), "The body as the client sent it, redacted.")),
        (
            "response",
            told(
                text(),
                "The body of the answer, redacted; of a stream, what it said in the form of a whole one.",
            ),
        ),
        ("requestIsCut responseIsCut", told(flag(), "Whether its end is missing.")),
    ];
    vec![("Capture", object([facts(), texts].concat()))]
}
