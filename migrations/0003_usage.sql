-- What was asked and what it cost, by hours. Written in batches; rows of ids that are gone stay.

CREATE TABLE usage_hourly (
    hour              BIGINT NOT NULL, -- its first second, since 1970
    token             TEXT   NOT NULL, -- its id; API_TOKEN for that one, empty for nobody in particular
    model             TEXT   NOT NULL, -- as clients name it; empty when nobody served it
    channel           TEXT   NOT NULL, -- its id; empty for backends of the pool
    backend           TEXT   NOT NULL, -- its id; empty when nobody served
    outcome           TEXT   NOT NULL,
    requests          BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL, -- of both: those that came from the gateway's own caches and were not charged
    PRIMARY KEY (hour, token, model, channel, backend, outcome)
);

CREATE INDEX usage_hourly_by_token ON usage_hourly (token, hour);

-- Grows by one with every change of tokens: there may be very many of them, and most changes are of other things.
INSERT INTO meta (name, value) VALUES ('tokens_revision', '0');
