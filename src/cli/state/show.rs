//! Tables for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::access::mask;
use crate::admin::{kind, masked, quota_used};
use crate::store::{BackendRow, ChannelRow, TokenRow, UserRow};

/// Columns that line up, each as wide as its widest cell.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| lines.iter().map(|line| width(&line[column])).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, wide) in line.iter().zip(&widths) {
            row.extend(cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
            row.push_str(&" ".repeat(wide - width(cell) + 2));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// How many columns of a terminal a text fills: letters of East Asia fill two.
fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(u32::from(c),
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
            | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

pub(super) fn keys(rows: &[&BackendRow]) -> String {
    let head = ["ID", "NAME", "KEY", "BASE URL", "ENABLED", "PRIORITY", "WEIGHT", "CAP", "MODELS"];
    let cells = |row: &&BackendRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            masked(row),
            row.base_url.clone(),
            yes(row.enabled),
            row.priority.to_string(),
            row.weight.to_string(),
            limit(row.max_concurrent),
            models(&row.models),
        ]
    };
    table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

pub(super) fn channels(rows: &[(&ChannelRow, usize)]) -> String {
    let head =
        ["ID", "NAME", "BASE URL", "BACKENDS", "ENABLED", "PRIORITY", "WEIGHT", "CAP", "A MINUTE", "MODELS"];
    let cells = |(row, backends): &(&ChannelRow, usize)| {
        vec![
            row.id.clone(),
            row.name.clone(),
            row.base_url.clone(),
            backends.to_string(),
            yes(row.enabled),
            row.priority.to_string(),
            row.weight.to_string(),
            limit(row.max_concurrent),
            limit(row.rate_limit.unwrap_or_default()),
            models(&row.models),
        ]
    };
    table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

pub(super) fn users(rows: &[&UserRow]) -> String {
    let head = ["ID", "NAME", "ROLE", "ENABLED", "PASSWORD", "LAST SIGN-IN"];
    let password = |row: &UserRow| match (&row.password_hash, row.must_change) {
        (None, _) => "ADMIN_PASSWORD",
        (Some(_), true) => "must change",
        (Some(_), false) => "its own",
    };
    let cells = |row: &&UserRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            row.role.text().to_owned(),
            yes(row.enabled),
            password(row).to_owned(),
            row.last_sign_in.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// One channel, a line a field, then its backends.
pub(super) fn channel(row: &ChannelRow, members: &[&BackendRow]) -> String {
    let mapping: Vec<_> = row.model_mapping.iter().map(|(from, to)| format!("{from}={to}")).collect();
    let fields = [
        ("NAME", row.name.clone()),
        ("ID", row.id.clone()),
        ("BASE URL", row.base_url.clone()),
        ("ENABLED", yes(row.enabled)),
        ("PRIORITY", row.priority.to_string()),
        ("WEIGHT", row.weight.to_string()),
        ("CAP", limit(row.max_concurrent)),
        ("A MINUTE", limit(row.rate_limit.unwrap_or_default())),
        ("MODELS", models(&row.models)),
        ("MAPPING", some(&mapping)),
        ("TAGS", some(&row.tags)),
        ("MADE", row.created_at.clone()),
        ("REQUESTS", row.totals.total_requests.to_string()),
    ];
    let mut text: String = fields.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect();
    text.push('\n');
    text.push_str(&keys(members));
    text
}

pub(super) fn tokens(rows: &[TokenRow], now: Timestamp, zone: &TimeZone) -> String {
    let head = ["ID", "NAME", "TOKEN", "STATUS", "EXPIRES", "QUOTA", "USED", "A MINUTE", "CAP", "MODELS"];
    let cells = |row: &TokenRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            mask(&row.prefix, &row.last_four),
            kind(row, now).name().to_owned(),
            row.expires_at.clone().unwrap_or_else(|| "-".to_owned()),
            limit(row.quota_limit.unwrap_or_default()),
            quota_used(row, now, zone).to_string(),
            limit(row.rate_limit.unwrap_or_default()),
            limit(row.max_concurrent),
            models(&row.models),
        ]
    };
    table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// One token, a line a field.
pub(super) fn token(row: &TokenRow, now: Timestamp, zone: &TimeZone) -> String {
    let fields = [
        ("NAME", row.name.clone()),
        ("ID", row.id.clone()),
        ("TOKEN", mask(&row.prefix, &row.last_four)),
        ("STATUS", kind(row, now).name().to_owned()),
        ("EXPIRES", row.expires_at.clone().unwrap_or_else(|| "-".to_owned())),
        ("MODELS", models(&row.models)),
        ("ADDRESSES", if row.ips.is_empty() { "all".to_owned() } else { row.ips.join(", ") }),
        ("A MINUTE", limit(row.rate_limit.unwrap_or_default())),
        ("TOKENS A MINUTE", limit(row.tokens_per_minute.unwrap_or_default())),
        ("QUOTA", limit(row.quota_limit.unwrap_or_default())),
        ("QUOTA USED", quota_used(row, now, zone).to_string()),
        ("CAP", limit(row.max_concurrent)),
        ("CLIENT OPTIONS", yes(row.allow_client_options)),
        ("CAPTURE", yes(row.capture)),
        ("NOTE", row.note.replace(['\r', '\n', '\t'], " ")),
        ("MADE", row.created_at.clone()),
        ("LAST USED", row.totals.last_used.clone().unwrap_or_else(|| "-".to_owned())),
        ("REQUESTS", row.totals.total_requests.to_string()),
    ];
    fields.iter().map(|(name, value)| format!("{}\n", format!("{name:<15} {value}").trim_end())).collect()
}

/// By days, with their sum.
pub(super) fn usage(days: &Map<String, Value>) -> String {
    const COUNTS: [&str; 4] = ["requests", "promptTokens", "completionTokens", "cachedTokens"];
    let mut sums = [0i64; 4];
    let mut rows = Vec::new();
    for (day, counts) in days {
        let counts = COUNTS.map(|name| counts[name].as_i64().unwrap_or_default());
        sums.iter_mut().zip(counts).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        rows.push((day.as_str(), counts));
    }
    rows.push(("all", sums));
    let cells = |(day, counts): &(&str, [i64; 4])| {
        std::iter::once((*day).to_owned()).chain(counts.iter().map(i64::to_string)).collect()
    };
    table(&["DAY", "REQUESTS", "PROMPT", "COMPLETION", "CACHED"], &rows.iter().map(cells).collect::<Vec<_>>())
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn limit(number: i64) -> String {
    if number == 0 { "-".to_owned() } else { number.to_string() }
}

fn models(models: &[String]) -> String {
    if models.is_empty() { "all".to_owned() } else { models.join(", ") }
}

fn some(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}
