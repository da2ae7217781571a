-- One text for SQLite and PostgreSQL: TEXT, BIGINT, BOOLEAN and BYTEA only. Never edit a file that was released.
-- Lists and maps are JSON in TEXT; times are RFC 3339 in UTC with milliseconds, so that they sort as text.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Grows by one with every change that a reader of all rows must see.
INSERT INTO meta (name, value) VALUES ('revision', '0');

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE channels (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    enabled         BOOLEAN NOT NULL,
    priority        BIGINT  NOT NULL,
    weight          BIGINT  NOT NULL,
    models          TEXT    NOT NULL,
    model_mapping   TEXT    NOT NULL,
    max_concurrent  BIGINT  NOT NULL,
    rate_limit      BIGINT,
    tags            TEXT    NOT NULL,
    base_url        TEXT    NOT NULL,
    created_at      TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    total_requests  BIGINT  NOT NULL,
    failed_requests BIGINT  NOT NULL,
    total_tokens    BIGINT  NOT NULL,
    last_used       TEXT
);

-- A backend of a channel, or a key of the pool: then channel_id is NULL.
CREATE TABLE backends (
    id              TEXT    NOT NULL PRIMARY KEY,
    channel_id      TEXT    REFERENCES channels (id) ON DELETE CASCADE,
    position        BIGINT  NOT NULL,
    name            TEXT    NOT NULL,
    base_url        TEXT    NOT NULL,
    credential      BYTEA   NOT NULL, -- sealed; empty = none is needed
    fingerprint     BYTEA   NOT NULL, -- keyed hash of base_url and credential
    enabled         BOOLEAN NOT NULL,
    priority        BIGINT  NOT NULL,
    weight          BIGINT  NOT NULL,
    max_concurrent  BIGINT  NOT NULL,
    models          TEXT    NOT NULL,
    model_mapping   TEXT    NOT NULL,
    key_group       TEXT    NOT NULL,
    tags            TEXT    NOT NULL,
    added_at        TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    total_requests  BIGINT  NOT NULL,
    failed_requests BIGINT  NOT NULL,
    total_tokens    BIGINT  NOT NULL,
    last_used       TEXT
);

CREATE INDEX backends_by_channel ON backends (channel_id, position);

CREATE UNIQUE INDEX pool_keys ON backends (fingerprint) WHERE channel_id IS NULL;
