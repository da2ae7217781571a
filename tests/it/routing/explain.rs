//! The explanation of a route, held against who really serves the next request.

mod refusals;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ollama2openai::config::Secret;
use ollama2openai::fake::{End, Fake, Request as Seen, Script};
use ollama2openai::store::{NewBackend, NewChannel, NewKey};
use serde_json::{Value, json};

use super::{CHAT, UNPROBED, arrived, begin, calls, channel, first, hanging, key, occupy, status, well, who};
use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};
use refusals::refused;

const PASSWORD: (&str, &str) = ("ADMIN_PASSWORD", "the-password-of-the-tests");

async fn with(env: &[(&str, &str)], channels: &[NewChannel], keys: &[NewKey]) -> Gateway {
    Gateway::with_rows(&[&[UNPROBED, PASSWORD], env].concat(), channels, keys).await
}

async fn asked(gateway: &Gateway, query: &str) -> Response {
    let request = Request::new("GET", &format!("/admin/api/routes/explain{query}"))
        .header("authorization", &format!("Bearer {}", PASSWORD.1));
    gateway.send(&request).await
}

async fn explained(gateway: &Gateway, query: &str) -> Value {
    let reply = asked(gateway, query).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    assert!(!text.contains("credential-"), "no credential is told: {text}");
    reply.json()
}

/// Everything with a verdict: channels, keys and backends by name, a backend after its channel.
fn verdicts(answer: &Value) -> Vec<(String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let tiers = list(&answer["tiers"]);
    let candidates = tiers.iter().flat_map(|tier| list(&tier["candidates"]));
    let mut all = Vec::new();
    for one in candidates.chain(list(&answer["others"])) {
        all.push(one.clone());
        all.extend(list(&one["backends"]));
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter().for_each(|one| assert!(!text(&one["reason"]).is_empty(), "{one}"));
    all.iter().map(|one| (text(&one["name"]), text(&one["verdict"]))).collect()
}

#[track_caller]
fn has(answer: &Value, wanted: &[(&str, &str)]) {
    let verdicts = verdicts(answer);
    for (name, verdict) in wanted {
        let is_there = verdicts.iter().any(|(known, is)| known == name && is == verdict);
        assert!(is_there, "{name} is not {verdict} in {answer:#}");
    }
}

/// The reason of the first with this name.
fn reason(answer: &Value, name: &str) -> String {
    let text = answer.to_string();
    let tiers = answer["tiers"].as_array().unwrap().iter();
    let mut candidates = tiers.flat_map(|tier| tier["candidates"].as_array().unwrap());
    let found = candidates.find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} in {text}"));
    found["reason"].as_str().unwrap().to_owned()
}

/// The one that would get the next request.
#[track_caller]
fn next(answer: &Value) -> &str {
    assert_eq!(answer["refusal"], Value::Null, "{answer:#}");
    answer["wouldServe"][0]["name"].as_str().unwrap_or_else(|| panic!("nobody in {answer:#}"))
}

#[tokio::test]
async fn the_next_one_is_who_serves_and_looking_takes_no_turn() {
    let (heavy, light, lower) = (well("heavy").await, well("light").await, well("lower").await);
    for balance in ["weighted", "least_busy"] {
        for as_channel in [true, false] {
            let env = [("BALANCE", balance)];
            let weighty = NewKey { weight: 30, priority: 9, ..key("heavy", &heavy.url()) };
            let other = NewKey { priority: 9, ..key("light", &light.url()) };
            let last = key("lower", &lower.url());
            let gateway = if as_channel {
                let both = NewChannel { backends: vec![weighty, other], ..channel("both", &heavy.url()) };
                with(&env, &[both], &[last]).await
            } else {
                with(&env, &[], &[weighty, other, last]).await
            };
            for _ in 0..9 {
                explained(&gateway, "?model=m").await;
                let answer = explained(&gateway, "?model=m").await;
                assert_eq!(next(&answer), who(&gateway, "m").await, "{balance}, as a channel: {as_channel}");
                let served = [("heavy", "would_serve"), ("light", "would_serve"), ("lower", "lower_tier")];
                has(&answer, &served);
                assert_eq!(answer["wouldServe"].as_array().unwrap().len(), 2);
            }
            let answer = explained(&gateway, "?model=m").await;
            assert_eq!(answer["balance"], balance);
            let tier = &answer["tiers"][0];
            let shares = match as_channel {
                true => tier["candidates"][0]["backends"].as_array().unwrap(),
                false => tier["candidates"].as_array().unwrap(),
            };
            let shares: Vec<_> = shares.iter().map(|one| one["share"].clone()).collect();
            let known = if balance == "weighted" { json!([0.75, 0.25]) } else { json!([null, null]) };
            assert_eq!(json!(shares), known);
        }
    }
}

