//! Every registered path, every alias, every check: the paths are read from the route table itself.

use super::{gateway, token, told};
use crate::support::client::Request;
use crate::support::ollama::chat;

/// Method and path of everything that needs a token, as the route table of the source has it.
fn registered() -> Vec<(&'static str, String)> {
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
fn good((method, path): &(&'static str, String)) -> Request {
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
            let wrong = gateway.send(&super::with(good(&place), "bob")).await;
            assert_eq!(told(&wrong), (401, "invalid_api_key".to_owned()), "{place:?}");
        }
    }
    for place in ["/api/chat", "/api/generate", "/api/embed"] {
        assert!(fake.log.of(place).is_empty(), "{place} was reached");
    }
    let alice = async |place| gateway.send(&super::with(good(&place), "alice")).await.status;
    for (method, path) in paths.iter().filter(|(_, path)| !path.contains("embeddings")) {
        assert_eq!(alice((*method, path.clone())).await, 200, "{path}");
    }
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
