//! Who was asked when a time limit or the client ended the request.

use ollama2openai::fake::{End, Script};
use serde_json::json;

use super::{CHAT, ask, found, started};
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, ollama};
use crate::support::wait::{until, within};

#[tokio::test]
async fn a_machine_that_hangs_is_named() {
    let fake = ollama(|_| Script::silent(End::Hang)).await;
    let gateway = started(&fake, &[("WHOLE_TIMEOUT", "300ms")]).await;
    assert_eq!(ask(&gateway, "m", "", false).await, 504);
    for stream in [false, true] {
        let before = fake.log.of("/api/chat").len();
        let mut connection = client::connect(gateway.addr).await;
        connection.send(&Request::post(CHAT, &chat(stream)).bytes()).await.unwrap();
        until("the backend is asked", || fake.log.of("/api/chat").len() > before).await;
        drop(connection);
    }
    let ended = async {
        while found(&gateway, "outcome=client_gone").await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    within("the requests end", ended).await;
    for (outcome, count) in [("timeout", 1), ("client_gone", 2)] {
        let records = found(&gateway, &format!("outcome={outcome}&backend=implicit")).await;
        assert_eq!(records.len(), count, "{outcome}: {records:#?}");
        for record in &records {
            let tried = &record["attempts"][0];
            assert_eq!(
                (&tried["backendId"], &tried["outcome"]),
                (&json!("implicit"), &json!(outcome)),
                "{record:#}"
            );
        }
    }
    let page = gateway.get("/metrics").await.text();
    let sum = |outcome: &str| {
        let of =
            |line: &&str| line.starts_with("ollama2openai_backend_attempts_total{") && line.contains(outcome);
        page.lines().find(of).and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    assert_eq!(
        (sum("\"timeout\"").as_deref(), sum("\"client_gone\"").as_deref()),
        (Some("1"), Some("2")),
        "{page}"
    );
}
