#!/usr/bin/env python3
"""Writes dashboard.json, which lies beside it: `python3 deploy/grafana/dashboard.py > deploy/grafana/dashboard.json`.

A panel is one call below: title, description, unit, and pairs of query and legend. Places and ids follow from the order.
`tests/it/metrics/dashboard.rs` holds the committed file against this text, and its queries against a scrape.
"""

import json

SHOWN = 'job=~"$job",instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


# Queries


def of(name, *matchers):
    return f"{name}{{{','.join([SHOWN, *matchers])}}}"


def rate(name, *matchers):
    return f"rate({of(name, *matchers)}[$__rate_interval])"


def by(labels, query):
    return f"sum by ({labels}) ({query})"


def each(labels, query):
    """One line for each value of the labels."""
    return [(by(labels, query), " ".join(f"{{{{{label}}}}}" for label in labels.split(", ")))]


def quantile(q, name, labels="le"):
    return f"histogram_quantile({q}, {by(labels, rate(name + '_bucket'))})"


def quantiles(name):
    return [(quantile(q, name), legend) for q, legend in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")]]


def slowest(name, label):
    return [(quantile(0.95, name, f"le, {label}"), f"{{{{{label}}}}}")]


def share(part, whole):
    return f"sum({part}) / sum({whole})"


# Panels


def panel(kind, title, description, unit, queries, width, height, options, custom=None, **defaults):
    is_instant = kind in ("stat", "bargauge")
    targets = [
        {"refId": chr(ord("A") + nth), "datasource": SOURCE, "expr": query, "legendFormat": legend}
        | {"instant": is_instant, "range": not is_instant}
        for nth, (query, legend) in enumerate(queries)
    ]
    fields = {"unit": unit, "color": {"mode": "palette-classic"}, "custom": custom or {}} | defaults
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": fields, "overrides": []},
        "options": options,
        "targets": targets,
    }


def lines(title, description, unit, queries, width=8, stacked=False, **defaults):
    custom = {"lineWidth": 1, "fillOpacity": 30 if stacked else 8, "showPoints": "never"}
    custom["stacking"] = {"mode": "normal" if stacked else "none"}
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, unit, queries, width, 8, options, custom, min=0, **defaults)


def number(title, description, unit, queries, steps=(("blue", None),), text="auto", **defaults):
    options = {"colorMode": "value", "graphMode": "none", "textMode": text}
    options["reduceOptions"] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    thresholds = {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}
    defaults |= {"color": {"mode": "thresholds"}, "thresholds": thresholds}
    return panel("stat", title, description, unit, queries, 4, 4, options, **defaults)


def bars(title, description, unit, queries):
    options = {"orientation": "horizontal", "displayMode": "basic", "showUnfilled": False}
    options["reduceOptions"] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    return panel("bargauge", title, description, unit, queries, 8, 8, options, min=0)


def states(title, description, queries):
    shown = {"0": {"text": "down", "color": "red"}, "1": {"text": "up", "color": "green"}}
    options = {"mergeValues": True, "showValue": "never", "legend": {"showLegend": True, "placement": "bottom"}}
    mappings = [{"type": "value", "options": shown}]
    return panel("state-timeline", title, description, "none", queries, 12, 8, options, mappings=mappings)


OUTCOMES = "ollama2openai_outcomes_total"
FLEET_FAULTS = 'outcome=~"overloaded|upstream_connect|upstream_status|upstream_stream|timeout|internal"'
CLIENT_FAULTS = 'outcome=~"bad_request|unauthorized|rate_limited|quota|no_model"'
FIRST_TOKEN = "gen_ai_server_time_to_first_token_seconds"
PER_TOKEN = "gen_ai_server_time_per_output_token_seconds"
DURATION = "gen_ai_server_request_duration_seconds"
WRITES = "ollama2openai_database_write_seconds"
WRITE_ERRORS = "ollama2openai_database_write_errors_total"
BAD = (("green", None), ("red", 1))
# Gateways that share a database know the same backends: each counts once, and is down where one gateway says so.
UP = f"min by (backend) ({of('ollama2openai_backend_up')})"

