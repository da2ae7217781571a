//! Every setting, once. Help, `check-config`, both example files and `Config` are made from this table.

mod capture;
mod listening;
mod logging;
mod traces;

use std::time::Duration;

use super::table::{Group, Kind, Setting, Unit, Zero};
use super::{check, run_as};
use Group::{Access, Cache, Limits, Replies, Server, State, Upstream};

const DAY: Duration = Duration::from_secs(86_400);
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// Sizes end here so that they fit a `usize` everywhere.
const MOST_BYTES: u64 = 2047 << 20;

const fn row(
    name: &'static str,
    group: Group,
    kind: Kind,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, group, kind, default, unset: "unset", help, changeable: true, reread: true }
}

impl Setting {
    /// Read once.
    const fn at_start(self) -> Setting {
        Setting { changeable: false, reread: false, ..self }
    }

    /// Read at the start and by SIGHUP, never saved.
    const fn configured(self) -> Setting {
        Setting { changeable: false, ..self }
    }

    const fn or_else(self, unset: &'static str) -> Setting {
        Setting { unset, ..self }
    }
}

const fn time(zero: Zero) -> Kind {
    Kind::Duration { unit: Unit::Milliseconds, min: Duration::from_millis(1), max: MONTH, zero }
}

const fn count(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max }
}

const fn text(form: &'static str, check: fn(&str) -> Result<(), String>) -> Kind {
    Kind::Text { form, check }
}

const WINDOW: Kind =
    Kind::Duration { unit: Unit::Milliseconds, min: Duration::from_millis(1), max: DAY, zero: Zero::Refused };
const ADDRESSES: Kind =
    Kind::List { form: "addresses or CIDR ranges, v4 or v6, separated by commas", check: check::range };
const RATE: Kind = count(0, 1_000_000_000);

