//! Keys of the pool, and channels.

use serde_json::{Value, json};

use super::super::bulk::MAX_IDS;
use super::super::rules::{MAX_COUNT, MAX_PRIORITY};
use super::operation::{Operation, delete, get, post, put};
use super::schema::{
    Members, anything, choice, count, done, flag, list, listed, map, named, nullable, number, object,
    success, such_as, text, time, told,
};

const KEYS: &str = "/admin/api/keys";
const KEY: &str = "/admin/api/keys/{id}";
const CHANNELS: &str = "/admin/api/channels";
const CHANNEL: &str = "/admin/api/channels/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = keys();
    all.extend(channels());
    all
}

/// What is done to many at once.
pub(super) fn bulk() -> Value {
    let mut ids = list(text());
    ids["minItems"] = json!(1);
    ids["maxItems"] = json!(MAX_IDS);
    object(vec![("ids", ids), ("action", choice(&["enable", "disable", "delete"]))])
}

/// What became of many.
pub(super) fn many() -> Value {
    done(vec![("done notFound", list(text()))])
}

fn keys() -> Vec<Operation> {
    let all = || vec![("keys", list(named("Key"))), ("summary", named("KeysSummary"))];
    let key = || vec![("key", named("Key"))];
    let one = || done(key());
    let line = such_as(told(text(), "A key line."), "http://192.168.1.11:11434");
    let credential = told(text(), "The credential alone; its own mask changes nothing.");
    let added = || with_base(fields_of_keys());
    let batch = object(vec![
        ("added", list(named("Key"))),
        ("duplicates", list(named("DuplicateKey"))),
        ("errors", list(object(vec![("input error", text()), ("line", count())]))),
        ("warnings?", list(text())),
    ]);
    let preview = object(vec![
        ("lines", told(list(anything()), "Each with its line, and what would be made of it or why nothing.")),
        ("summary", object(vec![("added duplicates errors", count())])),
        ("warnings?", list(text())),
    ]);
    let lines = such_as(told(text(), "Key lines."), "http://192.168.1.12:11434");
    vec![
        get(KEYS, "listKeys", "All keys of the pool", listed(all())),
        post(KEYS, "addKey", "Adds a key", one()).body(object([vec![("key", line)], added()].concat())),
        delete(KEYS, "deleteAllKeys", "Deletes all keys of the pool; channels stay", success(vec![])),
        post("/admin/api/keys/batch", "addKeys", "Adds many keys", batch)
            .body(object(with_base(vec![("keys", lines.clone())]))),
        post("/admin/api/keys/preview", "previewKeys", "What key lines mean; nothing is stored", preview)
            .body(object(with_base(vec![("keys", lines)]))),
        post("/admin/api/keys/bulk", "changeKeys", "Changes many at once, all or none", many()).body(bulk()),
        post("/admin/api/keys/check", "checkKeys", "Looks at all of them now", object(all())),
        post(
            "/admin/api/keys/reset-health",
            "resetHealthOfKeys",
            "Takes all for well again",
            success(vec![]),
        ),
        get(KEY, "getKey", "One key", listed(key())),
        put(KEY, "updateKey", "Changes what is named", one())
            .body(object([vec![("key?", credential), ("revision?", count())], added()].concat()))
            .of_revision(),
        delete(KEY, "deleteKey", "Deletes a key", success(vec![])).of_revision(),
        post("/admin/api/keys/{id}/toggle", "toggleKey", "Turns it off, or on again", success(key()))
            .of_revision(),
        post("/admin/api/keys/{id}/check", "checkKey", "Looks at it now", success(key())),
        post(
            "/admin/api/keys/{id}/reset-health",
            "resetHealthOfKey",
            "Takes it for well again",
            success(key()),
        ),
    ]
}

