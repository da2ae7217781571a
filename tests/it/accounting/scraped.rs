//! `/metrics` against the rows of the request log.

use serde_json::Value;

use super::books::{Counts, count, is_served, number, series, served, sum, text, without_zeros};
use super::clients::Seen;
use super::used::is_known;
use super::{CHAT, MODELS};
use crate::metrics::page::{Labels, Page};

/// Outcomes by which the gateway refuses, if no backend had to do with it.
const REFUSALS: [&str; 6] =
    ["bad_request", "unauthorized", "rate_limited", "quota", "no_model", "overloaded"];

fn label<'r>(name: &'r str) -> impl Fn(&Labels) -> String + 'r {
    move |labels| labels[name].clone()
}

fn attempts(row: &Value) -> Vec<&Value> {
    row["attempts"].as_array().into_iter().flatten().collect()
}

/// Tokens of prompt and answer without those of caches, of which the prompt's are counted first.
fn spent(row: &Value) -> [(&'static str, u64); 2] {
    let (prompt, completion) = (number(row, "promptTokens"), number(row, "completionTokens"));
    let cached = number(row, "cachedTokens");
    let of_prompt = cached.min(prompt);
    [("prompt", prompt - of_prompt), ("completion", completion - (cached - of_prompt))]
}

/// The same of many, by something of theirs.
fn spent_by<'r>(
    rows: impl IntoIterator<Item = &'r Value>,
    name: impl Fn(&Value) -> Option<String>,
) -> Counts {
    let parts: Vec<_> = rows
        .into_iter()
        .filter_map(|row| Some((name(row)?, spent(row))))
        .flat_map(|(name, parts)| parts.map(|(kind, tokens)| (format!("{name} {kind}"), tokens)))
        .collect();
    without_zeros(sum(&parts, |part| Some(part.clone())))
}

pub fn agrees(page: &Page, rows: &[Value]) {
    assert!(page.assert_histograms_add_up() > 10);
    for empty in [
        "dropped_total",
        "active_streams",
        "queue_depth",
        "ledger_queue_records",
        "database_write_errors_total",
    ] {
        assert_eq!(page.sum(&format!("ollama2openai_{empty}"), &[]), 0.0, "{empty}");
    }
    let outcomes = |labels: &Labels| format!("{} {}", labels["endpoint"], labels["outcome"]);
    assert_eq!(
        series(page, "ollama2openai_outcomes_total", outcomes),
        count(rows, |row| Some(format!("{} {}", text(row, "endpoint"), text(row, "outcome"))))
    );
    assert_eq!(page.sum("ollama2openai_own_seconds_count", &[]), rows.len() as f64);
    refusals_agree(page, rows);
    waits_agree(page, rows);
    tokens_agree(page, rows);
    backends_agree(page, rows);
    as_the_node_program_counts(page, rows);
    models_agree(page, rows);
}

fn refusals_agree(page: &Page, rows: &[Value]) {
    // Ollama's own refusals are attempts.
    let is_refused = |row: &&Value| {
        REFUSALS.contains(&text(row, "outcome")) && attempts(row).is_empty() && !is_served(row)
    };
    let refused: Vec<_> = rows.iter().filter(is_refused).collect();
    let kinds = count(&refused, |row| Some(row["errorKind"].as_str()?.to_owned()));
    assert_eq!(series(page, "ollama2openai_refusals_total", label("reason")), kinds);
    let limits = count(&refused, |row| {
        let limit = match text(row, "errorKind") {
            "rate_limit_global" => "global",
            "rate_limit_ip" => "ip",
            _ => "token",
        };
        (row["outcome"] == "rate_limited").then(|| limit.to_owned())
    });
    assert_eq!(series(page, "ollama2openai_rate_limit_hits_total", label("limit_type")), limits);
}

/// Sums of times, which rows have rounded: by as much as this, in milliseconds.
fn is_about(page: &Page, family: &str, rows: &[Value], (member, rounding): (&str, f64)) {
    let told = page.sum(&format!("{family}_sum"), &[]) * 1e3;
    let sum: f64 = rows.iter().filter_map(|row| row[member].as_f64()).sum();
    assert!((told - sum).abs() <= rounding * rows.len() as f64, "{family}: {told}, {member}: {sum}");
}

