//! A marker goes in as prompt, answer, token, credential of a backend, password and cookie: it comes out nowhere but where it
//! is meant to.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use ollama2openai::fake::{Fake, Request as Seen, Script};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::client::{self, Request, Response};
use crate::support::ollama::{chat, done, ollama, says, whole};
use crate::support::wait::{until, within};

const MARKER: &str = "mArKeR5b1f9c";
/// A prompt that looks otherwise in each form that it is sent in.
const PROMPT: &str = "the \"secret\" of Ann\nis mArKeR5b1f9c, in C:\\new\\张伟";
const PASSWORD: &str = "password-mArKeR5b1f9c-of-admin";
const API_TOKEN: &str = "sk-first-mArKeR5b1f9c-last4";
const VIEWER: &str = "password-mArKeR5b1f9c-of-vic";

/// An Ollama that repeats what it is asked in its errors: as text and as it came.
fn echo(request: &Seen) -> Script {
    let json = request.json().expect("a body");
    let said = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
    let texts: Vec<_> = json["messages"].as_array().into_iter().flatten().map(said).collect();
    let body = String::from_utf8_lossy(&request.body);
    let error = json!({"error": format!("cannot read {} of {body} ({})", texts.join(" | "), json["prompt"])});
    match request.model().strip_prefix("echo-").expect("echo-…") {
        "first" => Script::ndjson([&error]),
        "later" => Script::ndjson([&says("well"), &error]),
        "plain" => Script::text(500, &format!("cannot read {body}")),
        "whole" => Script::json(200, &error),
        status => Script::json(status.parse().expect("a status"), &error),
    }
}

/// All kinds of requests with the marker in them: path, body, status of the reply, and an id.
fn requests() -> Vec<(&'static str, Value, u16, &'static str)> {
    let mut told = chat(false);
    told["messages"][0]["content"] = MARKER.into();
    let mut stream = told.clone();
    stream["stream"] = true.into();
    let mut broken = told.clone();
    broken["model"] = "broken".into();
    let echo = |model: &str| {
        let messages = json!([{"role": "system", "content": MARKER}, {"role": "user", "content": PROMPT}]);
        let streams = matches!(model, "echo-first" | "echo-later");
        json!({"model": model, "messages": messages, "stream": streams})
    };
    vec![
        ("/v1/chat/completions", told, 200, "whole"),
        ("/v1/chat/completions", stream, 200, "stream"),
        ("/v1/chat/completions", broken, 502, "broken"),
        ("/v1/completions", json!({"model": "m", "prompt": MARKER}), 200, "completion"),
        ("/v1/embeddings", json!({"model": "m", "input": MARKER}), 200, "embedding"),
        ("/v1/chat/completions", json!({"model": "m", "messages": MARKER}), 400, "wrong"),
        ("/v1/chat/completions", echo("echo-400"), 400, "e1"),
        ("/v1/chat/completions", echo("echo-404"), 404, "e2"),
        ("/v1/chat/completions", echo("echo-429"), 429, "e3"),
        ("/v1/chat/completions", echo("echo-500"), 502, "e4"),
        ("/v1/chat/completions", echo("echo-503"), 503, "e5"),
        ("/v1/chat/completions", echo("echo-first"), 502, "e6"),
        ("/v1/chat/completions", echo("echo-later"), 200, "e7"),
        ("/v1/chat/completions", echo("echo-plain"), 502, "e8"),
        ("/v1/chat/completions", echo("echo-whole"), 502, "e9"),
        ("/v1/completions", json!({"model": "echo-500", "prompt": PROMPT}), 502, "e10"),
        ("/v1/embeddings", json!({"model": "echo-500", "input": [MARKER, PROMPT]}), 502, "e11"),
    ]
}

/// The program with all of its outputs at hand.
struct Program {
    addr: SocketAddr,
    /// Sessions, which failed attempts of others do not end.
    admin: String,
    viewer: String,
    child: Child,
    home: TempDir,
    log: TempDir,
    collector: Fake,
    _upstream: Fake,
}

