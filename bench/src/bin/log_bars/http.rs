//! What an admin waits for: pages, filters, the export's first byte, the dashboard, and writes while half of the log is
//! deleted.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use ollama2openai::store::LogFilter;
use serde_json::json;

use crate::ROUNDS;
use crate::gateway::Gateway;

/// What a call may take.
const CALL: Duration = Duration::from_millis(100);
/// What a write may take while rows are deleted.
const WRITE: Duration = Duration::from_millis(50);
/// Writes before anything is deleted, as a measure.
const BEFORE: usize = 100;
/// Writes between two looks whether half of it is gone.
const LOOK: usize = 50;
/// Half of it is deleted in this time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures all of it on a log of so many rows, of which half is deleted.
pub(crate) fn measure(
    gateway: &Gateway,
    filters: &[(&'static str, LogFilter)],
    rows: u64,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for (name, filter) in filters {
        let path = format!("/admin/api/logs?type=request{}", query(filter));
        line(name, &timed(|| Ok(gateway.call("GET", &path, None)?.whole))?, CALL, out)?;
    }
    for form in ["jsonl", "csv"] {
        let path = format!("/admin/api/logs/export?format={form}");
        let times = timed(|| Ok(gateway.first_byte(&path)?.first))?;
        line(&format!("export as {form}, first byte"), &times, CALL, out)?;
    }
    let times = timed(|| Ok(gateway.call("GET", "/admin/api/dashboard", None)?.whole))?;
    line("dashboard", &times, CALL, out)?;
    retention(gateway, rows, out)
}

fn timed(mut call: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Vec<Duration>> {
    (0..ROUNDS).map(|_| call()).collect()
}

/// A filter as the admin API takes it.
fn query(filter: &LogFilter) -> String {
    let time = |time: &Option<Timestamp>| time.map(|time| format!("{time:.3}"));
    let statuses = filter.statuses.as_ref();
    let statuses = statuses.map(|all| all.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
    let members = [
        ("since", time(&filter.from)),
        ("until", time(&filter.to)),
        ("token", filter.token.clone()),
        ("model", filter.model.clone()),
        ("channel", filter.channel.clone()),
        ("backend", filter.backend.clone()),
        ("outcome", filter.outcomes.as_ref().map(|all| all.join(","))),
        ("status", statuses),
        ("ip", filter.client.clone()),
        ("id", filter.id.clone()),
        ("text", filter.text.clone()),
        ("cursor", filter.before.map(|before| before.to_string())),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    members.map(|(name, value)| format!("&{name}={}", escaped(&value))).collect()
}

fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Keeps half of the rows, while an admin changes a channel again and again.
fn retention(gateway: &Gateway, rows: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let channel = json!({"name": "changed", "baseUrl": "http://127.0.0.1:9"});
    let made = gateway.call("POST", "/admin/api/channels", Some(&channel))?.json()?;
    let path = format!("/admin/api/channels/{}", made["channel"]["id"].as_str().context("no channel")?);
    let mut number = 0;
    let mut write = || {
        number += 1;
        anyhow::Ok(gateway.call("PUT", &path, Some(&json!({"priority": number % 100})))?.whole)
    };
    let before = (0..BEFORE).map(|_| write()).collect::<Result<Vec<_>, _>>()?;
    line("a write, nothing deleted", &before, WRITE, out)?;
    let kept = rows / 2;
    gateway.call("POST", "/admin/api/settings", Some(&json!({"LOG_MAX_ROWS": kept})))?;
    let look = format!("/admin/api/logs?type=request&limit=1&cursor={}", rows - kept + 1);
    let (begun, mut times) = (Instant::now(), Vec::new());
    loop {
        for _ in 0..LOOK {
            times.push(write()?);
        }
        if gateway.call("GET", &look, None)?.json()?["logs"].as_array().is_some_and(Vec::is_empty) {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "half of the rows are not deleted after {PATIENCE:?}");
    }
    line("a write while half is deleted", &times, WRITE, out)?;
    writeln!(out, "{} writes, and half was gone after {:.0} s", times.len(), begun.elapsed().as_secs_f64())?;
    Ok(())
}

/// The slowest of them is judged.
fn line(name: &str, times: &[Duration], bar: Duration, out: &mut impl Write) -> anyhow::Result<()> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let slowest = times.last().copied().unwrap_or_default();
    writeln!(
        out,
        "{name:32} median {:6.1} ms  slowest {:6.1} ms  bar {:4.0} ms  {}",
        ms(times[times.len() / 2]),
        ms(slowest),
        ms(bar),
        if slowest < bar { "held" } else { "MISSED" }
    )?;
    Ok(())
}
