//! A change holds from the next request on, and disturbs nothing that runs.

use std::time::Duration;

use ollama2openai::fake::{End, Script};
use serde_json::{Value, json};

use super::{CHAT, channel, done_by, get, post, started, well, who};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says};
use crate::support::wait::{DEADLINE, pause};

/// Reads the channels until `holds` says that they are as they should be.
async fn until_listed(gateway: &Gateway, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let end = std::time::Instant::now() + DEADLINE;
    loop {
        let listed = get(gateway, "/channels").await;
        if holds(&listed) {
            return listed;
        }
        assert!(std::time::Instant::now() < end, "{what}: {listed}");
        pause(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_change_holds_at_the_next_request() {
    let (alone, first, second) = (well("alone").await, well("first").await, well("second").await);
    let gateway = started(&[("OLLAMA_BASE_URL", &alone.url())]).await;
    assert_eq!(who(&gateway).await, "alone");
    let one = channel(&gateway, &json!({"name": "one", "baseUrl": first.url(), "priority": 1})).await;
    assert_eq!(who(&gateway).await, "first");
    let two = channel(&gateway, &json!({"name": "two", "baseUrl": second.url(), "priority": 2})).await;
    assert_eq!(who(&gateway).await, "second");
    done_by(&gateway, "PUT", &format!("/channels/{two}"), &json!({"priority": 0})).await;
    assert_eq!(who(&gateway).await, "first");
    done_by(&gateway, "PUT", &format!("/channels/{one}"), &json!({"enabled": false})).await;
    assert_eq!(who(&gateway).await, "second");
    done_by(&gateway, "PUT", &format!("/channels/{two}"), &json!({"models": ["other"]})).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 404);
    let mapping = json!({"modelMapping": {"m": "m:latest"}});
    done_by(&gateway, "PUT", &format!("/channels/{two}"), &mapping).await;
    assert_eq!(who(&gateway).await, "second");
    let calls = second.log.of("/api/chat");
    assert_eq!(calls.last().unwrap().request.model(), "m:latest");
    let key = post(&gateway, "/keys", &json!({"key": format!("{}|", first.url())})).await;
    done_by(&gateway, "DELETE", &format!("/channels/{two}"), &Value::Null).await;
    assert_eq!(who(&gateway).await, "first");
    post(&gateway, &format!("/keys/{}/toggle", key["key"]["id"].as_str().unwrap()), &Value::Null).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 503);
    done_by(&gateway, "DELETE", "/keys", &Value::Null).await;
    done_by(&gateway, "DELETE", &format!("/channels/{one}"), &Value::Null).await;
    assert_eq!(who(&gateway).await, "alone", "with nothing configured, the Ollama of the environment serves");
}

#[tokio::test]
async fn a_stream_goes_on_when_its_channel_is_deleted() {
    let slow = ollama(|_| {
        let mut script = Script::ndjson([&says("one")]);
        script.body.extend([pause_ms(400), line(&says("two")), line(&done())]);
        script
    })
    .await;
    let next = well("next").await;
    let gateway = started(&[]).await;
    let old = channel(&gateway, &json!({"name": "old", "baseUrl": slow.url(), "priority": 5})).await;
    channel(&gateway, &json!({"name": "next", "baseUrl": next.url()})).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    let content = |block: Option<crate::support::sse::Block>| {
        let json: Value = serde_json::from_str(&block.unwrap().data.unwrap()).unwrap();
        json["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    };
    while content(stream.next_data().await) != "one" {}
    done_by(&gateway, "DELETE", &format!("/channels/{old}"), &Value::Null).await;
    assert_eq!(who(&gateway).await, "next");
    assert_eq!(content(stream.next_data().await), "two");
    let rest = stream.rest().await;
    assert_eq!(rest.last().and_then(|block| block.data.clone()).as_deref(), Some("[DONE]"));
}

#[tokio::test]
async fn live_state_survives_a_change_of_something_else() {
    let (busy, well) = (ollama(|_| Script::silent(End::Hang)).await, well("well").await);
    let gateway = started(&[]).await;
    let first = json!({"name": "busy", "baseUrl": busy.url(), "priority": 9, "models": ["m"]});
    channel(&gateway, &first).await;
    channel(&gateway, &json!({"name": "lost", "baseUrl": "http://127.0.0.1:1", "models": ["lost"]})).await;
    let third = channel(&gateway, &json!({"name": "well", "baseUrl": well.url(), "models": ["w"]})).await;
    let mut running = crate::support::client::connect(gateway.addr).await;
    running.send(&Request::post(CHAT, &chat(false)).bytes()).await.unwrap();
    let mut body = chat(false);
    for model in ["lost", "w", "w"] {
        body["model"] = json!(model);
        gateway.post(CHAT, &body).await;
    }
    // Counts are written down once a second.
    let is_seen = |listed: &Value| {
        let channels = &listed["channels"];
        channels[0]["currentConcurrent"] == 1
            && channels[1]["healthy"] == false
            && channels[2]["totalRequests"] == 2
    };
    let before = until_listed(&gateway, "what the requests did", is_seen).await;
    done_by(&gateway, "PUT", &format!("/channels/{third}"), &json!({"priority": 3})).await;
    channel(&gateway, &json!({"name": "new", "baseUrl": well.url(), "enabled": false})).await;
    let after = get(&gateway, "/channels").await;
    for at in 0..3 {
        let mut expected = before["channels"][at].clone();
        if at == 2 {
            (expected["priority"], expected["revision"]) = (json!(3), json!(2));
        }
        let mut found = after["channels"][at].clone();
        // An age grows by itself.
        for shown in [&mut expected, &mut found] {
            shown["backends"][0]["inventory"] = Value::Null;
            shown["backends"][0]["lastCheck"] = Value::Null;
        }
        assert_eq!(found, expected);
    }
    assert!(after["channels"][1]["lastError"].as_str().unwrap().contains("connect"), "{after}");
    drop(running);
    until_listed(&gateway, "the place is free", |listed| listed["channels"][0]["currentConcurrent"] == 0)
        .await;
}

#[tokio::test]
async fn a_cap_that_is_changed_holds_for_those_who_wait() {
    let busy = ollama(|request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::silent(End::Hang),
        false => crate::support::ollama::whole("served"),
    })
    .await;
    let gateway = started(&[]).await;
    let id = channel(&gateway, &json!({"name": "c", "baseUrl": busy.url(), "maxConcurrent": 1})).await;
    let mut running = crate::support::client::connect(gateway.addr).await;
    running.send(&Request::post(CHAT, &chat(true)).bytes()).await.unwrap();
    until_listed(&gateway, "the place is taken", |listed| listed["channels"][0]["currentConcurrent"] == 1)
        .await;
    let addr = gateway.addr;
    let waiting = crate::support::wait::beside(async move {
        crate::support::client::post_json(addr, CHAT, &chat(false)).await
    });
    done_by(&gateway, "PUT", &format!("/channels/{id}"), &json!({"maxConcurrent": 2})).await;
    assert_eq!(waiting.value().await.status, 200);
}
