//! Requests as they end.

use serde_json::Value;

use super::{ask, call, started, token, upstream};
use crate::support::client::{self, Stream};
use crate::support::wait::within;
use crate::support::{Gateway, admin};

async fn follow(gateway: &Gateway, query: &str, last: Option<&str>) -> Stream {
    let request = admin::request("GET", &format!("/logs/tail?{query}"), &Value::Null);
    let request = match last {
        Some(last) => request.header("last-event-id", last),
        None => request,
    };
    let mut stream = client::open(gateway.addr, &request).await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.headers.get("content-type"), Some("text/event-stream"));
    // It follows from this line on.
    assert!(within("the first line", stream.next()).await.is_some());
    stream
}

async fn next(stream: &mut Stream) -> (String, Value) {
    let block = within("an event", stream.next_data()).await.expect("there is one");
    let id = block.text.lines().find_map(|line| line.strip_prefix("id: "));
    (id.expect("an event has a number").to_owned(), block.json())
}

#[tokio::test]
async fn who_follows_is_told_of_each_request_that_the_filters_admit() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (mut all, mut grave) = (follow(&gateway, "", None).await, follow(&gateway, "level=warn", None).await);
    for model in ["a", "broken", "b"] {
        ask(&gateway, model, "", false).await;
    }
    for model in ["a", "broken", "b"] {
        assert_eq!(next(&mut all).await.1["model"], model);
    }
    assert_eq!(next(&mut grave).await.1["model"], "broken");
    assert_eq!(call(&gateway, "GET", "/logs/tail?outcome=none", &Value::Null).await.status, 400);
}

#[tokio::test]
async fn who_comes_back_goes_on_where_it_was() {
    let fake = upstream().await;
    let gateway = started(&fake, &[("LOG_RECENT_MAX", "4")]).await;
    for model in ["a", "b", "c", "d", "e"] {
        ask(&gateway, model, "", false).await;
    }
    let mut stream = follow(&gateway, "backlog=2", None).await;
    let (_, first) = next(&mut stream).await;
    let (id, second) = next(&mut stream).await;
    assert_eq!((&first["model"], &second["model"]), (&"d".into(), &"e".into()));
    drop(stream);
    ask(&gateway, "f", "", false).await;
    let mut stream = follow(&gateway, "backlog=2", Some(&id)).await;
    assert_eq!(next(&mut stream).await.1["model"], "f", "and not what was seen");
    let mut stream = follow(&gateway, "backlog=100", Some("99999999")).await;
    assert_eq!(next(&mut stream).await.1["model"], "c", "a number of another start is none");
}

#[tokio::test]
async fn a_stop_sends_away_who_follows() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let mut stream = follow(&gateway, "", None).await;
    assert!(within("the stop", gateway.shutdown()).await, "nobody had to be cut off");
    assert!(within("the end", stream.next()).await.is_none());
}

#[tokio::test]
async fn there_is_an_end_to_how_many_may_follow() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (_, text) = token(&gateway, "ann").await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(follow(&gateway, "", None).await);
    }
    let refused = call(&gateway, "GET", "/logs/tail", &Value::Null).await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (503, "too_many_followers".into()));
    ask(&gateway, "m", &text, false).await;
    for stream in &mut streams {
        let (_, record) = next(stream).await;
        assert_eq!(record["tokenName"], "ann");
    }
    let plain = crate::support::client::Request::get("/admin/api/logs/tail");
    assert_eq!(gateway.send(&plain).await.status, 401);
}
