//! Replies: whatever an upstream sends, events are whole, JSON, and tell of the end or of the error.

use std::collections::BTreeSet;

use bytes::BytesMut;
use proptest::prelude::*;
use serde_json::{Value, json};
use wire::translate::embeddings::{self, Embedding};
use wire::translate::errors::{self, Refusal};
use wire::translate::{
    ChatStream, CompletionStream, Rules, Step, UsageRule, chat_reply, completion_reply, models,
};
use wire::{openai, translate};

use crate::replay::identity;

/// A native line: often right, sometimes any JSON, sometimes noise, with blanks that could break a frame.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let text = any::<String>();
    let call = (any::<String>(), prop::option::of(".{0,4}")).prop_map(|(name, id)| {
        json!({"id": id, "function": {"name": name, "arguments": {"a": "\r\n", "b": [1]}, "index": 0}})
    });
    let logprob = any::<String>().prop_map(|token| {
        json!({"token": token, "logprob": -0.5, "bytes": [1, 2], "top_logprobs": [{"token": "", "logprob": "x", "bytes": {}}]})
    });
    let parts = (
        text,
        text,
        prop::collection::vec(call, 0..3),
        prop::collection::vec(logprob, 0..3),
        prop::bool::weighted(0.1),
    );
    let right = parts.prop_map(|(content, thinking, calls, logprobs, done)| {
        json!({
            "model": "m", "message": {"content": content, "thinking": thinking, "tool_calls": calls}, "response": content,
            "logprobs": logprobs, "done": done, "done_reason": "stop", "eval_count": 3, "prompt_eval_count": 2,
        })
    });
    let odd = prop::sample::select(vec![
        json!({"error": "text"}),
        json!({"error": {"a": [null]}}),
        json!({"message": null, "done": null}),
        json!({"message": {"content": null, "tool_calls": null}, "eval_count": "many"}),
        json!({"message": "text"}),
        json!([]),
        json!(["x"]),
        json!(null),
        json!({}),
    ]);
    let odd_text = |value: Value| {
        let text = value.to_string().replace("\":", "\"\r:\r");
        text.replace("[1,2]", "[1,\r2]").replace("-0.5", "-1e999").into_bytes()
    };
    prop_oneof![
        6 => right.clone().prop_map(|value| value.to_string().into_bytes()),
        2 => right.prop_map(odd_text),
        1 => odd.prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>().prop_filter("a line", |byte| *byte != b'\n'), 0..30),
    ]
}

fn rule() -> impl Strategy<Value = UsageRule> {
    prop::sample::select(vec![UsageRule::None, UsageRule::Chunk, UsageRule::Inline])
}

/// The frames of a stream; fails unless each is one line of JSON.
fn frames(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).expect("events are UTF-8");
    assert!(!text.contains('\r'), "a frame holds a line break");
    let Some(text) = text.strip_suffix("\n\n") else {
        assert!(text.is_empty(), "a frame has no end");
        return Vec::new();
    };
    let frames = text.split("\n\n").map(|frame| frame.strip_prefix("data: ").expect("a frame holds data"));
    let read = |data| serde_json::from_str(data).unwrap_or_else(|error| panic!("{error} in {data:?}"));
    frames.filter(|data| *data != "[DONE]").map(read).collect()
}

fn calls(frames: &[Value], choice: u64) -> Vec<Value> {
    let choices = frames.iter().flat_map(|frame| frame["choices"].as_array().into_iter().flatten());
    let choices = choices.filter(|one| one["index"] == json!(choice));
    choices.flat_map(|one| one["delta"]["tool_calls"].as_array().cloned().unwrap_or_default()).collect()
}

