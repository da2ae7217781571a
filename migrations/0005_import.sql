-- What the Node program left behind beside its configuration: what was used by day, and its logs as they were.

CREATE TABLE usage_daily_imported (
    date              TEXT   NOT NULL, -- of UTC, such as 2026-01-09
    kind              TEXT   NOT NULL, -- backend or token
    id                TEXT   NOT NULL, -- of one that may be gone
    requests          BIGINT NOT NULL, -- failed ones included
    failed            BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    total_tokens      BIGINT NOT NULL, -- of a backend nothing else is known
    PRIMARY KEY (kind, id, date)
);

CREATE TABLE log_imported (
    id     BYTEA NOT NULL PRIMARY KEY, -- hash of kind, line and how often the same line came before it
    kind   TEXT  NOT NULL, -- request or audit
    at     TEXT  NOT NULL,
    record TEXT  NOT NULL -- the line, a JSON object
);

CREATE INDEX log_imported_by_time ON log_imported (kind, at);
