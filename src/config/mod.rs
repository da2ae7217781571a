//! Configuration: what the gateway was told, parsed and checked before any port is bound.
//!
//! What an admin saves at run time is its uppermost layer. Where that is stored is not known here, nor is anything
//! that opens a file or socket other than `config.toml`, `.env` and the files that secrets are read from.

mod base_url;
mod check;
mod dotenv;
mod example;
pub mod fields;
mod file;
pub mod keyline;
mod layer;
mod level;
mod listening;
mod load;
mod otlp;
mod problem;
mod ranges;
mod reread;
mod rows;
mod run_as;
mod saved;
mod secret;
mod suggest;
mod table;
mod token_hash;
mod value;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

pub use base_url::{BadBaseUrl, BaseUrl};
pub use dotenv::read_dotenv;
pub use example::{example_env, example_toml};
pub use layer::Origin;
pub use level::Level;
pub use listening::{Listen, Tls, local};
pub use load::{Loaded, Row, Sources, load};
pub use otlp::Collector;
pub use problem::{Bad, Problem};
pub use ranges::{BadRange, Range, Ranges, TrustProxy};
pub use reread::{Changed, Reread};
pub use run_as::RunAs;
pub use saved::{Standing, items};
pub use secret::Secret;
pub use table::{Group, Kind, Setting, Unit, Zero};
pub use token_hash::TokenHash;

/// Everything that the gateway is told. `Config::default()` is the documented defaults, as with no
/// file, no environment and no flags.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: Listen,
    pub upstream: Upstream,
    pub routing: Routing,
    pub replies: Replies,
    pub access: Access,
    pub limits: Limits,
    pub caches: Caches,
    pub log: Log,
    pub capture: Capture,
    pub traces: Traces,
    /// `DATA_DIR`: where state is kept. May not exist yet.
    pub data_dir: PathBuf,
    /// `SECRET_KEY`: seals credentials at rest; `None` = the key file in `DATA_DIR`.
    pub secret_key: Option<Secret>,
    /// `RUN_AS`: who goes on when root has started it.
    pub run_as: Option<RunAs>,
}

/// The Ollama that serves, and how long it may take.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// `OLLAMA_BASE_URL`, else `OLLAMA_HOST`, else the local Ollama.
    pub base: BaseUrl,
    /// Where keys without an address go: `OLLAMA_BASE_URL`, else Ollama's cloud.
    pub key_base: BaseUrl,
    /// `CONNECT_TIMEOUT`: for TCP and TLS.
    pub connect_timeout: Duration,
    /// `REQUEST_TIMEOUT`: until the response headers of a streamed reply, model load included.
    pub request_timeout: Duration,
    /// `WHOLE_TIMEOUT`: until a whole reply is complete.
    pub whole_timeout: Duration,
    /// `STREAM_IDLE_TIMEOUT`: between two pieces of a streamed reply.
    pub idle_timeout: Duration,
    /// `TOTAL_TIMEOUT`: for a request from beginning to end; `None` is no limit.
    pub total_timeout: Option<Duration>,
    /// `MAX_LINE_BYTES`: of one line of a streamed reply.
    pub max_line_bytes: usize,
}

/// Which backend serves, and what happens when one fails.
#[derive(Debug, Clone)]
pub struct Routing {
    /// `BALANCE`.
    pub balance: Balance,
    /// `MAX_RETRIES`: attempts after the first.
    pub max_retries: usize,
    /// `HEALTH_CHECK_INTERVAL`: between two probes of a backend; `None` runs neither probes nor the inventory.
    pub health_interval: Option<Duration>,
    /// `MAX_QUEUE`: requests that wait for a free backend.
    pub max_queue: usize,
    /// `QUEUE_TIMEOUT`: how long each of them waits.
    pub queue_timeout: Duration,
}

/// How equals share the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// Smooth weighted round robin.
    Weighted,
    /// Fewest running requests for its weight.
    LeastBusy,
}

/// How replies look.
#[derive(Debug, Clone)]
pub struct Replies {
    /// `SSE_HEARTBEAT`: silence after which a stream gets a comment.
    pub heartbeat: Duration,
    /// `STREAM_USAGE`.
    pub usage: StreamUsage,
    /// `ALLOW_CLIENT_OPTIONS`; `None` decides by who asks.
    pub client_options: Option<bool>,
    /// `SERVER_TIMING`: whether replies tell where the time has gone.
    pub server_timing: bool,
}

/// When a stream carries token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUsage {
    /// When `stream_options.include_usage` asks for them.
    Asked,
    /// In every stream.
    Always,
}

/// Who may call.
#[derive(Debug, Clone)]
pub struct Access {
    /// `API_TOKEN`: the one token of the environment.
    pub api_token: Option<Secret>,
    /// `METRICS_TOKEN`: shows all of `/metrics` to programs of other machines.
    pub metrics_token: Option<Secret>,
    /// `ADMIN_PASSWORD`.
    pub admin_password: Secret,
    /// `ALLOW_ANONYMOUS`.
    pub anonymous: Anonymous,
    /// `TRUST_PROXY`.
    pub trust_proxy: TrustProxy,
    pub ip_rules: IpRules,
}

impl Access {
    /// Whether anybody at all gets in without a token, as long as none was ever stored.
    #[must_use]
    pub fn serves_anybody(&self) -> bool {
        self.api_token.is_none() && self.anonymous != Anonymous::Nobody
    }

    /// Whether no token is asked for, from anywhere, as long as none was ever stored.
    #[must_use]
    pub fn serves_everybody(&self) -> bool {
        self.api_token.is_none() && self.anonymous == Anonymous::Everybody
    }
}

