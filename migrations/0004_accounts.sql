-- Who may call the admin API, and what they have changed.

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE, -- in lower case
    role          TEXT    NOT NULL, -- admin or viewer
    enabled       BOOLEAN NOT NULL,
    password_hash TEXT, -- a PHC string; NULL = ADMIN_PASSWORD holds
    must_change   BOOLEAN NOT NULL,
    created_at    TEXT    NOT NULL,
    last_sign_in  TEXT,
    revision      BIGINT  NOT NULL
);

CREATE TABLE sessions (
    id         TEXT  NOT NULL PRIMARY KEY, -- to name it; opens nothing
    hash       BYTEA NOT NULL UNIQUE, -- SHA-256 of what the client holds
    user_id    TEXT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT  NOT NULL,
    last_seen  TEXT  NOT NULL,
    expires_at TEXT  NOT NULL,
    address    TEXT  NOT NULL,
    user_agent TEXT  NOT NULL
);

CREATE INDEX sessions_by_user ON sessions (user_id, last_seen);

CREATE TABLE admin_tokens (
    id         TEXT  NOT NULL PRIMARY KEY,
    name       TEXT  NOT NULL UNIQUE,
    hash       BYTEA NOT NULL UNIQUE, -- SHA-256 of the token
    prefix     TEXT  NOT NULL,
    last_four  TEXT  NOT NULL,
    user_id    TEXT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT  NOT NULL, -- at most its owner's
    created_at TEXT  NOT NULL,
    expires_at TEXT,
    last_used  TEXT
);

CREATE INDEX admin_tokens_by_user ON admin_tokens (user_id);

CREATE TABLE audit_log (
    id           TEXT NOT NULL PRIMARY KEY, -- sorts by time
    at           TEXT NOT NULL,
    actor        TEXT NOT NULL,
    actor_kind   TEXT NOT NULL, -- user, token, cli, system or nobody
    address      TEXT,
    action       TEXT NOT NULL,
    object_kind  TEXT NOT NULL,
    object_id    TEXT,
    name         TEXT NOT NULL,
    before_state TEXT, -- JSON without secrets
    after_state  TEXT,
    request_id   TEXT
);

CREATE INDEX audit_log_by_object ON audit_log (object_id, id);
