-- What clients show. Of the text itself only the hash is kept, and its two ends for people.

CREATE TABLE tokens (
    id                   TEXT    NOT NULL PRIMARY KEY,
    name                 TEXT    NOT NULL,
    hash                 BYTEA   NOT NULL UNIQUE, -- SHA-256 of the text
    prefix               TEXT    NOT NULL,
    last_four            TEXT    NOT NULL,
    weak                 BOOLEAN NOT NULL, -- imported, and not of the form of those that are made here
    enabled              BOOLEAN NOT NULL,
    expires_at           TEXT,
    models               TEXT    NOT NULL,
    ips                  TEXT    NOT NULL,
    rate_limit           BIGINT,
    tokens_per_minute    BIGINT,
    quota_limit          BIGINT,
    max_concurrent       BIGINT  NOT NULL,
    allow_client_options BOOLEAN NOT NULL,
    note                 TEXT    NOT NULL,
    metadata             TEXT    NOT NULL, -- a JSON object of the admin's own
    created_at           TEXT    NOT NULL,
    revision             BIGINT  NOT NULL,
    quota_used           BIGINT  NOT NULL,
    quota_month          TEXT, -- first day of the month in which quota_used was used
    total_requests       BIGINT  NOT NULL,
    failed_requests      BIGINT  NOT NULL,
    total_tokens         BIGINT  NOT NULL,
    last_used            TEXT
);

CREATE INDEX tokens_by_age ON tokens (created_at, id);
