//! The checked values by name, and what `Config` makes of them. The only place that turns names into fields.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::otlp::headers;
use super::value::Value;
use super::{
    Access, Anonymous, Balance, CacheRule, CacheScope, Caches, Capture, Collector, Config, IpMode, IpRules,
    Level, Limits, Listen, Log, LogFormat, Ranges, Rate, Replies, Routing, Secret, StreamUsage, Tls, Traces,
    Upstream, check, run_as,
};

/// What a duration of 0 becomes where that means "never": longer than anything runs, and safe to add to now.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// Ollama's own service.
const CLOUD: &str = "https://ollama.com/api";

/// One value for every setting of the table.
#[derive(Default)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    pub(super) fn insert(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
    }

    fn number(&self, name: &str) -> u64 {
        match self.0.get(name) {
            Some(Value::Number(number)) => *number,
            _ => panic!("the table says that {name} is a number and has a default"),
        }
    }

    /// A number whose range in the table fits.
    fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).expect("the table's range fits a usize")
    }

    fn duration(&self, name: &str) -> Duration {
        match self.0.get(name) {
            Some(Value::Duration(time)) => *time,
            _ => panic!("the table says that {name} is a duration and has a default"),
        }
    }

    /// `None` when the duration is 0.
    fn limit(&self, name: &str) -> Option<Duration> {
        Some(self.duration(name)).filter(|time| !time.is_zero())
    }

    fn switch(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Value::Switch(on)) => Some(*on),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Config {
    pub(super) fn from_values(values: &Values) -> Config {
        Config {
            listen: listen(values),
            upstream: upstream(values),
            routing: routing(values),
            replies: Replies {
                heartbeat: values.limit("SSE_HEARTBEAT").unwrap_or(NEVER),
                usage: match values.text("STREAM_USAGE") {
                    Some("always") => StreamUsage::Always,
                    _ => StreamUsage::Asked,
                },
                client_options: values.switch("ALLOW_CLIENT_OPTIONS"),
                server_timing: values.switch("SERVER_TIMING").unwrap_or_default(),
            },
            access: access(values),
            limits: limits(values),
            caches: Caches {
                scope: match values.text("CACHE_SCOPE") {
                    Some("shared") => CacheScope::Shared,
                    _ => CacheScope::Token,
                },
                chat: cache(values, ["CACHE_CHAT", "CACHE_CHAT_MAX_SIZE", "CACHE_CHAT_MAX_AGE"]),
                embeddings: cache(
                    values,
                    ["CACHE_EMBEDDINGS", "CACHE_EMBEDDINGS_MAX_SIZE", "CACHE_EMBEDDINGS_MAX_AGE"],
                ),
            },
            log: log(values),
            capture: capture(values),
            traces: traces(values),
            data_dir: PathBuf::from(values.text("DATA_DIR").unwrap_or_default()),
            secret_key: values.text("SECRET_KEY").map(Secret::new),
            run_as: values.text("RUN_AS").and_then(run_as::parse),
        }
    }
}

fn listen(values: &Values) -> Listen {
    let host = values.text("HOST").and_then(check::parse_host);
    Listen {
        host: host.expect("HOST was checked"),
        port: u16::try_from(values.number("PORT")).expect("the table's range fits a port"),
        admin: values
            .text("ADMIN_LISTEN")
            .map(|text| check::parse_listen(text).expect("ADMIN_LISTEN was checked")),
        unix: values.text("UNIX_SOCKET").map(PathBuf::from),
        reuse_port: values.switch("REUSE_PORT").unwrap_or_default(),
        tls: tls(values),
        max_connections: values.size("MAX_CONNECTIONS"),
        header_timeout: values.duration("HEADER_TIMEOUT"),
        shutdown_grace: values.duration("SHUTDOWN_GRACE"),
        drain_timeout: values.duration("DRAIN_TIMEOUT"),
        max_body_bytes: values.size("MAX_BODY_BYTES"),
    }
}

/// That the settings go together is checked elsewhere.
fn tls(values: &Values) -> Option<Tls> {
    match (values.text("TLS_CERT"), values.text("TLS_KEY")) {
        (Some(certificate), Some(key)) => {
            Some(Tls::Files { certificate: certificate.into(), key: key.into() })
        }
        _ => values.switch("TLS_SELF_SIGNED").filter(|is_on| *is_on).map(|_| Tls::SelfSigned),
    }
}

fn upstream(values: &Values) -> Upstream {
    let base = match (values.text("OLLAMA_BASE_URL"), values.text("OLLAMA_HOST")) {
        (Some(base), _) => base.parse(),
        (None, host) => check::parse_ollama_host(host.unwrap_or_default()),
    };
    let key_base = values.text("OLLAMA_BASE_URL").unwrap_or(CLOUD).parse();
    Upstream {
        key_base: key_base.expect("the text was checked, and the constant is in order"),
        base: base.expect("both texts were checked"),
        connect_timeout: values.duration("CONNECT_TIMEOUT"),
        request_timeout: values.duration("REQUEST_TIMEOUT"),
        whole_timeout: values.duration("WHOLE_TIMEOUT"),
        idle_timeout: values.duration("STREAM_IDLE_TIMEOUT"),
        total_timeout: values.limit("TOTAL_TIMEOUT"),
        max_line_bytes: values.size("MAX_LINE_BYTES"),
    }
}

