//! Tokens of clients.

use serde_json::json;

use super::super::rules::MAX_COUNT;
use super::super::token_rules::{MAX_QUOTA, MAX_TOKENS_A_MINUTE};
use super::super::tokens::SORTS;
use super::backends::{bulk, limit, many, totals};
use super::operation::{Operation, delete, get, post, put};
use super::schema::{
    Members, anything, choice, count, done, flag, list, listed, map, named, nullable, number, object,
    success, such_as, text, time, told,
};

const ALL: &str = "/admin/api/tokens";
const ONE: &str = "/admin/api/tokens/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let summary = object(vec![("total enabled disabled expired", count())]);
    let tokens = listed(vec![
        ("tokens", list(named("Token"))),
        ("summary", summary),
        ("nextCursor?", told(nullable(text()), "Of a page; null on the last one.")),
    ]);
    let token = || vec![("token", named("Token"))];
    let one = || done(token());
    let revision = || vec![("revision?", count())];
    let day = object(vec![("requests promptTokens completionTokens cachedTokens", count())]);
    let by = format!("{}; behind a minus the last comes first.", SORTS.join(", "));
    let whole = "A new text, which is shown this once; the old one is none from now on";
    vec![
        get(ALL, "listTokens", "Tokens, their texts masked", tokens)
            .query("search", such_as(text(), "a"))
            .query("status", choice(&["enabled", "disabled", "expired"]))
            .query("sort", such_as(told(text(), &by), "-totalTokens"))
            .query("limit", such_as(told(number(1, 1000), "Asks for a page of so many."), 1))
            .query("cursor", told(text(), "`nextCursor` of the page before.")),
        post(ALL, "createToken", "Makes a token; its text is shown this once", one()).body(object(fields())),
        post("/admin/api/tokens/bulk", "changeTokens", "Changes many at once, all or none", many())
            .body(bulk()),
        get(ONE, "getToken", "One token, its text masked", listed(token())),
        put(ONE, "updateToken", "Changes what is named", one())
            .body(object([fields(), revision()].concat()))
            .of_revision(),
        delete(ONE, "deleteToken", "Deletes a token", success(vec![])).of_revision(),
        post("/admin/api/tokens/{id}/regenerate", "regenerateToken", whole, one())
            .body(object(revision()))
            .of_revision(),
        post(
            "/admin/api/tokens/{id}/reset-quota",
            "resetQuota",
            "Nothing of this month's quota is used",
            success(token()),
        )
        .of_revision(),
        get(
            "/admin/api/tokens/{id}/usage",
            "getUsage",
            "What was used, by days of UTC",
            listed(vec![("usage", map(day))]),
        )
        .query("days", such_as(told(number(1, 366), "Before today; 30 unless given."), 7)),
    ]
}

fn fields() -> Members {
    vec![
        ("name?", text()),
        ("enabled?", flag()),
        (
            "expiresAt?",
            such_as(told(nullable(text()), "A time, a date, or how long from now."), "2999-12-31"),
        ),
        ("allowedModels?", such_as(list(text()), json!(["llama3*"]))),
        ("allowedIPs?", such_as(list(text()), json!(["10.0.0.0/8"]))),
        ("rateLimit?", limit()),
        ("tokensPerMinute?", nullable(number(0, MAX_TOKENS_A_MINUTE))),
        ("quotaLimit?", nullable(number(0, MAX_QUOTA))),
        ("maxConcurrent?", number(0, MAX_COUNT)),
        ("allowClientOptions?", flag()),
        (
            "capture?",
            told(flag(), "Whether its requests are kept with their answers, while CAPTURE allows it."),
        ),
        ("note?", text()),
        ("metadata?", anything()),
    ]
}

pub(super) fn components() -> Members {
    let own = vec![
        ("id name note", text()),
        ("token", told(text(), "Masked, but in the answer that makes it.")),
        ("enabled weak allowClientOptions capture", flag()),
        ("status", choice(&["enabled", "disabled", "expired"])),
        ("createdAt", time()),
        ("expiresAt quotaResetAt", nullable(time())),
        ("rateLimit tokensPerMinute quotaLimit", nullable(count())),
        ("quotaUsed maxConcurrent revision", count()),
        ("allowedModels allowedIPs", list(text())),
        ("metadata", anything()),
    ];
    vec![("Token", object([own, totals()].concat()))]
}