/// Which addresses may call at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpRules {
    /// `IP_ACCESS_MODE`.
    pub mode: IpMode,
    /// `IP_WHITELIST`.
    pub whitelist: Ranges,
    /// `IP_BLACKLIST`.
    pub blacklist: Ranges,
}

impl IpMode {
    fn named(word: &str) -> Option<IpMode> {
        match word {
            "disabled" => Some(IpMode::Disabled),
            "whitelist" => Some(IpMode::Whitelist),
            "blacklist" => Some(IpMode::Blacklist),
            _ => None,
        }
    }
}

/// How the lists of addresses are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IpMode {
    /// Not at all: everybody may call.
    #[default]
    Disabled,
    /// Only who is in the whitelist; an empty one admits nobody.
    Whitelist,
    /// All but who is in the blacklist.
    Blacklist,
}

/// `ALLOW_ANONYMOUS`: who may call without a token, while there is none and never was one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Programs of this machine.
    #[default]
    Loopback,
    Everybody,
    Nobody,
}

/// How much clients may ask.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `RATE_LIMIT_GLOBAL_…`: all requests together.
    pub global: Option<Rate>,
    /// `RATE_LIMIT_IP_…`: those of one address.
    pub address: Option<Rate>,
    /// `RATE_LIMIT_TOKEN_…`: those of one token that has no rate of its own.
    pub token: Option<Rate>,
    /// `QUOTA_TIMEZONE`.
    pub zone: TimeZone,
    /// `QUOTA_DEFAULT_COMPLETION`: tokens.
    pub completion: u64,
}

/// So many requests in a sliding window; 0 refuses all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub max: u64,
    pub window: Duration,
}

/// What is remembered of answers.
#[derive(Debug, Clone, Copy)]
pub struct Caches {
    /// `CACHE_SCOPE`.
    pub scope: CacheScope,
    /// `CACHE_CHAT…`: whole chat replies.
    pub chat: CacheRule,
    /// `CACHE_EMBEDDINGS…`: one vector an input.
    pub embeddings: CacheRule,
}

/// Whose answers a client may get from a cache: a hit tells that somebody has asked the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// Those of the same token.
    Token,
    /// Everybody's.
    Shared,
}

/// One cache. It keeps nothing when it is off, or when either bound is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheRule {
    /// `CACHE_…`.
    pub is_on: bool,
    /// `CACHE_…_MAX_SIZE`: entries at most.
    pub max_entries: usize,
    /// `CACHE_…_MAX_AGE`: how long an entry is used.
    pub max_age: Duration,
}

/// What is logged, and in which form.
#[derive(Debug, Clone)]
pub struct Log {
    /// `LOG_LEVEL`.
    pub level: Level,
    /// `LOG_LEVELS`: parts of the gateway, and the level of each.
    pub levels: Vec<(String, Level)>,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
    /// `LOG_TO_FILE`.
    pub to_file: bool,
    /// `LOG_MAX_FILE_SIZE`, in bytes.
    pub max_file_size: u64,
    /// `LOG_MAX_TOTAL_SIZE`, in bytes.
    pub max_total_size: u64,
    /// `LOG_RECENT_MAX`.
    pub recent: usize,
    /// `REQUEST_LOG`.
    pub has_request_log: bool,
    /// `LOG_RETENTION_DAYS`; `None` = for ever.
    pub retention_days: Option<u32>,
    /// `LOG_MAX_ROWS`; `None` = any number.
    pub max_rows: Option<u64>,
}

/// What is kept of requests and answers, of tokens that have it on.
#[derive(Debug, Clone)]
pub struct Capture {
    /// `CAPTURE`.
    pub is_on: bool,
    /// `CAPTURE_MAX_BYTES`: of a request, and of an answer.
    pub max_bytes: usize,
    /// `CAPTURE_RETENTION_HOURS`.
    pub retention_hours: u32,
    /// `CAPTURE_REDACT`: regular expressions.
    pub redact: Vec<String>,
}

/// Where traces go, and which. Named as everywhere.
#[derive(Debug, Clone)]
pub struct Traces {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, else `OTEL_EXPORTER_OTLP_ENDPOINT`; `None` = there are none.
    pub collector: Option<Collector>,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: name and value.
    pub headers: Vec<(String, Secret)>,
    /// `OTEL_SERVICE_NAME`.
    pub service: String,
    /// `OTEL_TRACES_SAMPLER`: whether a client's word on its own trace counts.
    pub follows_parent: bool,
    /// Of the others, the part that is traced: `OTEL_TRACES_SAMPLER_ARG`, from 0 to 1.
    pub ratio: f64,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        let mut values = values::Values::default();
        for row in settings() {
            values.insert(row.name, value::parse(row, row.default).expect("defaults are valid"));
        }
        Config::from_values(&values)
    }
}

/// The setting of this name, written as a variable, a key of `config.toml` or a flag.
#[must_use]
pub fn setting(name: &str) -> Option<&'static Setting> {
    let name = name.trim_start_matches('-').replace('-', "_");
    settings().iter().find(|row| row.name.eq_ignore_ascii_case(&name))
}

/// Whether a setting takes a text.
///
/// # Errors
/// What is wrong with it, in words that follow the value.
pub fn accepts(setting: &Setting, text: &str) -> Result<(), String> {
    value::parse(setting, text).map(drop)
}

/// Every setting, in the order in which it is shown.
pub fn settings() -> &'static [Setting] {
    rows::SETTINGS
}