fn channels() -> Vec<Operation> {
    let summary = object(vec![("total enabled healthy disabled", count())]);
    let all = listed(vec![("channels", list(named("Channel"))), ("summary", summary)]);
    let channel = || vec![("channel", named("Channel"))];
    let one = || done(channel());
    let result = object(vec![("id name", text()), ("healthy", flag())]);
    let checked = object(vec![("results", list(result)), ("channels", list(named("Channel")))]);
    let keys = || such_as(list(text()), json!(["http://192.168.1.13:11434"]));
    let fields = || with_base([fields_of_both(), vec![("rateLimit?", limit()), ("keys?", keys())]].concat());
    let found = object(vec![
        ("baseUrl", text()),
        ("key", told(text(), "Masked.")),
        ("healthy", told(flag(), "Whether it answered.")),
        ("version error", nullable(text())),
        ("models", nullable(list(text()))),
    ]);
    let preview = object(vec![("backends", list(found)), ("warnings?", list(text()))]);
    vec![
        get(CHANNELS, "listChannels", "All channels with their backends", all),
        post(CHANNELS, "createChannel", "Makes a channel", one()).body(object(fields())),
        post("/admin/api/channels/bulk", "changeChannels", "Changes many at once, all or none", many())
            .body(bulk()),
        post(
            "/admin/api/channels/preview",
            "previewChannel",
            "Looks at what a channel would be made of; nothing is stored",
            preview,
        )
        .body(object(with_base(vec![("keys?", keys())]))),
        post("/admin/api/channels/check", "checkChannels", "Looks at all that are enabled now", checked),
        post(
            "/admin/api/channels/reset-health",
            "resetHealthOfChannels",
            "Takes all for well again",
            success(vec![]),
        ),
        get(CHANNEL, "getChannel", "One channel with its backends", listed(channel())),
        put(CHANNEL, "updateChannel", "Changes what is named", one())
            .body(object([vec![("revision?", count())], fields()].concat()))
            .of_revision(),
        delete(CHANNEL, "deleteChannel", "Deletes a channel with its backends", success(vec![]))
            .of_revision(),
        post(
            "/admin/api/channels/{id}/check",
            "checkChannel",
            "Looks at its backends now",
            success(channel()),
        ),
        post(
            "/admin/api/channels/{id}/reset-health",
            "resetHealthOfChannel",
            "Takes its backends for well again",
            success(channel()),
        ),
    ]
}

/// A limit as calls set it.
pub(super) fn limit() -> serde_json::Value {
    told(nullable(number(0, MAX_COUNT)), "0 and null are no limit.")
}

fn with_base(mut fields: Members) -> Members {
    fields.push(("baseUrl?", such_as(text(), "http://192.168.1.10:11434")));
    fields
}

/// What calls set of channels and keys.
fn fields_of_both() -> Members {
    vec![
        ("name?", text()),
        ("enabled?", flag()),
        ("priority?", number(-MAX_PRIORITY, MAX_PRIORITY)),
        ("weight?", told(number(0, MAX_COUNT), "0 is 10.")),
        ("maxConcurrent?", told(number(0, MAX_COUNT), "0 is no cap.")),
        ("models?", such_as(list(text()), json!(["llama3*"]))),
        ("modelMapping?", such_as(map(text()), json!({"gpt-4": "llama3.3:70b"}))),
        ("tags?", list(text())),
    ]
}

fn fields_of_keys() -> Members {
    [fields_of_both(), vec![("group?", text())]].concat()
}

pub(super) fn components() -> Members {
    let twin = [key(), vec![("duplicate", flag()), ("line?", count())]].concat();
    let inventory = object(vec![
        ("version", nullable(text())),
        ("models", nullable(list(text()))),
        ("ageSeconds", nullable(count())),
    ]);
    vec![
        ("Key", object(key())),
        ("DuplicateKey", object(twin)),
        (
            "KeysSummary",
            object(vec![("total enabled healthy disabled unhealthy totalRequests totalTokens", count())]),
        ),
        ("Channel", object(channel())),
        ("Backend", object(backend())),
        ("Inventory", inventory),
    ]
}

fn key() -> Members {
    let own = vec![
        ("priority", number(-MAX_PRIORITY, MAX_PRIORITY)),
        ("group", text()),
        ("addedAt", time()),
        ("models tags", list(text())),
        ("modelMapping", map(text())),
        ("revision", count()),
    ];
    [backend(), own].concat()
}

/// What is known of a backend; what it is like now only when it is in force.
fn backend() -> Members {
    let own = vec![
        ("id name baseUrl", text()),
        ("key", told(text(), "Masked.")),
        ("enabled", flag()),
        ("weight maxConcurrent", count()),
        ("credentialLost", nullable(text())),
        ("healthy?", flag()),
        ("state?", choice(&["up", "half_open", "down", "cooling", "unknown"])),
        ("currentConcurrent?", count()),
        ("lastError?", nullable(text())),
        ("lastErrorAt? lastCheck?", nullable(time())),
        (
            "latencyMs?",
            told(nullable(count()), "Of the last 32 answers since the start: half came that fast."),
        ),
        ("inventory?", named("Inventory")),
    ];
    [own, totals()].concat()
}

fn channel() -> Members {
    let own = vec![
        ("id name baseUrl", text()),
        ("enabled healthy", flag()),
        ("priority", number(-MAX_PRIORITY, MAX_PRIORITY)),
        ("keys", told(list(text()), "Masked.")),
        ("models tags", list(text())),
        ("modelMapping", map(text())),
        ("weight maxConcurrent currentConcurrent revision", count()),
        ("rateLimit", nullable(count())),
        ("createdAt", time()),
        ("lastError", nullable(text())),
        ("lastErrorAt", nullable(time())),
        ("backends", list(named("Backend"))),
    ];
    [own, totals()].concat()
}

/// Counts since the beginning.
pub(super) fn totals() -> Members {
    vec![("totalRequests failedRequests totalTokens", count()), ("lastUsed", nullable(time()))]
}