#[tokio::test]
async fn what_is_turned_off_or_has_another_list_is_told_after_the_tiers() {
    let good = well("good").await;
    let url = good.url();
    let backend =
        |name: &str, enabled| NewBackend { enabled, ..NewBackend::new(name, &url, Secret::new("")) };
    let of_channel = NewChannel {
        backends: vec![backend("on", true), backend("off", false)],
        model_mapping: vec![("gpt-4".to_owned(), "m".to_owned())],
        models: vec!["m".to_owned()],
        priority: 5,
        ..channel("lab", &url)
    };
    let off = NewChannel { enabled: false, ..channel("off channel", &url) };
    let empty = NewChannel { priority: 9, backends: vec![backend("none", false)], ..channel("empty", &url) };
    let other = NewKey { models: vec!["other".to_owned()], ..key("other", &url) };
    let off_key = NewKey { enabled: false, models: vec!["other".to_owned()], ..key("off key", &url) };
    let gateway = with(&[], &[of_channel, off, empty], &[other, off_key]).await;
    let answer = explained(&gateway, "?model=gpt-4").await;
    assert_eq!((next(&answer), who(&gateway, "gpt-4").await.as_str()), ("on", "good"));
    has(
        &answer,
        &[
            ("lab", "would_serve"),
            ("off", "disabled"),
            ("off channel", "disabled"),
            ("empty", "disabled"),
            ("none", "disabled"),
            ("other", "model_not_in_list"),
            ("off key", "disabled"),
        ],
    );
    assert_eq!(answer["wouldServe"][0]["model"], "m");
    assert_eq!(answer["wouldServe"][0]["channel"], "lab");
    assert_eq!(answer["tiers"].as_array().unwrap().len(), 2);
    assert_eq!(answer["tiers"][1]["candidates"][0]["backends"][0]["baseUrl"], json!(url));
    let others: Vec<_> = answer["others"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(json!(others), json!(["off channel", "other", "off key"]));
    assert!(answer["others"][2]["reason"].as_str().unwrap().contains("neither"), "{answer:#}");
}

#[tokio::test]
async fn who_lists_the_model_is_preferred_and_where_nobody_does_turns_go_on() {
    let (one, other) = (well("one").await, well("other").await);
    let without = |models: &'static [&'static str]| {
        Arc::new(move |request: &Seen| match request.path.as_str() {
            "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
            "/api/tags" => {
                let models: Vec<_> = models.iter().map(|name| json!({ "name": name })).collect();
                Script::json(200, &json!({ "models": models }))
            }
            _ => whole("lacking"),
        })
    };
    let lacking = Fake::start(([127, 0, 0, 1], 0).into(), without(&["z"])).await.unwrap();
    let gateway =
        with(&[], &[], &[first(&lacking.url()), key("one", &one.url()), key("other", &other.url())]).await;
    gateway.look().await;
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("bad", "unlisted"), ("one", "would_serve"), ("other", "would_serve")]);
    assert_eq!(next(&answer), who(&gateway, "m").await);
    // Nobody lists this one: the highest tier is asked all the same.
    let answer = explained(&gateway, "?model=unheard-of").await;
    has(&answer, &[("bad", "would_serve"), ("one", "unlisted")]);
    assert_eq!((next(&answer), who(&gateway, "unheard-of").await.as_str()), ("bad", "lacking"));
    // The pass before has taken turns in vain.
    let gateway = with(&[], &[], &[key("one", &one.url()), key("other", &other.url())]).await;
    gateway.look().await;
    for _ in 0..7 {
        let answer = explained(&gateway, "?model=unheard-of").await;
        assert_eq!(next(&answer), who(&gateway, "unheard-of").await);
        assert!(reason(&answer, "one").contains("404"), "{answer:#}");
    }
}

#[tokio::test]
async fn down_cooling_and_the_least_bad() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let busy = ollama(|_| {
        let mut script = status(429);
        script.headers.push(("retry-after".to_owned(), "600".to_owned()));
        script
    })
    .await;
    let good = well("good").await;
    let keys = [
        first(&format!("http://{free}")),
        NewKey { priority: 5, ..key("busy", &busy.url()) },
        key("good", &good.url()),
    ];
    // Down until a probe succeeds, which none will.
    let env = [("MAX_RETRIES", "0"), ("HEALTH_CHECK_INTERVAL", "60")];
    let gateway = with(&env, &[], &keys).await;
    for _ in 0..4 {
        gateway.post(CHAT, &chat(false)).await;
    }
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("bad", "down"), ("busy", "cooling"), ("good", "would_serve")]);
    assert!(reason(&answer, "bad").contains("last error"), "{answer:#}");
    assert_eq!(next(&answer), who(&gateway, "m").await);
    let id = answer["wouldServe"][0]["id"].as_str().unwrap();
    let toggle = Request::new("POST", &format!("/admin/api/keys/{id}/toggle"));
    let toggle = toggle.header("authorization", &format!("Bearer {}", PASSWORD.1));
    assert_eq!(gateway.send(&toggle).await.status, 200);
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("bad", "would_serve"), ("busy", "cooling"), ("good", "disabled")]);
    assert!(reason(&answer, "bad").contains("nobody is well"), "{answer:#}");
    let before = (calls(&busy), calls(&good));
    let reply = gateway.post(CHAT, &chat(false)).await.json();
    assert_eq!(reply["error"]["code"], "upstream_unreachable", "it was asked: {reply}");
    assert_eq!((calls(&busy), calls(&good)), before);
}

