//! What clients send, and what they saw of it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::program::{ALICE, BOB, NARROW, POOR, THRIFTY};
use super::upstreams::counts;
use super::{CHAT, COMPLETIONS, EMBEDDINGS, MODELS};
use crate::support::client::{self, Request, Response, Stream};

/// One request.
pub struct Ask {
    id: String,
    request: Request,
    endpoint: &'static str,
    /// What is told of the token; nothing for a wrong one.
    token: Option<&'static str>,
    address: String,
    /// What the upstream counts, if it answers.
    costs: Option<(u64, u64)>,
    streams: bool,
    leaves: bool,
}

/// What a client knows of its request.
#[derive(Debug)]
pub struct Seen {
    pub id: String,
    pub endpoint: &'static str,
    pub token: Option<&'static str>,
    pub address: String,
    pub status: u16,
    /// Its word for how it ended.
    pub outcome: &'static str,
    /// Tokens of prompt and answer, where the reply has told them.
    pub usage: Option<(u64, u64)>,
    /// Whether something was said.
    pub has_content: bool,
    pub cache: Option<String>,
}

impl Ask {
    pub fn new(id: String, token: &'static str, endpoint: &'static str, body: &Value) -> Ask {
        let request = Request::post(endpoint, body).header("authorization", &format!("Bearer {token}"));
        let streams = body["stream"] == true;
        let address = "192.0.2.7".to_owned();
        Ask { id, request, endpoint, token: Some(token), address, costs: None, streams, leaves: false }
    }

    /// As it goes on the wire, and what is known of it before anything comes back.
    fn begin(&self) -> (Request, Seen) {
        let request = self.request.clone().header("x-request-id", &self.id);
        let seen = Seen {
            id: self.id.clone(),
            endpoint: self.endpoint,
            token: self.token,
            address: self.address.clone(),
            status: 0,
            outcome: "client_gone",
            usage: None,
            has_content: false,
            cache: None,
        };
        (request.header("x-forwarded-for", &self.address), seen)
    }
}

