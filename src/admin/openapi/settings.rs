//! Settings and the rules of addresses.

use serde_json::{Map, Value, json};

use super::operation::{Operation, get, post};
use super::schema::{Members, choice, count, done, flag, list, named, nullable, object, such_as, text, told};
use crate::config::settings as table;

const ALL: &str = "/admin/api/settings";
const RULES: &str = "/admin/api/settings/access-control";
const CHECK: &str = "/admin/api/settings/access-control/check";

pub(super) fn operations() -> Vec<Operation> {
    let dry = || such_as(told(flag(), "Tells what would change, and changes nothing."), true);
    let ip = || such_as(told(text(), "Your own unless given."), "203.0.113.7");
    let may = || vec![("ip", text()), ("clients admin", flag())];
    let mut report = may();
    report.extend([
        ("rule", told(nullable(text()), "The entry that the address is in.")),
        ("you", object(may())),
        ("accessControl", named("AccessControl")),
        ("warnings", list(text())),
    ]);
    let report = object(report);
    let changes =
        || vec![("changes", list(named("SettingChange"))), ("check?", flag()), ("revision", count())];
    let ruled = done([changes(), vec![("accessControl", named("AccessControl"))]].concat());
    vec![
        get(ALL, "listSettings", "What is in force, and where it comes from", all()),
        post(ALL, "saveSettings", "Saves values by name, all of them or none", done(changes()))
            .query("check", dry())
            .body(values())
            .of_revision(),
        post(RULES, "saveAccessControl", "Saves rules of addresses; a list replaces the former", ruled)
            .query("check", dry())
            .body(object([rules(), vec![("confirm?", confirm()), ("revision?", count())]].concat()))
            .of_revision(),
        get(CHECK, "checkAddress", "Whether an address may call", report.clone()).query("ip", ip()),
        post(CHECK, "tryAccessControl", "Whether an address may call by rules that are not saved", report)
            .body(object([rules(), vec![("ip?", ip())]].concat())),
    ]
}

fn confirm() -> Value {
    told(flag(), "Saves rules that shut out your own address.")
}

fn rules() -> Members {
    let ranges = || such_as(list(text()), json!(["192.168.1.0/24"]));
    vec![("mode?", choice(&["disabled", "whitelist", "blacklist"])), ("whitelist? blacklist?", ranges())]
}

/// Every setting that can be saved, by its name.
fn values() -> Value {
    let value = |help: &str| {
        json!({
            "type": ["string", "number", "boolean", "array", "null"], "items": text(), "description": help,
        })
    };
    let mut properties = Map::new();
    properties.insert("confirm".to_owned(), confirm());
    properties.insert("revision".to_owned(), count());
    let saved = table().iter().filter(|setting| setting.may_change().is_ok());
    properties.extend(saved.map(|setting| (setting.key(), value(setting.help))));
    json!({"type": "object", "properties": properties})
}

fn all() -> Value {
    let texts = "port connectTimeout requestTimeout maxRetries logLevel logToFile healthCheckInterval";
    object(vec![
        ("accessControl", named("AccessControl")),
        ("rateLimiter", object(vec![("global ip token", named("RateLimit"))])),
        ("metrics", super::service::process()),
        ("version", text()),
        ("revision", told(count(), "Of all settings, for `If-Match`.")),
        ("env", object(vec![(texts, text()), ("cacheEmbeddings cacheChat", flag())])),
        ("settings", list(named("Setting"))),
        ("ignored", list(object(vec![("name message", text()), ("value", nullable(text()))]))),
        ("warnings", list(text())),
    ])
}

pub(super) fn components() -> Members {
    let limit = object(vec![("windowMs maxRequests activeKeys", count())]);
    let value = || object(vec![("value", nullable(text())), ("origin", text())]);
    vec![
        ("Setting", setting()),
        ("SettingChange", object(vec![("name env", text()), ("before after", value())])),
        (
            "AccessControl",
            object(vec![
                ("mode", choice(&["disabled", "whitelist", "blacklist"])),
                ("whitelist blacklist", list(text())),
            ]),
        ),
        ("RateLimit", json!({"anyOf": [choice(&["disabled"]), limit]})),
    ]
}

fn setting() -> Value {
    let kinds = ["switch", "integer", "bytes", "duration", "choice", "text", "list", "secret"];
    object(vec![
        ("name env group", text()),
        ("value", told(nullable(text()), "As in a file; null for a secret, and for what is unset.")),
        ("configured default", nullable(text())),
        ("origin configuredOrigin help allowed", text()),
        ("changeable", flag()),
        ("kind", choice(&kinds)),
        ("unset?", told(text(), "What no value means.")),
        ("isSet?", told(flag(), "Of a secret.")),
        ("note?", text()),
        ("min? max?", json!({"type": "integer"})),
        ("unit?", choice(&["ms", "s"])),
        ("zero?", told(flag(), "Whether 0 is allowed too.")),
        ("choices?", list(text())),
    ])
}