#[tokio::test]
async fn caps_and_rates() {
    let (slow, lower) = (hanging().await, well("lower").await);
    let capped = NewKey { max_concurrent: 1, priority: 9, ..key("slow", &slow.url()) };
    let gateway = with(&[], &[], &[capped.clone(), key("lower", &lower.url())]).await;
    has(&explained(&gateway, "?model=m").await, &[("slow", "would_serve"), ("lower", "lower_tier")]);
    let _busy = occupy(&gateway, &slow).await;
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("slow", "at_cap"), ("lower", "would_serve")]);
    assert_eq!(next(&answer), who(&gateway, "m").await);

    let (one, two) = (well("one").await, hanging().await);
    let rated = NewChannel { rate_limit: Some(1), priority: 9, ..channel("rated", &one.url()) };
    let full = NewChannel { max_concurrent: 1, priority: 5, ..channel("full", &two.url()) };
    let gateway = with(&[], &[rated, full], &[key("lower", &lower.url())]).await;
    has(&explained(&gateway, "?model=m").await, &[("rated", "would_serve"), ("full", "lower_tier")]);
    assert_eq!(who(&gateway, "m").await, "one");
    let answer = explained(&gateway, "?model=m").await;
    assert_eq!(next(&answer), "full");
    let _busy = occupy(&gateway, &two).await;
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("rated", "over_rate"), ("full", "at_cap"), ("lower", "would_serve")]);
    assert_eq!(next(&answer), who(&gateway, "m").await);
}

#[tokio::test]
async fn a_trial_is_told() {
    let count = AtomicUsize::new(0);
    let ill = ollama(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0..5 => Script::silent(End::Close),
        _ => Script::silent(End::Hang),
    })
    .await;
    let lower = well("lower").await;
    let gateway = with(&[], &[], &[first(&ill.url()), key("lower", &lower.url())]).await;
    for _ in 0..5 {
        assert_eq!(who(&gateway, "m").await, "lower");
    }
    gateway.look().await;
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("bad", "would_serve"), ("lower", "lower_tier")]);
    assert!(reason(&answer, "bad").contains("half-open"), "{answer:#}");
    let _trial = begin(&gateway, false).await;
    arrived(&ill, 6).await;
    let answer = explained(&gateway, "?model=m").await;
    has(&answer, &[("bad", "on_trial"), ("lower", "would_serve")]);
    assert_eq!((next(&answer), who(&gateway, "m").await.as_str()), ("lower", "lower"));
}

fn image() -> Value {
    let mut body = chat(false);
    let part = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}});
    body["messages"][0]["content"] = json!([part]);
    body
}

#[tokio::test]
async fn what_a_model_cannot_do_counts_once_it_is_known() {
    let blind = well("blind").await;
    let shown = |name: &'static str| {
        Arc::new(move |request: &Seen| match request.path.as_str() {
            "/api/show" => Script::json(200, &json!({"capabilities": ["completion", "vision"]})),
            _ => whole(name),
        })
    };
    let seeing = Fake::start(([127, 0, 0, 1], 0).into(), shown("seeing")).await.unwrap();
    let gateway = with(&[], &[], &[first(&blind.url()), key("seeing", &seeing.url())]).await;
    let before = explained(&gateway, "?model=m&needs=vision").await;
    assert_eq!(next(&before), "bad", "it has the benefit of the doubt");
    assert_eq!(blind.log.of("/api/show").len(), 0, "looking asks nobody");
    let reply = gateway.post(CHAT, &image()).await.json();
    assert_eq!(reply["choices"][0]["message"]["content"], "seeing", "{reply}");
    let answer = explained(&gateway, "?model=m&needs=vision,tools,").await;
    has(&answer, &[("bad", "lacks_capability"), ("seeing", "lacks_capability")]);
    assert_eq!(answer["refusal"]["code"], "model_not_supported");
    let answer = explained(&gateway, "?model=m&needs=vision").await;
    has(&answer, &[("bad", "lacks_capability"), ("seeing", "would_serve")]);
    assert_eq!(next(&explained(&gateway, "?model=m").await), "bad");
    let gateway = with(&[], &[], &[key("blind", &blind.url())]).await;
    gateway.post(CHAT, &image()).await;
    refused(&gateway, &image(), "?model=m&needs=vision", 400, "model_not_supported").await;
}
