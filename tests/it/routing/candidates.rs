//! Who is asked next, when candidates share an address, or differ in what their models can do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Fake, Request, Script};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::{Value, json};

use super::{CHAT, UNPROBED, calls, channel, key, well, who};
use crate::support::Gateway;
use crate::support::ollama::{chat, ollama, whole};

async fn fake(handler: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Fake {
    Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(handler)).await.expect("a fake on loopback starts")
}

/// A channel with so many credentials on one address.
fn many(url: &str, credentials: usize) -> NewChannel {
    let one = |at| NewBackend::new(format!("many-{at}"), url, Secret::new(format!("sk-{at}")));
    NewChannel { priority: 9, backends: (0..credentials).map(one).collect(), ..NewChannel::new("many", url) }
}

fn image() -> Value {
    let mut body = chat(false);
    let part = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    body["messages"][0]["content"] = json!([part]);
    body
}

#[tokio::test]
async fn retry_goes_to_another_address_before_another_credential() {
    let ill = ollama(|_| Script::json(503, &json!({"error": "busy"}))).await;
    let good = well("good").await;
    let channels = [many(&ill.url(), 5), channel("good", &good.url())];
    let gateway = Gateway::with_rows(&[UNPROBED], &channels, &[]).await;
    assert_eq!(who(&gateway, "m").await, "good");
    assert_eq!((calls(&ill), calls(&good)), (1, 1));
}

#[tokio::test]
async fn retry_of_other_credentials_when_there_is_no_other_address() {
    let refuses = ollama(|request| match request.header("authorization") {
        Some("Bearer sk-2") => whole("third"),
        _ => Script::json(401, &json!({"error": "unauthorized"})),
    })
    .await;
    let gateway = Gateway::with_rows(&[UNPROBED], &[many(&refuses.url(), 3)], &[]).await;
    assert_eq!(who(&gateway, "m").await, "third");
}

#[tokio::test]
async fn who_can_do_it_is_asked_and_nobody_else() {
    let of = |capabilities: Value, name: &'static str| {
        fake(move |request: &Request| match request.path.as_str() {
            "/api/show" => Script::json(200, &json!({ "capabilities": capabilities })),
            _ => whole(name),
        })
    };
    let blind = of(json!(["completion"]), "blind").await;
    let seeing = of(json!(["completion", "vision"]), "seeing").await;
    let first = NewKey { priority: 9, ..key("blind", &blind.url()) };
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[first, key("seeing", &seeing.url())]).await;
    for _ in 0..3 {
        let reply = gateway.post(CHAT, &image()).await;
        assert_eq!(reply.json()["choices"][0]["message"]["content"], "seeing", "{}", reply.text());
    }
    assert_eq!(
        (calls(&blind), who(&gateway, "m").await.as_str()),
        (0, "blind"),
        "without images by priority"
    );
}

#[tokio::test]
async fn a_model_that_one_lacks_hides_no_other_that_is_dead() {
    let lacks = ollama(|_| Script::json(404, &json!({"error": "model 'm' not found"}))).await;
    let dead = ollama(|_| Script::silent(End::Close)).await;
    for first in [&lacks, &dead] {
        let keys = [&lacks, &dead]
            .map(|fake| NewKey { priority: i64::from(std::ptr::eq(fake, first)), ..key("one", &fake.url()) });
        let gateway = Gateway::with_rows(&[UNPROBED], &[], &keys).await;
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (502, &json!("upstream_unreachable")));
    }
}

#[tokio::test]
async fn retry_embeddings_that_lack_vectors() {
    let embeds = |vectors: Value| ollama(move |_| Script::json(200, &json!({ "embeddings": vectors })));
    let good = embeds(json!([[1.0], [2.0]])).await;
    for wrong in [json!([[1.0]]), json!([]), json!(["a", "b"]), Value::Null] {
        let ill = embeds(wrong).await;
        let first = NewKey { priority: 9, ..key("ill", &ill.url()) };
        let gateway = Gateway::with_rows(&[UNPROBED], &[], &[first, key("good", &good.url())]).await;
        let reply = gateway.post("/v1/embeddings", &json!({"model": "m", "input": ["a", "b"]})).await;
        assert_eq!((reply.status, reply.json()["data"].as_array().map(Vec::len)), (200, Some(2)));
        assert_eq!(ill.log.of("/api/embed").len(), 1);
    }
}

#[tokio::test]
async fn a_whole_reply_is_not_waited_for_from_a_host_that_is_found_dead() {
    let sleeps = fake(|_: &Request| Script::silent(End::Hang)).await;
    let good = well("good").await;
    let first = NewKey { priority: 9, ..key("sleeps", &sleeps.url()) };
    let gateway =
        Gateway::with_rows(&[("HEALTH_CHECK_INTERVAL", "1")], &[], &[first, key("good", &good.url())]).await;
    let began = Instant::now();
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "good", "{}", reply.text());
    println!("moved on after {:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(gateway.get("/v1/models").await.status, 200);
    assert!(began.elapsed() < Duration::from_millis(1900), "a host that is down is not asked for its list");
}

#[tokio::test]
async fn no_error_repeats_a_credential() {
    for status in [400, 404, 422, 429, 500] {
        let tells = ollama(move |request| {
            let shown = request.header("authorization").unwrap_or_default();
            Script::json(status, &json!({ "error": format!("bad key {shown} of yours") }))
        })
        .await;
        let gateway = Gateway::with_rows(&[UNPROBED], &[], &[key("marker", &tells.url())]).await;
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert!(calls(&tells) > 0 && !reply.text().contains("credential-marker"), "{}", reply.text());
    }
}

#[tokio::test]
async fn mapped_names_do_not_mind_case_or_the_latest_tag() {
    let good = ollama(|request| whole(request.json().unwrap()["model"].as_str().unwrap())).await;
    let mapped = NewKey {
        models: vec!["none".to_owned()],
        model_mapping: vec![("gpt-4".to_owned(), "m".to_owned())],
        ..key("good", &good.url())
    };
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[mapped]).await;
    for name in ["gpt-4", "GPT-4", "gpt-4:latest"] {
        assert_eq!(who(&gateway, name).await, "m", "{name}");
    }
    let mut other = chat(false);
    other["model"] = json!("gpt-4:mini");
    assert_eq!(gateway.post(CHAT, &other).await.status, 404);
}

#[tokio::test]
async fn all_that_is_turned_off_is_no_missing_model() {
    let off = NewKey { enabled: false, ..key("off", "http://127.0.0.1:1") };
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[off]).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (503, &json!("no_backend")));
    assert_eq!(gateway.get("/health").await.json()["status"], "no_backends");
}
