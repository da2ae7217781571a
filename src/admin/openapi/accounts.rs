//! Signing in, accounts, sessions, API tokens of scripts, and the audit.

use serde_json::Value;

use super::super::audit::ACTIONS;
use super::operation::{Operation, delete, get, post, put};
use super::schema::{
    Members, anything, choice, count, done, flag, list, listed, named, nullable, number, object, success,
    such_as, text, time, told,
};

const USERS: &str = "/admin/api/users";
const USER: &str = "/admin/api/users/{id}";
const SESSIONS: &str = "/admin/api/users/{id}/sessions";
const TOKENS: &str = "/admin/api/admin-tokens";

fn role() -> Value {
    choice(&["viewer", "admin"])
}

fn password() -> Value {
    such_as(text(), "a-long-password")
}

fn one_user() -> Value {
    done(vec![("user", named("User"))])
}

/// What comes before everything else.
pub(super) fn sign_in() -> Vec<Operation> {
    let signed_in = done(vec![
        ("token", told(text(), "The session, which is set as a cookie too.")),
        ("expiresAt", time()),
        ("user", named("User")),
        ("passwordChangeRequired", flag()),
    ]);
    let me = object(vec![
        ("user", named("User")),
        ("role", role()),
        ("via", choice(&["session", "token", "password"])),
        ("sessionId", nullable(text())),
        ("passwordChangeRequired", flag()),
        ("address", told(text(), "Of the caller, as the rules of addresses see it.")),
        ("version", told(text(), "Of the gateway.")),
        ("api", nullable(told(text(), "Where clients call, if not on this port: `ADMIN_LISTEN` is set."))),
    ]);
    let refused = object(vec![("code", text()), ("message", text())]);
    let refused = told(nullable(refused), "Why the account admin cannot sign in from where the caller is.");
    let name = told(text(), "`admin` unless given.");
    let everywhere = told(flag(), "Ends all sessions of the account.");
    vec![
        post("/admin/login", "signIn", "Begins a session; a form will do as well", signed_in)
            .body(object(vec![("username?", name), ("password", text())])),
        post("/admin/logout", "signOut", "Ends the session; a form will do as well", ended())
            .body(object(vec![("everywhere?", everywhere)])),
        get(
            "/admin/api/sign-in",
            "getSignIn",
            "Whether signing in makes sense",
            object(vec![("refused", refused)]),
        ),
        get("/admin/api/me", "getMe", "Who calls", me),
        post("/admin/api/me/password", "changePassword", "Changes the own password", one_user())
            .body(object(vec![("currentPassword", text()), ("newPassword", password())])),
    ]
}

fn ended() -> Value {
    done(vec![("sessionsEnded", count())])
}

pub(super) fn operations() -> Vec<Operation> {
    let mut all = users();
    let tokens = listed(vec![("adminTokens", list(named("AdminToken")))]);
    let told_once = "Makes an API token of the own account; the answer is the only place where it is told";
    let sessions = listed(vec![("sessions", list(named("Session")))]);
    all.extend([
        get("/admin/api/sessions", "listSessions", "Who is signed in", sessions),
        delete("/admin/api/sessions/{id}", "endSession", "Ends a session", success(vec![])),
        get(TOKENS, "listAdminTokens", "API tokens of the admin API, masked", tokens),
        post(TOKENS, "createAdminToken", told_once, done(vec![("adminToken", named("AdminToken"))])).body(
            object(vec![
                ("name", text()),
                ("role?", role()),
                ("expiresAt?", such_as(nullable(text()), "2999-12-31")),
            ]),
        ),
        delete("/admin/api/admin-tokens/{id}", "deleteAdminToken", "Ends an API token", success(vec![])),
        audit(),
        get(
            "/admin/api/audit/{id}",
            "getAuditEntry",
            "One row of the audit",
            listed(vec![("entry", named("AuditEntry"))]),
        ),
    ]);
    all
}

fn users() -> Vec<Operation> {
    let sessions = object(vec![("sessions", list(named("Session")))]);
    let (role, flags) = (("role?", role()), ("enabled? mustChange?", flag()));
    let new = vec![("name", text()), ("password", password()), role.clone(), flags.clone()];
    let end_all = success(vec![("sessionsEnded", count())]);
    vec![
        get(USERS, "listUsers", "All accounts", listed(vec![("users", list(named("User")))])),
        post(USERS, "createUser", "Makes an account", one_user()).body(object(new)),
        get(USER, "getUser", "One account", listed(vec![("user", named("User"))])),
        put(USER, "updateUser", "Changes what is named", one_user())
            .body(object(vec![role, flags, ("revision?", count())]))
            .of_revision(),
        delete(USER, "deleteUser", "Deletes it with its sessions and API tokens", success(vec![]))
            .of_revision(),
        post(
            "/admin/api/users/{id}/password",
            "setPassword",
            "Another password; its sessions end",
            one_user(),
        )
        .body(object(vec![("password", password()), ("mustChange?", flag()), ("revision?", count())]))
        .of_revision(),
        get(SESSIONS, "listSessionsOfUser", "Sessions of one account", sessions),
        delete(SESSIONS, "endSessionsOfUser", "Signs it out everywhere", end_all),
    ]
}

fn audit() -> Operation {
    let page = listed(vec![
        ("entries", list(named("AuditEntry"))),
        ("nextCursor", told(nullable(text()), "null on the last page.")),
    ]);
    let when = || such_as(told(text(), "A time or a date."), "2026-01-31");
    get("/admin/api/audit", "listAudit", "Who changed what, the newest first", page)
        .query("actor", such_as(told(text(), "An account, with its API tokens."), "admin"))
        .query("action", such_as(told(text(), &format!("Or its first part: {}.", ACTIONS.join(", "))), "key"))
        .query("object", such_as(told(text(), "The kind or the id of what was changed."), "key"))
        .query("text", such_as(told(text(), "Somewhere in name, id, action or states."), "a"))
        .query("since", when())
        .query("until", such_as(when(), "2999-12-31"))
        .query("limit", such_as(told(number(1, 1000), "100 unless given."), 1))
        .query("cursor", told(text(), "`nextCursor` of the page before."))
}

pub(super) fn components() -> Members {
    let user = vec![
        ("id name", text()),
        ("role", role()),
        ("enabled mustChange defaultPassword", flag()),
        ("passwordFrom", choice(&["account", "ADMIN_PASSWORD"])),
        ("createdAt", time()),
        ("lastSignIn", nullable(time())),
        ("revision", count()),
    ];
    let session = vec![
        ("id userId address userAgent", text()),
        ("userName", nullable(text())),
        ("createdAt lastSeen expiresAt", time()),
        ("current?", told(flag(), "Whether it is the caller's own.")),
    ];
    let token = vec![
        ("id name userId", text()),
        ("token", told(text(), "Masked, but in the answer that makes it.")),
        ("userName", nullable(text())),
        ("role", role()),
        ("createdAt", time()),
        ("expiresAt lastUsed", nullable(time())),
    ];
    let entry = vec![
        ("id actor actorKind action objectKind name", text()),
        ("timestamp", time()),
        ("address objectId requestId", nullable(text())),
        ("before after", nullable(anything())),
    ];
    vec![
        ("User", object(user)),
        ("Session", object(session)),
        ("AdminToken", object(token)),
        ("AuditEntry", object(entry)),
    ]
}
