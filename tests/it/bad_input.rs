//! Bad and odd requests: a clear error in OpenAI's shape that names the field, never a panic, never a 500; and what
//! looks odd but is legal is served.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};

const CHAT: &str = "/v1/chat/completions";

async fn gateway(env: &[(&str, &str)]) -> (ollama2openai::fake::Fake, Gateway) {
    let fake = ollama(|_| whole("Hi")).await;
    let url = fake.url();
    let env: Vec<_> = env.iter().copied().chain([("OLLAMA_BASE_URL", url.as_str())]).collect();
    let gateway = Gateway::start(&env).await;
    (fake, gateway)
}

fn assert_refused(reply: &Response, status: u16, param: Option<&str>, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text());
    let error = reply.json()["error"].clone();
    assert_eq!(error["type"], "invalid_request_error", "{what}: {error}");
    assert_eq!(error["param"].as_str(), param, "{what}: {error}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}");
    assert!(error.get("code").is_some(), "{what}");
}

#[tokio::test]
async fn broken_bodies_are_refused() {
    let (fake, gateway) = gateway(&[]).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_field = format!(r#"{{"model":"m","messages":[{{"role":"user","content":{deep}}}]}}"#);
    let bodies: [&[u8]; 12] = [
        b"",
        b"   ",
        b"{",
        b"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]",
        b"[]",
        b"\"text\"",
        b"null",
        b"{\"model\":\"m\",}",
        b"{\"model\":\"\xff\xfe\"}",
        b"{\"model\":\"m\"} trailing",
        deep.as_bytes(),
        b"\x00\x00\x00",
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let reply = gateway.send(&Request::new("POST", CHAT).body(body)).await;
        assert_refused(&reply, 400, None, &shown);
    }
    let reply = gateway.send(&Request::new("POST", CHAT).body(deep_field)).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(fake.log.of("/api/chat").is_empty(), "nothing of this may reach the upstream");
}

#[tokio::test]
async fn wrong_types_and_values_name_their_field() {
    let (fake, gateway) = gateway(&[]).await;
    let cases = [
        (json!({"model": 5}), "model"),
        (json!({"model": ""}), "model"),
        (json!({"model": "a\r\nx-evil: 1"}), "model"),
        (json!({"model": "nul\u{0}"}), "model"),
        (json!({"model": "x".repeat(5000)}), "model"),
        (json!({"messages": "hi"}), "messages"),
        (json!({"messages": [5]}), "messages[0]"),
        (json!({"messages": [{"content": "hi"}]}), "messages[0].role"),
        (json!({"messages": [{"role": "user", "content": 5}]}), "messages[0].content"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}),
            "messages[0].content[0].text",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}),
            "messages[0].content[0].type",
        ),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"max_tokens": "5"}), "max_tokens"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"max_completion_tokens": -1}), "max_completion_tokens"),
        (json!({"stream": "yes"}), "stream"),
        (json!({"stop": [1]}), "stop[0]"),
        (json!({"n": 100}), "n"),
        (json!({"top_logprobs": 21, "logprobs": true}), "top_logprobs"),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": "x"}}]}),
            "tools[0].function.parameters",
        ),
        (json!({"tools": [{"type": "function", "function": {}}]}), "tools[0].function.name"),
        (json!({"tool_choice": {"type": "function", "function": {"name": "missing"}}}), "tool_choice"),
        (json!({"response_format": {"type": "xml"}}), "response_format.type"),
        (json!({"response_format": "json"}), "response_format"),
        (json!({"options": {"num_predict": "many"}}), "options.num_predict"),
        (json!({"think": "hard"}), "think"),
        (json!({"keep_alive": true}), "keep_alive"),
    ];
    for (change, param) in cases {
        let mut body = chat(false);
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let reply = gateway.post(CHAT, &body).await;
        assert_refused(&reply, 400, Some(param), &change.to_string().chars().take(80).collect::<String>());
        assert!(reply.header("x-evil").is_none());
    }
    assert!(fake.log.of("/api/chat").is_empty(), "nothing of this may reach the upstream");
}

