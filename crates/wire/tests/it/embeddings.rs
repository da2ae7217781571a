//! Embeddings one input at a time: what a cache needs to ask for some inputs only.

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::openai;
use wire::translate::Rules;
use wire::translate::embeddings::{self, Embedding};

fn translated(request: &Value) -> Embedding {
    let body = request.to_string();
    let request = openai::parse(body.as_bytes()).expect("the request is right");
    embeddings::translate(&request, Rules { load_options: true }).expect("the request is right")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("JSON is UTF-8")
}

#[test]
fn a_call_for_some_inputs_keeps_every_other_field() {
    let request = translated(&json!({"model": "m", "input": ["a", "\"b\",", "c]"], "dimensions": 3,
        "truncate": false, "keep_alive": "5m", "options": {"num_ctx": 64}}));
    assert_eq!(
        (0..3).map(|at| text(request.input(at))).collect::<Vec<_>>(),
        [r#""a""#, r#""\"b\",""#, r#""c]""#]
    );
    let native = request.native_for(&[0, 2]);
    assert_eq!(native.path, "/api/embed");
    let whole = text(&request.native.body("m")).to_owned();
    assert_eq!(native.body("m"), whole.replace(r#","\"b\",""#, ""));
    assert!(whole.ends_with(text(request.fields())), "{whole}");
    for field in ["dimensions", "truncate", "keep_alive", "num_ctx"] {
        assert!(text(request.fields()).contains(field), "{field}");
    }
}

#[test]
fn a_reply_is_put_together_from_vectors_of_several_calls() {
    let request = translated(&json!({"model": "m", "input": ["a", "b"]}));
    let (mut one, mut two) = (String::new(), String::new());
    let first =
        embeddings::read(br#"{"embeddings":[[1.50,-2e-7]],"prompt_eval_count":2}"#, &mut one, 1).unwrap();
    let second = embeddings::read(br#"{"embeddings":[[0.1]],"prompt_eval_count":3}"#, &mut two, 1).unwrap();
    let tokens = first.usage.prompt + second.usage.prompt;
    let reply = request.reply_from(&[second.vectors[0], first.vectors[0]], tokens).unwrap();
    let whole = br#"{"embeddings":[[0.1],[1.50,-2e-7]],"prompt_eval_count":5}"#;
    assert_eq!(reply, embeddings::reply(whole, &request).unwrap().0);
    let timed = br#"{"embeddings":[[0.1]],"total_duration":2500000000,"load_duration":2000000000}"#;
    let timed = embeddings::read(timed, &mut String::new(), 1).unwrap().usage;
    assert_eq!(timed.gpu, std::time::Duration::from_millis(500), "loading is no computing");
    let error = request.reply_from(&["[0.1]", "null"], 1).unwrap_err();
    assert_eq!(error.status, 502);
    assert_eq!(embeddings::read(whole, &mut String::new(), 3).unwrap_err().status, 502);
}

proptest! {
    #[test]
    fn every_input_is_told_apart(inputs in prop::collection::vec(any::<String>(), 1..6), picked: prop::sample::Index) {
        let request = translated(&json!({"model": "m", "input": inputs}));
        prop_assert_eq!(request.inputs, inputs.len());
        for (at, input) in inputs.iter().enumerate() {
            let own: String = serde_json::from_slice(request.input(at)).unwrap();
            prop_assert_eq!(&own, input);
        }
        let all: Vec<_> = (0..inputs.len()).collect();
        prop_assert_eq!(request.native_for(&all).body("m"), request.native.body("m"));
        let at = picked.index(inputs.len());
        let asked: Value = serde_json::from_slice(&request.native_for(&[at]).body("m")).unwrap();
        prop_assert_eq!(&asked["input"], &json!([inputs[at]]));
    }
}
