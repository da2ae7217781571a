//! The benchmark's upstream.

use ollama2openai::fake::{self, Fake, Settings};
use serde_json::{Value, json};

use crate::support::client::{self, Request, Response};

async fn bench() -> Fake {
    let settings = Settings { log_limit: 0, ..Settings::default() };
    Fake::start_with(([127, 0, 0, 1], 0).into(), fake::bench(), settings).await.unwrap()
}

async fn chat(fake: &Fake, model: &str) -> Response {
    client::post_json(fake.addr, "/api/chat", &json!({"model": model, "messages": []})).await
}

#[tokio::test]
async fn a_whole_reply_has_one_kilobyte_and_the_connection_serves_again() {
    let fake = bench().await;
    let mut connection = client::connect(fake.addr).await;
    for _ in 0..2 {
        let request = Request::post("/api/chat", &json!({"model": "bench-whole", "messages": []}));
        let reply = client::exchange(&mut connection, &request).await;
        assert_eq!((reply.status, reply.body.len(), &reply.json()["done"]), (200, 1024, &json!(true)));
    }
    assert!(fake.log.all().is_empty());
}

#[tokio::test]
async fn a_stream_has_as_many_lines_as_its_model_says() {
    let fake = bench().await;
    for (model, lines) in [("bench-burst-64", 65), ("bench-lone-1ms-5:latest", 6)] {
        let reply = chat(&fake, model).await;
        let text = reply.text();
        let seen: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (reply.complete, seen.len(), &seen[lines - 1]["done"]),
            (true, lines, &json!(true)),
            "{model}"
        );
    }
}

#[tokio::test]
async fn other_names_are_unknown_and_the_list_names_some() {
    let fake = bench().await;
    for model in ["bench", "bench-burst-", "bench-burst-0", "bench-lone-5", "llama3.2:3b"] {
        assert_eq!(chat(&fake, model).await.status, 404, "{model}");
    }
    let tags = client::get(fake.addr, "/api/tags").await.json();
    for tag in tags["models"].as_array().unwrap() {
        let shown = client::post_json(fake.addr, "/api/show", &json!({"model": tag["name"]})).await;
        assert_eq!(shown.status, 200);
    }
}
