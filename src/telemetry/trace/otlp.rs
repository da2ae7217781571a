//! A request and its calls as spans, in the JSON form of OTLP 1. Attributes are named by OpenTelemetry's conventions for
//! GenAI and HTTP; what those have no name for begins with `o2o.`. Prompts, answers and keys are never among them.

use std::time::Duration;

use serde::Serialize;

use super::{Call, End, MAX_NAME, MAX_REASON, Trace, cut};
use crate::http::Outcome;
use crate::telemetry::{Node, Record};

/// Kinds and states of spans, by their numbers in the protocol.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const ERROR: u8 = 2;
/// Flags: sampled; it is known whether the parent is elsewhere; it is elsewhere.
const LOCAL: u32 = 0x101;
const REMOTE: u32 = 0x301;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span<'r> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    flags: u32,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'r>>,
}

#[derive(Serialize)]
struct Attribute<'r> {
    key: &'static str,
    value: Value<'r>,
}

#[derive(Serialize)]
enum Value<'r> {
    #[serde(rename = "stringValue")]
    Text(&'r str),
    /// Numbers of 64 bits are texts in JSON.
    #[serde(rename = "intValue")]
    Whole(String),
    #[serde(rename = "doubleValue")]
    Fraction(f64),
    #[serde(rename = "boolValue")]
    Switch(bool),
}

#[derive(Serialize)]
struct Status<'r> {
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
}

impl<'r> Status<'r> {
    fn error(message: Option<&'r str>) -> Self {
        Status { code: ERROR, message: message.map(|message| cut(message, MAX_REASON)) }
    }
}

/// Attributes that are known.
#[derive(Default)]
struct Attributes<'r>(Vec<Attribute<'r>>);

impl<'r> Attributes<'r> {
    fn put(&mut self, key: &'static str, value: Option<Value<'r>>) {
        self.0.extend(value.map(|value| Attribute { key, value }));
    }

    fn text(&mut self, key: &'static str, text: &'r str) {
        self.put(
            key,
            Some(text).filter(|text| !text.is_empty()).map(|text| Value::Text(cut(text, MAX_NAME))),
        );
    }

    fn whole(&mut self, key: &'static str, number: impl Into<u64>) {
        self.put(key, Some(Value::Whole(number.into().to_string())));
    }

    /// In milliseconds.
    fn time(&mut self, key: &'static str, time: Duration) {
        self.put(key, Some(Value::Fraction(time.as_micros() as f64 / 1e3)));
    }

    fn node(&mut self, node: &'r Node) {
        self.text("o2o.backend.id", &node.backend);
        self.text("o2o.backend.name", &node.name);
        self.text("o2o.channel.id", &node.channel);
        self.text("o2o.channel.name", &node.channel_name);
    }
}

/// The word of the conventions for what an endpoint does, where they have one.
fn operation(endpoint: &str) -> Option<&'static str> {
    match endpoint {
        "/v1/chat/completions" => Some("chat"),
        "/v1/completions" => Some("text_completion"),
        "/v1/embeddings" => Some("embeddings"),
        _ => None,
    }
}

/// All spans of a request, separated by commas.
pub(super) fn spans(record: &Record, trace: &Trace) -> String {
    let began = record.at.as_nanosecond() - nanos(record.total);
    let at = |since: Duration| (began + nanos(since.min(record.total))).to_string();
    let calls = trace.calls();
    let mut all = json(&of_request(record, trace, [at(Duration::ZERO), at(record.total)]));
    for (index, call) in calls.iter().enumerate() {
        all.push(',');
        let end = match call.end {
            End::Served(since) | End::Failed(since, ..) => since,
            End::WithRequest => record.total,
        };
        all.push_str(&json(&of_call(record, trace, (index, call), [at(call.sent), at(end)])));
    }
    all
}

