//! All families of metrics, once: name, type, labels and meaning. `docs/monitoring.md` tells the same, and a test holds
//! the two together.
//!
//! The first ones are those of the Node program, with their labels and buckets; they are shown to everybody who may
//! scrape. Names that begin with `gen_ai` are those of OpenTelemetry's semantic conventions for generative AI.

/// What a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One family.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// In text format 0.0.4; counters end in `_total`.
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, labels, help }
}

/// A backend: its id, its name, and its channel's name, which is empty for those of the pool.
const BACKEND: &[&str] = &["backend", "name", "channel"];
const MODEL: &[&str] = &["gen_ai_operation_name", "gen_ai_request_model"];

macro_rules! families {
    ($list:ident: $($name:ident = $family:expr;)*) => {
        $(pub const $name: Family = $family;)*
        /// All of the above, in the order in which they are written.
        pub const $list: &[Family] = &[$($name),*];
    };
}

families! { SEEDS:
    REQUESTS = counter("ollama2openai_requests_total", &["method", "endpoint", "status"], "Total number of API requests");
    CONNECTIONS = gauge("ollama2openai_active_connections", &[], "Number of active connections");
    DURATION = histogram("ollama2openai_request_duration_seconds", &["method", "endpoint"], "Request duration in seconds");
    TOKENS = counter("ollama2openai_tokens_total", &["type"], "Total tokens processed");
    KEYS_HEALTHY = gauge("ollama2openai_keys_healthy", &[], "Number of healthy keys");
    KEYS = gauge("ollama2openai_keys_total", &[], "Total number of keys");
    CACHE_HITS = counter("ollama2openai_cache_hits_total", &["cache_type"], "Total cache hits");
    CACHE_MISSES = counter("ollama2openai_cache_misses_total", &["cache_type"], "Total cache misses");
    LIMIT_HITS = counter("ollama2openai_rate_limit_hits_total", &["limit_type"], "Total rate limit rejections");
    UPSTREAM_ERRORS = counter("ollama2openai_upstream_errors_total", &["error_type"], "Total upstream (Ollama) errors");
    STREAMS = gauge("ollama2openai_active_streams", &[], "Number of active streaming connections");
    UPTIME = gauge("ollama2openai_uptime_seconds", &[], "Process uptime in seconds");
    MEMORY = gauge("ollama2openai_memory_bytes", &["type"], "Process memory usage");
}

