//! Every setting that can change while the gateway runs: saved, and its effect seen by the next request.

mod clients;
mod upstream;

use ollama2openai::config::settings;
use serde_json::{Value, json};

use super::{CHAT, PASSWORD, get, post, started, well};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::wait::within;

/// Settings whose change is shown by a test of one of these files, or of the module named.
const SHOWN: &[(&str, &str)] = &[
    ("DRAIN_TIMEOUT", "upstream"),
    ("SHUTDOWN_GRACE", "upstream"),
    ("MAX_BODY_BYTES", "clients"),
    ("CONNECT_TIMEOUT", "upstream"),
    ("REQUEST_TIMEOUT", "upstream"),
    ("WHOLE_TIMEOUT", "upstream"),
    ("STREAM_IDLE_TIMEOUT", "upstream"),
    ("TOTAL_TIMEOUT", "upstream"),
    ("MAX_LINE_BYTES", "upstream"),
    ("MAX_RETRIES", "upstream"),
    ("HEALTH_CHECK_INTERVAL", "upstream"),
    ("BALANCE", "upstream"),
    ("MAX_QUEUE", "upstream"),
    ("QUEUE_TIMEOUT", "upstream"),
    ("SSE_HEARTBEAT", "upstream"),
    ("STREAM_USAGE", "clients"),
    ("ALLOW_CLIENT_OPTIONS", "clients"),
    ("SERVER_TIMING", "clients"),
    ("ALLOW_ANONYMOUS", "clients"),
    ("IP_ACCESS_MODE", "access_control"),
    ("IP_WHITELIST", "access_control"),
    ("IP_BLACKLIST", "access_control"),
    ("RATE_LIMIT_GLOBAL_ENABLED", "clients"),
    ("RATE_LIMIT_GLOBAL_WINDOW", "clients"),
    ("RATE_LIMIT_GLOBAL_MAX", "clients"),
    ("RATE_LIMIT_IP_ENABLED", "clients"),
    ("RATE_LIMIT_IP_WINDOW", "clients"),
    ("RATE_LIMIT_IP_MAX", "clients"),
    ("RATE_LIMIT_TOKEN_ENABLED", "clients"),
    ("RATE_LIMIT_TOKEN_WINDOW", "clients"),
    ("RATE_LIMIT_TOKEN_MAX", "clients"),
    ("QUOTA_DEFAULT_COMPLETION", "clients"),
    ("CACHE_CHAT", "clients"),
    ("CACHE_CHAT_MAX_SIZE", "clients"),
    ("CACHE_CHAT_MAX_AGE", "clients"),
    ("CACHE_EMBEDDINGS", "clients"),
    ("CACHE_EMBEDDINGS_MAX_SIZE", "clients"),
    ("CACHE_EMBEDDINGS_MAX_AGE", "clients"),
    ("CACHE_SCOPE", "clients"),
    ("LOG_LEVEL", "settings"),
    ("LOG_LEVELS", "here"),
    ("LOG_TO_FILE", "request_log"),
    ("LOG_MAX_FILE_SIZE", "request_log"),
    ("LOG_MAX_TOTAL_SIZE", "request_log"),
    ("LOG_RECENT_MAX", "request_log"),
    ("REQUEST_LOG", "request_log"),
    ("LOG_RETENTION_DAYS", "request_log"),
    ("LOG_MAX_ROWS", "request_log"),
    ("CAPTURE", "capture"),
    ("CAPTURE_MAX_BYTES", "capture"),
    ("CAPTURE_RETENTION_HOURS", "capture"),
    ("CAPTURE_REDACT", "capture"),
];

#[test]
fn no_setting_that_can_change_is_forgotten() {
    let mut shown: Vec<_> = SHOWN.iter().map(|(name, _)| *name).collect();
    let mut changeable: Vec<_> = settings().iter().filter(|row| row.changeable).map(|row| row.name).collect();
    shown.sort_unstable();
    changeable.sort_unstable();
    assert_eq!(shown, changeable);
}

/// Saves one setting.
async fn save(gateway: &Gateway, name: &str, value: impl Into<Value>) {
    let saved = post(gateway, "/settings", &json!({name: value.into()})).await;
    assert_eq!(saved["success"], true);
}

#[tokio::test]
async fn the_level_of_the_log() {
    use tokio::io::AsyncBufReadExt as _;
    let fake = well("a").await;
    let home = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .current_dir(home.path())
        .env_clear()
        .envs([("PORT", "0"), ("OLLAMA_BASE_URL", &fake.url()), ("ADMIN_PASSWORD", PASSWORD)])
        .envs([("LOG_FORMAT", "json"), ("DATA_DIR", ".")])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = async || {
        let line = within("a line of the log", lines.next_line()).await.unwrap();
        serde_json::from_str::<Value>(&line.expect("the program runs")).unwrap()
    };
    let addr = loop {
        if let Some(url) = next().await["url"].as_str() {
            break url.trim_start_matches("http://").parse().unwrap();
        }
    };
    let save = async |level: &str| {
        let levels = json!({"LOG_LEVEL": "error", "LOG_LEVELS": format!("request={level},admin={level}")});
        let request = Request::post("/admin/api/settings", &levels);
        assert_eq!(client::send(addr, &request.header("authorization", PASSWORD)).await.status, 200);
    };
    save("error").await;
    assert_eq!(client::get(addr, "/v1").await.status, 200);
    save("info").await;
    assert_eq!(client::get(addr, "/v1/models").await.status, 200);
    let (mut saved, mut endpoint) = (0, Value::Null);
    while endpoint.is_null() {
        let line = next().await;
        saved += usize::from(line["message"] == "settings were saved");
        endpoint = line["endpoint"].clone();
    }
    assert_eq!((saved, endpoint), (1, json!("/v1/models")), "what came before is not there");
}
