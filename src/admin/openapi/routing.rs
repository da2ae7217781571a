//! Where a request would go.

use serde_json::Value;

use super::super::rules::MAX_PRIORITY;
use super::operation::{Operation, get};
use super::schema::{
    Members, choice, count, list, named, nullable, number, object, part, such_as, text, told,
};

/// What becomes of a candidate.
const VERDICTS: [&str; 11] = [
    "would_serve",
    "lower_tier",
    "on_trial",
    "at_cap",
    "over_rate",
    "cooling",
    "unlisted",
    "down",
    "lacks_capability",
    "model_not_in_list",
    "disabled",
];

fn verdict() -> Members {
    vec![("verdict", choice(&VERDICTS)), ("reason", text())]
}

fn kind() -> Value {
    choice(&["channel", "key", "environment"])
}

pub(super) fn operations() -> Vec<Operation> {
    let needs = told(
        text(),
        "What the request needs of the model: any of vision, audio, tools, thinking, embedding.",
    );
    vec![
        get(
            "/admin/api/routes/explain",
            "explainRoute",
            "Who would serve a model now, and why not the others",
            answer(),
        )
        .required("model", such_as(told(text(), "As a client names it."), "m"))
        .query("token", told(text(), "Id or name of a token."))
        .query("needs", such_as(needs, "tools,thinking")),
    ]
}

fn answer() -> Value {
    let left = told(nullable(count()), "What is left of a limit; null without one.");
    let token = object(vec![
        ("id name reason", text()),
        ("verdict", choice(&["allowed", "disabled", "expired", "model_not_allowed"])),
        ("requestsLeft tokensLeft quotaLeft", left),
    ]);
    let serving = object(vec![
        ("id name", text()),
        ("channel", told(nullable(text()), "Its name.")),
        ("model", told(text(), "Its name there.")),
    ]);
    let refusal = object(vec![
        ("status", count()),
        ("code message", text()),
        ("afterSeconds", told(count(), "How long it waits first, for a place.")),
    ]);
    let tier = object(vec![
        ("origin", kind()),
        ("priority", number(-MAX_PRIORITY, MAX_PRIORITY)),
        ("candidates", list(named("RouteCandidate"))),
    ]);
    let other = [
        vec![("kind", kind()), ("id name", text()), ("priority", number(-MAX_PRIORITY, MAX_PRIORITY))],
        verdict(),
    ];
    object(vec![
        ("model", text()),
        ("balance", choice(&["weighted", "least_busy"])),
        ("token", nullable(token)),
        (
            "wouldServe",
            told(nullable(list(serving)), "The next one first; null when the request is refused."),
        ),
        ("refusal", told(nullable(refusal), "What the client would be told.")),
        ("queue", object(vec![("waiting max", count())])),
        ("warnings?", list(text())),
        ("tiers", told(list(tier), "In the order in which they are tried.")),
        ("others", told(list(object(other.concat())), "Channels and keys that are in no tier.")),
    ])
}

pub(super) fn components() -> Members {
    let share = || told(nullable(part()), "Of the requests; null when it depends on who is busy.");
    let backend = [
        vec![
            ("id name baseUrl", text()),
            ("state", nullable(choice(&["up", "half_open", "down", "cooling", "unknown"]))),
            ("weight", count()),
            ("share", share()),
        ],
        verdict(),
    ];
    let candidate = [
        vec![
            ("kind", kind()),
            ("id name", text()),
            ("model", told(text(), "Its name there.")),
            ("weight", count()),
            ("share", share()),
        ],
        verdict(),
        vec![("backends", list(named("RouteBackend")))],
    ];
    vec![("RouteCandidate", object(candidate.concat())), ("RouteBackend", object(backend.concat()))]
}
