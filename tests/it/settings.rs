//! Every setting that is in effect: set to another value, its effect seen from outside.

use std::time::Duration;

use ollama2openai::config::settings;
use ollama2openai::fake::{End, Piece, Script};
use serde_json::json;

use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};

const CHAT: &str = "/v1/chat/completions";

/// Settings whose effect is shown by a test of this file, or of the module named.
const SHOWN: &[(&str, &str)] = &[
    ("RATE_LIMIT_GLOBAL_ENABLED", "access"),
    ("RATE_LIMIT_GLOBAL_WINDOW", "access"),
    ("RATE_LIMIT_GLOBAL_MAX", "access"),
    ("RATE_LIMIT_IP_ENABLED", "access"),
    ("RATE_LIMIT_IP_WINDOW", "access"),
    ("RATE_LIMIT_IP_MAX", "access"),
    ("RATE_LIMIT_TOKEN_ENABLED", "access"),
    ("RATE_LIMIT_TOKEN_WINDOW", "access"),
    ("RATE_LIMIT_TOKEN_MAX", "access"),
    ("QUOTA_TIMEZONE", "access"),
    ("QUOTA_DEFAULT_COMPLETION", "access"),
    ("TRUST_PROXY", "access"),
    ("ALLOW_ANONYMOUS", "access"),
    ("IP_ACCESS_MODE", "access"),
    ("IP_WHITELIST", "access"),
    ("IP_BLACKLIST", "access"),
    ("CACHE_SCOPE", "access"),
    ("DATA_DIR", "commands::gateway"),
    ("SECRET_KEY", "commands::gateway"),
    ("ADMIN_PASSWORD", "commands::gateway"),
    ("CACHE_CHAT", "cache"),
    ("CACHE_CHAT_MAX_SIZE", "cache"),
    ("CACHE_CHAT_MAX_AGE", "cache"),
    ("CACHE_EMBEDDINGS", "cache"),
    ("CACHE_EMBEDDINGS_MAX_SIZE", "cache"),
    ("CACHE_EMBEDDINGS_MAX_AGE", "cache"),
    ("API_TOKEN", "routes"),
    ("OLLAMA_BASE_URL", "everywhere"),
    ("MAX_BODY_BYTES", "bad_input"),
    ("DRAIN_TIMEOUT", "shutdown"),
    ("SHUTDOWN_GRACE", "upgrade"),
    ("RUN_AS", "upgrade"),
    ("MAX_RETRIES", "routing"),
    ("HEALTH_CHECK_INTERVAL", "routing"),
    ("BALANCE", "routing"),
    ("MAX_QUEUE", "routing"),
    ("QUEUE_TIMEOUT", "routing"),
    ("PORT", "here"),
    ("HOST", "here"),
    ("OLLAMA_HOST", "here"),
    ("CONNECT_TIMEOUT", "here"),
    ("REQUEST_TIMEOUT", "here"),
    ("WHOLE_TIMEOUT", "here"),
    ("STREAM_IDLE_TIMEOUT", "here"),
    ("TOTAL_TIMEOUT", "here"),
    ("SSE_HEARTBEAT", "here"),
    ("MAX_LINE_BYTES", "here"),
    ("STREAM_USAGE", "here"),
    ("ALLOW_CLIENT_OPTIONS", "here"),
    ("LOG_LEVEL", "here"),
    ("LOG_FORMAT", "here"),
    ("MAX_CONNECTIONS", "here"),
    ("HEADER_TIMEOUT", "here"),
    ("ADMIN_LISTEN", "tls::listeners"),
    ("UNIX_SOCKET", "tls::listeners"),
    ("REUSE_PORT", "tls::listeners"),
    ("TLS_CERT", "tls"),
    ("TLS_KEY", "tls"),
    ("TLS_SELF_SIGNED", "tls::own"),
    ("METRICS_TOKEN", "metrics"),
    ("LOG_TO_FILE", "request_log::files"),
    ("LOG_MAX_FILE_SIZE", "request_log::files"),
    ("LOG_MAX_TOTAL_SIZE", "request_log::files"),
    ("LOG_RECENT_MAX", "request_log::tail"),
    ("REQUEST_LOG", "request_log::find"),
    ("LOG_MAX_ROWS", "request_log::keep"),
    ("LOG_RETENTION_DAYS", "request_log::keep"),
    ("LOG_LEVELS", "admin::at_run_time"),
    ("CAPTURE", "capture"),
    ("CAPTURE_MAX_BYTES", "capture"),
    ("CAPTURE_RETENTION_HOURS", "capture"),
    ("CAPTURE_REDACT", "capture"),
    ("SERVER_TIMING", "timing"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "traces"),
    ("OTEL_SERVICE_NAME", "traces"),
    ("OTEL_TRACES_SAMPLER", "traces"),
    ("OTEL_TRACES_SAMPLER_ARG", "traces"),
];

