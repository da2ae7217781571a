//! Use without a token: by whom, and until when.

use ollama2openai::store::{By, Store};

use super::{CHAT, ask, gateway, token, told};
use crate::support::client::Request;
use crate::support::ollama::chat;
use crate::support::wait::{pause, within};

#[tokio::test]
async fn without_any_token_only_programs_of_this_machine_may_call() {
    let (_fake, gateway) = gateway(&[], &[]).await;
    let bare = || Request::post(CHAT, &chat(false));
    for request in [
        bare(),
        bare().header("host", "localhost:3000"),
        bare().header("origin", "http://localhost:8080").header("sec-fetch-site", "same-site"),
        bare().header("sec-fetch-site", "none"),
        ask("anything"),
    ] {
        assert_eq!(gateway.send(&request).await.status, 200, "{request:?}");
    }
    for request in [
        bare().version("1.0"),
        bare().header("x-forwarded-for", "127.0.0.1"),
        bare().header("forwarded", "for=127.0.0.1"),
        bare().header("via", "1.1 proxy"),
        bare().header("host", "rebound.example"),
        bare().header("origin", "https://page.example"),
        bare().header("origin", "null"),
        bare().header("sec-fetch-site", "cross-site"),
        Request::post(&format!("http://rebound.example{CHAT}"), &chat(false)).without("host"),
    ] {
        let reply = gateway.send(&request).await;
        assert_eq!(told(&reply), (401, "missing_api_key".to_owned()), "{request:?}");
        assert!(reply.text().contains("ALLOW_ANONYMOUS"), "it says what to do: {}", reply.text());
    }
}

#[tokio::test]
async fn any_header_of_a_proxy_ends_the_trust_in_this_machine() {
    let (_fake, gateway) = gateway(&[], &[]).await;
    for name in [
        "X-Forwarded-Proto",
        "x-forwarded-port",
        "x-forwarded-host",
        "x-forwarded-server",
        "x-forwarded",
        "x-original-forwarded-for",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "client-ip",
        "CF-Connecting-IP",
        "cf-connecting-ipv6",
        "cf-ray",
        "True-Client-IP",
        "fastly-client-ip",
        "x-azure-clientip",
        "x-envoy-external-address",
        "x-original-host",
        "cdn-loop",
    ] {
        let reply = gateway.send(&Request::post(CHAT, &chat(false)).header(name, "127.0.0.1")).await;
        assert_eq!(told(&reply), (401, "missing_api_key".to_owned()), "{name}");
    }
    // What ordinary clients of this machine send says nothing of a proxy.
    let mut ordinary = Request::post(CHAT, &chat(false));
    for name in
        ["user-agent", "accept-language", "x-stainless-lang", "x-request-id", "referer", "ip", "x-ship"]
    {
        ordinary = ordinary.header(name, "zip");
    }
    assert_eq!(gateway.send(&ordinary).await.status, 200);
}

#[tokio::test]
async fn everybody_or_nobody_if_it_is_said() {
    for (setting, status) in [("true", 200), ("false", 401)] {
        let (_fake, gateway) = gateway(&[("ALLOW_ANONYMOUS", setting)], &[]).await;
        let page = Request::post(CHAT, &chat(false)).header("origin", "https://page.example");
        assert_eq!(gateway.send(&page).await.status, status, "{setting}");
        let here = gateway.post(CHAT, &chat(false)).await;
        assert_eq!(here.status, status, "{setting}");
    }
}

#[tokio::test]
async fn the_last_token_closes_the_door_behind_it() {
    let (_fake, gateway) = gateway(&[("ALLOW_ANONYMOUS", "true")], &[]).await;
    let anonymous = async || gateway.post(CHAT, &chat(false)).await;
    assert_eq!(anonymous().await.status, 200);
    let store = Store::open(gateway.home(), None).await.unwrap();
    let made = store.create_tokens(&[token("alice")], &By::cli()).await.unwrap();
    let closed = async {
        while anonymous().await.status != 401 {
            pause(std::time::Duration::from_millis(20)).await;
        }
    };
    within("the first token ends anonymous use", closed).await;
    assert_eq!(gateway.send(&ask("alice")).await.status, 200);
    store.delete_token(&made[0].id, &By::cli()).await.unwrap();
    store.close().await;
    let deleted = async {
        while gateway.send(&ask("alice")).await.status != 401 {
            pause(std::time::Duration::from_millis(20)).await;
        }
    };
    within("the token is gone", deleted).await;
    assert_eq!(told(&anonymous().await), (401, "missing_api_key".to_owned()));
    let home = gateway.stopped().await;
    let again = crate::support::Gateway::start_in(home, &[("ALLOW_ANONYMOUS", "true")]).await;
    assert_eq!(again.get("/v1").await.status, 401, "a restart does not open it either");
}

#[tokio::test]
async fn a_form_of_another_page_gets_nowhere_whatever_it_calls_its_body() {
    let (fake, gateway) = gateway(&[], &[]).await;
    // What a page may send without asking first (Fetch standard, "CORS-safelisted request-header").
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let form = || Request::post(CHAT, &chat(false)).header("content-type", kind);
        for request in [
            form().header("origin", "https://page.example"),
            form().header("origin", "null"),
            form().header("sec-fetch-site", "cross-site"),
        ] {
            assert_eq!(
                told(&gateway.send(&request).await),
                (401, "missing_api_key".to_owned()),
                "{request:?}"
            );
        }
        assert_eq!(gateway.send(&form()).await.status, 200, "curl says {kind} and means JSON");
    }
    assert_eq!(fake.log.of("/api/chat").len(), 2);
}
