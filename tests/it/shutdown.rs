//! Stopping: what runs may finish, new work is refused, and at the deadline every stream is told.

use std::time::Duration;

use ollama2openai::fake::{End, Script};

use crate::support::Gateway;
use crate::support::client;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::{beside, until};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_stream_that_runs_may_finish() {
    let fake = ollama(|_| {
        Script::streamed(
            "application/x-ndjson",
            vec![line(&says("He")), pause_ms(400), line(&says("y")), line(&done())],
        )
    })
    .await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let addr = gateway.addr;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let stopping = beside(gateway.shutdown());
    let rest = stream.rest().await;
    assert!(
        rest.iter().any(|block| !block.is_done() && block.json()["choices"][0]["finish_reason"] == "stop")
    );
    assert!(rest.last().unwrap().is_done());
    stopping.value().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err(), "the port is free again");
}

#[tokio::test]
async fn at_the_deadline_a_stream_gets_an_error_and_a_proper_end() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("DRAIN_TIMEOUT", "200ms")]).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let stopping = beside(gateway.shutdown());
    let rest = stream.rest().await;
    let error =
        rest.iter().filter(|block| !block.is_done()).find_map(|block| block.json().get("error").cloned());
    assert_eq!(error.expect("an error frame")["code"], "shutting_down");
    assert!(rest.last().unwrap().is_done());
    stopping.value().await;
    let closed = |seen: &[ollama2openai::fake::Seen]| seen.iter().any(|seen| seen.closed_at.is_some());
    assert!(fake.log.wait_until(Duration::from_secs(5), closed).await, "the upstream is told, too");
}

#[tokio::test]
async fn at_the_deadline_what_has_no_answer_yet_gets_an_error_and_is_told_of() {
    let fake = ollama(|_| Script::silent(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("DRAIN_TIMEOUT", "200ms")]).await;
    let addr = gateway.addr;
    let asked = [false, true].map(|streams| {
        beside(async move { client::send(addr, &client::Request::post(CHAT, &chat(streams))).await })
    });
    let both = |seen: &[ollama2openai::fake::Seen]| {
        seen.iter().filter(|seen| seen.request.path == "/api/chat").count() == 2
    };
    assert!(fake.log.wait_until(Duration::from_secs(10), both).await);
    let ledger = gateway.ledger();
    assert!(!gateway.shutdown().await, "what was cut did not finish in time");
    for reply in asked {
        let reply = reply.value().await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (503, &"shutting_down".into()));
    }
    let told: Vec<_> = ledger.journal.recent();
    assert_eq!(told.len(), 2);
    for record in told {
        let record: serde_json::Value = serde_json::from_str(&record.json).unwrap();
        assert_eq!(
            (&record["outcome"], &record["attempts"][0]["outcome"]),
            (&"internal".into(), &"internal".into())
        );
    }
}

#[tokio::test]
async fn while_draining_it_is_alive_but_not_ready() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url()), ("DRAIN_TIMEOUT", "2s")]).await;
    let mut connection = client::connect(gateway.addr).await;
    assert_eq!(client::exchange(&mut connection, &client::Request::get("/readyz")).await.status, 200);
    let addr = gateway.addr;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let stopping = beside(gateway.shutdown());
    // New connections are refused as soon as it drains; one that was open and idle is closed.
    until("idle connections are closed", || stopping.ended() || std::net::TcpStream::connect(addr).is_err())
        .await;
    let idle = client::Request::get("/readyz").bytes();
    let _ = connection.send(&idle).await;
    assert!(connection.head(false).await.is_err(), "an idle connection is closed when draining begins");
    drop(stream);
    stopping.value().await;
}

#[tokio::test]
async fn a_second_signal_cuts_streams_with_an_error_and_a_proper_end() {
    let fake =
        ollama(|_| Script::streamed("application/x-ndjson", vec![line(&says("He"))]).ending(End::Hang)).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let stopping = beside(gateway.shutdown_at_once());
    let rest = stream.rest().await;
    let errors = rest.iter().filter(|block| block.data.is_some() && !block.is_done());
    assert!(errors.clone().any(|block| block.json()["error"]["code"] == "shutting_down"), "{rest:?}");
    assert!(rest.last().unwrap().is_done());
    assert!(!stopping.value().await, "what was cut did not finish in time");
}

#[tokio::test]
async fn a_clean_stop_leaves_the_database_in_one_file() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let names = |home: &std::path::Path| -> Vec<String> {
        let files = std::fs::read_dir(home).unwrap();
        let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains("-wal") || name.contains("-shm")).collect()
    };
    assert_eq!(names(gateway.home()).len(), 2);
    let home = gateway.stopped().await;
    assert!(names(home.path()).is_empty());
}