FLEET = [
    number("Backends up", "Backends that answer and are sent requests.", "short", [(f"sum({UP})", "")]),
    number(
        "Backends down",
        "Backends that are turned on and get no requests, as they do not answer or fail too often.",
        "short",
        [(f"count({UP} == 0) or vector(0)", "")],
        BAD,
    ),
    number("Requests that run", "Requests to the API, those in the queue included.", "short",
           [(f"sum({of('ollama2openai_active_connections')})", "")]),
    number("Requests a second", "Requests to the API that are over, however they ended.", "reqps",
           [(f"sum({rate(OUTCOMES)})", "")]),
    number(
        "Requests that the fleet failed",
        "Share of requests that ended by the fault of a backend, of the gateway or for want of a free place.",
        "percentunit",
        [(f"(sum({rate(OUTCOMES, FLEET_FAULTS)}) or vector(0)) / sum({rate(OUTCOMES)})", "")],
        (("green", None), ("orange", 0.01), ("red", 0.05)),
    ),
    number("Version", "Versions of the gateways that are shown.", "none",
           [(f"count by (version) ({of('ollama2openai_build_info')})", "{{version}}")], text="name"),
    states("Backends up and down", "When each backend was sent requests, and when it was not.",
           [(f"min by (channel, name) ({of('ollama2openai_backend_up')})", "{{channel}} {{name}}")]),
    lines("Requests that run on each backend", "How the load is spread over the backends.", "short",
          each("channel, name", of("ollama2openai_backend_in_flight")), 12),
    lines("Requests by model", "Requests a second that a backend answered well; other is what no backend lists.",
          "reqps", each("gen_ai_request_model", rate(DURATION + "_count")), 12, stacked=True),
    lines("Retries by reason", "Further attempts a second, by what became of the one before.", "reqps",
          each("outcome", rate("ollama2openai_retries_total")), 12, stacked=True),
]

TOKENS = [
    lines("Tokens by model", "Tokens a second, of prompts and completions, those of caches left out.", "suffix: tok/s",
          each("gen_ai_request_model", rate("gen_ai_client_token_usage_sum")), stacked=True),
    lines(
        "Tokens read, written and cached",
        "Tokens a second of prompts and of completions, and those that a cache has saved.",
        "suffix: tok/s",
        each("gen_ai_token_type", rate("gen_ai_client_token_usage_sum"))
        + [(f"sum({rate('ollama2openai_cached_tokens_total')})", "cached")],
    ),
    lines("Tokens by backend", "Tokens a second that each backend has read and written.", "suffix: tok/s",
          each("channel, name", rate("ollama2openai_backend_tokens_total")), stacked=True),
    bars("Tokens by consumer", "The ten API tokens that used the most in the time shown.", "short",
         [(f"topk(10, {by('name', f'''increase({of('ollama2openai_token_tokens_total')}[$__range])''')})", "{{name}}")]),
    lines("Tokens a second by consumer", "The ten API tokens that use the most.", "suffix: tok/s",
          [(f"topk(10, {by('name', rate('ollama2openai_token_tokens_total'))})", "{{name}}")]),
    lines("Requests by consumer", "The ten API tokens that ask the most, refused requests included.", "reqps",
          [(f"topk(10, {by('name', rate('ollama2openai_token_requests_total'))})", "{{name}}")]),
]

LATENCY = [
    lines("Time to first token", "From a streamed request to its first content, with queue and loading of the model.",
          "s", quantiles(FIRST_TOKEN)),
    lines("Time per output token", "Time of each token of a stream after the first one.", "s", quantiles(PER_TOKEN)),
    lines("Time of whole requests", "From the request to the end of its answer, where a backend answered well.", "s",
          quantiles(DURATION)),
    lines("Time to first token by model (p95)", "Which model lets people wait.", "s",
          slowest(FIRST_TOKEN, "gen_ai_request_model")),
    lines("Time per output token by model (p95)", "Which model writes slowly.", "s",
          slowest(PER_TOKEN, "gen_ai_request_model")),
    lines("Time to first token by backend (p95)", "Which machine is slow.", "s",
          slowest("ollama2openai_backend_first_token_seconds", "name")),
    lines("The gateway's own time", "What the gateway itself adds to a request, without queue and backend.", "s",
          quantiles("ollama2openai_own_seconds"), 24),
]

ERRORS = [
    lines("Requests that did not end well", "Requests a second by outcome; client_gone is a client that left.", "reqps",
          each("outcome", rate(OUTCOMES, 'outcome!="ok"')), 12, stacked=True),
    lines(
        "Whose fault it was",
        "Shares of all requests that the fleet failed, that clients got wrong, and that clients left.",
        "percentunit",
        [
            (share(rate(OUTCOMES, FLEET_FAULTS), rate(OUTCOMES)), "fleet"),
            (share(rate(OUTCOMES, CLIENT_FAULTS), rate(OUTCOMES)), "client"),
            (share(rate(OUTCOMES, 'outcome="client_gone"'), rate(OUTCOMES)), "client left"),
        ],
        12,
    ),
    lines("Refusals by reason", "Requests a second that no backend was asked for, by the code that the client got.",
          "reqps", each("reason", rate("ollama2openai_refusals_total")), stacked=True),
    lines("Failed calls by backend", "Calls a second that a backend failed; a retry may have saved the request.",
          "reqps", each("name, outcome", rate("ollama2openai_backend_attempts_total", 'outcome!~"ok|client_gone"')), stacked=True),
    lines("Failed calls by status", "What backends said when they failed; connection is no answer at all.", "reqps",
          each("error_type", rate("ollama2openai_upstream_errors_total")), stacked=True),
]

