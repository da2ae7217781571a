-- What tokens that have it on have asked, and what they were answered.

ALTER TABLE tokens ADD COLUMN capture BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE captures (
    id             TEXT   NOT NULL PRIMARY KEY, -- sorts by time
    request_id     TEXT   NOT NULL, -- its x-request-id, which clients may choose
    at             BIGINT NOT NULL, -- when it was over: milliseconds since 1970
    token          TEXT   NOT NULL, -- its id
    endpoint       TEXT   NOT NULL,
    model          TEXT   NOT NULL, -- as the client named it
    request_bytes  BIGINT NOT NULL, -- of the whole, however much of it is kept
    response_bytes BIGINT NOT NULL,
    texts          BYTEA  NOT NULL -- both texts, sealed
);

-- Paths of the admin API do not mind case.
CREATE INDEX captures_by_request ON captures (LOWER(request_id), id);

CREATE INDEX captures_by_time ON captures (at);