#[test]
fn no_setting_is_forgotten() {
    let shown: Vec<_> = SHOWN.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> =
        settings().iter().filter(|row| !shown.contains(&row.name)).map(|row| row.name).collect();
    assert!(missing.is_empty(), "no test shows it: {missing:?}");
    let unknown: Vec<_> =
        shown.iter().filter(|name| !settings().iter().any(|row| row.name == **name)).collect();
    assert!(unknown.is_empty(), "shown, but no setting: {unknown:?}");
}

/// A gateway in front of an upstream that answers by `script`, with one more variable.
async fn with(
    name: &str,
    value: &str,
    script: impl Fn() -> Script + Send + Sync + 'static,
) -> (ollama2openai::fake::Fake, Gateway) {
    let fake = ollama(move |_| script()).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), (name, value)]).await;
    (fake, gateway)
}

fn stream_of(body: Vec<Piece>) -> Script {
    Script::streamed("application/x-ndjson", body)
}

#[tokio::test]
async fn host_and_port_are_bound() {
    let port = std::net::TcpListener::bind("127.0.0.3:0").unwrap().local_addr().unwrap().port();
    let gateway = Gateway::start(&[("HOST", "127.0.0.3"), ("PORT", &port.to_string())]).await;
    assert_eq!(gateway.addr.to_string(), format!("127.0.0.3:{port}"));
    assert_eq!(gateway.get("/livez").await.status, 200);
}

#[tokio::test]
async fn ollama_host_is_the_backend_when_no_base_url_is_set() {
    let fake = ollama(|_| whole("Hi")).await;
    let other = ollama(|_| whole("other")).await;
    let gateway = Gateway::start(&[("OLLAMA_HOST", &fake.addr.to_string())]).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let both = Gateway::start(&[
        ("OLLAMA_HOST", &fake.addr.to_string()),
        ("OLLAMA_BASE_URL", &format!("{}/v1/", other.url())),
    ])
    .await;
    assert_eq!(both.post(CHAT, &chat(false)).await.json()["choices"][0]["message"]["content"], "other");
}

#[tokio::test]
async fn connect_timeout_ends_an_attempt_to_connect() {
    // A listener whose queue is full answers no further connection: it neither accepts nor refuses.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut full = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(100)) {
        full.push(stream);
    }
    let gateway =
        Gateway::start(&[("OLLAMA_BASE_URL", &format!("http://{addr}")), ("CONNECT_TIMEOUT", "300ms")]).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (502, &json!("upstream_unreachable")));
}

#[tokio::test]
async fn request_timeout_ends_the_wait_for_the_head_of_a_stream() {
    let (_fake, gateway) = with("REQUEST_TIMEOUT", "300ms", || Script::silent(End::Hang)).await;
    let reply = gateway.post(CHAT, &chat(true)).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (504, &json!("upstream_timeout")));
}

#[tokio::test]
async fn whole_timeout_ends_the_wait_for_a_whole_reply() {
    let (_fake, gateway) = with("WHOLE_TIMEOUT", "300ms", || Script::silent(End::Hang)).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (504, &json!("upstream_timeout")));
}

#[tokio::test]
async fn stream_idle_timeout_ends_a_stream_that_stalls() {
    let (_fake, gateway) =
        with("STREAM_IDLE_TIMEOUT", "300ms", || stream_of(vec![line(&says("He"))]).ending(End::Hang)).await;
    let reply = gateway.post(CHAT, &chat(true)).await;
    assert_eq!((reply.status, reply.complete), (200, true));
    let blocks = reply.blocks();
    assert_eq!(blocks[blocks.len() - 2].json()["error"]["code"], "upstream_timeout");
    assert!(blocks.last().unwrap().is_done());
}