fn chat(model: &str, nth: usize, streams: bool) -> Value {
    let message = json!({"role": "user", "content": format!("number {nth}")});
    let mut body = json!({"model": model, "messages": [message], "stream": streams});
    // Every third stream tells no counts.
    if streams && !nth.is_multiple_of(3) {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// Only so much of the tokens of a minute is set aside for it.
fn with_limit(mut body: Value) -> Value {
    body["max_tokens"] = 50.into();
    body
}

fn completion(nth: usize, streams: bool) -> Value {
    let mut body = json!({"model": "m", "prompt": format!("number {nth}"), "stream": streams});
    if streams {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// Which model a request of this round asks for: most of the time a good one, or no backend would stay well.
fn at_times(round: usize, model: &str) -> &str {
    if round.is_multiple_of(2) { model } else { "alias" }
}

/// The request with this number. Each twenty have one of each kind.
pub fn ask(nth: usize) -> Ask {
    let round = nth / 20;
    let same = round % 5;
    let of = |token: &'static str, endpoint: &'static str, body: Value| {
        let address = format!("198.51.100.{}", nth % 200);
        Ask { address, costs: Some(counts(nth)), ..Ask::new(format!("id-{nth}"), token, endpoint, &body) }
    };
    let whole = |token| of(token, CHAT, chat("m", nth, false));
    match nth % 20 {
        0 => whole(ALICE),
        1 => whole(BOB),
        2 => of(ALICE, CHAT, chat("m", nth, true)),
        3 => of(BOB, CHAT, chat("alias", nth, true)),
        4 => of(ALICE, COMPLETIONS, completion(nth, false)),
        5 => of(BOB, COMPLETIONS, completion(nth, true)),
        6 => Ask {
            costs: Some((5, 0)),
            ..of(ALICE, EMBEDDINGS, json!({"model": "m", "input": format!("text {same}")}))
        },
        7 => Ask {
            // Which part of it came from a cache is seen only by what it costs.
            costs: None,
            ..of(
                BOB,
                EMBEDDINGS,
                json!({"model": "m", "input": [format!("text {same}"), format!("text {nth}")]}),
            )
        },
        8 => Ask { costs: Some(counts(same)), ..of(BOB, CHAT, chat("m", same, false)) },
        9 => listed(round, of(ALICE, MODELS, Value::Null)),
        10 => of(ALICE, CHAT, chat(at_times(round, "boom"), nth, round.is_multiple_of(4))),
        11 => of(BOB, CHAT, chat(&format!("absent-{nth}"), nth, false)),
        12 => of(ALICE, CHAT, chat("flaky", nth, round.is_multiple_of(4))),
        13 => whole(NARROW),
        14 => whole(POOR),
        15 => of(THRIFTY, CHAT, with_limit(chat("m", nth, false))),
        16 => stranger(round, whole(BOB)),
        17 => bad(round, whole(ALICE)),
        18 if round.is_multiple_of(2) => Ask { leaves: true, ..of(BOB, CHAT, chat("endless", nth, true)) },
        18 => of(BOB, CHAT, chat(at_times(round / 2, "breaks"), nth, true)),
        _ => Ask { address: "203.0.113.9".to_owned(), ..whole(ALICE) },
    }
}

fn listed(round: usize, ask: Ask) -> Ask {
    let head = |request: Request| request.without("content-type").body("");
    match round % 3 {
        0 => Ask { request: head(ask.request).method("GET"), costs: None, ..ask },
        1 => Ask { request: head(ask.request).method("HEAD"), costs: None, ..ask },
        _ => {
            let request =
                head(Request::get("/v1/models/m")).header("authorization", &format!("Bearer {ALICE}"));
            Ask { request, endpoint: "/v1/models/{id}", costs: None, ..ask }
        }
    }
}

fn stranger(round: usize, ask: Ask) -> Ask {
    let request = match round % 2 {
        0 => ask.request.header("authorization", "Bearer sk-of-nobody"),
        _ => ask.request.without("authorization"),
    };
    Ask { request, token: None, ..ask }
}

fn bad(round: usize, ask: Ask) -> Ask {
    let body = match round % 3 {
        0 => "{\"model\":\"m\",\"messages\":",
        1 => "{\"model\":\"m\",\"messages\":1}",
        _ => "{\"model\":\"m\",\"messages\":[]}",
    };
    Ask { request: ask.request.body(body), ..ask }
}

/// Sends one, and notes what comes back.
pub async fn send(addr: SocketAddr, ask: Ask) -> Seen {
    let (request, mut seen) = ask.begin();
    let mut stream = client::open(addr, &request).await;
    seen.status = stream.status;
    if ask.leaves && stream.status == 200 {
        stream.next_data().await.expect("it has begun");
        seen.has_content = true;
        return seen;
    }
    finish(stream, &ask, seen).await
}

/// Reads a reply to its end.
async fn finish(stream: Stream, ask: &Ask, mut seen: Seen) -> Seen {
    let reply = stream.whole().await;
    assert!(reply.complete, "{seen:?}");
    assert_eq!(reply.header("x-request-id"), Some(seen.id.as_str()));
    seen.cache = reply.header("x-cache").map(str::to_owned);
    let told = told(&reply, ask.streams);
    seen.outcome = outcome(&reply, &told);
    let has_choices = |json: &Value| json["choices"].as_array().is_some_and(|choices| !choices.is_empty());
    seen.has_content = told.iter().any(has_choices);
    let usage = told.iter().find_map(|json| json.get("usage").filter(|usage| usage.is_object()));
    let count = |usage: &Value, name: &str| usage[name].as_u64().unwrap_or_default();
    seen.usage = usage.map(|usage| (count(usage, "prompt_tokens"), count(usage, "completion_tokens")));
    if let (Some(_), Some(_)) = (seen.usage, ask.costs) {
        assert_eq!(seen.usage, ask.costs, "{seen:?}");
    }
    seen
}

/// Sends one, and leaves when that has happened, before anything has come back.
pub async fn leave(addr: SocketAddr, ask: Ask, when: impl Future<Output = ()>) -> Seen {
    let (request, seen) = ask.begin();
    let mut connection = client::connect(addr).await;
    connection.send(&request.bytes()).await.unwrap();
    when.await;
    seen
}

/// What of a reply is JSON.
fn told(reply: &Response, streams: bool) -> Vec<Value> {
    match streams && reply.status == 200 {
        true => reply
            .blocks()
            .iter()
            .filter(|block| block.data.is_some() && !block.is_done())
            .map(|block| block.json())
            .collect(),
        false if reply.body.is_empty() => Vec::new(),
        false => vec![reply.json()],
    }
}

/// How it ended, by what a client can see.
fn outcome(reply: &Response, told: &[Value]) -> &'static str {
    let error = told.iter().find_map(|json| json.get("error"));
    let of = |member: &str| error.and_then(|error| error[member].as_str()).unwrap_or_default();
    let is_broken =
        || ["broke in the middle", "ended", "JSON"].iter().any(|word| of("message").contains(word));
    match (reply.status, of("code")) {
        (200, _) if error.is_none() => "ok",
        (400, _) => "bad_request",
        (401, _) => "unauthorized",
        (404, "model_not_found") => "no_model",
        (429, "insufficient_quota") => "quota",
        // The answer to a HEAD has no body.
        (429, "rate_limit_exceeded" | "concurrency_limit_exceeded" | "") => "rate_limited",
        (200 | 504, "upstream_timeout") => "timeout",
        (200 | 503, "shutting_down") => "internal",
        (200 | 502, "upstream_unreachable") => "upstream_connect",
        (200, _) => "upstream_stream",
        (502, _) if is_broken() => "upstream_stream",
        (502, _) => "upstream_status",
        (503, _) => "overloaded",
        _ => panic!("{}: {}", reply.status, reply.text()),
    }
}
