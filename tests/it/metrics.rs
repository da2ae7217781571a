//! `/metrics`: what a scrape shows, to whom, and that its numbers are those of what was sent. `deploy/grafana`: that all in
//! there works with it.

mod access;
mod alerts;
mod attempts;
mod dashboard;
mod deploy;
mod load;
pub mod page;
mod promql;
mod series;

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::Gateway;
use crate::support::wait::within;
use page::Page;

const CHAT: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";

/// A scrape from this machine.
async fn scrape(gateway: &Gateway) -> Page {
    let reply = gateway.get("/metrics").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    Page::read(&reply.text())
}

/// Prometheus's own tool takes the page; all that it has to say is that the Node program's name of a gauge ends as a
/// counter's.
async fn assert_promtool_accepts(page: &str) {
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed: scripts/setup.sh does that");
    let mut input = tool.stdin.take().unwrap();
    input.write_all(page.as_bytes()).await.unwrap();
    drop(input);
    let told = within("promtool", tool.wait_with_output()).await.unwrap();
    let [errors, lines] = [told.stderr, told.stdout].map(|bytes| String::from_utf8(bytes).unwrap());
    let known = "ollama2openai_keys_total non-counter metrics should not have \"_total\" suffix\n";
    assert_eq!((errors.as_str(), lines.as_str()), (known, ""), "{page}");
}