proptest! {
    #[test]
    fn chat_streams_are_whole(
        lines in prop::collection::vec((0..2usize, line()), 0..12), logprobs: bool, rule in rule(),
    ) {
        let mut stream = ChatStream::new(&identity("chatcmpl", "m\r\n"), 2, logprobs, rule);
        let (mut out, mut done) = (BytesMut::new(), [false; 2]);
        for (choice, line) in &lines {
            let before = out.len();
            match stream.line(*choice, line, &mut out) {
                Step::Done(_) => done[*choice] = true,
                Step::Failed(error) => {
                    prop_assert!(out.len() == before, "a line that fails writes nothing");
                    prop_assert!(error.status >= 400);
                }
                Step::More => {}
            }
        }
        stream.finish(&mut out);
        let frames = frames(&out);
        for choice in 0..2u64 {
            let of_choice = || frames.iter().flat_map(|frame| frame["choices"].as_array().into_iter().flatten())
                .filter(|one| one["index"] == json!(choice));
            prop_assert!(of_choice().filter(|one| one["delta"].get("role").is_some()).count() <= 1);
            let ends = of_choice().filter(|one| !one["finish_reason"].is_null()).count();
            prop_assert_eq!(ends, usize::from(done[usize::try_from(choice).unwrap()]));
            let mixed = of_choice().any(|one| one["delta"].get("reasoning").is_some() && one["delta"].get("content").is_some());
            prop_assert!(!mixed, "thinking and content in one delta");
            let indexes: Vec<u64> = calls(&frames, choice).iter().map(|call| call["index"].as_u64().unwrap()).collect();
            prop_assert_eq!(indexes.clone(), (0..indexes.len() as u64).collect::<Vec<_>>());
        }
    }

    #[test]
    fn texts_of_a_stream_add_up(texts in prop::collection::vec(any::<String>(), 0..8)) {
        let mut stream = ChatStream::new(&identity("chatcmpl", "m"), 1, false, UsageRule::None);
        let mut out = BytesMut::new();
        for text in &texts {
            stream.line(0, json!({"message": {"content": text}}).to_string().as_bytes(), &mut out);
        }
        let frames = frames(&out);
        let deltas = frames.iter().filter_map(|frame| frame["choices"][0]["delta"]["content"].as_str());
        prop_assert_eq!(deltas.collect::<String>(), texts.concat());
    }

    #[test]
    fn completion_streams_are_whole(
        lines in prop::collection::vec((0..4usize, line()), 0..12), logprobs: bool, rule in rule(), echo in any::<String>(),
    ) {
        let echoes = [echo, String::new()];
        let mut stream = CompletionStream::new(&identity("cmpl", "m"), &echoes, 2, logprobs, rule);
        let mut out = BytesMut::new();
        for (choice, line) in &lines {
            stream.line(*choice, line, &mut out);
        }
        stream.finish(&mut out);
        frames(&out);
    }

    #[test]
    fn whole_replies_are_json_or_errors(reply in line(), other in line(), logprobs: bool) {
        let replies = [reply, other];
        for reply in [
            chat_reply(&replies, &identity("chatcmpl", "m"), logprobs),
            completion_reply(&replies, &["echo".into(), String::new()], 1, &identity("cmpl", "m"), logprobs),
        ] {
            match reply {
                Ok((body, _)) => prop_assert!(serde_json::from_slice::<Value>(&body).is_ok()),
                Err(error) => prop_assert!(error.status >= 400),
            }
        }
    }

    #[test]
    fn made_ids_of_calls_differ(seed: u64, lines in prop::collection::vec(0..4usize, 1..8)) {
        let identity = wire::translate::Identity { seed, ..identity("chatcmpl", "m") };
        let mut stream = ChatStream::new(&identity, 2, false, UsageRule::None);
        let mut out = BytesMut::new();
        for (at, count) in lines.iter().enumerate() {
            let calls = vec![json!({"function": {"name": "f", "arguments": {}}}); *count];
            stream.line(at % 2, json!({"message": {"tool_calls": calls}}).to_string().as_bytes(), &mut out);
        }
        let frames = frames(&out);
        let ids: Vec<String> = (0..2).flat_map(|choice| calls(&frames, choice)).map(|call| call["id"].to_string()).collect();
        prop_assert_eq!(ids.len(), lines.iter().sum::<usize>());
        prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn refusals_are_errors(
        status in 201..600u16, body in prop_oneof![line(), prop::collection::vec(any::<u8>(), 0..60)], wrap in 0..6usize,
    ) {
        let mut body = body;
        for _ in 0..wrap {
            body = json!({"error": String::from_utf8_lossy(&body)}).to_string().into_bytes();
        }
        let refusal = Refusal { status, body: &body, retry_after: None, prompt: "prompt", asked: "a", served: "b" };
        let error = errors::from_refusal(refusal);
        prop_assert!((400..600).contains(&error.status));
        prop_assert!(!error.message.is_empty());
        prop_assert_eq!(error.retry_after.is_some(), error.status == 503 || error.status == 429);
        prop_assert!(serde_json::from_slice::<Value>(&error.to_json()).is_ok());
    }

    #[test]
    fn embeddings_are_json_or_errors(
        vectors in prop::collection::vec(prop::collection::vec(any::<f32>().prop_filter("finite", |f| f.is_finite()), 0..5), 0..3),
        noise in line(), base64: bool,
    ) {
        let request = embedding(base64);
        let body = json!({"embeddings": vectors, "prompt_eval_count": 2}).to_string();
        let is_right = vectors.len() == 1 && !vectors[0].is_empty();
        let reply = embeddings::reply(body.as_bytes(), &request);
        prop_assert_eq!(reply.is_ok(), is_right);
        if let Ok((body, tokens)) = reply {
            prop_assert_eq!(tokens.prompt, 2);
            let body: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(floats(&body["data"][0]["embedding"]), vectors[0].clone());
        }
        prop_assert!(embeddings::reply(&noise, &request).is_err());
        let _ = models::from_tags(&noise);
    }
}

fn embedding(base64: bool) -> Embedding {
    let format = if base64 { "base64" } else { "float" };
    let request = json!({"model": "m", "input": "a", "encoding_format": format}).to_string();
    let request = openai::parse(request.as_bytes()).expect("it is right");
    translate::embeddings::translate(&request, Rules { load_options: true }).expect("it is right")
}

fn floats(embedding: &Value) -> Vec<f32> {
    use base64::Engine as _;
    match embedding {
        Value::String(text) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("it is base64");
            bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
        }
        list => serde_json::from_value(list.clone()).expect("it is a list of numbers"),
    }
}
