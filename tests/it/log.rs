//! The log of the real program: one line a request, however it ended, and nothing in it that is nobody's business.

use std::net::SocketAddr;
use std::time::Duration;

use ollama2openai::fake::{End, Script};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::client::{self, Request};
use crate::support::ollama::{chat, done, line, ollama, says, whole};
use crate::support::wait::within;

const CHAT: &str = "/v1/chat/completions";

/// The program with its log as JSON.
struct Program {
    addr: SocketAddr,
    lines: Lines<BufReader<ChildStderr>>,
    _child: Child,
    _home: tempfile::TempDir,
}

impl Program {
    async fn start(upstream: &str) -> Program {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
            .current_dir(home.path())
            .env_clear()
            .envs([
                ("PORT", "0"),
                ("LOG_FORMAT", "json"),
                ("OLLAMA_BASE_URL", upstream),
                ("API_TOKEN", "sk-MARKER-token"),
            ])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let addr = loop {
            let line = within("the address", lines.next_line()).await.unwrap().expect("the program runs");
            let line: Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = line["url"].as_str() {
                break url.trim_start_matches("http://").parse().unwrap();
            }
        };
        Program { addr, lines, _child: child, _home: home }
    }

    /// The next line about a request, as text.
    async fn request(&mut self) -> String {
        loop {
            let line = within("a line about a request", self.lines.next_line()).await.unwrap().unwrap();
            if line.contains("\"target\":\"request\"") {
                return line;
            }
        }
    }
}

#[tokio::test]
async fn each_request_leaves_one_line_with_its_outcome_and_no_secret() {
    let fake = ollama(|request| match request.model().as_str() {
        "hang" => {
            Script::streamed("application/x-ndjson", vec![line(&says("MARKER answer"))]).ending(End::Hang)
        }
        "boom" => Script::json(500, &serde_json::json!({"error": "boom"})),
        _ if request.json().is_some_and(|json| json["stream"] == true) => {
            Script::ndjson([&says("MARKER answer"), &done()])
        }
        _ => whole("MARKER answer"),
    })
    .await;
    let mut program = Program::start(&fake.url()).await;
    let ask = |model: &str, stream: bool| {
        let mut body = chat(stream);
        body["model"] = model.into();
        body["messages"][0]["content"] = "MARKER question".into();
        Request::post(CHAT, &body).header("authorization", "Bearer sk-MARKER-token")
    };
    let asked = [
        (ask("m", false), "ok", 200),
        (ask("m", true), "ok", 200),
        (ask("boom", false), "upstream_status", 502),
        (ask("a\nforged line", false), "bad_request", 400),
        (ask("m", false).body("{\"model\":\"m\",\"messages\":\"MARKER question\"}"), "bad_request", 400),
        (ask("m", false).header("authorization", "Bearer sk-MARKER-wrong"), "unauthorized", 401),
    ];
    for (nth, (request, outcome, status)) in asked.into_iter().enumerate() {
        let id = format!("id-{nth}");
        client::send(program.addr, &request.header("x-request-id", &id)).await;
        let text = program.request().await;
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (line["id"].as_str(), line["outcome"].as_str()),
            (Some(id.as_str()), Some(outcome)),
            "{text}"
        );
        assert_eq!(line["status"], status, "{text}");
        assert_eq!(
            (&line["message"], &line["endpoint"]),
            (&"ended".into(), &CHAT.into()),
            "each once: {text}"
        );
        assert!(!text.contains("MARKER"), "{text}");
    }
    let mut left = client::open(program.addr, &ask("hang", true).header("x-request-id", "id-left")).await;
    left.next_data().await.unwrap();
    drop(left);
    let text = program.request().await;
    assert!(text.contains("\"outcome\":\"client_gone\"") && text.contains("\"id\":\"id-left\""), "{text}");
    // The line of one more request follows at once: nothing was told twice.
    client::send(program.addr, &ask("m", false).header("x-request-id", "id-last")).await;
    assert!(program.request().await.contains("\"id\":\"id-last\""));
    assert!(
        fake.log
            .wait_until(Duration::from_secs(5), |seen| seen.iter().any(|seen| seen.closed_at.is_some()))
            .await
    );
}

#[tokio::test]
async fn an_attempt_that_failed_is_told_with_its_request_and_who_is_to_blame() {
    let fake = ollama(|request| match request.model().as_str() {
        "boom" => Script::json(500, &serde_json::json!({"error": "boom"})),
        _ => Script::json(404, &serde_json::json!({"error": "model 'absent' not found"})),
    })
    .await;
    let mut program = Program::start(&fake.url()).await;
    for (model, level) in [("boom", "WARN"), ("absent", "INFO")] {
        let mut body = chat(false);
        body["model"] = model.into();
        let request = Request::post(CHAT, &body).header("authorization", "Bearer sk-MARKER-token");
        client::send(program.addr, &request.header("x-request-id", model)).await;
        let line = loop {
            let line = within("a line", program.lines.next_line()).await.unwrap().unwrap();
            if line.contains("an attempt failed") {
                break serde_json::from_str::<Value>(&line).unwrap();
            }
        };
        assert_eq!((&line["id"], &line["level"]), (&Value::from(model), &Value::from(level)), "{line}");
        let line: Value = serde_json::from_str(&program.request().await).unwrap();
        assert!(line["backend"].is_string(), "a request that failed names who was asked last: {line}");
    }
}

#[tokio::test]
async fn a_proxy_that_nobody_told_of_is_mentioned_once() {
    let fake = ollama(|_| whole("Hi")).await;
    let mut program = Program::start(&fake.url()).await;
    let forwarded = || Request::get("/v1/models").header("x-forwarded-for", "192.0.2.7");
    for _ in 0..3 {
        client::send(program.addr, &forwarded().header("authorization", "sk-MARKER-token")).await;
    }
    let (mut hints, mut requests) = (0, 0);
    while requests < 3 {
        let line = within("a line", program.lines.next_line()).await.unwrap().unwrap();
        hints += usize::from(line.contains("TRUST_PROXY"));
        requests += usize::from(line.contains("\"target\":\"request\""));
    }
    assert_eq!(hints, 1);
}