fn routing(values: &Values) -> Routing {
    Routing {
        balance: match values.text("BALANCE") {
            Some("least_busy") => Balance::LeastBusy,
            _ => Balance::Weighted,
        },
        max_retries: values.size("MAX_RETRIES"),
        health_interval: values.limit("HEALTH_CHECK_INTERVAL"),
        max_queue: values.size("MAX_QUEUE"),
        queue_timeout: values.duration("QUEUE_TIMEOUT"),
    }
}

fn access(values: &Values) -> Access {
    let list = |name| values.text(name).unwrap_or_default().split(',');
    let ranges = |name| Ranges::parse(list(name)).expect("each item was checked");
    Access {
        api_token: values.text("API_TOKEN").map(Secret::new),
        metrics_token: values.text("METRICS_TOKEN").map(Secret::new),
        admin_password: Secret::new(values.text("ADMIN_PASSWORD").unwrap_or_default()),
        anonymous: match values.text("ALLOW_ANONYMOUS") {
            Some("true") => Anonymous::Everybody,
            Some("false") => Anonymous::Nobody,
            _ => Anonymous::Loopback,
        },
        trust_proxy: values.text("TRUST_PROXY").unwrap_or_default().parse().expect("the text was checked"),
        ip_rules: IpRules {
            mode: values.text("IP_ACCESS_MODE").and_then(IpMode::named).unwrap_or_default(),
            whitelist: ranges("IP_WHITELIST"),
            blacklist: ranges("IP_BLACKLIST"),
        },
    }
}

fn limits(values: &Values) -> Limits {
    let rate = |[switch, window, max]: [&str; 3]| {
        let rate = Rate { max: values.number(max), window: values.duration(window) };
        values.switch(switch).unwrap_or_default().then_some(rate)
    };
    let zone = TimeZone::get(values.text("QUOTA_TIMEZONE").unwrap_or_default());
    Limits {
        global: rate(["RATE_LIMIT_GLOBAL_ENABLED", "RATE_LIMIT_GLOBAL_WINDOW", "RATE_LIMIT_GLOBAL_MAX"]),
        address: rate(["RATE_LIMIT_IP_ENABLED", "RATE_LIMIT_IP_WINDOW", "RATE_LIMIT_IP_MAX"]),
        token: rate(["RATE_LIMIT_TOKEN_ENABLED", "RATE_LIMIT_TOKEN_WINDOW", "RATE_LIMIT_TOKEN_MAX"]),
        zone: zone.expect("the name was checked"),
        completion: values.number("QUOTA_DEFAULT_COMPLETION"),
    }
}

fn cache(values: &Values, [switch, size, age]: [&str; 3]) -> CacheRule {
    CacheRule {
        is_on: values.switch(switch).unwrap_or_default(),
        max_entries: values.size(size),
        max_age: values.duration(age),
    }
}

fn log(values: &Values) -> Log {
    let some = |number: u64| Some(number).filter(|number| *number > 0);
    Log {
        level: values.text("LOG_LEVEL").and_then(Level::of).unwrap_or(Level::Info),
        levels: super::saved::items(values.text("LOG_LEVELS").unwrap_or_default())
            .filter_map(check::parse_level)
            .collect(),
        format: match values.text("LOG_FORMAT") {
            Some("json") => LogFormat::Json,
            _ => LogFormat::Text,
        },
        to_file: values.switch("LOG_TO_FILE").unwrap_or_default(),
        max_file_size: values.number("LOG_MAX_FILE_SIZE"),
        max_total_size: values.number("LOG_MAX_TOTAL_SIZE"),
        recent: values.size("LOG_RECENT_MAX"),
        has_request_log: values.switch("REQUEST_LOG").unwrap_or_default(),
        retention_days: some(values.number("LOG_RETENTION_DAYS")).and_then(|days| u32::try_from(days).ok()),
        max_rows: some(values.number("LOG_MAX_ROWS")),
    }
}

fn capture(values: &Values) -> Capture {
    let patterns = values.text("CAPTURE_REDACT").unwrap_or_default().split_whitespace();
    Capture {
        is_on: values.text("CAPTURE") == Some("tokens"),
        max_bytes: values.size("CAPTURE_MAX_BYTES"),
        retention_hours: u32::try_from(values.number("CAPTURE_RETENTION_HOURS"))
            .expect("the table's range fits"),
        redact: patterns.map(str::to_owned).collect(),
    }
}

fn traces(values: &Values) -> Traces {
    let all = values.text("OTEL_EXPORTER_OTLP_ENDPOINT").map(Collector::of_all);
    let own = values.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(Collector::of_traces);
    let sampler = values.text("OTEL_TRACES_SAMPLER").unwrap_or_default();
    let ratio = values.text("OTEL_TRACES_SAMPLER_ARG").and_then(|text| text.parse().ok());
    Traces {
        collector: own.or(all).map(|url| url.expect("the text was checked")),
        headers: headers(values.text("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default())
            .expect("the text was checked"),
        service: values.text("OTEL_SERVICE_NAME").unwrap_or_default().to_owned(),
        follows_parent: sampler.starts_with("parentbased_"),
        ratio: match sampler.strip_prefix("parentbased_").unwrap_or(sampler) {
            "always_on" => 1.0,
            "always_off" => 0.0,
            _ => ratio.expect("the text was checked, and there is a default"),
        },
    }
}