impl Program {
    async fn start(capture: &str) -> Program {
        let upstream = ollama(|request: &Seen| match request.path.as_str() {
            _ if request.model().starts_with("echo") => echo(request),
            "/api/embed" => Script::json(200, &json!({"embeddings": [[0.5]], "prompt_eval_count": 2})),
            "/api/generate" => Script::json(200, &json!({"response": MARKER, "done": true})),
            _ if request.model() == "broken" => Script::json(500, &json!({"error": "it has stopped"})),
            _ if request.json().is_some_and(|json| json["stream"] == true) => {
                Script::ndjson([&says("mArKeR"), &says("5b1f9c"), &done()])
            }
            _ => whole(MARKER),
        })
        .await;
        let taken = |_: &Seen| Script::whole(200, "application/json", "{}");
        let collector = Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(taken)).await.unwrap();
        let (home, log) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = File::create(log.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
            .current_dir(home.path())
            .env_clear()
            .envs([("PORT", "0"), ("LOG_FORMAT", "json"), ("LOG_LEVEL", "trace"), ("LOG_TO_FILE", "true")])
            .envs([("ADMIN_PASSWORD", PASSWORD), ("API_TOKEN", API_TOKEN), ("CAPTURE", capture)])
            .envs([("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url().as_str()), ("MAX_RETRIES", "0")])
            .envs([("DATA_DIR", home.path().to_str().unwrap()), ("SERVER_TIMING", "true")])
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut addr = None;
        until("the address", || {
            let text = fs::read_to_string(log.path().join("log")).unwrap();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            addr = lines
                .filter_map(|line| line["url"].as_str()?.strip_prefix("http://")?.parse::<SocketAddr>().ok())
                .next();
            addr.is_some()
        })
        .await;
        let url = upstream.url();
        let (admin, viewer) = (PASSWORD.to_owned(), String::new());
        let addr = addr.unwrap();
        let mut program = Program { addr, admin, viewer, child, home, log, collector, _upstream: upstream };
        program.admin = program.signed_in("admin", PASSWORD).await;
        let user = json!({"name": "vic", "password": VIEWER, "role": "viewer"});
        program.done("POST", "/api/users", &user).await;
        program.viewer = program.signed_in("vic", VIEWER).await;
        let key = format!("sk-first6-{MARKER}-last4");
        let channel = json!({"name": "lab", "baseUrl": url, "keys": [key]});
        program.done("POST", "/api/channels", &channel).await;
        program
    }

    async fn signed_in(&self, name: &str, password: &str) -> String {
        let login = json!({"username": name, "password": password});
        let reply = self.call("POST", "/login", &login, "").await;
        reply.json()["token"].as_str().expect("a session").to_owned()
    }

    async fn call(&self, method: &'static str, path: &str, body: &Value, bearer: &str) -> Response {
        let request = Request::new(method, &format!("/admin{path}"))
            .header("authorization", &format!("Bearer {bearer}"))
            .header("content-type", "application/json");
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        client::send(self.addr, &request).await
    }

    async fn done(&self, method: &'static str, path: &str, body: &Value) -> Response {
        let reply = self.call(method, path, body, &self.admin).await;
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
        reply
    }

    /// All that may be asked with the marker in it. What is refused does not repeat it.
    async fn ask_everything(&self) {
        let token = json!({"name": "on", "capture": true});
        let token = self.done("POST", "/api/tokens", &token).await.json()["token"]["token"].take();
        let cookie = format!("o2o_session={MARKER}; other={MARKER}");
        let paths = requests();
        for bearer in [token.as_str().unwrap(), API_TOKEN] {
            for (path, body, status, id) in &paths {
                let id = if bearer == API_TOKEN { "other" } else { *id };
                let request = Request::post(path, body).header("authorization", &format!("Bearer {bearer}"));
                let request = request.header("cookie", &cookie).header("x-request-id", id);
                let reply = client::send(self.addr, &request).await;
                assert_eq!(reply.status, *status, "{path}: {}", reply.text());
                // What a client has sent is repeated to it, and to nobody else.
                let is_echo = matches!(status, 400..) && body["model"] != "broken";
                let is_there = reply.text().contains(MARKER);
                assert!(is_there || !is_echo, "{}", reply.text());
                assert!(!is_there || body["model"] != "broken", "{}", reply.text());
            }
        }
        let wrong = format!("Bearer sk-wrong-{MARKER}");
        for path in ["/v1/chat/completions", "/admin/api/captures"] {
            for (name, value) in [("authorization", &wrong), ("cookie", &cookie), ("x-api-key", &wrong)] {
                let method = if path.starts_with("/v1") { "POST" } else { "GET" };
                let request = Request::new(method, path).header(name, value).body(paths[0].1.to_string());
                let refused = client::send(self.addr, &request).await;
                assert_eq!(refused.status, 401, "{path}: {}", refused.text());
                assert!(!refused.text().contains(MARKER), "{}", refused.text());
            }
        }
        let login = json!({"username": "admin", "password": format!("{MARKER}-wrong")});
        assert_eq!(self.call("POST", "/login", &login, "").await.status, 401);
    }

    /// Everything that is told in the open, by name.
    async fn told(&self) -> Vec<(String, Vec<u8>)> {
        let mut told = Vec::new();
        for path in [
            "/api/logs",
            "/api/logs?type=audit",
            "/api/logs/export?format=jsonl",
            "/api/logs/export?format=csv",
            "/api/audit",
            "/api/captures",
            "/api/dashboard",
            "/api/stats",
            "/api/settings",
            "/api/tokens",
            "/api/keys",
            "/api/channels",
            "/api/users",
            "/api/sessions",
            "/api/routes/explain?model=m",
        ] {
            told.push((path.to_owned(), self.done("GET", path, &Value::Null).await.body));
        }
        told.push(("backup".to_owned(), self.done("POST", "/api/backup", &Value::Null).await.body));
        told.push(("metrics".to_owned(), client::get(self.addr, "/metrics").await.body));
        told
    }

    /// Ends it, and adds what it has written.
    async fn ended(mut self, mut told: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
        let pid = self.child.id().expect("it runs").to_string();
        let open = files(self.home.path());
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        within("its end", self.child.wait()).await.unwrap();
        told.extend(open.into_iter().chain(files(self.home.path())).chain(files(self.log.path())));
        let spans = self.collector.log.all();
        assert!(!spans.is_empty(), "spans were sent");
        told.extend(spans.into_iter().map(|seen| ("span".to_owned(), seen.request.body.to_vec())));
        told
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    found
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn hold(told: &[(String, Vec<u8>)]) {
    for (name, bytes) in told {
        assert!(!has(bytes, MARKER), "the marker is in {name}");
    }
    // The rest of an error is there, wherever it is told.
    for name in ["requests.jsonl", "span", "log", "/api/channels", "/api/logs", "format=csv"] {
        let is_error = |bytes: &[u8]| has(bytes, "cannot read ") && has(bytes, "…");
        let is_there = told.iter().any(|(told, bytes)| told.ends_with(name) && is_error(bytes));
        assert!(is_there, "what was said is not in {name}");
    }
    // What is looked at is there.
    for name in ["requests.jsonl", "audit.jsonl", "ollama2openai.db", "span", "log", "metrics", "format=csv"]
    {
        let is_there = told.iter().any(|(told, bytes)| told.ends_with(name) && !bytes.is_empty());
        assert!(is_there, "{name} is missing in {:?}", told.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn without_capture_the_marker_is_nowhere() {
    let program = Program::start("off").await;
    program.ask_everything().await;
    let told = program.told().await;
    let list = told.iter().find(|(name, _)| name == "/api/captures").unwrap();
    assert!(has(&list.1, "\"captures\":[]"));
    hold(&program.ended(told).await);
}

#[tokio::test]
async fn with_capture_admins_see_it_and_nothing_else_has_it() {
    let program = Program::start("tokens").await;
    program.ask_everything().await;
    for (id, in_request, in_response) in [
        ("whole", true, true),
        ("stream", true, true),
        ("completion", true, true),
        ("embedding", true, false),
        ("broken", true, false),
        ("wrong", true, true),
        ("e4", true, true),
        ("e7", true, true),
    ] {
        let path = format!("/api/captures/{id}");
        let seen = program.done("GET", &path, &Value::Null).await.json()["capture"].take();
        let has = |name: &str| seen[name].as_str().unwrap().contains(MARKER);
        assert_eq!((has("request"), has("response")), (in_request, in_response), "{seen}");
        let refused = program.call("GET", &path, &Value::Null, &program.viewer).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("role_required")));
        assert!(!refused.text().contains(MARKER));
    }
    assert_eq!(program.call("GET", "/api/captures/other", &Value::Null, &program.admin).await.status, 404);
    let told = program.told().await;
    let audit = &told.iter().find(|(name, _)| name == "/api/audit").unwrap().1;
    assert!(has(audit, "capture.view"));
    hold(&program.ended(told).await);
}
