//! Every registered path, every alias, every check: the paths are read from the route table itself.

use ollama2openai::fake::{End, Script};
use ollama2openai::store::NewToken;

use super::{gateway, token, told, with};
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, line, says};

/// Method and path of everything that needs a token, as the route table of the source has it.
pub fn registered() -> Vec<(&'static str, String)> {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/proxy/route.rs")).unwrap();
    let rows = source.lines().filter(|line| line.contains("(Endpoint::") || line.starts_with("const MODEL"));
    let mut found = Vec::new();
    for row in rows {
        let method = if row.contains("POST") { "POST" } else { "GET" };
        let paths = row.split('"').skip(1).step_by(2);
        let paths = paths.map(|path| if path.ends_with('/') { format!("{path}m") } else { path.to_owned() });
        found.extend(paths.map(|path| (method, path)));
    }
    found
}

/// A request for it that would be served.
pub fn good((method, path): &(&'static str, String)) -> Request {
    let mut body = chat(false);
    body["prompt"] = "hi".into();
    body["input"] = "hi".into();
    if *method == "POST" { Request::post(path, &body) } else { Request::new(method, path) }
}

/// Other spellings that lead to the same place.
fn spellings(path: &str) -> [String; 3] {
    [path.to_owned(), format!("{path}/?x=1"), path.to_ascii_uppercase()]
}

#[tokio::test]
async fn no_path_is_open_to_one_without_a_token() {
    let (fake, gateway) = gateway(&[], &[token("alice")]).await;
    let paths = registered();
    assert!(paths.len() >= 11, "{paths:?}");
    for (method, path) in &paths {
        for path in spellings(path) {
            let place = (*method, path);
            let bare = gateway.send(&good(&place)).await;
            assert_eq!(told(&bare), (401, "missing_api_key".to_owned()), "{place:?}");
            let wrong = gateway.send(&with(good(&place), "bob")).await;
            assert_eq!(told(&wrong), (401, "invalid_api_key".to_owned()), "{place:?}");
        }
    }
    for place in ["/api/chat", "/api/generate", "/api/embed"] {
        assert!(fake.log.of(place).is_empty(), "{place} was reached");
    }
    let alice = async |place| gateway.send(&with(good(&place), "alice")).await.status;
    for (method, path) in paths.iter().filter(|(_, path)| !path.contains("embeddings")) {
        assert_eq!(alice((*method, path.clone())).await, 200, "{path}");
    }
}

/// What every path answers to one who shows this, with the request changed by `change`.
async fn everywhere(
    gateway: &Gateway,
    text: &str,
    only: &str,
    expected: (u16, &str),
    change: impl Fn(Request) -> Request,
) {
    for (method, path) in registered().into_iter().filter(|(method, _)| only.is_empty() || *method == only) {
        for path in spellings(&path) {
            let place = (method, path);
            let reply = gateway.send(&change(with(good(&place), text))).await;
            assert_eq!(told(&reply), (expected.0, expected.1.to_owned()), "{place:?} with {text}");
        }
    }
}

#[tokio::test]
async fn no_path_misses_a_check() {
    let same = |request| request;
    let off = NewToken { enabled: false, ..token("off") };
    let old = NewToken { expires_at: Some("2020-01-01T00:00:00Z".to_owned()), ..token("old") };
    let far = NewToken { ips: vec!["192.0.2.7".to_owned()], ..token("far") };
    let poor = NewToken { quota_limit: Some(1), ..token("poor") };
    let other = NewToken { models: vec!["other".to_owned()], ..token("other") };
    let tokens = [off, old, far, poor, other, token("alice")];

    let (fake, gateway) = gateway(&[("MAX_BODY_BYTES", "2000")], &tokens).await;
    everywhere(&gateway, "off", "", (401, "token_disabled"), same).await;
    everywhere(&gateway, "old", "", (401, "token_expired"), same).await;
    everywhere(&gateway, "far", "", (403, "ip_not_allowed"), same).await;
    let twice = |request: Request| request.and_header("authorization", "Bearer alice");
    everywhere(&gateway, "alice", "", (401, "invalid_api_key"), twice).await;
    // The body comes before the model, the model before the quota.
    let form = |request: Request| request.header("content-type", "multipart/form-data; boundary=x");
    everywhere(&gateway, "other", "POST", (415, "unsupported_media_type"), form).await;
    let large = |request: Request| request.body("x".repeat(2001));
    everywhere(&gateway, "other", "POST", (413, "request_too_large"), large).await;
    let broken = |request: Request| request.body("{");
    everywhere(&gateway, "other", "POST", (400, "invalid_json"), broken).await;
    everywhere(&gateway, "other", "POST", (403, "model_not_allowed"), same).await;
    everywhere(&gateway, "poor", "POST", (429, "insufficient_quota"), same).await;
    for place in ["/api/chat", "/api/generate", "/api/embed"] {
        assert!(fake.log.of(place).is_empty(), "{place} was reached");
    }
    let reply = gateway.send(&with(Request::get("/models/m"), "other")).await;
    assert_eq!(told(&reply), (403, "model_not_allowed".to_owned()));
    drop(gateway);

    let (_fake, gateway) =
        super::gateway(&[("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "")], &tokens).await;
    everywhere(&gateway, "alice", "", (403, "ip_not_allowed"), same).await;
    everywhere(&gateway, "wrong", "", (403, "ip_not_allowed"), same).await;
    drop(gateway);

    let limited = (429, "rate_limit_exceeded");
    let none = |kind: &str| {
        [(format!("RATE_LIMIT_{kind}_ENABLED"), "true"), (format!("RATE_LIMIT_{kind}_MAX"), "0")]
    };
    for (kind, wrong) in
        [("IP", limited), ("GLOBAL", (401, "invalid_api_key")), ("TOKEN", (401, "invalid_api_key"))]
    {
        let env = none(kind);
        let env = env.each_ref().map(|(name, value)| (name.as_str(), *value));
        let (_fake, gateway) = super::gateway(&env, &tokens).await;
        everywhere(&gateway, "alice", "", limited, same).await;
        everywhere(&gateway, "alice", "POST", limited, broken).await;
        everywhere(&gateway, "wrong", "", wrong, same).await;
    }
}

#[tokio::test]
async fn no_work_is_done_beyond_the_cap_and_the_tokens_of_a_minute() {
    let script = |_: &ollama2openai::fake::Request| {
        Script::streamed("application/x-ndjson", vec![line(&says("Hi"))]).ending(End::Hang)
    };
    let one = NewToken { max_concurrent: 1, ..token("one") };
    let few = NewToken { tokens_per_minute: Some(50), ..token("few") };
    let (_fake, gateway) = super::gateway_with(script, &[], &[one, few]).await;
    let open =
        async |text| client::open(gateway.addr, &with(Request::post(super::CHAT, &chat(true)), text)).await;
    let held = [open("one").await, open("few").await];
    assert_eq!(held.each_ref().map(|stream| stream.status), [200, 200]);
    everywhere(&gateway, "one", "POST", (429, "concurrency_limit_exceeded"), |request| request).await;
    everywhere(&gateway, "few", "", (429, "rate_limit_exceeded"), |request| request).await;
}

#[tokio::test]
async fn no_trick_with_a_path_or_a_method_leads_in() {
    let (fake, gateway) = gateway(&[], &[token("alice")]).await;
    for path in [
        "//v1/models",
        "/v1//models",
        "/v1/../v1/models",
        "/x/../v1/models",
        "/v1/./models",
        "/%76%31/models",
        "/v1/%6dodels",
        "/v1%2fmodels",
        "/v1/models%2f",
        "/%2e/v1/models",
        "/v1/models/../models",
        "/v1/models;x",
        "/v1/models/%2e%2e/chat",
        "/api/chat",
        "/health/../v1/models",
        "/admin/../v1/models",
        "http://127.0.0.1/v1/models",
        "http://other.example/v1/models",
        "/v1/models#/health",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"] {
            let reply = gateway.send(&Request::new(method, path)).await;
            assert!((400..500).contains(&reply.status), "{method} {path}: {}", reply.status);
        }
        let preflight = gateway.send(&Request::new("OPTIONS", path)).await;
        assert!(preflight.body.is_empty() || preflight.status >= 400, "{path}: {}", preflight.text());
    }
    for name in
        ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url"]
    {
        for value in ["GET", "POST", "OPTIONS", "/health"] {
            let reply = gateway.send(&good(&("POST", super::CHAT.to_owned())).header(name, value)).await;
            assert_eq!(told(&reply), (401, "missing_api_key".to_owned()), "{name}: {value}");
            let reply = gateway.send(&Request::get("/health").header(name, "/v1/models")).await;
            assert!(!reply.text().contains("m:latest"), "{name}");
        }
    }
    assert!(fake.log.of("/api/chat").is_empty());
}
