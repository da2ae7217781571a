//! `/admin/api/logs/export`: the request log as a file, made while it is sent.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::Value;

use crate::admin::Admin;
use crate::admin::asked::Asked;
use crate::admin::error::AdminError;
use crate::admin::routes::Streamed;
use crate::store::LogFilter;

use super::filter::Wanted;

/// Rows that are read at once.
const PAGE: usize = 500;
/// The columns of a table: members of the record, and the number of the row.
const COLUMNS: [&str; 29] = [
    "seq",
    "timestamp",
    "id",
    "endpoint",
    "model",
    "servedModel",
    "stream",
    "status",
    "outcome",
    "tokenId",
    "tokenName",
    "ip",
    "backend",
    "backendId",
    "backendName",
    "channelId",
    "channelName",
    "promptTokens",
    "completionTokens",
    "cachedTokens",
    "usageSource",
    "duration",
    "firstTokenMs",
    "queueMs",
    "ownMs",
    "gpuMs",
    "errorKind",
    "error",
    "attempts",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Jsonl,
}

/// Newest first, all that the filters admit.
pub(in crate::admin) async fn export(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
) -> Result<Response, AdminError> {
    let form = match fields.text("format").as_deref() {
        None | Some("jsonl") => Form::Jsonl,
        Some("csv") => Form::Csv,
        Some(_) => {
            fields.wrong("format", "must be csv or jsonl");
            Form::Jsonl
        }
    };
    let wanted = Wanted::read(&mut fields, &admin).await?;
    // A file has no place for warnings.
    fields.end_all()?;
    super::up_to_date(&admin).await;
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "requests.csv"),
        Form::Jsonl => ("application/jsonl", "requests.jsonl"),
    };
    let filter = wanted.filter;
    let kept = super::is_in_memory(&admin, &filter).then(|| super::recent(&admin, &filter, usize::MAX));
    let begin = Pages { admin, filter, form, lead: true, kept, is_over: false };
    let body = Body::from_stream(stream::unfold(begin, next));
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    let mut reply = (headers, body).into_response();
    reply.extensions_mut().insert(Streamed);
    Ok(reply)
}

struct Pages {
    admin: Arc<Admin>,
    filter: LogFilter,
    form: Form,
    lead: bool,
    /// All that there is, where there is no request log.
    kept: Option<Vec<Arc<str>>>,
    is_over: bool,
}

async fn next(mut pages: Pages) -> Option<(Result<Bytes, Infallible>, Pages)> {
    if pages.is_over {
        return None;
    }
    let mut text = String::new();
    if std::mem::take(&mut pages.lead) && pages.form == Form::Csv {
        csv_line(COLUMNS.into_iter().map(str::to_owned), &mut text);
    }
    if let Some(kept) = pages.kept.take() {
        pages.is_over = true;
        kept.iter().for_each(|json| pages.form.write(json, &mut text));
        return Some((Ok(text.into()), pages));
    }
    match pages.admin.store.request_log(&pages.filter, PAGE).await {
        Ok(rows) => {
            pages.is_over = rows.len() < PAGE;
            pages.filter.before = rows.last().map(|row| row.seq).or(pages.filter.before);
            rows.iter().for_each(|row| pages.form.write(&row.to_json(), &mut text));
        }
        Err(error) => {
            pages.is_over = true;
            tracing::error!(%error, "an export of the request log has ended early");
            // A status has been sent already; whoever reads this finds that the file is not whole.
            text.push_str("{\"error\":\"the rest could not be read\"}\n");
        }
    }
    Some((Ok(text.into()), pages))
}

impl Form {
    fn write(self, json: &str, text: &mut String) {
        if self == Form::Jsonl {
            text.push_str(json);
            text.push('\n');
            return;
        }
        let record: Value = serde_json::from_str(json).unwrap_or_default();
        csv_line(COLUMNS.into_iter().map(|name| cell(&record[name])), text);
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => inert(text),
        Value::Array(attempts) => inert(&attempts.iter().map(attempt).collect::<Vec<_>>().join("; ")),
        other => other.to_string(),
    }
}

/// A backend that has not served: `gpu-1 upstream_status 500 after 12 ms: it has stopped`.
fn attempt(of: &Value) -> String {
    let text = |name: &str| of[name].as_str().unwrap_or_default();
    let status = of["status"].as_u64().map_or_else(String::new, |status| format!(" {status}"));
    let (name, outcome, reason) = (text("backendName"), text("outcome"), text("reason"));
    format!("{name} {outcome}{status} after {} ms: {reason}", of["ms"].as_u64().unwrap_or_default())
}

/// Programs for tables take a text that begins so for a formula: an apostrophe makes it a text (OWASP, CSV injection).
fn inert(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// As RFC 4180 has it.
fn csv_line(cells: impl Iterator<Item = String>, text: &mut String) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        match cell.contains([',', '"', '\n', '\r']) {
            true => text.push_str(&format!("\"{}\"", cell.replace('"', "\"\""))),
            false => text.push_str(&cell),
        }
    }
    text.push_str("\r\n");
}
