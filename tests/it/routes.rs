//! Every path: its token, its aliases, its methods, its headers, and what is not there.

use serde_json::json;

use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, ollama, whole};

const TOKEN: &str = "sk-test-token";

/// Every path that needs a token, with aliases and spellings that lead to the same place.
const GUARDED: [(&str, &str); 21] = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/chat/completions/"),
    ("POST", "/V1/Chat/Completions"),
    ("POST", "/chat/completions"),
    ("POST", "/chat/completions/"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/completions/"),
    ("POST", "/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/embeddings"),
    ("POST", "/v1/embeddings?x=1"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/"),
    ("GET", "/models"),
    ("GET", "/V1/MODELS"),
    ("HEAD", "/v1/models"),
    ("GET", "/v1/models/m"),
    ("GET", "/v1/models/a/b"),
    ("GET", "/v1/models/a%2Fb"),
    ("GET", "/models/m"),
    ("GET", "/v1"),
];

const OPEN: [&str; 6] = ["/", "/health", "/health/", "/livez", "/readyz", "/admin"];

async fn guarded() -> (ollama2openai::fake::Fake, Gateway) {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("API_TOKEN", TOKEN)]).await;
    (fake, gateway)
}

#[tokio::test]
async fn no_guarded_path_is_reached_without_the_token() {
    let (fake, gateway) = guarded().await;
    for (method, path) in GUARDED {
        let bare = Request::new(method, path).body(if method == "POST" { "{}" } else { "" });
        let wrong = bare.clone().header("authorization", "Bearer wrong");
        for (request, code) in [(bare, "missing_api_key"), (wrong, "invalid_api_key")] {
            let reply = gateway.send(&request).await;
            assert_eq!(reply.status, 401, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(reply.json()["error"]["code"], code, "{method} {path}");
                assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
            }
        }
    }
    assert!(
        fake.log
            .all()
            .iter()
            .all(|seen| seen.request.path == "/api/version" || seen.request.path == "/api/tags")
    );
    let tags = fake.log.of("/api/tags").len();
    assert!(tags <= 1, "the list was asked for {tags} times, by more than the start");
    for path in
        ["//v1/models", "/v1//models", "/v1/./models", "/v1/x/../models", "/v1/models%2f", "/api/tags"]
    {
        let reply = gateway.get(path).await;
        assert!(reply.status == 404 || reply.status == 401, "{path}: {}", reply.status);
    }
}

#[tokio::test]
async fn every_form_of_the_token_is_taken() {
    let (_fake, gateway) = guarded().await;
    let forms = [
        ("authorization", format!("Bearer {TOKEN}")),
        ("authorization", format!("bearer   {TOKEN} ")),
        ("authorization", TOKEN.to_owned()),
        ("x-api-key", TOKEN.to_owned()),
    ];
    for (name, value) in forms {
        let reply =
            gateway.send(&Request::post("/v1/chat/completions", &chat(false)).header(name, &value)).await;
        assert_eq!(reply.status, 200, "{name}: {value}");
    }
    for (name, value) in
        [("authorization", ""), ("authorization", "Bearer "), ("x-api-key", ""), ("cookie", TOKEN)]
    {
        let reply = gateway.send(&Request::get("/v1/models").header(name, value)).await;
        assert_eq!(reply.status, 401, "{name}: {value}");
    }
    assert_eq!(gateway.get(&format!("/v1/models?api_key={TOKEN}")).await.status, 401, "never in the URL");
}

#[tokio::test]
async fn the_token_is_checked_before_the_body_is_read() {
    let (_fake, gateway) = guarded().await;
    let announced =
        Request::new("POST", "/v1/chat/completions").header("content-length", "50000000").body("{");
    assert_eq!(gateway.send(&announced).await.status, 401);
    // A body that the client sends anyhow must not turn the refusal into a reset connection.
    for size in [10_000, 900_000] {
        let sent = Request::new("POST", "/v1/chat/completions").body("x".repeat(size));
        let reply = gateway.send(&sent).await;
        assert_eq!((reply.status, reply.complete), (401, true), "{size} bytes");
    }
}

#[tokio::test]
async fn pages_about_the_gateway_are_open() {
    let (_fake, gateway) = guarded().await;
    for path in OPEN {
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
    }
    let service = gateway.get("/").await.json();
    assert_eq!(service["endpoints"]["chat"], "/v1/chat/completions");
    assert_eq!((&service["service"], &service["edition"]), (&json!("Ollama2OpenAI"), &json!("Enterprise")));
    let health = gateway.get("/health").await.json();
    assert!(health["uptime"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert!(health["memory"]["rss"].as_str().is_some_and(|rss| rss.ends_with("MB") && rss != "0MB"));
    for key in ["status", "version", "keys", "channels"] {
        assert!(health.get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_so_in_openais_shape() {
    let (_fake, gateway) = guarded().await;
    let cases = [
        ("GET", "/v1/chat/completions", 405, "POST, OPTIONS"),
        ("DELETE", "/v1/models", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/health", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/v1/audio/speech", 404, ""),
        ("GET", "/nothing", 404, ""),
    ];
    for (method, path, status, allow) in cases {
        let reply = gateway.send(&Request::new(method, path)).await;
        assert_eq!(
            (reply.status, reply.header("allow").unwrap_or_default()),
            (status, allow),
            "{method} {path}"
        );
        let error = &reply.json()["error"];
        for key in ["message", "type", "param", "code"] {
            assert!(error.get(key).is_some(), "{method} {path}: {error}");
        }
        assert!(error["message"].as_str().unwrap().contains(path), "{error}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn browsers_may_call_without_credentials() {
    let (_fake, gateway) = guarded().await;
    let preflight = Request::new("OPTIONS", "/v1/chat/completions")
        .header("origin", "http://app.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-stainless-os");
    let reply = gateway.send(&preflight).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("authorization,content-type,x-stainless-os")
    );
    assert!(reply.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
    let refused = gateway.get("/v1/models").await;
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some("*"),
        "a browser must be able to read a 401"
    );
    assert!(refused.header("access-control-expose-headers").unwrap().contains("x-request-id"));
}

#[tokio::test]
async fn request_ids_are_taken_over_when_sane_and_made_otherwise() {
    let (_fake, gateway) = guarded().await;
    let with = |id: &str| Request::get("/health").header("x-request-id", id);
    let sane = gateway.send(&with("abc-123_X.y")).await;
    assert_eq!(sane.header("x-request-id"), Some("abc-123_X.y"));
    let mut made = Vec::new();
    for odd in ["", "with space", "<script>", "\"quoted\"", &"x".repeat(129)] {
        let id = gateway.send(&with(odd)).await.header("x-request-id").unwrap().to_owned();
        assert!(id.starts_with("req_") && id.len() == 36, "{id}");
        made.push(id);
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 5, "ids differ");
}

#[tokio::test]
async fn upstream_requests_carry_nothing_of_the_client() {
    let (fake, gateway) = guarded().await;
    let request = Request::post("/v1/chat/completions", &chat(false))
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("cookie", "a=b")
        .header("origin", "http://app.test")
        .header("x-forwarded-for", "1.2.3.4")
        .header("user-agent", "curious");
    assert_eq!(gateway.send(&request).await.status, 200);
    let call = &fake.log.of("/api/chat")[0].request;
    assert_eq!(call.header("host"), Some(fake.addr.to_string().as_str()));
    for name in ["authorization", "cookie", "origin", "x-forwarded-for", "user-agent"] {
        assert_eq!(call.header(name), None, "{name}");
    }
}
