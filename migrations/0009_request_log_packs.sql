-- Rows that were written at once lie together. A row alone is a pack of one.

CREATE TABLE request_log_packs (
    seq     BIGINT NOT NULL PRIMARY KEY, -- the number of its first row: 1, 2, 3 and so on without a gap; none is used twice
    at      BIGINT NOT NULL, -- when the latest was over: milliseconds since 1970
    records TEXT   NOT NULL -- a JSON array, one record a line: src/telemetry/record/json.rs
);

INSERT INTO request_log_packs (seq, at, records) SELECT seq, at, '[' || record || ']' FROM request_log;

DROP TABLE request_log;
