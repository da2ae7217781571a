//! Upstreams that misbehave: the client always learns of it, and always gets a well-formed end.

use bytes::Bytes;
use ollama2openai::fake::{End, Fake, Framing, Piece, Script};
use serde_json::json;

use crate::support::Gateway;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::sse::Block;

const CHAT: &str = "/v1/chat/completions";

async fn against(script: impl Fn() -> Script + Send + Sync + 'static) -> (Fake, Gateway) {
    let fake = ollama(move |_| script()).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    (fake, gateway)
}

/// The stream must be text, then one error frame, then `[DONE]`, and nothing that looks like a proper finish.
fn assert_failed_after(blocks: &[Block], text: &str) {
    let (done, rest) = blocks.split_last().expect("a stream has an end");
    assert!(done.is_done(), "the last frame is {done:?}");
    let (error, chunks) = rest.split_last().expect("an error frame comes before the end");
    let error = error.json()["error"].clone();
    assert_eq!(error["type"], "api_error", "{error}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(error.get("param").is_some() && error.get("code").is_some(), "{error}");
    let texts = chunks.iter().filter(|block| block.data.is_some()).map(Block::json);
    let choices = texts.map(|chunk| chunk["choices"][0].clone()).collect::<Vec<_>>();
    assert!(choices.iter().all(|choice| choice["finish_reason"].is_null()), "{choices:?}");
    let said: String = choices.iter().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
    assert_eq!(said, text);
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_frame() {
    for end in [End::Close, End::Reset] {
        let (_fake, gateway) = against(move || {
            Script::streamed("application/x-ndjson", vec![line(&says("He")), pause_ms(50)]).ending(end)
        })
        .await;
        let reply = gateway.post(CHAT, &chat(true)).await;
        assert_eq!((reply.status, reply.complete), (200, true));
        assert_failed_after(&reply.blocks(), "He");
    }
}

#[tokio::test]
async fn garbage_after_text_ends_with_an_error_frame() {
    for garbage in [
        "<html>oops</html>\n",
        "\u{0}\u{1}\n",
        "[1,2]\n",
        "{\"message\":5}\n",
        "{\"error\":{\"message\":\"x\"}}\n",
    ] {
        let (_fake, gateway) = against(move || {
            Script::streamed("application/x-ndjson", vec![line(&says("He")), Piece::Bytes(garbage.into())])
        })
        .await;
        let reply = gateway.post(CHAT, &chat(true)).await;
        assert_eq!(reply.status, 200, "{garbage}");
        assert_failed_after(&reply.blocks(), "He");
        assert!(!reply.text().contains("<html"), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_hundred_thousand_tiny_lines_arrive_whole_and_in_order() {
    let lines: Vec<_> = (0..100_000).map(|n| says(&format!("{} ", n % 10))).chain([done()]).collect();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let text = Bytes::from(text);
    let (_fake, gateway) = against(move || {
        let body = vec![Piece::Bytes(text.clone())];
        Script::streamed("application/x-ndjson", body)
    })
    .await;
    let reply = gateway.post(CHAT, &chat(true)).await;
    let blocks = reply.blocks();
    let said: String = blocks
        .iter()
        .filter(|b| !b.is_done())
        .filter_map(|b| b.json()["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(said, "0 1 2 3 4 5 6 7 8 9 ".repeat(10_000));
    assert!(blocks.last().is_some_and(Block::is_done));
}

#[tokio::test]
async fn a_line_of_100_mb_is_refused_in_bounded_memory() {
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    for stream in [true, false] {
        let piece = piece.clone();
        let (fake, gateway) = against(move || {
            let mut body = vec![Piece::Bytes("{\"message\":{\"content\":\"".into())];
            body.extend(std::iter::repeat_n(Piece::Bytes(piece.clone()), 100));
            Script::streamed("application/x-ndjson", body)
        })
        .await;
        let reply = gateway.post(CHAT, &chat(stream)).await;
        assert_eq!(reply.status, 502);
        assert_eq!(reply.json()["error"]["code"], "upstream_error");
        let limit_mb = if stream { 16 } else { 64 };
        let sent = fake.log.of("/api/chat")[0].sent;
        assert!(sent < (limit_mb + 24) << 20, "the upstream could send {sent} bytes before it was cut off");
    }
}

#[tokio::test]
async fn a_whole_reply_that_is_cut_or_false_is_a_502() {
    let cut = || Script { framing: Framing::Length(Some(10_000)), ..whole("Hi") }.ending(End::Close);
    let not_done = || Script::json(200, &json!({"model": "m", "message": {"content": "Hi"}, "done": false}));
    let no_head = || Script::silent(End::Close);
    let reset = || Script::silent(End::Reset);
    let not_http =
        || Script { body: vec![Piece::Bytes("hello\r\n\r\n".into())], ..Script::silent(End::Close) };
    let redirect = || Script::text(302, "").header("location", "http://127.0.0.1:1/secret");
    let scripts: [fn() -> Script; 6] = [cut, not_done, no_head, reset, not_http, redirect];
    for (at, script) in scripts.into_iter().enumerate() {
        let (fake, gateway) = against(script).await;
        for stream in [false, true] {
            let reply = gateway.post(CHAT, &chat(stream)).await;
            let text = reply.text();
            let is_error = reply.status == 502 && reply.json()["error"]["type"] == "api_error";
            // A whole object with `done:false` and a cut one are first content for a stream: it fails in the stream.
            let is_error_frame = stream
                && reply.status == 200
                && text.contains("\"error\":")
                && text.ends_with("data: [DONE]\n\n");
            assert!(is_error || is_error_frame, "script {at}, stream {stream}: {} {text}", reply.status);
            assert!(!text.contains("127.0.0.1"), "{text}");
        }
        assert!(fake.log.of("/secret").is_empty(), "a redirect was followed");
    }
}

#[tokio::test]
async fn a_pooled_connection_that_died_is_replaced_without_the_client_noticing() {
    // Every second request gets no answer but a close. It comes on a connection that has answered before, so it is
    // sent again on a new one.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let fake = ollama(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 {
        0 => whole("Hi"),
        _ => Script::silent(End::Close),
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    for _ in 0..10 {
        let reply = gateway.post(CHAT, &chat(false)).await;
        assert_eq!(
            (reply.status, reply.json()["choices"][0]["message"]["content"].as_str()),
            (200, Some("Hi"))
        );
    }
    assert_eq!(fake.log.of("/api/chat").len(), 19, "one call, and nine that had to be sent again");
}

#[tokio::test]
async fn connections_are_reused_after_whole_replies_and_streams() {
    let fake = ollama(|request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says("Hi"), &done()]),
        false => whole("Hi"),
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    for n in 0..20 {
        assert_eq!(gateway.post(CHAT, &chat(n % 2 == 0)).await.status, 200);
    }
    let mut connections: Vec<_> = fake.log.of("/api/chat").iter().map(|seen| seen.connection).collect();
    connections.dedup();
    assert!(connections.len() <= 3, "20 requests in a row took {} connections", connections.len());
}

#[tokio::test]
async fn addresses_of_the_upstream_stay_inside_whatever_form_they_have() {
    let error = "Post \"http://127.0.0.1:41231/completion\": read tcp 127.0.0.1:53552->127.0.0.1:41231: EOF; \
        host=gpu-a.corp.lan:11434 addr=10.9.8.7 [::1]:11434 model llama3.2:3b";
    let (_fake, gateway) = against(move || Script::json(500, &json!({"error": error}))).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    for address in ["127.0.0.1", "41231", "53552", "gpu-a", "11434", "10.9.8.7", "::1"] {
        assert!(!message.contains(address), "{address} in {message}");
    }
    assert!(message.contains("EOF") && message.contains("model llama3.2:3b"), "{message}");
}

#[tokio::test]
async fn a_501_of_what_is_no_ollama_says_nothing_of_embeddings() {
    let (_fake, gateway) = against(|| Script::text(501, "Unsupported method ('POST')")).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (502, Some("upstream_error")));
}

#[tokio::test]
async fn a_path_that_the_upstream_does_not_know_is_not_the_clients_fault() {
    for script in [
        Script::whole(404, "text/html", "<html><p>Not Found"),
        Script::text(404, "404 page not found"),
        Script::json(404, &json!({"detail": "Not Found"})),
        Script::json(405, &json!({"detail": "Method Not Allowed"})),
        Script::whole(501, "text/html", "<html><p>Unsupported method ('POST')"),
    ] {
        let (_fake, gateway) = against(move || script.clone()).await;
        let reply = gateway.post(CHAT, &chat(false)).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (502, &json!("upstream_error")), "{error}");
        assert!(error["message"].as_str().unwrap().contains("is it an Ollama?"), "{error}");
    }
}
