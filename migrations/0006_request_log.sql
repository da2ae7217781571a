-- One row a request that is over. There is no index by column, as each would cost as much as the row: what is asked for is
-- found by the marks of blocks.

CREATE TABLE request_log (
    seq               BIGINT  NOT NULL PRIMARY KEY, -- 1, 2, 3 and so on without a gap; none is used twice
    at                BIGINT  NOT NULL, -- when it was over: milliseconds since 1970
    token             TEXT    NOT NULL, -- its id; API_TOKEN for that one, empty for nobody in particular
    model             TEXT    NOT NULL, -- as the client named it; empty when it was not read
    channel           TEXT    NOT NULL, -- its id; empty for backends of the pool
    backend           TEXT    NOT NULL, -- its id: of the one that answered, else of the last that was asked; empty without any
    answered          BOOLEAN NOT NULL, -- whether that one has answered
    outcome           TEXT    NOT NULL,
    status            BIGINT  NOT NULL, -- 0 when there was nobody to tell it
    client            TEXT    NOT NULL, -- its address
    request_id        TEXT    NOT NULL,
    endpoint          TEXT    NOT NULL,
    stream            BOOLEAN NOT NULL,
    prompt_tokens     BIGINT  NOT NULL,
    completion_tokens BIGINT  NOT NULL,
    cached_tokens     BIGINT  NOT NULL, -- of both: those that came from the gateway's own caches
    usage_source      TEXT, -- measured, partial or estimated
    total_ms          BIGINT  NOT NULL,
    first_ms          BIGINT,
    queue_ms          BIGINT  NOT NULL,
    own_us            BIGINT  NOT NULL, -- in microseconds
    served_model      TEXT, -- the model's name at the backend, where it is another
    error             TEXT,
    attempts          TEXT    NOT NULL -- those that have failed, a JSON list; empty without any
);

-- One row for every 1024 rows of it, written with the last of them.
CREATE TABLE request_log_blocks (
    block    BIGINT NOT NULL PRIMARY KEY, -- (seq - 1) / 1024
    first_at BIGINT NOT NULL, -- the earliest time in it
    last_at  BIGINT NOT NULL, -- the latest
    errors   TEXT   NOT NULL, -- the different errors in it, in lower case, one a line
    marks    BYTEA  NOT NULL -- hashes of what its rows hold, column by column: see src/store/request_log/marks.rs
);

-- The last one that was given.
INSERT INTO meta (name, value) VALUES ('request_log_seq', '0');
