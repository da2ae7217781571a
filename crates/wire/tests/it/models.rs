//! Models: the objects of a list, and which names mean the same. And the estimate of tokens.

use serde_json::{Value, json};
use wire::estimate;
use wire::translate::models::{from_tags, list, same_name};

#[test]
fn tags_become_models() {
    let tags = json!({"models": [
        {"name": "llama3.2:latest", "model": "llama3.2:latest", "modified_at": "2026-11-23T03:20:46.031603334+02:00"},
        {"name": "u/b:1", "modified_at": "2026-11-23T03:20:46Z"},
        {"name": "hf.co/someone/m:Q4", "modified_at": "yesterday"},
        {"modified_at": "2026-11-23T03:20:46Z"},
        {"name": ""},
        {"name": "plain", "model": null},
    ]});
    let models = from_tags(tags.to_string().as_bytes()).unwrap();
    let made: Value = serde_json::from_slice(&list(&models)).unwrap();
    let model = |id: &str, created: i64, owner: &str| json!({"id": id, "object": "model", "created": created, "owned_by": owner});
    let expected = json!({"object": "list", "data": [
        model("llama3.2:latest", 1_795_396_846, "library"),
        model("u/b:1", 1_795_404_046, "u"),
        model("hf.co/someone/m:Q4", 0, "someone"),
        model("plain", 0, "library"),
    ]});
    assert_eq!(made, expected);
}

#[test]
fn no_models_make_an_empty_list() {
    for tags in [r#"{"models":[]}"#, r#"{"models":null}"#, "{}"] {
        assert_eq!(list(&from_tags(tags.as_bytes()).unwrap()), br#"{"object":"list","data":[]}"#);
    }
    assert!(from_tags(b"<html>").is_err());
}

#[test]
fn names_that_mean_the_same() {
    for (one, other) in
        [("m", "m:latest"), ("M:Latest", "m"), ("u/M:1", "U/m:1"), ("host:5000/u/m", "host:5000/u/m:latest")]
    {
        assert!(same_name(one, other), "{one} and {other}");
        assert!(same_name(other, one), "{other} and {one}");
    }
    for (one, other) in [("m", "m:1"), ("m", "n"), ("u/m", "m"), ("m:", "m:1"), ("host:5000/m", "host")] {
        assert!(!same_name(one, other), "{one} and {other}");
    }
}

#[test]
fn tokens_are_estimated_by_script() {
    for (text, tokens) in
        [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("你好吗", 2), ("你好吗abcd", 3), ("😀", 1)]
    {
        assert_eq!(estimate::tokens(text), tokens, "{text}");
    }
}
