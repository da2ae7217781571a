//! What the fake Ollama of `demo` says and does.

use std::time::Duration;

use ollama2openai::fake::{self, Fake, Models, Options};
use serde_json::{Value, json};

use crate::support::client::{self, Request, Response};
use crate::support::wait::DEADLINE;

const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn demo(options: Options) -> Fake {
    Fake::start(([127, 0, 0, 1], 0).into(), fake::demo(options)).await.unwrap()
}

async fn quick() -> Fake {
    demo(Options::quick(Models::Demo)).await
}

async fn post(fake: &Fake, path: &str, json: Value) -> Response {
    client::post_json(fake.addr, path, &json).await
}

/// The answer to one message, not streamed, with these fields beside it.
async fn chat(fake: &Fake, content: &str, more: Value) -> Value {
    let mut body = json!({"model": "llama3.2:3b", "stream": false});
    body["messages"] = json!([{"role": "user", "content": content}]);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let reply = post(fake, "/api/chat", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn lines(reply: &Response) -> Vec<Value> {
    reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn weather() -> Value {
    let properties = json!({"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}});
    let parameters = json!({"type": "object", "required": ["city", "unit"], "properties": properties});
    json!({"type": "function", "function": {"name": "get_weather", "description": "Get the weather of a city",
        "parameters": parameters}})
}

#[tokio::test]
async fn a_stream_and_a_whole_reply_say_the_same_about_the_question() {
    let fake = quick().await;
    let whole = chat(&fake, "Why is the sky blue?", json!({})).await;
    let body =
        json!({"model": "llama3.2:3b", "messages": [{"role": "user", "content": "Why is the sky blue?"}]});
    let lines = lines(&post(&fake, "/api/chat", body).await);
    let text: String = lines.iter().map(|line| line["message"]["content"].as_str().unwrap()).collect();
    assert_eq!(whole["message"]["content"], text);
    assert!(text.contains("Why is the sky blue?"), "{text}");
    let last = lines.last().unwrap();
    assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("stop")));
    assert_eq!(last["eval_count"], lines.len());
}

#[tokio::test]
async fn limits_and_stop_texts_end_an_answer() {
    let fake = quick().await;
    let cut = chat(&fake, "Hello", json!({"options": {"num_predict": 4}})).await;
    assert_eq!((&cut["done_reason"], &cut["eval_count"]), (&json!("length"), &json!(4)));
    let stopped = chat(&fake, "Hello", json!({"options": {"stop": ["meet", "you"]}})).await;
    assert_eq!(
        (&stopped["done_reason"], &stopped["message"]["content"]),
        (&json!("stop"), &json!("Hello! Nice to "))
    );
}

#[tokio::test]
async fn a_tool_is_called_when_it_is_asked_for_and_its_result_is_used() {
    let fake = quick().await;
    let offered = json!({"tools": [weather()]});
    let none = chat(&fake, "Tell me a joke", offered.clone()).await;
    assert_eq!(none["message"].get("tool_calls"), None);
    let called = chat(&fake, "What is the weather in New York, in fahrenheit?", offered.clone()).await;
    let function = &called["message"]["tool_calls"][0]["function"];
    assert_eq!(function["arguments"], json!({"city": "New York", "unit": "fahrenheit"}));
    let after = json!({"model": "llama3.2:3b", "stream": false, "tools": [weather()], "messages": [
        {"role": "user", "content": "What is the weather in Rome?"}, called["message"],
        {"role": "tool", "tool_name": "get_weather", "content": "18 degrees"}]});
    let after = post(&fake, "/api/chat", after).await.json();
    let text = after["message"]["content"].as_str().unwrap();
    assert!(text.contains("get_weather: 18 degrees"), "{text}");
}

#[tokio::test]
async fn several_tools_are_called_each_with_its_index() {
    let fake = quick().await;
    let mut time = weather();
    time["function"]["name"] = json!("get_time");
    time["function"]["description"] = json!("Get the time in a city");
    for (model, lines_with_calls) in [("llama3.2:3b", 2), ("qwen3-vl:8b", 1)] {
        let body = json!({"model": model, "think": false, "tools": [weather(), time],
            "messages": [{"role": "user", "content": "Weather and time in Oslo?"}]});
        let lines = lines(&post(&fake, "/api/chat", body).await);
        let with: Vec<&Value> = lines.iter().filter_map(|line| line["message"].get("tool_calls")).collect();
        assert_eq!(with.len(), lines_with_calls, "{model}");
        let calls: Vec<&Value> = with.iter().flat_map(|calls| calls.as_array().unwrap()).collect();
        let seen: Vec<_> =
            calls.iter().map(|call| (&call["function"]["index"], &call["function"]["name"])).collect();
        assert_eq!(seen, [(&json!(0), &json!("get_weather")), (&json!(1), &json!("get_time"))], "{model}");
        assert_ne!(calls[0]["id"], calls[1]["id"]);
    }
}

#[tokio::test]
async fn a_thinking_model_thinks_unless_told_not_to() {
    let fake = quick().await;
    let thought = chat(&fake, "Hi", json!({"model": "qwen3-vl:8b"})).await;
    assert!(thought["message"]["thinking"].as_str().unwrap().contains("Hi"));
    let plain = chat(&fake, "Hi", json!({"model": "qwen3-vl:8b", "think": false})).await;
    assert_eq!(plain["message"].get("thinking"), None);
}

#[tokio::test]
async fn an_answer_keeps_to_a_schema() {
    let fake = quick().await;
    let node = json!({"type": "object", "required": ["name", "next"], "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 8},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}});
    let format = json!({"type": "object", "required": ["city", "degrees", "kind", "tags", "root", "flag", "one"],
        "properties": {"city": {"type": "string"}, "degrees": {"type": "integer", "minimum": 10},
            "kind": {"enum": ["snow", "rain"]}, "tags": {"type": "array", "minItems": 2, "items": {"type": "string"}},
            "root": {"$ref": "#/$defs/node"}, "flag": {"type": ["null", "boolean"]}, "one": {"const": 1}},
        "$defs": {"node": node}});
    let reply = chat(&fake, "Rain in Paris, 3 clouds, 20 degrees", json!({"format": format})).await;
    let made: Value = serde_json::from_str(reply["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&made["city"], &made["degrees"], &made["kind"]),
        (&json!("Paris"), &json!(20), &json!("rain"))
    );
    assert_eq!(
        (&made["flag"], &made["one"], made["tags"].as_array().unwrap().len()),
        (&json!(true), &json!(1), 2)
    );
    let name = made["root"]["name"].as_str().unwrap();
    assert!((3..=8).contains(&name.len()), "{made}");
    assert!(made["root"]["next"]["name"].is_string(), "{made}");
    let any = chat(&fake, "Anything", json!({"format": "json"})).await;
    assert!(serde_json::from_str::<Value>(any["message"]["content"].as_str().unwrap()).unwrap().is_object());
}

#[tokio::test]
async fn a_schema_without_an_end_gets_an_answer_all_the_same() {
    let fake = quick().await;
    let names: Vec<String> = (0..20).map(|at| format!("p{at}")).collect();
    let fields: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), json!({"$ref": "#"}))).collect();
    let format = json!({"type": "object", "required": names, "properties": fields});
    let reply = chat(&fake, "Go", json!({"format": format, "options": {"num_predict": 10}})).await;
    assert_eq!(reply["done_reason"], "length");
}

#[tokio::test]
async fn images_are_counted_and_measured() {
    let fake = quick().await;
    let body =
        json!({"model": "qwen3-vl:8b", "stream": false, "prompt": "What is it?", "images": [PIXEL, PIXEL]});
    let reply = post(&fake, "/api/generate", body).await.json();
    let text = reply["response"].as_str().unwrap();
    assert!(text.starts_with("I see 2 images: PNG, 1 x 1; PNG, 1 x 1."), "{text}");
}

#[tokio::test]
async fn vectors_have_length_one_and_close_texts_are_close() {
    let fake = quick().await;
    let input = ["a red apple tree", "a red apple pie", "quarterly tax report"];
    let embed = |more: Value| {
        let mut body = json!({"model": "nomic-embed-text", "input": input});
        body["dimensions"] = more;
        post(&fake, "/api/embed", body)
    };
    for (dimensions, length) in [(json!(null), 768), (json!(64), 64)] {
        let reply = embed(dimensions).await.json();
        let vectors: Vec<Vec<f64>> = serde_json::from_value(reply["embeddings"].clone()).unwrap();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        for vector in &vectors {
            assert_eq!(vector.len(), length);
            assert!((dot(vector, vector) - 1.0).abs() < 1e-6);
        }
        assert!(dot(&vectors[0], &vectors[1]) > dot(&vectors[0], &vectors[2]));
    }
}

#[tokio::test]
async fn log_probabilities_come_with_each_token() {
    let fake = quick().await;
    let asked = json!({"logprobs": true, "top_logprobs": 2, "options": {"num_predict": 3}});
    let reply = chat(&fake, "Hello", asked).await;
    let entries = reply["logprobs"].as_array().unwrap();
    let text: String = entries.iter().map(|entry| entry["token"].as_str().unwrap()).collect();
    assert_eq!((entries.len(), json!(text)), (3, reply["message"]["content"].clone()));
    assert_eq!(entries[0]["top_logprobs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_loaded_shows_until_it_is_unloaded() {
    let fake = quick().await;
    let names = || async {
        let reply = client::get(fake.addr, "/api/ps").await.json();
        let models = reply["models"].as_array().unwrap().clone();
        models.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(names().await.is_empty());
    chat(&fake, "Hello", json!({})).await;
    assert_eq!(names().await, ["llama3.2:3b"]);
    let gone = post(&fake, "/api/generate", json!({"model": "llama3.2:3b", "keep_alive": 0})).await.json();
    assert_eq!(gone["done_reason"], "unload");
    assert!(names().await.is_empty());
}

#[tokio::test]
async fn a_full_queue_refuses_and_a_slow_load_is_waited_for() {
    let slow = Options { load_time: Duration::from_secs(600), max_queue: 1, ..Options::quick(Models::Demo) };
    let fake = demo(slow).await;
    let body = json!({"model": "llama3.2:3b", "messages": [{"role": "user", "content": "Hi"}]});
    let mut waiting = client::connect(fake.addr).await;
    waiting.send(&Request::post("/api/chat", &body).bytes()).await.unwrap();
    assert!(fake.log.wait_until(DEADLINE, |log| log.len() == 1).await);
    let refused = post(&fake, "/api/chat", body).await;
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("maximum pending requests exceeded"));
    assert_eq!(fake.log.all()[0].sent, 0);
}

#[tokio::test]
async fn it_tells_about_its_models() {
    let fake = quick().await;
    assert_eq!(client::get(fake.addr, "/").await.text(), "Ollama is running");
    let head = client::send(fake.addr, &Request::new("HEAD", "/")).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("17"), 0));
    let tags = client::get(fake.addr, "/api/tags").await.json();
    assert_eq!(tags["models"].as_array().unwrap().len(), 3);
    for tag in tags["models"].as_array().unwrap() {
        let shown = post(&fake, "/api/show", json!({"model": tag["name"]})).await.json();
        assert!(!shown["capabilities"].as_array().unwrap().is_empty());
        assert_eq!(shown["details"]["family"], tag["details"]["family"]);
    }
    assert_eq!(post(&fake, "/api/show", json!({"model": "nope"})).await.status, 404);
    assert_eq!(client::get(fake.addr, "/api/chat").await.status, 405);
    assert_eq!(client::get(fake.addr, "/nowhere").await.text(), "404 page not found");
}

#[tokio::test]
async fn foreign_names_are_refused_without_a_word() {
    let fake = quick().await;
    let foreign = Request::get("/api/tags").header("host", "example.com");
    let origin = Request::get("/api/tags").header("origin", "https://example.com");
    for request in [foreign, origin] {
        let reply = client::send(fake.addr, &request).await;
        assert_eq!((reply.status, reply.body.len(), reply.header("content-type")), (403, 0, None));
    }
    let own = Request::get("/api/tags").header("origin", "http://localhost:3000");
    assert_eq!(client::send(fake.addr, &own).await.status, 200);
}
