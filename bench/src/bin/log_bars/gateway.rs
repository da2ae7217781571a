//! The gateway on a database that is there, and calls of its admin API.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

const PASSWORD: &str = "bench-password";
/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway, killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    addr: SocketAddr,
    session: String,
}

/// An answer of 200, and what it took.
pub(crate) struct Answer {
    /// Until the first byte of its body.
    pub(crate) first: Duration,
    /// Until its end, where that was waited for.
    pub(crate) whole: Duration,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is no JSON")
    }
}

impl Gateway {
    /// Starts the binary beside this one, and signs in.
    pub(crate) fn start(data: &Path) -> anyhow::Result<Gateway> {
        let binary = std::env::current_exe()?.with_file_name("ollama2openai");
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = std::fs::File::create(data.join("log.txt"))?;
        let child = Command::new(&binary)
            .env_clear()
            .env("DATA_DIR", data)
            .env("PORT", addr.port().to_string())
            .env("ADMIN_PASSWORD", PASSWORD)
            // Nobody asks for a model.
            .env("OLLAMA_BASE_URL", "http://127.0.0.1:9")
            .env("HEALTH_CHECK_INTERVAL", "0")
            .env("LOG_MAX_ROWS", "0")
            .current_dir(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut gateway = Gateway { child, addr, session: String::new() };
        let begun = Instant::now();
        while TcpStream::connect(addr).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "the gateway does not answer");
            ensure!(matches!(gateway.child.try_wait(), Ok(None)), "the gateway has ended at once");
            std::thread::yield_now();
        }
        let signed_in = gateway.call("POST", "/admin/login", Some(&json!({"password": PASSWORD})))?.json()?;
        gateway.session = signed_in["token"].as_str().context("no session")?.to_owned();
        Ok(gateway)
    }

    /// Calls and reads the whole answer.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        self.answer(method, path, body, true)
    }

    /// Calls and leaves when the first byte of the body is there.
    pub(crate) fn first_byte(&self, path: &str) -> anyhow::Result<Answer> {
        self.answer("GET", path, None, false)
    }

    fn answer(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        is_whole: bool,
    ) -> anyhow::Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            body.len()
        );
        let mut stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let begun = Instant::now();
        stream.write_all(request.as_bytes())?;
        let (mut seen, mut piece, mut first) = (Vec::new(), vec![0; 64 << 10], None);
        loop {
            let count = match stream.read(&mut piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            seen.extend_from_slice(&piece[..count]);
            let head = memchr::memmem::find(&seen, b"\r\n\r\n").map(|at| at + 4);
            if head.is_some_and(|head| seen.len() > head) && first.is_none() {
                first = Some(begun.elapsed());
            }
            if count == 0 || (first.is_some() && !is_whole) {
                break;
            }
        }
        let head = memchr::memmem::find(&seen, b"\r\n\r\n").context("no head")? + 4;
        let is_good = seen.starts_with(b"HTTP/1.1 200 ");
        ensure!(is_good, "{method} {path}: {}", String::from_utf8_lossy(&seen[..seen.len().min(1000)]));
        let first = first.context("an empty answer")?;
        Ok(Answer { first, whole: begun.elapsed(), body: seen.split_off(head) })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
