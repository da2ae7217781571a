//! Many keys in one text.

use serde_json::{Value, json};

use super::{get, has, hides, post, refused, started};

/// Lines of the large text; every hundredth is bad, every hundred-and-first the one before again.
const LINES: usize = 10_000;

fn text() -> String {
    let line = |number: usize| match number % 100 {
        0 => format!("ftp://gpu-{number}|SECRET-{number}"),
        1 if number > 1 => format!("http://gpu-{}:11434|key-SECRET-{:06}", number - 2, number - 2),
        _ => format!("http://gpu-{number}:11434|key-SECRET-{number:06}"),
    };
    let lines: Vec<String> = (1..=LINES).map(line).collect();
    lines.join("\n")
}

fn lines(of: &Value) -> Vec<u64> {
    of.as_array().unwrap().iter().map(|item| item["line"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn bad_lines_are_named_and_the_others_added() {
    let gateway = started(&[]).await;
    let answer = post(&gateway, "/keys/batch", &json!({"keys": text()})).await;
    let count = |name: &str| answer[name].as_array().map_or(0, Vec::len);
    assert_eq!((count("added"), count("duplicates"), count("errors")), (LINES - 199, 99, 100));
    let bad: Vec<u64> = (1..=100).map(|hundred| hundred * 100).collect();
    assert_eq!(lines(&answer["errors"]), bad);
    let again: Vec<u64> = bad.iter().take(99).map(|line| line + 1).collect();
    assert_eq!(lines(&answer["duplicates"]), again);
    has(&answer["errors"][0], &["input", "error", "line"]);
    assert!(answer["duplicates"].as_array().unwrap().iter().all(|key| key["duplicate"] == true));
    hides(&answer);
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], LINES - 199);
}

#[tokio::test]
async fn forms_comments_and_defaults() {
    let gateway = started(&[]).await;
    let text = "# my servers, old and new\nhttp://a:1\n\nbare-key-of-cloud, sk-two|http://b:2/api ;http://c:3#sk-three\n";
    let answer =
        post(&gateway, "/keys/batch", &json!({"keys": text, "baseUrl": "http://default:9/v1"})).await;
    let shown = answer["added"].as_array().unwrap().iter();
    let shown: Vec<_> =
        shown.map(|key| (key["baseUrl"].as_str().unwrap(), key["key"].as_str().unwrap())).collect();
    let expected = [
        ("http://a:1", "(empty)"),
        ("http://default:9", "bare-k***loud"),
        ("http://b:2", "sk***"),
        ("http://c:3", "sk***"),
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_batch_needs_a_text() {
    let gateway = started(&[]).await;
    for body in [json!({}), json!({"keys": "  "}), json!({"keys": null})] {
        let error = refused(&gateway, 400, "POST", "/keys/batch", &body).await;
        assert!(error["error"].as_str().unwrap().contains("keys text is required"), "{error}");
    }
    let error = refused(&gateway, 400, "POST", "/keys/batch", &json!({"keys": ["a"]})).await;
    assert!(error["fields"]["keys"].is_string(), "{error}");
}

/// What its name is made from may be the same for several keys.
#[tokio::test]
async fn names_that_look_alike_are_numbered() {
    let gateway = started(&[]).await;
    let names = |list: &Value| -> Vec<String> {
        let names = list.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let keys = [
        "key-one-long-credential-of-many",
        "key-one-long-credential-of-many",
        "key-two-long-credential-of-many",
        "a",
        "b",
    ];
    let text = keys.map(|key| format!("http://gpu:1|{key}")).join("\n");
    let read = post(&gateway, "/keys/preview", &json!({"keys": text})).await;
    let answer = post(&gateway, "/keys/batch", &json!({"keys": text})).await;
    let added = names(&answer["added"]);
    assert_eq!(added, ["key-...many", "key-...many 2", "gpu:1", "gpu:1 2"]);
    let told = names(&read["lines"]);
    assert_eq!([&told[0], &told[2], &told[3], &told[4]], [&added[0], &added[1], &added[2], &added[3]]);
    let one =
        post(&gateway, "/keys", &json!({"key": "http://gpu:1|key-three-long-credential-of-many"})).await;
    assert_eq!(one["key"]["name"], "key-...many 3");
    let again =
        post(&gateway, "/keys/batch", &json!({"keys": "http://gpu:1|key-four-long-credential-of-many"}))
            .await;
    assert_eq!(names(&again["added"]), ["key-...many 4"]);
}
