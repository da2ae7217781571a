-- Sums by channel beside those of models, tokens and backends, and of the last two days all four by hours, of what was
-- used before, too. From now on outcomes and errors by minutes, which are deleted as other minutes are.

INSERT INTO usage_sums
    (span, kind, start, id, requests, failed, prompt_tokens, completion_tokens, cached_tokens, gpu_ms,
    latency_50, latency_100, latency_200, latency_400, latency_800, latency_1600, latency_3200, latency_6400,
    latency_12800, latency_25600, latency_51200, latency_102400, latency_204800, latency_more, first_50,
    first_100, first_200, first_400, first_800, first_1600, first_3200, first_6400, first_12800, first_25600,
    first_51200, first_102400, first_204800, first_more)
SELECT
    span, kind, hour - hour % span,
    CASE kind WHEN 'token' THEN token WHEN 'model' THEN model WHEN 'backend' THEN backend ELSE channel END,
    SUM(requests),
    SUM(CASE WHEN outcome IN ('ok', 'client_gone') THEN 0 ELSE requests END),
    SUM(prompt_tokens), SUM(completion_tokens), SUM(cached_tokens), SUM(gpu_ms),
    SUM(CASE outcome WHEN 'ok' THEN latency_50 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_100 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_200 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_800 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_1600 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_3200 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_6400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_12800 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_25600 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_51200 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_102400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_204800 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN latency_more ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_50 ELSE 0 END), SUM(CASE outcome WHEN 'ok' THEN first_100 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_200 ELSE 0 END), SUM(CASE outcome WHEN 'ok' THEN first_400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_800 ELSE 0 END), SUM(CASE outcome WHEN 'ok' THEN first_1600 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_3200 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_6400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_12800 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_25600 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_51200 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_102400 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_204800 ELSE 0 END),
    SUM(CASE outcome WHEN 'ok' THEN first_more ELSE 0 END)
FROM usage_hourly,
    (SELECT 86400 AS span, 'channel' AS kind UNION ALL SELECT 3600, 'channel' UNION ALL SELECT 3600, 'token'
        UNION ALL SELECT 3600, 'model' UNION ALL SELECT 3600, 'backend') AS kinds
WHERE span = 86400 OR hour > (SELECT MAX(hour) FROM usage_hourly) - 172800
GROUP BY 1, 2, 3, 4;

-- Grows by one with every change of settings, so that two who change them at once are told.
INSERT INTO meta (name, value) VALUES ('settings_revision', '0');