/// The table, in the order in which it is shown.
pub(super) static SETTINGS: &[Setting] = &[
    row(
        "HOST",
        Server,
        text("an IP address or `localhost`", check::host),
        "127.0.0.1",
        "Address to listen on; 0.0.0.0 opens the gateway to the network.",
    )
    .at_start(),
    row("PORT", Server, count(0, 65_535), "3000", "TCP port to listen on; 0 lets the system choose one.")
        .at_start(),
    listening::ADMIN_LISTEN,
    listening::UNIX_SOCKET,
    listening::REUSE_PORT,
    listening::TLS_CERT,
    listening::TLS_KEY,
    listening::TLS_SELF_SIGNED,
    row(
        "MAX_CONNECTIONS",
        Server,
        count(1, 1_000_000),
        "10000",
        "Open client connections at once; further ones wait.",
    )
    .at_start(),
    row(
        "HEADER_TIMEOUT",
        Server,
        time(Zero::Refused),
        "75s",
        "Longest wait for a request's head, and for the next request on a kept-alive connection.",
    )
    .at_start(),
    row(
        "SHUTDOWN_GRACE",
        Server,
        time(Zero::Plain),
        "0",
        "After a stop was asked for: how long /readyz says so while connections are still taken.",
    ),
    row(
        "DRAIN_TIMEOUT",
        Server,
        time(Zero::Plain),
        "30s",
        "After that: how long requests that run may still take.",
    ),
    row(
        "MAX_BODY_BYTES",
        Server,
        Kind::Bytes { min: 1, max: MOST_BYTES },
        "64MiB",
        "Largest request body, unpacked; a larger one is answered with 413.",
    ),
    row(
        "TRUST_PROXY",
        Server,
        text(check::PROXY_FORM, check::proxy),
        "false",
        "Reverse proxies whose X-Forwarded-For is believed.",
    )
    .configured(),
    row(
        "OLLAMA_BASE_URL",
        Upstream,
        text(check::BASE_FORM, check::base),
        "",
        "The Ollama that serves, with or without a final /api or /v1.",
    )
    .at_start()
    .or_else("OLLAMA_HOST, else http://127.0.0.1:11434"),
    row(
        "OLLAMA_HOST",
        Upstream,
        text(check::OLLAMA_HOST_FORM, check::ollama_host),
        "",
        "The local Ollama's own variable; read when OLLAMA_BASE_URL is unset.",
    )
    .at_start()
    .or_else("127.0.0.1:11434"),
    row(
        "CONNECT_TIMEOUT",
        Upstream,
        time(Zero::Refused),
        "30s",
        "Longest wait for a connection to the Ollama, TLS included.",
    ),
    row(
        "REQUEST_TIMEOUT",
        Upstream,
        time(Zero::Refused),
        "300s",
        "Longest wait for the headers of a streamed reply, loading of the model included.",
    ),
    row(
        "WHOLE_TIMEOUT",
        Upstream,
        time(Zero::Refused),
        "30m",
        "Longest wait for a whole (not streamed) reply.",
    ),
    row(
        "STREAM_IDLE_TIMEOUT",
        Upstream,
        time(Zero::Refused),
        "300s",
        "Longest silence of the Ollama within a streamed reply.",
    ),
    row(
        "TOTAL_TIMEOUT",
        Upstream,
        time(Zero::Off),
        "0",
        "Longest life of a request from beginning to end; 0 = no limit.",
    ),
    row(
        "MAX_LINE_BYTES",
        Upstream,
        Kind::Bytes { min: 1024, max: MOST_BYTES },
        "16MiB",
        "Longest line of a streamed reply that is accepted from the Ollama.",
    ),
    row(
        "MAX_RETRIES",
        Upstream,
        count(0, 100),
        "2",
        "Further attempts after one that failed before any content was sent.",
    ),
    row(
        "HEALTH_CHECK_INTERVAL",
        Upstream,
        Kind::Duration { unit: Unit::Seconds, min: Duration::from_secs(1), max: MONTH, zero: Zero::Off },
        "60",
        "Period of the health probe and the inventory of models; 0 = never.",
    ),
    row(
        "BALANCE",
        Upstream,
        Kind::Choice(&["weighted", "least_busy"]),
        "weighted",
        "Among equals: turns by weight, or the one with the fewest running requests for its weight.",
    ),
    row(
        "MAX_QUEUE",
        Upstream,
        count(0, 1_000_000),
        "1000",
        "Requests that may wait while all that could serve them are at their caps; 503 beyond.",
    ),
    row("QUEUE_TIMEOUT", Upstream, time(Zero::Plain), "30s", "Longest wait for a free backend."),
    row(
        "SSE_HEARTBEAT",
        Replies,
        time(Zero::Off),
        "10s",
        "Silence after which a stream gets a comment, so that nothing between cuts it; 0 = never.",
    ),
    row(
        "STREAM_USAGE",
        Replies,
        Kind::Choice(&["asked", "always"]),
        "asked",
        "Token counts in a stream: when stream_options.include_usage asks for them, or always.",
    ),
    row(
        "ALLOW_CLIENT_OPTIONS",
        Replies,
        Kind::Switch,
        "",
        "Whether clients may set num_ctx, keep_alive and others that make a model reload.",
    )
    .or_else("for loopback without a token, for API_TOKEN, and for tokens that allow it"),
    row(
        "SERVER_TIMING",
        Replies,
        Kind::Switch,
        "false",
        "Whether replies tell in Server-Timing where the time has gone.",
    ),
    row("API_TOKEN", Access, Kind::Secret, "", "The token that every client must show as its API key.")
        .configured()
        .or_else("none is asked for"),
    row(
        "METRICS_TOKEN",
        Access,
        Kind::Secret,
        "",
        "What a scraper on another machine shows to see all of /metrics.",
    )
    .configured()
    .or_else("other machines see the metrics of the Node program only"),
    row(
        "ALLOW_ANONYMOUS",
        Access,
        Kind::Choice(&["loopback", "true", "false"]),
        "loopback",
        "Who may call while there is no token: programs of this machine, everybody, or nobody.",
    ),
    row("ADMIN_PASSWORD", Access, Kind::Secret, "admin123", "Password of the first administrator.")
        .configured(),
    row(
        "IP_ACCESS_MODE",
        Access,
        Kind::Choice(&["disabled", "whitelist", "blacklist"]),
        "disabled",
        "Which of the two address lists is in force.",
    ),
    row("IP_WHITELIST", Access, ADDRESSES, "", "The only addresses that may call, in mode whitelist.")
        .or_else("nobody"),
    row("IP_BLACKLIST", Access, ADDRESSES, "", "Addresses that may not call, in mode blacklist.")
        .or_else("nobody"),
    row(
        "RATE_LIMIT_GLOBAL_ENABLED",
        Limits,
        Kind::Switch,
        "true",
        "Whether all requests together are limited.",
    ),
    row("RATE_LIMIT_GLOBAL_WINDOW", Limits, WINDOW, "60s", "Window in which they are counted."),
    row("RATE_LIMIT_GLOBAL_MAX", Limits, RATE, "500", "Requests in a window; 0 refuses all."),
    row(
        "RATE_LIMIT_IP_ENABLED",
        Limits,
        Kind::Switch,
        "true",
        "Whether the requests of one client address are limited.",
    ),
    row("RATE_LIMIT_IP_WINDOW", Limits, WINDOW, "60s", "Window in which they are counted."),
    row("RATE_LIMIT_IP_MAX", Limits, RATE, "60", "Requests in a window; 0 refuses all."),
    row(
        "RATE_LIMIT_TOKEN_ENABLED",
        Limits,
        Kind::Switch,
        "true",
        "Whether the requests of one token are limited.",
    ),
    row("RATE_LIMIT_TOKEN_WINDOW", Limits, WINDOW, "60s", "Window in which they are counted."),
    row("RATE_LIMIT_TOKEN_MAX", Limits, RATE, "120", "Requests in a window; 0 refuses all."),
    row(
        "QUOTA_TIMEZONE",
        Limits,
        text("a name such as UTC or Europe/Berlin", check::zone),
        "UTC",
        "Where the calendar months of quotas begin.",
    )
    // A month that runs has its end.
    .at_start(),
    row(
        "QUOTA_DEFAULT_COMPLETION",
        Limits,
        count(1, 1 << 32),
        "4096",
        "Tokens set aside for a reply whose length the client does not limit.",
    ),
    row("CACHE_EMBEDDINGS", Cache, Kind::Switch, "true", "Whether embeddings are remembered."),
    row("CACHE_EMBEDDINGS_MAX_SIZE", Cache, count(0, 100_000_000), "1000", "Embeddings remembered at most."),
    row(
        "CACHE_EMBEDDINGS_MAX_AGE",
        Cache,
        time(Zero::Plain),
        "3600000",
        "How long an embedding is remembered.",
    ),
    row("CACHE_CHAT", Cache, Kind::Switch, "false", "Whether whole chat replies are remembered."),
    row("CACHE_CHAT_MAX_SIZE", Cache, count(0, 100_000_000), "500", "Replies remembered at most."),
    row("CACHE_CHAT_MAX_AGE", Cache, time(Zero::Plain), "1800000", "How long a reply is remembered."),
    row(
        "CACHE_SCOPE",
        Cache,
        Kind::Choice(&["token", "shared"]),
        "token",
        "Whose answers a client gets: those of its own token, or everybody's.",
    ),
    logging::LEVEL,
    logging::LEVELS,
    logging::FORMAT,
    logging::TO_FILE,
    logging::MAX_FILE_SIZE,
    logging::MAX_TOTAL_SIZE,
    logging::RECENT_MAX,
    logging::REQUEST_LOG,
    logging::RETENTION_DAYS,
    logging::MAX_ROWS,
    capture::CAPTURE,
    capture::MAX_BYTES,
    capture::RETENTION_HOURS,
    capture::REDACT,
    traces::ENDPOINT,
    traces::TRACES_ENDPOINT,
    traces::HEADERS,
    traces::SERVICE,
    traces::SAMPLER,
    traces::SAMPLER_ARG,
    row(
        "DATA_DIR",
        State,
        text("the path of a folder", check::path),
        "./data",
        "Folder that holds the gateway's state; made when it is needed.",
    )
    .at_start(),
    row("SECRET_KEY", State, Kind::Key, "", "Seals stored credentials of backends: 32 bytes in base64.")
        .at_start()
        .or_else("the file secret.key in DATA_DIR, made at the first start"),
    row(
        "RUN_AS",
        State,
        text(run_as::FORM, run_as::check),
        "",
        "When started as root: who owns DATA_DIR and runs the gateway from then on.",
    )
    .at_start()
    .or_else("who started it"),
];
