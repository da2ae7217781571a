//! The limit of a reply, set after translation; and what a prompt is estimated at.

use serde_json::{Value, json};
use wire::translate::{Rules, chat, completions};

const RULES: Rules = Rules { load_options: true };

fn chat_of(request: &Value) -> chat::Chat {
    let text = request.to_string();
    let request = wire::openai::parse(text.as_bytes()).expect("the request is in order");
    chat::translate(&request, RULES).expect("it can be translated")
}

fn body(native: &wire::translate::Native) -> Value {
    serde_json::from_slice(&native.body("m")).expect("a body is JSON")
}

#[test]
fn a_limit_takes_its_place_and_nothing_else_changes() {
    let plain = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (more, said) in [
        (json!({}), None),
        (json!({"keep_alive": "5m"}), None),
        (json!({"temperature": 0.5}), None),
        (json!({"max_tokens": 100}), Some(100)),
        (json!({"max_completion_tokens": 7, "max_tokens": 100}), Some(7)),
        (json!({"options": {"num_predict": -1, "top_k": 3}}), None),
        (json!({"temperature": 1, "options": {"num_predict": 55}, "stop": "x"}), Some(55)),
    ] {
        let mut request = plain.clone();
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut chat = chat_of(&request);
        assert_eq!(chat.limit, said, "{more}");
        let mut expected = body(&chat_of(&request).native);
        for limit in [12_345, 1] {
            chat = chat_of(&request);
            chat.native.set_limit(99);
            chat.native.set_limit(limit);
            expected["options"]["num_predict"] = limit.into();
            assert_eq!(body(&chat.native), expected, "{more}");
        }
    }
}

#[test]
fn every_prompt_of_a_completion_gets_the_limit() {
    let request =
        json!({"model": "m", "prompt": ["one", "two and more"], "max_tokens": 5, "seed": 1}).to_string();
    let mut completion =
        completions::translate(&wire::openai::parse(request.as_bytes()).unwrap(), RULES).unwrap();
    assert_eq!(completion.limit, Some(5));
    for (native, prompt) in completion.natives.iter_mut().zip(["one", "two and more"]) {
        native.set_limit(3);
        let body = body(native);
        assert_eq!((&body["prompt"], &body["options"]["num_predict"]), (&json!(prompt), &json!(3)));
    }
}

#[test]
fn media_count_by_their_number_and_not_by_their_bytes() {
    let picture = format!("data:image/png;base64,{}", "iVBORw0KGgoA".repeat(10_000));
    let part = json!({"type": "image_url", "image_url": {"url": picture}});
    let asks = |pictures: usize| {
        let mut parts = vec![json!({"type": "text", "text": "what is it?"})];
        parts.extend(std::iter::repeat_n(part.clone(), pictures));
        chat_of(&json!({"model": "m", "messages": [{"role": "user", "content": parts}]})).prompt
    };
    let (none, one, two) = (asks(0), asks(1), asks(2));
    assert!(none < 40, "{none}");
    for more in [one - none, two - one] {
        assert!((760..860).contains(&more), "{none} {one} {two}");
    }
}
