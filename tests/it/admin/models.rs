//! `GET /admin/api/models`: which models are where, from memory, and from lists that are read anew.

use ollama2openai::fake::{Fake, Request as Seen, Script};
use serde_json::{Value, json};

use super::{channel, get, post, refused, started};
use crate::support::Gateway;
use crate::support::ollama::{chat, whole};

/// An Ollama with these models, each with its digest, the first of which it has loaded.
async fn with(models: &'static [(&'static str, &'static str)]) -> Fake {
    let one = |(name, digest): &(&str, &str)| {
        json!({"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "digest": digest, "size": 4_000_000_000_i64,
            "details": {"family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_K_M"}})
    };
    let handler = move |request: &Seen| match request.path.as_str() {
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        "/api/tags" => Script::json(200, &json!({"models": models.iter().map(one).collect::<Vec<_>>()})),
        "/api/ps" => {
            let loaded = models.first().map(|(name, _)| {
                json!({"name": name, "model": name, "size_vram": 5_000_000_000_i64, "context_length": 4096,
                    "expires_at": "2026-01-01T00:05:00Z"})
            });
            Script::json(200, &json!({"models": loaded.into_iter().collect::<Vec<_>>()}))
        }
        "/api/show" => Script::json(
            200,
            &json!({"capabilities": ["completion", "tools"], "model_info": {"general.x": [1], "llama.context_length": 131_072}}),
        ),
        _ => whole("hi"),
    };
    Fake::start(([127, 0, 0, 1], 0).into(), std::sync::Arc::new(handler))
        .await
        .expect("a fake on loopback starts")
}

fn asked(fake: &Fake, path: &str) -> usize {
    fake.log.of(path).len()
}

/// Two channels, of which the second has another version of one model, and a key that does not answer.
async fn fleet() -> (Gateway, [Fake; 2], [String; 2]) {
    let one = with(&[("llama3:8b", "aa"), ("Qwen3:latest", "bb")]).await;
    let two = with(&[("llama3:8b", "cc"), ("qwen3", "bb"), ("only:1b", "dd")]).await;
    // Nothing probes: what is known was asked for.
    let gateway = started(&[("HEALTH_CHECK_INTERVAL", "0")]).await;
    let mapping = json!({"gpt-4": "LLAMA3:8B"});
    let first =
        channel(&gateway, &json!({"name": "one", "baseUrl": one.url(), "modelMapping": mapping})).await;
    let second = channel(&gateway, &json!({"name": "two", "baseUrl": two.url()})).await;
    post(&gateway, "/keys", &json!({"key": "http://127.0.0.1:1"})).await;
    (gateway, [one, two], [first, second])
}

#[track_caller]
fn model<'v>(answer: &'v Value, name: &str) -> &'v Value {
    let models = answer["models"].as_array().unwrap();
    models.iter().find(|model| model["name"] == name).unwrap_or_else(|| panic!("no {name} in {answer}"))
}

#[tokio::test]
async fn models_are_told_with_their_backends() {
    let (gateway, fakes, channels) = fleet().await;
    let before = get(&gateway, "/models").await;
    assert_eq!((&before["models"], &before["refresh"]), (&json!([]), &Value::Null), "{before}");
    assert_eq!((&before["backendsListed"], &before["backendsTotal"]), (&json!(0), &json!(3)));
    assert_eq!(asked(&fakes[0], "/api/tags"), 0, "nothing is asked for what is in memory");

    let answer = get(&gateway, "/models?refresh=true").await;
    assert_eq!(answer["refresh"], json!({"addresses": 3, "answered": 2, "failed": 1, "late": 0}));
    let names: Vec<_> = answer["models"].as_array().unwrap().iter().map(|model| &model["name"]).collect();
    assert_eq!(names, ["llama3:8b", "only:1b", "Qwen3:latest"]);
    let llama = model(&answer, "llama3:8b");
    assert_eq!((&llama["drift"], llama["versions"].as_array().unwrap().len()), (&json!(true), 2), "{llama}");
    let version = &llama["versions"][0];
    assert_eq!((&version["size"], &version["family"]), (&json!(4_000_000_000_i64), &json!("llama")));
    assert_eq!((&version["parameterSize"], &version["quantization"]), (&json!("8.0B"), &json!("Q4_K_M")));
    assert_eq!(version["modified"], "2026-01-01T00:00:00Z");
    let alias = json!([{"name": "gpt-4", "kind": "channel", "id": channels[0], "where": "one"}]);
    assert_eq!(llama["aliases"], alias);
    assert_eq!(llama["loaded"].as_array().unwrap().len(), 2, "{llama}");
    assert_eq!(
        (&llama["loaded"][0]["vram"], &llama["loaded"][0]["contextLength"]),
        (&json!(5_000_000_000_i64), &json!(4096))
    );
    let qwen = model(&answer, "Qwen3:latest");
    assert_eq!(qwen["drift"], false, "{qwen}");
    assert_eq!(qwen["versions"][0]["backends"].as_array().unwrap().len(), 2, "one name in two spellings");
    let backends = answer["backends"].as_array().unwrap();
    let told: Vec<_> = backends.iter().map(|backend| (&backend["channelId"], &backend["models"])).collect();
    assert_eq!(told, [(&json!(channels[0]), &json!(2)), (&json!(channels[1]), &json!(3))]);
    for fake in &fakes {
        let loads = ["/api/chat", "/api/generate", "/api/embed", "/api/show"];
        assert!(loads.iter().all(|path| asked(fake, path) == 0), "nothing that may load a model");
    }

    // The list is new: it is not read once more.
    get(&gateway, "/models?refresh=true").await;
    assert_eq!(asked(&fakes[0], "/api/tags"), 1);
}

#[tokio::test]
async fn what_a_model_can_do_is_told_once_somebody_has_asked() {
    let (gateway, _fakes, _) = fleet().await;
    let answer = get(&gateway, "/models?refresh=true&search=ONLY").await;
    assert_eq!(answer["total"], 1);
    assert_eq!(model(&answer, "only:1b")["capabilities"], Value::Null);
    let mut body = chat(false);
    body["model"] = "only:1b".into();
    body["tools"] = json!([{"type": "function", "function": {"name": "f", "parameters": {}}}]);
    assert_eq!(gateway.post(super::CHAT, &body).await.status, 200);
    let answer = get(&gateway, "/models?search=only").await;
    let only = model(&answer, "only:1b");
    assert_eq!(
        (&only["capabilities"], &only["contextLength"]),
        (&json!(["completion", "tools"]), &json!(131_072))
    );
}

#[tokio::test]
async fn models_come_by_pages() {
    let (gateway, _fakes, _) = fleet().await;
    let first = get(&gateway, "/models?refresh=true&limit=2").await;
    assert_eq!((first["models"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = get(&gateway, &format!("/models?limit=2&cursor={cursor}")).await;
    assert_eq!((&second["models"][0]["name"], &second["nextCursor"]), (&json!("Qwen3:latest"), &Value::Null));
    for (asked, field) in [("limit=0", "limit"), ("limit=1001", "limit"), ("refresh=yes", "refresh")] {
        let error = refused(&gateway, 400, "GET", &format!("/models?{asked}"), &Value::Null).await;
        assert!(error["fields"][field].is_string(), "{error}");
    }
}
