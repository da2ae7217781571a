-- One row a request that is over. Columns and indexes would each cost more than the row, which is written for every request:
-- it is one JSON object, and what is asked for is found by the marks of blocks.

CREATE TABLE request_log (
    seq    BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3 and so on without a gap; none is used twice
    at     BIGINT NOT NULL, -- when it was over: milliseconds since 1970
    record TEXT   NOT NULL -- its members: src/telemetry/record/json.rs
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