#[tokio::test]
async fn total_timeout_ends_a_stream_that_goes_on() {
    let (_fake, gateway) = with("TOTAL_TIMEOUT", "600ms", || {
        stream_of((0..100).flat_map(|_| [line(&says("x")), pause_ms(50)]).collect())
    })
    .await;
    let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
    assert!(blocks.len() > 3, "it ran for a while");
    assert_eq!(blocks[blocks.len() - 2].json()["error"]["code"], "upstream_timeout");
    let (_fake, gateway) = with("TOTAL_TIMEOUT", "300ms", || Script::silent(End::Hang)).await;
    for stream in [false, true] {
        assert_eq!(gateway.post(CHAT, &chat(stream)).await.status, 504);
    }
}

#[tokio::test]
async fn sse_heartbeat_sets_the_pace_of_comments() {
    let silent_first = || {
        stream_of(vec![pause_ms(700), line(&says("Hi")), pause_ms(700), line(&done())])
            .after(Duration::from_millis(700))
    };
    let (_fake, gateway) = with("SSE_HEARTBEAT", "200ms", silent_first).await;
    let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
    let first = blocks.iter().position(|block| block.data.is_some()).unwrap();
    let before = blocks[..first].len();
    let after = blocks[first..].iter().filter(|block| block.data.is_none()).count();
    assert!(before >= 4 && after >= 2, "{before} comments before the first content, {after} after");
    let (_fake, gateway) = with("SSE_HEARTBEAT", "0", silent_first).await;
    assert!(
        gateway.post(CHAT, &chat(true)).await.blocks().iter().all(|block| block.data.is_some()),
        "0 is off"
    );
}

#[tokio::test]
async fn max_line_bytes_limits_a_line_of_the_upstream() {
    let long = || stream_of(vec![line(&says(&"x".repeat(5000))), line(&done())]);
    let (_fake, gateway) = with("MAX_LINE_BYTES", "4096", long).await;
    assert_eq!(gateway.post(CHAT, &chat(true)).await.status, 502);
    let (_fake, gateway) = with("MAX_LINE_BYTES", "8192", long).await;
    assert_eq!(gateway.post(CHAT, &chat(true)).await.status, 200);
}

#[tokio::test]
async fn stream_usage_always_puts_counts_into_the_last_chunk() {
    let script = || stream_of(vec![line(&says("Hi")), line(&done())]);
    for (value, expected) in [("asked", json!(null)), ("always", json!(5))] {
        let (_fake, gateway) = with("STREAM_USAGE", value, script).await;
        let blocks = gateway.post(CHAT, &chat(true)).await.blocks();
        let last = blocks[blocks.len() - 2].json();
        assert_eq!(last["choices"][0]["finish_reason"], "stop");
        assert_eq!(last["usage"]["total_tokens"], expected, "STREAM_USAGE={value}");
    }
}

#[tokio::test]
async fn allow_client_options_decides_what_may_reload_a_model() {
    let mut body = chat(false);
    body["num_ctx"] = 2048.into();
    body["keep_alive"] = "10m".into();
    body["options"] = json!({"num_gpu": 1, "top_k": 5});
    for (value, passes) in [("", true), ("true", true), ("false", false)] {
        let (fake, gateway) = with("ALLOW_CLIENT_OPTIONS", value, || whole("Hi")).await;
        let reply = gateway.post(CHAT, &body).await;
        let sent = fake.log.of("/api/chat")[0].request.json().unwrap();
        assert_eq!(sent["options"]["top_k"], 5);
        assert_eq!(sent["options"].get("num_ctx").is_some(), passes, "{value:?}: {sent}");
        assert_eq!(sent["options"].get("num_gpu").is_some(), passes);
        assert_eq!(sent.get("keep_alive").is_some(), passes);
        let ignored = reply.header("x-o2o-ignored").unwrap_or_default().to_owned();
        assert_eq!(ignored.is_empty(), passes, "{ignored}");
        assert!(
            passes || ["num_ctx", "num_gpu", "keep_alive"].iter().all(|name| ignored.contains(name)),
            "{ignored}"
        );
    }
}

#[tokio::test]
async fn max_connections_makes_more_wait() {
    let (_fake, gateway) = with("MAX_CONNECTIONS", "2", || whole("Hi")).await;
    let mut first = client::connect(gateway.addr).await;
    let mut second = client::connect(gateway.addr).await;
    for connection in [&mut first, &mut second] {
        assert_eq!(client::exchange(connection, &Request::get("/livez")).await.status, 200);
    }
    let mut third = client::connect(gateway.addr).await;
    third.send(&Request::get("/livez").bytes()).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), third.head(false)).await;
    assert!(early.is_err(), "a third connection is not served while two are open");
    drop(first);
    let head = crate::support::wait::within("the third connection", third.head(false)).await.unwrap();
    assert_eq!(head.status, 200);
}

