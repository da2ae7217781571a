//! `/admin/api/keys/preview`: what key lines would become.

use serde_json::{Value, json};

use super::{KEY, get, hides, post, refused, started};

#[tokio::test]
async fn a_preview_tells_of_each_line_what_it_means_and_stores_nothing() {
    let gateway = started(&[]).await;
    let there = post(&gateway, "/keys", &json!({"key": format!("http://gpu:11434|{KEY}")})).await;
    let audited = get(&gateway, "/audit").await;
    let text = format!(
        "# ours\nhttp://gpu:11434|{KEY}\nhttp://one|\n{KEY}|http://two\nhttp://three#{KEY}\n\
         http://four/abcdefghij0123456789; http://five\n{KEY},ftp://nobody\n{KEY}|http://two/\nbad key"
    );
    let told = post(&gateway, "/keys/preview", &json!({"keys": text, "baseUrl": "http://base:1"})).await;
    let shown: Vec<_> = told["lines"].as_array().unwrap().iter().collect();
    let forms: Vec<_> = shown.iter().map(|line| line["form"].as_str().unwrap_or("-")).collect();
    let wanted = ["URL|KEY", "URL|KEY", "KEY|URL", "URL#KEY", "URL/KEY", "URL", "KEY", "-", "KEY|URL", "-"];
    assert_eq!(forms, wanted, "{told}");
    let wanted = json!({"line": 2, "form": "URL|KEY", "baseUrl": "http://gpu:11434", "key": "sk-fir***ast4",
        "name": "sk-f...ast4", "duplicate": true, "of": {"id": there["key"]["id"], "name": "sk-f...ast4"}});
    assert_eq!(*shown[0], wanted);
    assert_eq!((&shown[1]["key"], &shown[1]["name"]), (&json!("(empty)"), &json!("one")));
    assert_eq!((&shown[6]["baseUrl"], &shown[6]["duplicate"]), (&json!("http://base:1"), &json!(false)));
    let error = &shown[7];
    assert!(
        error["line"] == 7 && error["error"].as_str().is_some_and(|told| told.contains("http://")),
        "{error}"
    );
    assert_eq!((&shown[8]["duplicate"], &shown[8]["of"]), (&json!(true), &json!({"line": 4})));
    assert!(shown[9]["error"].as_str().is_some_and(|told| told.contains("blank")), "{told}");
    assert_eq!(told["summary"], json!({"added": 6, "duplicates": 2, "errors": 2}));
    hides(&told);
    assert_eq!(get(&gateway, "/keys").await["summary"]["total"], 1);
    assert_eq!(get(&gateway, "/audit").await, audited);
    let batch = json!({"keys": text, "baseUrl": "http://base:1"});
    let made = post(&gateway, "/keys/batch", &batch).await;
    let count = |name: &str| made[name].as_array().map(Vec::len);
    assert_eq!((count("added"), count("duplicates"), count("errors")), (Some(6), Some(2), Some(2)));
}

#[tokio::test]
async fn a_preview_of_nothing_is_refused() {
    let gateway = started(&[]).await;
    for body in [Value::Null, json!({"keys": " \n"}), json!({"keys": ["a"]}), json!({"keys": 1})] {
        let error = refused(&gateway, 400, "POST", "/keys/preview", &body).await;
        assert!(error["fields"]["keys"].is_string(), "{error}");
    }
}
