//! Requests: whatever comes, what goes to Ollama is JSON, or the client gets an error that is a 400.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wire::openai::{self, ApiError};
use wire::translate::{Native, Rules, chat, completions, embeddings};

const ENDPOINTS: [&str; 3] = ["chat", "completions", "embeddings"];

/// Translates for `endpoint`; checks what must hold for every outcome.
fn check(endpoint: &str, body: &[u8], load_options: bool) -> Result<Vec<Value>, ApiError> {
    let rules = Rules { load_options };
    let translated = || -> Result<Vec<Native>, ApiError> {
        Ok(match endpoint {
            "chat" => vec![chat::translate(&openai::parse(body)?, rules)?.native],
            "completions" => completions::translate(&openai::parse(body)?, rules)?.natives,
            _ => vec![embeddings::translate(&openai::parse(body)?, rules)?.native],
        })
    };
    match translated() {
        Ok(natives) => {
            let read =
                |native: &Native| serde_json::from_slice(&native.body("m")).expect("a native body is JSON");
            Ok(natives.iter().map(read).collect())
        }
        Err(error) => {
            assert_eq!(error.status, 400);
            let json: Value = serde_json::from_slice(&error.to_json()).expect("an error is JSON");
            assert!(!json["error"]["message"].as_str().expect("it has a message").is_empty());
            Err(error)
        }
    }
}

/// JSON of any shape, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// An object with keys that the requests know and values of any shape, most of them near the right one.
fn near_request() -> impl Strategy<Value = Value> {
    let keys = [
        "messages",
        "prompt",
        "input",
        "tools",
        "tool_choice",
        "stop",
        "options",
        "response_format",
        "format",
        "stream",
        "stream_options",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "seed",
        "logprobs",
        "top_logprobs",
        "reasoning_effort",
        "reasoning",
        "think",
        "keep_alive",
        "shift",
        "suffix",
        "echo",
        "encoding_format",
        "dimensions",
    ];
    let right = prop::sample::select(vec![
        json!([{"role": "user", "content": "hi"}]),
        json!([{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}]),
        json!([{"type": "function", "function": {"name": "f", "parameters": {"$ref": "#"}}}]),
        json!({"type": "function", "function": {"name": "f"}}),
        json!("text"),
        json!(["a", "b"]),
        json!(1),
        json!(0.5),
        json!(true),
        json!("none"),
        json!("json"),
        json!({"type": "json_schema", "json_schema": {"schema": {}}}),
        json!({"num_ctx": 1, "stop": "x"}),
    ]);
    let entry = (prop::sample::select(keys.to_vec()), prop_oneof![3 => right, 1 => any_json()]);
    prop::collection::vec(entry, 0..10).prop_map(|entries| {
        let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "prompt": "p", "input": "i"});
        for (key, value) in entries {
            request[key] = value;
        }
        request
    })
}

/// A schema with references, some of which lead somewhere.
fn schema() -> impl Strategy<Value = Value> {
    let pointer = prop::sample::select(vec![
        "#",
        "#/$defs/A",
        "#/$defs/B",
        "#/definitions/A",
        "#/properties/a",
        "#/$defs/A/properties/a",
        "#/$defs/None",
        "#x",
        "#/%zz",
        "",
        "other.json",
        "#/$defs/A/anyOf/0",
    ]);
    let leaf = prop_oneof![
        4 => pointer.prop_map(|pointer| json!({"$ref": pointer})),
        1 => any_json(),
        2 => Just(json!({"type": ["string", "null"]})),
        1 => any::<bool>().prop_map(Value::from),
    ];
    let inner = leaf.prop_recursive(5, 40, 4, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "A", "B", "$ref"]);
        let map = prop::collection::vec((keys, inner.clone()), 0..4);
        let map = map.prop_map(|entries| {
            Value::Object(
                entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
            )
        });
        let keys = prop::sample::select(vec!["properties", "$defs", "definitions", "items", "not", "type"]);
        let object = (keys, map.clone()).prop_map(|(key, value)| json!({ key: value }));
        let list = (
            prop::sample::select(vec!["anyOf", "allOf", "items", "type"]),
            prop::collection::vec(inner, 0..4),
        );
        prop_oneof![map, object, list.prop_map(|(key, value)| json!({ key: value }))]
    });
    (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| {
        json!({"type": ["object"], "properties": {"a": a, "b": {"$ref": "#/$defs/A"}}, "$defs": {"A": b, "B": c}})
    })
}

fn references(value: &Value, is_schema: bool) -> usize {
    // only where a schema is expected does the key refer to anything
    match value {
        Value::Object(entries) => {
            let own = usize::from(is_schema && entries.get("$ref").is_some_and(Value::is_string));
            let below = ["items", "not"]
                .iter()
                .filter_map(|key| entries.get(*key))
                .map(|value| references(value, true));
            let named =
                entries.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
            own + below.sum::<usize>() + named.map(|value| references(value, true)).sum::<usize>()
        }
        _ => 0,
    }
}