#[tokio::test]
async fn header_timeout_ends_connections_that_send_no_whole_head() {
    let (_fake, gateway) = with("HEADER_TIMEOUT", "300ms", || whole("Hi")).await;
    let mut slow = client::connect(gateway.addr).await;
    slow.send(b"GET /livez HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let ended = crate::support::wait::within("the end of the connection", slow.head(false)).await;
    assert!(
        ended.is_err() || ended.is_ok_and(|head| head.status == 408),
        "a head that never ends must not be waited for"
    );
}

/// What the real program writes on standard error until `enough`.
async fn log_of(env: &[(&str, &str)], enough: impl Fn(&str) -> bool) -> String {
    use tokio::io::AsyncBufReadExt as _;
    let home = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .current_dir(home.path())
        .env_clear()
        .envs([("PORT", "0"), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")])
        .env("DATA_DIR", home.path())
        .envs(env.iter().copied())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(child.stderr.take().unwrap()).lines();
    let mut text = String::new();
    while !enough(&text) {
        let line = crate::support::wait::within("a line of the log", lines.next_line()).await.unwrap();
        text.push_str(&line.unwrap_or_else(|| panic!("the log ended: {text}")));
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn log_format_json_writes_objects() {
    let log = log_of(&[("LOG_FORMAT", "json")], |text| text.contains("Ollama does not answer")).await;
    for line in log.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(object["level"].is_string() && object["message"].is_string(), "{line}");
    }
    assert!(log.contains("listening on http://127.0.0.1:"));
}

#[tokio::test]
async fn log_level_hides_what_is_below_it() {
    let env = |level| [("LOG_FORMAT", "json"), ("LOG_LEVEL", level)];
    let all = log_of(&env("info"), |text| text.contains("Ollama does not answer")).await;
    let grave = log_of(&env("warn"), |text| text.contains("Ollama does not answer")).await;
    assert!(all.contains("\"INFO\"") && !grave.contains("\"INFO\""), "{grave}");
}

#[tokio::test]
async fn without_allow_client_options_only_this_machine_and_the_token_may_reload_a_model() {
    let mut body = chat(false);
    body["num_ctx"] = 2048.into();
    let passes = async |env: &[(&str, &str)], headers: &[(&str, &str)], version: &'static str| {
        let fake = ollama(|_| whole("Hi")).await;
        let url = fake.url();
        let env: Vec<_> = env.iter().copied().chain([("OLLAMA_BASE_URL", url.as_str())]).collect();
        let gateway = Gateway::start(&env).await;
        let mut request = Request::post(CHAT, &body).version(version);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let reply = gateway.send(&request).await;
        assert_eq!(reply.status, 200);
        let sent = fake.log.of("/api/chat")[0].request.json().unwrap();
        assert_eq!(sent["options"]["num_ctx"] == 2048, reply.header("x-o2o-ignored").is_none());
        sent["options"]["num_ctx"] == 2048
    };
    let open = [("ALLOW_ANONYMOUS", "true")];
    for headers in [
        &[][..],
        &[("host", "localhost:3000")],
        &[("host", "[::1]")],
        &[("origin", "http://127.0.0.1:8080")],
        &[("origin", "https://localhost")],
    ] {
        assert!(passes(&[], headers, "1.1").await, "{headers:?} is this machine");
    }
    for headers in [
        &[("x-forwarded-for", "127.0.0.1")][..],
        &[("forwarded", "for=127.0.0.1")],
        &[("via", "1.1 proxy")],
        &[("host", "rebound.example")],
        &[("host", "localhost.example")],
        &[("origin", "http://page.example")],
        &[("origin", "null")],
    ] {
        assert!(!passes(&open, headers, "1.1").await, "{headers:?} is not this machine");
        let token = [("authorization", "Bearer key")];
        let with_token: Vec<_> = headers.iter().copied().chain(token).collect();
        assert!(passes(&[("API_TOKEN", "key")], &with_token, "1.1").await, "the token may");
    }
    assert!(!passes(&open, &[], "1.0").await, "HTTP/1.0 is the habit of bare proxies");
}