families! { OURS:
    OUTCOMES = counter("ollama2openai_outcomes_total", &["endpoint", "outcome"], "Requests that are over, by how they ended");
    REFUSALS = counter("ollama2openai_refusals_total", &["reason"], "Requests that the gateway refused by itself");
    OWN = histogram("ollama2openai_own_seconds", &[], "Time that the gateway itself has used for a request");
    CACHED_TOKENS = counter("ollama2openai_cached_tokens_total", &[], "Tokens that came from a cache");
    MODEL_DURATION = histogram("gen_ai_server_request_duration_seconds", MODEL, "Duration of requests that were answered well");
    FIRST_TOKEN = histogram("gen_ai_server_time_to_first_token_seconds", MODEL, "Time from a streamed request to its first content");
    PER_TOKEN = histogram("gen_ai_server_time_per_output_token_seconds", MODEL, "Time of each token of a stream after its first content");
    MODEL_TOKENS = histogram("gen_ai_client_token_usage", &["gen_ai_operation_name", "gen_ai_request_model", "gen_ai_token_type"], "Tokens of a request, those of caches left out");
    QUEUE_WAIT = histogram("ollama2openai_queue_wait_seconds", &[], "Time in the queue of requests that had to wait");
    QUEUE_DEPTH = gauge("ollama2openai_queue_depth", &[], "Requests that wait for a free backend");
    QUEUE_LEFT = counter("ollama2openai_queue_left_total", &["reason"], "Waits in the queue that are over, by how they ended");
    RETRIES = counter("ollama2openai_retries_total", &["outcome"], "Further attempts, by what became of the one before");
    BACKEND_UP = gauge("ollama2openai_backend_up", BACKEND, "Whether the backend is well");
    BACKEND_IN_FLIGHT = gauge("ollama2openai_backend_in_flight", BACKEND, "Requests that run on the backend");
    BACKEND_CAP = gauge("ollama2openai_backend_cap", BACKEND, "Requests that may run on the backend at once; 0 is no cap");
    ATTEMPTS = counter("ollama2openai_backend_attempts_total", &["backend", "name", "channel", "outcome"], "Requests sent to the backend, by what became of them");
    BACKEND_TOKENS = counter("ollama2openai_backend_tokens_total", &["backend", "name", "channel", "type"], "Tokens that the backend has processed");
    BACKEND_FIRST = histogram("ollama2openai_backend_first_token_seconds", BACKEND, "Time of a stream from when the backend was asked to its first content");
    TOKEN_REQUESTS = counter("ollama2openai_token_requests_total", &["token", "name"], "Requests of an API token");
    TOKEN_TOKENS = counter("ollama2openai_token_tokens_total", &["token", "name", "type"], "Tokens that an API token has used");
    CHANNELS = gauge("ollama2openai_channels", &["state"], "Channels");
    API_TOKENS = gauge("ollama2openai_api_tokens", &["state"], "API tokens");
    CACHE_ENTRIES = gauge("ollama2openai_cache_entries", &["cache_type"], "Entries of a cache");
    CACHE_EVICTIONS = counter("ollama2openai_cache_evictions_total", &["cache_type"], "Entries that had to make room");
    OPEN_CONNECTIONS = gauge("ollama2openai_open_connections", &[], "Connections of clients, idle ones included");
    CERTIFICATE_END = gauge("ollama2openai_tls_certificate_expiry_timestamp_seconds", &[], "When the certificate ends that is served, since 1970; while TLS is spoken");
    CONFIG_REVISION = gauge("ollama2openai_config_revision", &[], "Revision of the configuration in force");
    LEDGER_QUEUE = gauge("ollama2openai_ledger_queue_records", &[], "Records of requests that nobody was told of when the scrape began");
    LEDGER_UNWRITTEN = gauge("ollama2openai_ledger_unwritten_sums", &[], "Sums of usage that are not in the database yet");
    DROPPED = counter("ollama2openai_dropped_total", &["what"], "Rows, lines, captures or spans (what) that were lost before they were written or sent, as their queue, disk or collector took no more");
    TRACE_ERRORS = counter("ollama2openai_trace_export_errors_total", &[], "Exports of traces to the collector that failed, each try of a batch");
    WRITES = histogram("ollama2openai_database_write_seconds", &["what"], "Duration of writes to the database that went well");
    WRITE_ERRORS = counter("ollama2openai_database_write_errors_total", &["what"], "Writes to the database that failed");
    BUILD = gauge("ollama2openai_build_info", &["version"], "The version of the gateway; always 1");
    PROCESS_CPU = counter("process_cpu_seconds_total", &[], "Processor time of the process");
    PROCESS_RESIDENT = gauge("process_resident_memory_bytes", &[], "Resident memory of the process");
    PROCESS_VIRTUAL = gauge("process_virtual_memory_bytes", &[], "Virtual memory of the process");
    PROCESS_FDS = gauge("process_open_fds", &[], "File descriptors of the process");
    PROCESS_MAX_FDS = gauge("process_max_fds", &[], "File descriptors that the process may have");
    PROCESS_THREADS = gauge("process_threads", &[], "Threads of the process");
    PROCESS_START = gauge("process_start_time_seconds", &[], "When the process began, since 1970");
}

/// Upper bounds of `request_duration_seconds`, the Node program's.
pub const SEED_SECONDS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// Upper bounds of the gateway's own time, and of writes to the database.
pub const SHORT_SECONDS: &[f64] = &[
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1.0,
];
/// Upper bounds of whole answers: those of the semantic conventions, and more for slow machines.
pub const LONG_SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68];
/// Upper bounds of the first token: those of the semantic conventions, and more, as Ollama may load the model first.
pub const FIRST_SECONDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0,
    120.0, 300.0,
];
/// Upper bounds of a token: those of the semantic conventions.
pub const TOKEN_SECONDS: &[f64] = &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
/// Upper bounds of tokens: those of the semantic conventions, as far as contexts go.
pub const TOKEN_COUNTS: &[f64] =
    &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262_144.0, 1_048_576.0];
/// Upper bounds where there is a histogram for each of thousands.
pub const FEW_SECONDS: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];
/// Upper bounds of waits in the queue.
pub const WAIT_SECONDS: &[f64] =
    &[0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
