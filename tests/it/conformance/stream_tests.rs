//! The rules of streams: each is kept by a good stream and broken by a bad one.

use super::json::Json;
use super::stream::describe;

const CHAT: &str = "/v1/chat/completions";

fn chunk(choices: &str) -> String {
    format!(
        r#"data: {{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{choices}]}}"#
    ) + "\n\n"
}

fn problems(stream: &str, path: &str) -> String {
    let view = describe(stream, path);
    view.array_at("problems").iter().filter_map(Json::as_str).collect::<Vec<_>>().join("; ")
}

fn good() -> String {
    [
        ": waiting\n\n".to_owned(),
        chunk(r#"{"index":0,"delta":{"role":"assistant","reasoning":"r","reasoning_content":"r"},"finish_reason":null}"#),
        chunk(r#"{"index":0,"delta":{"content":"a"},"logprobs":{"content":[1]},"finish_reason":null}"#),
        chunk(r#"{"index":0,"delta":{"content":"b"},"finish_reason":null}"#),
        chunk(r#"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"k","type":"function","function":{"name":"f","arguments":"{"}}]}}"#),
        chunk(r#"{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}"#),
        chunk(r#"{"index":0,"delta":{},"finish_reason":"tool_calls"}"#),
        r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"total_tokens":1}}"#
            .to_owned(),
        "\n\ndata: [DONE]\n\n".to_owned(),
    ]
    .concat()
}

#[test]
fn the_pieces_become_one_answer() {
    let view = describe(&good(), CHAT);
    assert_eq!(problems(&good(), CHAT), "");
    let expected = concat!(
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","usage":{"total_tokens":1},"#,
        r#""choices":[{"index":0,"role":"assistant","reasoning":"r","reasoning_content":"r","content":"ab","#,
        r#""logprobs":[1],"tool_calls":[{"index":0,"id":"k","type":"function","#,
        r#""function":{"name":"f","arguments":"{}"}}],"finish_reason":"tool_calls"}],"#,
        r#""usage_frames":1,"done":true,"chunks":7}"#
    );
    assert_eq!(view.get("assembled").unwrap().to_string(), expected);
    assert_eq!(view.get("comments").unwrap().to_string(), r#"{"total":1,"before_data":1}"#);
    assert_eq!(view.array_at("frames").len(), 8);
}

#[test]
fn every_breach_is_named() {
    let role = r#"{"index":0,"delta":{"role":"assistant","content":"x"}}"#;
    let both = r#"{"index":0,"delta":{"content":"x","reasoning":"y"}}"#;
    let call =
        |id: &str| chunk(&format!(r#"{{"index":0,"delta":{{"tool_calls":[{{"index":0,"id":"{id}"}}]}}}}"#));
    let before_end = |more: &str| good().replacen(": waiting\n\n", more, 1);
    for (stream, problem) in [
        (good().replace("data: [DONE]\n\n", ""), "[DONE] must come once"),
        (good() + "data: [DONE]\n\n", "[DONE] must come once"),
        (good() + ": late", "does not end with an empty line"),
        (before_end("data: 1\ndata: 2\n\n"), "not one data line"),
        (before_end("strange: 1\n\n"), "not one data line"),
        (before_end("data: {\n\n"), "data is not json"),
        (good().replacen("\"id\":\"c\"", "\"id\":\"d\"", 1), "id changes"),
        (good().replacen("\"created\":1", "\"created\":2", 1), "created changes"),
        (good().replacen("\"model\":\"m\"", "\"model\":\"n\"", 1), "model changes"),
        (before_end(&chunk(role)), "the role must come exactly once"),
        (before_end(&chunk(both)), "share one delta"),
        (before_end(&(call("a") + &call("b"))), "two tool calls share index 0"),
        (good().replace(r#""finish_reason":"tool_calls""#, r#""finish_reason":null"#), "no finish_reason"),
        (good().replace("data: [DONE]\n\n", &chunk(role)) + "data: [DONE]\n\n", "follows the finish_reason"),
    ] {
        let found = problems(&stream, CHAT);
        assert!(found.contains(problem), "expected {problem:?}, found {found:?} in {stream}");
    }
}

#[test]
fn an_error_needs_no_finish_reason() {
    let stream = chunk(r#"{"index":0,"delta":{"role":"assistant","content":"x"}}"#)
        + "data: {\"error\":{\"message\":\"m\"}}\n\ndata: [DONE]\n\n";
    assert_eq!(problems(&stream, CHAT), "");
}

#[test]
fn typed_events_carry_their_name() {
    let good = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    assert_eq!(problems(good, "/v1/messages"), "");
    assert!(problems(&good.replacen("ping", "pong", 1), "/v1/messages").contains("differs from the type"));
    assert!(problems("data: [DONE]\n\n", "/v1/responses?x=1").contains("no place"));
}