proptest! {
    #[test]
    fn bytes_make_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,100}") {
        for endpoint in ENDPOINTS {
            check(endpoint, &bytes, true).expect_err("noise is no request");
            check(endpoint, text.as_bytes(), true).expect_err("a text is no request");
        }
    }

    #[test]
    fn requests_make_json_or_a_400(request in near_request(), load_options: bool, cut in any::<prop::sample::Index>()) {
        let body = request.to_string();
        for endpoint in ENDPOINTS {
            let _ = check(endpoint, body.as_bytes(), load_options);
            check(endpoint, &body.as_bytes()[..cut.index(body.len())], load_options).expect_err("a cut body is no JSON");
        }
    }

    #[test]
    fn load_options_never_pass_when_not_allowed(request in near_request()) {
        let body = request.to_string();
        for native in ENDPOINTS.iter().filter_map(|endpoint| check(endpoint, body.as_bytes(), false).ok()).flatten() {
            prop_assert!(native.get("keep_alive").is_none() && native.get("shift").is_none());
            prop_assert!(native["options"].get("num_ctx").is_none());
        }
    }

    #[test]
    fn any_json_can_be_a_schema(parameters in any_json()) {
        let tool = json!({"function": {"name": "f", "parameters": parameters}});
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}).to_string();
        prop_assert_eq!(check("chat", body.as_bytes(), true).is_ok(), parameters.is_object() || parameters.is_null());
    }

    #[test]
    fn schemas_are_inlined_within_bounds(schema in schema()) {
        let tool = json!({"function": {"name": "f", "parameters": schema}});
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}).to_string();
        let native = check("chat", body.as_bytes(), true).unwrap().remove(0);
        let made = &native["tools"][0]["function"]["parameters"];
        prop_assert_eq!(references(made, true), 0, "a reference is left in {}", made);
        prop_assert!(made["type"].is_string());
        prop_assert!(made.get("$defs").is_none());
        prop_assert!(made.to_string().len() <= 64 * 1024 + 2 * body.len(), "{} bytes", made.to_string().len());
    }

    #[test]
    fn images_keep_their_bytes(
        data in prop::collection::vec(any::<u8>(), 1..60), url_safe: bool, unpadded: bool, breaks: bool,
    ) {
        let standard = STANDARD.encode(&data);
        let mut sent = standard.clone();
        if url_safe {
            sent = sent.replace('+', "-").replace('/', "_");
        }
        if unpadded {
            sent = sent.trim_end_matches('=').to_owned();
        }
        if breaks {
            sent.insert_str(sent.len() / 2, "\r\n");
        }
        let part = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{sent}")}});
        let body = json!({"model": "m", "messages": [{"role": "user", "content": [part]}]}).to_string();
        let native = check("chat", body.as_bytes(), true).unwrap().remove(0);
        prop_assert_eq!(&native["messages"][0]["images"][0], &json!(standard));
    }

    #[test]
    fn what_is_no_base64_does_not_pass(sent in "[A-Za-z0-9+/=_\\- \"\\\\!]{0,12}") {
        let part = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{sent}")}});
        let body = json!({"model": "m", "messages": [{"role": "user", "content": [part]}]}).to_string();
        if let Ok(natives) = check("chat", body.as_bytes(), true) {
            let passed = natives[0]["messages"][0]["images"][0].as_str().unwrap().to_owned();
            prop_assert_eq!(passed.len() % 4, 0);
            prop_assert!(!passed.is_empty() && passed.trim_end_matches('=').chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/'));
        }
    }

    #[test]
    fn texts_arrive_as_they_were(text in any::<String>()) {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": text}], "prompt": text, "input": text});
        let body = body.to_string();
        let native = check("chat", body.as_bytes(), true).unwrap().remove(0);
        prop_assert_eq!(&native["messages"][0]["content"], &json!(text));
        let native = check("embeddings", body.as_bytes(), true).unwrap().remove(0);
        prop_assert_eq!(&native["input"], &json!([text]));
        if !text.is_empty() {
            let native = check("completions", body.as_bytes(), true).unwrap().remove(0);
            prop_assert_eq!(&native["prompt"], &json!(text));
        }
    }
}

#[test]
fn many_tools_grow_no_more_than_few() {
    let refs = vec![json!({"$ref": "#/$defs/A"}); 30];
    let leaf = json!({"description": "a leaf of some length, so that it adds up to something in the end"});
    let defs = json!({"A": {"anyOf": vec![json!({"$ref": "#/$defs/B"}); 30]}, "B": leaf});
    let parameters = json!({"type": "object", "properties": {"a": {"anyOf": refs}}, "$defs": defs});
    let tools = vec![json!({"function": {"name": "f", "parameters": parameters}}); 300];
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": tools}).to_string();
    let native = check("chat", body.as_bytes(), true).unwrap().remove(0).to_string();
    assert!(native.len() <= body.len() + 640 * 1024, "{} bytes from {}", native.len(), body.len());
}