/// The queue: each who has waited is in the histogram, however that ended, and nobody else.
fn waits_agree(page: &Page, rows: &[Value]) {
    let left = series(page, "ollama2openai_queue_left_total", label("reason"));
    let with = |text: &str| rows.iter().filter(|row| row["error"].to_string().contains(text)).count() as u64;
    assert_eq!(left["full"], with("the queue is full"), "{left:?}");
    assert_eq!(left["too_long"], with("none was free in time"), "{left:?}");
    let waits = left["served"] + left["too_long"] + left["client_gone"];
    assert_eq!(page.sum("ollama2openai_queue_wait_seconds_count", &[]), waits as f64, "{left:?}");
    is_about(page, "ollama2openai_queue_wait_seconds", rows, ("queueMs", 1.0));
    is_about(page, "ollama2openai_own_seconds", rows, ("ownMs", 0.001));
    let is_gone = |row: &&Value| row["outcome"] == "client_gone" && row.get("queueMs").is_some();
    let gone: Vec<_> = rows.iter().filter(is_gone).collect();
    assert_eq!(gone.len() as u64, left["client_gone"], "{left:?}");
    for row in gone {
        assert!(row["ownMs"].as_f64() < row["queueMs"].as_f64(), "waiting is not the gateway's time: {row}");
    }
}

fn tokens_agree(page: &Page, rows: &[Value]) {
    let owner = |row: &Value| Some(row["tokenName"].as_str()?.to_owned());
    assert_eq!(series(page, "ollama2openai_token_requests_total", label("name")), count(rows, owner));
    let named = |labels: &Labels| format!("{} {}", labels["name"], labels["type"]);
    assert_eq!(series(page, "ollama2openai_token_tokens_total", named), spent_by(rows, owner));
    let backend = |row: &Value| Some(text(row, "backendName").to_owned());
    assert_eq!(series(page, "ollama2openai_backend_tokens_total", named), spent_by(served(rows), backend));
    let cached: u64 = rows.iter().map(|row| number(row, "cachedTokens")).sum();
    assert_eq!(page.sum("ollama2openai_cached_tokens_total", &[]), cached as f64);
    // Nobody pays but tokens here, and nothing is counted that no backend has made: but for whom nobody waited any more.
    let all = |of: &[&Value]| of.iter().flat_map(|row| spent(row)).map(|(_, tokens)| tokens).sum::<u64>();
    let is_left = |row: &&Value| !is_served(row) && row["outcome"] == "client_gone";
    let made = served(rows).chain(rows.iter().filter(is_left)).collect::<Vec<_>>();
    assert_eq!(all(&rows.iter().collect::<Vec<_>>()), all(&made));
}

/// Whom it was sent to: those who failed, and who has served.
fn sent_to(row: &Value) -> Vec<(&str, &str)> {
    let failed = attempts(row).into_iter().map(|one| (text(one, "backendName"), text(one, "outcome")));
    let last = (text(row, "backendName"), text(row, "outcome"));
    failed.chain(is_served(row).then_some(last)).collect()
}

fn backends_agree(page: &Page, rows: &[Value]) {
    let sent: Vec<_> = rows.iter().flat_map(|row| sent_to(row)).collect();
    let named = |labels: &Labels| format!("{} {}", labels["name"], labels["outcome"]);
    assert_eq!(
        series(page, "ollama2openai_backend_attempts_total", named),
        count(&sent, |(name, outcome)| Some(format!("{name} {outcome}")))
    );
    let followed = |row: &Value| {
        let outcomes: Vec<_> = sent_to(row).iter().map(|(_, outcome)| (*outcome).to_owned()).collect();
        let more = outcomes.len().saturating_sub(1);
        outcomes.into_iter().take(more).collect::<Vec<_>>()
    };
    let retries: Vec<_> = rows.iter().flat_map(followed).collect();
    assert_eq!(
        series(page, "ollama2openai_retries_total", label("outcome")),
        count(&retries, |outcome| Some(outcome.clone()))
    );
    let error = |attempt: &Value| match attempt["status"].as_u64() {
        Some(status) => format!("http_{status}"),
        None => "connection".to_owned(),
    };
    // Who leaves says nothing of who was asked.
    let is_fault = |attempt: &&Value| attempt["outcome"] != "client_gone";
    let mut errors: Vec<_> = rows.iter().flat_map(attempts).filter(is_fault).map(error).collect();
    // A stream that broke off was served until then.
    let is_broken = |row: &&Value| matches!(text(row, "outcome"), "upstream_stream" | "timeout");
    let broken = served(rows).filter(is_broken).count();
    errors.extend(std::iter::repeat_n("connection".to_owned(), broken));
    assert_eq!(
        series(page, "ollama2openai_upstream_errors_total", label("error_type")),
        count(&errors, |error| Some(error.clone()))
    );
}