#[tokio::test]
async fn images_that_are_none_are_refused() {
    let (fake, gateway) = gateway(&[]).await;
    for url in [
        "data:image/png;base64,!!!!",
        "data:image/png;base64,",
        "data:image/png;base64,AAAAA",
        "data:image/png;base64,AA=A",
        "data:image/png,AAAA",
        "data:text/html;base64,AAAA",
        "ftp://x/y.png",
        "https://x.test/a.png",
        "file:///etc/passwd",
        "AAAA",
    ] {
        let part = json!({"type": "image_url", "image_url": {"url": url}});
        let body = json!({"model": "m", "messages": [{"role": "user", "content": [part]}]});
        assert_refused(&gateway.post(CHAT, &body).await, 400, Some("messages"), url);
    }
    assert!(fake.log.of("/api/chat").is_empty());
}

#[tokio::test]
async fn half_characters_and_nul_are_told_or_carried() {
    let (fake, gateway) = gateway(&[]).await;
    let with = |text: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    let lone = gateway.send(&Request::new("POST", CHAT).body(with(r"\ud83d"))).await;
    assert_refused(&lone, 400, Some("messages[0].content"), "half of a surrogate pair");
    let nul = gateway.send(&Request::new("POST", CHAT).body(with(r"a\u0000b"))).await;
    assert_eq!(nul.status, 200);
    let sent = fake.log.of("/api/chat")[0].request.json().unwrap();
    assert_eq!(sent["messages"][0]["content"], "a\u{0}b");
}

#[tokio::test]
async fn bodies_over_the_limit_get_a_413_whatever_way_they_come() {
    let (_fake, gateway) = gateway(&[("MAX_BODY_BYTES", "65536")]).await;
    let body = |size: usize| {
        let mut body = chat(false);
        let frame = body.to_string().len() + r#""user":"","#.len();
        body["user"] = "x".repeat(size - frame).into();
        body.to_string()
    };
    assert_eq!(
        gateway.send(&Request::new("POST", CHAT).body(body(65_536))).await.status,
        200,
        "exactly the limit"
    );
    for over in [65_537, 65_536 + 4096, 8 << 20] {
        assert_refused(
            &gateway.send(&Request::new("POST", CHAT).body(body(over))).await,
            413,
            None,
            &over.to_string(),
        );
    }
    let chunked = |text: &str| format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());
    let framed =
        Request::new("POST", CHAT).header("transfer-encoding", "chunked").body(chunked(&body(70_000)));
    assert_refused(&gateway.send(&framed).await, 413, None, "chunked");
    let packed =
        Request::new("POST", CHAT).header("content-encoding", "gzip").body(gzip(body(1 << 20).as_bytes()));
    assert_refused(&gateway.send(&packed).await, 413, None, "unpacked beyond the limit");
    let announced = Request::new("POST", CHAT).header("content-length", "1099511627776").body("{");
    assert_refused(&gateway.send(&announced).await, 413, None, "announced");
}

#[tokio::test]
async fn a_64_mib_body_is_served_and_4_kb_more_are_not() {
    let (fake, gateway) = gateway(&[]).await;
    let mut body = chat(false);
    let frame = body.to_string().len();
    body["messages"][0]["content"] = "x".repeat((64 << 20) - frame).into();
    let text = body.to_string();
    assert!(text.len() <= 64 << 20);
    assert_eq!(gateway.send(&Request::new("POST", CHAT).body(text)).await.status, 200);
    assert!(fake.log.of("/api/chat")[0].request.body.len() > 63 << 20);
    body["user"] = "y".repeat(4096).into();
    assert_refused(
        &gateway.send(&Request::new("POST", CHAT).body(body.to_string())).await,
        413,
        None,
        "4 KB over",
    );
}

