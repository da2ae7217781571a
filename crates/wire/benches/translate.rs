//! What the translation costs: one line of a stream, a whole reply, a request of 6 kB, the splitter.
//!
//! `cargo bench -p wire`. Figures are for comparing two builds on one machine, not for fame.

use bytes::BytesMut;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde_json::json;
use wire::ndjson::Lines;
use wire::openai;
use wire::translate::{ChatStream, Identity, Rules, UsageRule, chat, chat_reply};

fn main() {
    divan::main();
}

fn identity() -> Identity {
    Identity {
        id: "chatcmpl-0123456789abcdef".into(),
        created: 1_767_225_600,
        model: "llama3.2".into(),
        seed: 7,
    }
}

/// A line as Ollama sends it for each token.
fn line() -> String {
    let line = json!({
        "model": "llama3.2", "created_at": "2026-11-23T03:20:46.031603334Z",
        "message": {"role": "assistant", "content": " hello"}, "done": false,
    });
    line.to_string()
}

#[divan::bench]
fn line_to_event(bencher: Bencher<'_, '_>) {
    let line = line();
    let mut stream = ChatStream::new(&identity(), 1, false, UsageRule::Chunk);
    let mut out = BytesMut::with_capacity(4096);
    stream.line(0, line.as_bytes(), &mut out);
    bencher.counter(BytesCount::of_str(&line)).bench_local(|| {
        out.clear();
        stream.line(0, black_box(line.as_bytes()), &mut out)
    });
}

#[divan::bench(args = [100, 10_000])]
fn whole_reply(bencher: Bencher<'_, '_>, words: usize) {
    let reply = json!({
        "model": "llama3.2", "created_at": "2026-11-23T03:20:46.031603334Z",
        "message": {"role": "assistant", "content": "a word \"quoted\"\n".repeat(words)}, "done": true, "done_reason": "stop",
        "prompt_eval_count": 33, "eval_count": 37,
    });
    let (reply, identity) = (reply.to_string(), identity());
    bencher
        .counter(BytesCount::of_str(&reply))
        .bench_local(|| chat_reply(black_box(&[reply.as_bytes()]), &identity, false));
}

#[divan::bench]
fn request_of_6_kb(bencher: Bencher<'_, '_>) {
    let tool = |name: &str| {
        json!({"type": "function", "function": {"name": name, "description": "what it does, in a sentence or two", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}, "when": {"$ref": "#/$defs/When"}}, "required": ["city"],
            "$defs": {"When": {"type": "object", "properties": {"day": {"type": "string"}, "hour": {"type": "integer"}}}},
        }}})
    };
    let turn = |role: &str| json!({"role": role, "content": "some words \"quoted\" and a line\n".repeat(12)});
    let request = json!({
        "model": "llama3.2", "stream": true, "temperature": 0.7, "max_tokens": 200, "stop": ["END"],
        "messages": (0..12).map(|at| turn(if at % 2 == 0 { "user" } else { "assistant" })).collect::<Vec<_>>(),
        "tools": [tool("get_weather"), tool("get_time")],
    });
    let request = request.to_string();
    assert!((5_000..7_500).contains(&request.len()), "{} bytes", request.len());
    bencher.counter(BytesCount::of_str(&request)).bench_local(|| {
        let parsed = openai::parse(black_box(request.as_bytes())).expect("it is right");
        let chat = chat::translate(&parsed, Rules { load_options: true }).expect("it is right");
        chat.native.body("llama3.2")
    });
}

#[divan::bench(args = [16, 1024, 65_536])]
fn splitter(bencher: Bencher<'_, '_>, read: usize) {
    let stream = format!("{}\n", line()).repeat(500);
    bencher.counter(BytesCount::of_str(&stream)).bench_local(|| {
        let (mut lines, mut count) = (Lines::new(1 << 20), 0);
        for piece in black_box(stream.as_bytes()).chunks(read) {
            let pushed = lines.push(piece, |_| {
                count += 1;
                true
            });
            pushed.expect("the lines are short");
        }
        assert_eq!(count, 500);
    });
}
