//! Which models are where.

use serde_json::Value;

use super::super::models::MAX_PAGE;
use super::operation::{Operation, get};
use super::schema::{choice, count, flag, list, listed, nullable, number, object, such_as, text, time, told};

pub(super) fn operations() -> Vec<Operation> {
    let refresh = told(choice(&["true", "false"]), "Reads the lists anew, and what is loaded.");
    let search = told(text(), "Somewhere in the name; case does not count.");
    let limit = told(number(1, MAX_PAGE), "100 unless given.");
    vec![
        get("/admin/api/models", "listModels", "Which models are on which backends", answer())
            .query("refresh", refresh)
            .query("search", such_as(search, "m"))
            .query("limit", such_as(limit, 1))
            .query("cursor", told(text(), "`nextCursor` of the page before.")),
    ]
}

fn answer() -> Value {
    let refresh = told(
        object(vec![("addresses answered failed late", count())]),
        "Of the lists that were read anew; null when none were.",
    );
    let backend = object(vec![
        ("id name", text()),
        ("channelId channel", nullable(text())),
        ("state", choice(&["up", "cooling", "half_open", "down", "unknown"])),
        ("models", count()),
        ("listedAt", nullable(time())),
    ]);
    listed(vec![
        ("models", list(model())),
        ("total", told(count(), "Of all pages.")),
        ("nextCursor", told(nullable(text()), "null on the last page.")),
        ("backends", told(list(backend), "Those that the models of this page name.")),
        ("backendsTotal", told(count(), "Backends that are turned on.")),
        ("backendsListed", told(count(), "Of these: those whose list is known.")),
        ("refresh", nullable(refresh)),
    ])
}

fn model() -> Value {
    let version = object(vec![
        ("digest parameterSize quantization family", nullable(text())),
        ("size", told(nullable(count()), "In bytes.")),
        ("modified", nullable(time())),
        ("backends", told(list(text()), "Their ids.")),
    ]);
    let alias = object(vec![
        ("name id", text()),
        ("kind", choice(&["channel", "key"])),
        ("where", told(text(), "The name of the channel or key.")),
    ]);
    let loaded = object(vec![
        ("backend", told(text(), "Its id.")),
        ("vram", told(nullable(count()), "In bytes.")),
        ("expiresAt", nullable(text())),
        ("contextLength", nullable(count())),
        ("ageSeconds", told(count(), "How old the word of the backend is.")),
    ]);
    object(vec![
        ("name", text()),
        ("drift", told(flag(), "Whether backends have different versions.")),
        ("versions", told(list(version), "What most backends have comes first.")),
        ("capabilities", told(nullable(list(text())), "null while nobody has asked.")),
        ("contextLength", nullable(count())),
        ("aliases", told(list(alias), "Names that lead to it, the first hundred.")),
        ("loaded", told(list(loaded), "Backends that had it in memory when they were asked.")),
    ])
}