#[tokio::test]
async fn odd_but_legal_requests_are_served() {
    let (_fake, gateway) = gateway(&[("ALLOW_ANONYMOUS", "true")]).await;
    let plain = chat(false).to_string();
    let chunks = plain
        .as_bytes()
        .chunks(7)
        .map(|part| format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part)));
    let chunked: String = chunks.chain(["0\r\n\r\n".to_owned()]).collect();
    let base = || Request::new("POST", CHAT);
    let requests = [
        ("no content type", base().body(plain.clone())),
        (
            "form content type",
            base().header("content-type", "application/x-www-form-urlencoded").body(plain.clone()),
        ),
        ("HTTP/1.0", base().version("1.0").body(plain.clone())),
        ("HTTP/1.0 without host", base().version("1.0").without("host").body(plain.clone())),
        ("gzip", base().header("content-encoding", "gzip").body(gzip(plain.as_bytes()))),
        (
            "two gzip members",
            base()
                .header("content-encoding", "gzip")
                .body([gzip(&plain.as_bytes()[..20]), gzip(&plain.as_bytes()[20..])].concat()),
        ),
        ("chunked", base().header("transfer-encoding", "chunked").body(chunked)),
        ("blanks round it", base().body(format!("  {plain}\r\n"))),
    ];
    for (what, request) in requests {
        let reply = gateway.send(&request).await;
        assert_eq!((reply.status, reply.complete), (200, true), "{what}: {}", reply.text());
    }
    for (name, value, status) in
        [("content-encoding", "br", 415), ("content-type", "multipart/form-data; boundary=x", 415)]
    {
        let reply = gateway.send(&base().header(name, value).body(plain.clone())).await;
        assert_refused(&reply, status, None, value);
    }
    let reply = gateway.send(&base().header("content-encoding", "gzip").body("not gzip")).await;
    assert_refused(&reply, 400, None, "not gzip");
}

#[tokio::test]
async fn an_unknown_model_is_a_404_that_names_it() {
    let fake = ollama(|request| {
        let error = json!({"error": format!("model '{}' not found", request.model())});
        ollama2openai::fake::Script::json(404, &error)
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    for stream in [false, true] {
        let mut body = chat(stream);
        body["model"] = "nope".into();
        let reply = gateway.post(CHAT, &body).await;
        let error = reply.json()["error"].clone();
        assert_eq!(
            (reply.status, &error["code"], &error["param"]),
            (404, &json!("model_not_found"), &json!("model"))
        );
        assert_eq!(error["message"], Value::from("model 'nope' not found"));
    }
    assert_eq!(gateway.get("/v1/models/nope").await.json()["error"]["code"], "model_not_found");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn millions_of_tiny_items_are_refused_at_the_first() {
    let (fake, gateway) = gateway(&[]).await;
    let many = |item: &str| format!("[{}{item}]", format!("{item},").repeat(3_000_000));
    for (body, param) in [
        (format!(r#"{{"model":"m","messages":{}}}"#, many("{}")), "messages[0].role"),
        (
            format!(
                r#"{{"model":"m","messages":{}}}"#,
                many(r#"{"role":"user"}"#).replace("\"role\"", "\"r\"")
            ),
            "messages[0].role",
        ),
        (
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":{}}}]}}"#, many("{}")),
            "messages[0].content[0].type",
        ),
    ] {
        assert_refused(&gateway.send(&Request::new("POST", CHAT).body(body)).await, 400, Some(param), param);
    }
    let texts = format!(r#"{{"model":"m","input":{}}}"#, many("\"\""));
    assert_refused(
        &gateway.send(&Request::new("POST", "/v1/embeddings").body(texts)).await,
        400,
        Some("input"),
        "input",
    );
    assert!(fake.log.of("/api/chat").is_empty() && fake.log.of("/api/embed").is_empty());
}
