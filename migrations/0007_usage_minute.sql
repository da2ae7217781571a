-- Usage by minutes beside that by hours, how long it took, and sums of it for what people look at. All three are written
-- together, so they agree.
--
-- latency_N and first_N count requests by how long they took, and by how long their first content took: N milliseconds
-- and less, but longer than the bucket before.

CREATE TABLE usage_minute (
    minute            BIGINT NOT NULL, -- its first second, since 1970; what is older than 48 hours is deleted
    token             TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    channel           TEXT   NOT NULL,
    backend           TEXT   NOT NULL,
    outcome           TEXT   NOT NULL,
    requests          BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    gpu_ms            BIGINT NOT NULL, -- what upstreams have computed, loading of models not counted
    latency_50 BIGINT NOT NULL, latency_100 BIGINT NOT NULL, latency_200 BIGINT NOT NULL,
    latency_400 BIGINT NOT NULL, latency_800 BIGINT NOT NULL, latency_1600 BIGINT NOT NULL,
    latency_3200 BIGINT NOT NULL, latency_6400 BIGINT NOT NULL, latency_12800 BIGINT NOT NULL,
    latency_25600 BIGINT NOT NULL, latency_51200 BIGINT NOT NULL, latency_102400 BIGINT NOT NULL,
    latency_204800 BIGINT NOT NULL, latency_more BIGINT NOT NULL,
    first_50 BIGINT NOT NULL, first_100 BIGINT NOT NULL, first_200 BIGINT NOT NULL, first_400 BIGINT NOT NULL,
    first_800 BIGINT NOT NULL, first_1600 BIGINT NOT NULL, first_3200 BIGINT NOT NULL,
    first_6400 BIGINT NOT NULL, first_12800 BIGINT NOT NULL, first_25600 BIGINT NOT NULL,
    first_51200 BIGINT NOT NULL, first_102400 BIGINT NOT NULL, first_204800 BIGINT NOT NULL,
    first_more BIGINT NOT NULL,
    PRIMARY KEY (minute, token, model, channel, backend, outcome)
);

ALTER TABLE usage_hourly ADD COLUMN gpu_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_50 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_100 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_1600 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_3200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_6400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_12800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_25600 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_51200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_102400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_204800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN latency_more BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_50 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_100 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_1600 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_3200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_6400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_12800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_25600 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_51200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_102400 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_204800 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_more BIGINT NOT NULL DEFAULT 0;

-- The same usage by one thing at a time: a month of a busy fleet has millions of rows by token, model and backend together.
CREATE TABLE usage_sums (
    span              BIGINT NOT NULL, -- 60, 3600 or 86400 seconds; those of minutes are deleted as usage_minute is
    kind              TEXT   NOT NULL, -- all (of any span), outcome or error (of hours), token, model or backend (of days)
    start             BIGINT NOT NULL, -- its first second, since 1970
    id                TEXT   NOT NULL, -- of a token or backend, or the word itself; empty for all
    requests          BIGINT NOT NULL,
    failed            BIGINT NOT NULL, -- neither ok nor client_gone
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cached_tokens     BIGINT NOT NULL,
    gpu_ms            BIGINT NOT NULL,
    -- of outcome ok alone
    latency_50 BIGINT NOT NULL, latency_100 BIGINT NOT NULL, latency_200 BIGINT NOT NULL,
    latency_400 BIGINT NOT NULL, latency_800 BIGINT NOT NULL, latency_1600 BIGINT NOT NULL,
    latency_3200 BIGINT NOT NULL, latency_6400 BIGINT NOT NULL, latency_12800 BIGINT NOT NULL,
    latency_25600 BIGINT NOT NULL, latency_51200 BIGINT NOT NULL, latency_102400 BIGINT NOT NULL,
    latency_204800 BIGINT NOT NULL, latency_more BIGINT NOT NULL,
    first_50 BIGINT NOT NULL, first_100 BIGINT NOT NULL, first_200 BIGINT NOT NULL, first_400 BIGINT NOT NULL,
    first_800 BIGINT NOT NULL, first_1600 BIGINT NOT NULL, first_3200 BIGINT NOT NULL,
    first_6400 BIGINT NOT NULL, first_12800 BIGINT NOT NULL, first_25600 BIGINT NOT NULL,
    first_51200 BIGINT NOT NULL, first_102400 BIGINT NOT NULL, first_204800 BIGINT NOT NULL,
    first_more BIGINT NOT NULL,
    PRIMARY KEY (span, kind, start, id)
);

INSERT INTO usage_sums
SELECT
    span, kind, hour - hour % span,
    CASE kind WHEN 'token' THEN token WHEN 'model' THEN model WHEN 'backend' THEN backend
        WHEN 'outcome' THEN outcome ELSE '' END,
    SUM(requests), SUM(CASE WHEN outcome IN ('ok', 'client_gone') THEN 0 ELSE requests END),
    SUM(prompt_tokens), SUM(completion_tokens), SUM(cached_tokens), 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM usage_hourly,
    (SELECT 3600 AS span, 'all' AS kind UNION ALL SELECT 3600, 'outcome' UNION ALL SELECT 86400, 'all'
        UNION ALL SELECT 86400, 'token' UNION ALL SELECT 86400, 'model' UNION ALL SELECT 86400, 'backend') AS kinds
GROUP BY 1, 2, 3, 4;