/// It counts what backends have answered or failed to, and lists of models; no refusals, nothing that broke off, nothing
/// that came from a cache, and tokens of chats alone.
fn as_the_node_program_counts(page: &Page, rows: &[Value]) {
    let is_list = |row: &Value| row["endpoint"] == MODELS && row["outcome"] == "ok";
    let is_answered = |row: &Value| is_served(row) && row["outcome"] == "ok";
    let has_failed =
        |row: &Value| !is_served(row) && !attempts(row).is_empty() && row["outcome"] != "client_gone";
    let named = |labels: &Labels| format!("{} {}", labels["endpoint"], labels["status"]);
    assert_eq!(
        series(page, "ollama2openai_requests_total", named),
        count(rows, |row| {
            let is_counted = is_list(row) || is_answered(row) || has_failed(row);
            is_counted.then(|| format!("{} {}", text(row, "endpoint"), row["status"]))
        })
    );
    assert_eq!(
        series(page, "ollama2openai_request_duration_seconds_count", label("endpoint")),
        count(rows, |row| (is_list(row) || is_answered(row)).then(|| text(row, "endpoint").to_owned()))
    );
    let chats = rows.iter().filter(|row| row["endpoint"] == CHAT);
    assert_eq!(
        series(page, "ollama2openai_tokens_total", |labels| format!("chat {}", labels["type"])),
        spent_by(chats, |_| Some("chat".to_owned()))
    );
}

/// Histograms of models are of what backends have served: times of what went well, tokens of all.
fn models_agree(page: &Page, rows: &[Value]) {
    let name = |row: &Value| {
        let operation = match text(row, "endpoint") {
            "/v1/embeddings" => "embeddings",
            "/v1/completions" => "text_completion",
            _ => "chat",
        };
        let model = text(row, "model");
        format!("{operation} {}", if is_known(model) { model } else { "other" })
    };
    let named =
        |labels: &Labels| format!("{} {}", labels["gen_ai_operation_name"], labels["gen_ai_request_model"]);
    let is_timed = |row: &Value| row["stream"] == true && row.get("firstTokenMs").is_some();
    let well: Vec<_> = served(rows).filter(|row| row["outcome"] == "ok").collect();
    assert_eq!(
        series(page, "gen_ai_server_request_duration_seconds_count", named),
        count(&well, |row| Some(name(row)))
    );
    assert_eq!(
        series(page, "gen_ai_server_time_to_first_token_seconds_count", named),
        count(&well, |row| is_timed(row).then(|| name(row)))
    );
    assert_eq!(
        series(page, "gen_ai_server_time_per_output_token_seconds_count", named),
        count(&well, |row| (is_timed(row) && number(row, "completionTokens") > 1).then(|| name(row)))
    );
    let timed: Vec<_> = served(rows).filter(|row| is_timed(row)).collect();
    assert_eq!(
        series(page, "ollama2openai_backend_first_token_seconds_count", label("name")),
        count(&timed, |row| Some(text(row, "backendName").to_owned()))
    );
    let kind = |labels: &Labels| match labels["gen_ai_token_type"].as_str() {
        "input" => format!("{} prompt", named(labels)),
        _ => format!("{} completion", named(labels)),
    };
    assert_eq!(
        series(page, "gen_ai_client_token_usage_sum", kind),
        spent_by(served(rows), |row| Some(name(row)))
    );
    let parts: Vec<_> = served(rows).flat_map(|row| spent(row).map(|part| (name(row), part))).collect();
    let one =
        |(name, (kind, tokens)): &(String, (&str, u64))| (*tokens > 0).then(|| format!("{name} {kind}"));
    assert_eq!(series(page, "gen_ai_client_token_usage_count", kind), count(&parts, one));
}

/// What came from a cache, as clients were told.
pub fn caches_agree(page: &Page, seen: &[Seen]) {
    // A batch of embeddings is looked up text by text, and each has one that is the same and one that is not.
    let hits = count(seen, |seen| {
        let kind = if seen.endpoint == CHAT { "chat" } else { "embeddings" };
        matches!(seen.cache.as_deref(), Some("HIT" | "PARTIAL")).then(|| kind.to_owned())
    });
    assert_eq!(hits.len(), 2, "{hits:?}");
    assert_eq!(series(page, "ollama2openai_cache_hits_total", label("cache_type")), hits);
}

/// How often each backend was asked, by name.
pub fn asked(page: &Page) -> Counts {
    series(page, "ollama2openai_backend_attempts_total", label("name"))
}