IN_FLIGHT, CAP = of("ollama2openai_backend_in_flight"), of("ollama2openai_backend_cap")
CAPACITY = [
    lines("Requests in the queue", "Requests that wait for a free place on a backend.", "short",
          [(f"sum({of('ollama2openai_queue_depth')})", "waiting")]),
    lines("Wait in the queue", "How long those waited that had to.", "s", quantiles("ollama2openai_queue_wait_seconds")),
    lines("How waits ended", "Waits a second that ended; full and too_long are requests that were sent away.", "reqps",
          each("reason", rate("ollama2openai_queue_left_total")), stacked=True),
    lines("Places taken on each backend", "Share of a backend's cap that is in use; backends without a cap are not here.",
          "percentunit", [(f"{by('channel, name', IN_FLIGHT)} / ({by('channel, name', CAP)} > 0)", "{{channel}} {{name}}")]),
    lines("Connections and streams", "Connections of clients, idle ones included, and streams that run.", "short", [
        (f"sum({of('ollama2openai_open_connections')})", "connections"),
        (f"sum({of('ollama2openai_active_streams')})", "streams"),
    ]),
    lines("Reads that a cache answered", "Share of looks into the cache that found something.", "percentunit", [(
        f"{by('cache_type', rate('ollama2openai_cache_hits_total'))} / "
        f"({by('cache_type', rate('ollama2openai_cache_hits_total'))}"
        f" + {by('cache_type', rate('ollama2openai_cache_misses_total'))} > 0)",
        "{{cache_type}}",
    )]),
    lines("Processor", "Processor cores that each gateway uses.", "suffix: cores",
          each("instance", rate("process_cpu_seconds_total"))),
    lines("Memory", "Resident memory of each gateway.", "bytes", each("instance", of("process_resident_memory_bytes"))),
    lines("File descriptors", "Share of file descriptors in use; at 100 % no connection can be made.", "percentunit",
          [(f"{of('process_open_fds')} / {of('process_max_fds')}", "{{instance}}")]),
    lines("Time of database writes", "Writes that went well.", "s", quantiles(WRITES)),
    lines("Database trouble", "Writes a second that failed, and kinds of usage that are still to be written.", "short", [
        (f"sum({rate(WRITE_ERRORS)})", "failed writes/s"),
        (f"sum({of('ollama2openai_ledger_unwritten_sums')})", "not yet written"),
    ]),
    lines("Drops", "What a full queue made the gateway drop, a second; usage is never among it.", "cps",
          each("what", rate("ollama2openai_dropped_total"))),
]

ROWS = {"Fleet": FLEET, "Tokens": TOKENS, "Latency": LATENCY, "Errors": ERRORS, "Capacity": CAPACITY}


# The page


def placed():
    """All rows and panels, from left to right and from top to bottom."""
    top, found = 0, []
    for title, panels in ROWS.items():
        found.append({"type": "row", "title": title, "collapsed": False, "panels": []}
                     | {"gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
        top, left, height = top + 1, 0, 0
        for one in panels:
            size = one["gridPos"]
            if left + size["w"] > WIDTH:
                top, left, height = top + height, 0, 0
            one["gridPos"] = {"x": left, "y": top} | size
            left, height = left + size["w"], max(height, size["h"])
            found.append(one)
        top += height
    return [{"id": nth} | one for nth, one in enumerate(found, 1)]


def variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def dashboard():
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1}
    job = variable("job", "Job", "label_values(ollama2openai_uptime_seconds, job)")
    instance = variable("instance", "Gateway", 'label_values(ollama2openai_uptime_seconds{job=~"$job"}, instance)')
    return {
        "uid": "ollama2openai",
        "title": "ollama2openai",
        "description": "An OpenAI-compatible gateway before a fleet of Ollamas: fleet, tokens, latency, errors, capacity.",
        "tags": ["ollama", "llm"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source, job, instance]},
        "annotations": {"list": []},
        "links": [],
        "panels": placed(),
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))