fn of_request<'r>(record: &'r Record, trace: &'r Trace, times: [String; 2]) -> Span<'r> {
    let operation = operation(record.endpoint);
    let method = match operation {
        _ if record.is_head => "HEAD",
        Some(_) => "POST",
        None => "GET",
    };
    let mut attributes = Attributes::default();
    attributes.text("http.request.method", method);
    attributes.text("http.route", record.endpoint);
    // 0: the client left before it was told one.
    if record.status > 0 {
        attributes.whole("http.response.status_code", record.status);
    }
    if let Some(operation) = operation {
        attributes.text("gen_ai.operation.name", operation);
        attributes.text("gen_ai.provider.name", "ollama");
        attributes.text("gen_ai.request.model", &record.model);
        attributes.put("o2o.stream", Some(Value::Switch(record.is_stream)));
    }
    if let Some(node) = &record.node {
        attributes.text("gen_ai.response.model", record.served.as_deref().unwrap_or(&record.model));
        attributes.node(node);
    }
    if let Some(source) = record.source {
        attributes.whole("gen_ai.usage.input_tokens", record.prompt);
        attributes.whole("gen_ai.usage.output_tokens", record.completion);
        attributes.whole("o2o.usage.cached_tokens", record.cached);
        attributes.text("o2o.usage.source", source);
    }
    attributes.text("o2o.request.id", record.id.to_str().unwrap_or_default());
    attributes.text("o2o.token.id", record.consumer.as_ref().map_or("", |consumer| &consumer.id));
    attributes.time("o2o.queue_ms", record.queued);
    attributes.time("o2o.own_ms", record.own);
    if let Some(first) = record.first {
        attributes.time("o2o.first_token_ms", first);
    }
    if record.outcome != Outcome::Ok {
        attributes.text("error.type", record.outcome.as_str());
    }
    // What a client does wrong is no error of a server.
    let is_error = is_fault(record.outcome) && !(400..500).contains(&record.status);
    let name = match operation {
        Some(operation) => format!("{operation} {}", cut(&record.model, MAX_NAME)),
        None => format!("{method} {}", record.endpoint),
    };
    Span {
        parent_span_id: trace.parent.map(|parent| format!("{parent:016x}")),
        flags: if trace.parent.is_some() { REMOTE } else { LOCAL },
        kind: SERVER,
        status: is_error.then(|| Status::error(record.error.as_deref())),
        ..span(trace, trace.span, &name, times, attributes)
    }
}

fn of_call<'r>(
    record: &'r Record,
    trace: &'r Trace,
    (index, call): (usize, &'r Call),
    times: [String; 2],
) -> Span<'r> {
    let mut attributes = Attributes::default();
    let operation = operation(record.endpoint).unwrap_or_default();
    attributes.text("gen_ai.operation.name", operation);
    attributes.text("gen_ai.provider.name", "ollama");
    attributes.text("gen_ai.request.model", &call.model);
    attributes.text("server.address", call.server.host());
    if let Some(port) = call.server.port_u16() {
        attributes.whole("server.port", port);
    }
    attributes.node(&call.node);
    attributes.whole("o2o.attempt", index as u64 + 1);
    let (outcome, is_error, message) = match &call.end {
        End::Served(_) => (Outcome::Ok, false, None),
        End::Failed(_, outcome, reason) => (*outcome, true, Some(&**reason)),
        End::WithRequest => (record.outcome, is_fault(record.outcome), record.error.as_deref()),
    };
    if outcome != Outcome::Ok {
        attributes.text("error.type", outcome.as_str());
    }
    Span {
        parent_span_id: Some(format!("{:016x}", trace.span)),
        kind: CLIENT,
        status: is_error.then(|| Status::error(message)),
        ..span(trace, call.span, &format!("{operation} {}", call.model), times, attributes)
    }
}

/// A span without what is of its kind.
fn span<'r>(
    trace: &'r Trace,
    id: u64,
    name: &str,
    [start, end]: [String; 2],
    attributes: Attributes<'r>,
) -> Span<'r> {
    Span {
        trace_id: format!("{:032x}", trace.id),
        span_id: format!("{id:016x}"),
        trace_state: trace.state.as_deref(),
        parent_span_id: None,
        flags: LOCAL,
        name: name.trim_end().to_owned(),
        kind: SERVER,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: attributes.0,
        status: None,
    }
}

/// Whether it is nobody's doing but the backend's or the gateway's.
fn is_fault(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Ok
        | Outcome::ClientGone
        | Outcome::BadRequest
        | Outcome::Unauthorized
        | Outcome::RateLimited
        | Outcome::Quota
        | Outcome::NoModel => false,
        Outcome::Overloaded
        | Outcome::UpstreamConnect
        | Outcome::UpstreamStatus
        | Outcome::UpstreamStream
        | Outcome::Timeout
        | Outcome::Internal => true,
    }
}

/// What is sent of these spans.
pub(super) fn body(service: &str, spans: &[&str]) -> String {
    let resource = [
        Attribute { key: "service.name", value: Value::Text(service) },
        Attribute { key: "service.version", value: Value::Text(env!("CARGO_PKG_VERSION")) },
    ];
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":{}}},"scopeSpans":[{{"scope":{{"name":"{}","version":"{}"}},"spans":[{}]}}]}}]}}"#,
        json(&resource),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        spans.join(",")
    )
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers can be written")
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}
