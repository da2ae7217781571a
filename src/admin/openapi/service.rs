//! Caches, counts, and the import.

use serde_json::{Map, Value, json};

use super::operation::{Operation, delete, get, post};
use super::schema::{
    Members, choice, count, flag, list, listed, map, named, nullable, number, object, success, such_as, text,
    told,
};
use crate::import::File;

const CACHE: &str = "/admin/api/cache";

/// What the caches hold.
pub(super) fn report() -> Value {
    object(vec![
        ("enabled", object(vec![("embeddings chat", flag())])),
        ("embeddings chat", named("CacheStats")),
        ("totalItems", count()),
    ])
}

/// What the process tells of itself.
pub(super) fn process() -> Value {
    object(vec![
        ("uptime requests activeConnections activeStreams", count()),
        ("memory?", object(vec![("rss", count())])),
    ])
}

pub(super) fn operations() -> Vec<Operation> {
    let file = json!({"type": "string", "format": "binary"});
    let cleared = success(vec![("message", text())]);
    let day = object(vec![
        ("success fail tokens", count()),
        ("imported?", told(flag(), "Whether some of it comes from an import; else it is left out.")),
    ]);
    let stats = listed(vec![
        ("summary", named("KeysSummary")),
        ("stats", told(map(map(day)), "By date, then by id of a backend.")),
    ]);
    vec![
        get(CACHE, "getCache", "What the caches hold", report()),
        delete(CACHE, "clearCache", "Forgets all of it, counts too", cleared),
        get(
            "/admin/api/stats",
            "getStats",
            "What backends served, by day of UTC; what was imported is added",
            stats,
        )
        .query("days", such_as(told(number(1, 3660), "Today included; 30 unless given."), 7)),
        post("/admin/api/backup", "downloadBackup", "A copy of the database, without its key", file)
            .file("application/octet-stream"),
        post("/admin/api/import", "importFiles", "Imports data of the Node program", imported())
            .query("apply", such_as(told(flag(), "Without it nothing is changed."), true))
            .body(object(vec![
                ("files", files()),
                ("confirm?", told(flag(), "Imports rules that shut out your own address.")),
            ])),
    ]
}

/// The old files, each as JSON or as its text.
fn files() -> Value {
    let one = json!({"type": ["string", "object", "array"], "additionalProperties": true, "items": {}});
    let files: Map<_, _> = File::ALL.iter().map(|file| (file.name().to_owned(), one.clone())).collect();
    let files = json!({"type": "object", "properties": files});
    such_as(
        files,
        json!({"keys.json": {"keys": [{"id": "key_1", "key": "", "baseUrl": "http://192.168.1.14:11434"}]}}),
    )
}

fn imported() -> Value {
    let item = object(vec![
        ("file what", text()),
        ("id", nullable(text())),
        ("fit", choice(&["exact", "approximate", "manual", "unsupported"])),
        ("state", choice(&["new", "already there", "not taken"])),
        ("notes", list(text())),
    ]);
    let summary = object(vec![("exact approximate manual unsupported new present left", count())]);
    object(vec![
        ("applied", flag()),
        ("items", list(item)),
        ("summary", summary),
        ("plainSecrets warnings", list(text())),
    ])
}

pub(super) fn components() -> Members {
    let counts = "hits misses evictions size maxSize maxBytes";
    vec![("CacheStats", object(vec![(counts, count()), ("hitRate", such_as(text(), "80.00%"))]))]
}
