//! Lists, pages, filters and single records.

use std::sync::Arc;

use ollama2openai::fake::{Fake, Script};
use serde_json::{Value, json};

use super::{CHAT, ask, call, found, get, post, started, token, upstream};
use crate::accounts::sql;
use crate::support::admin;
use crate::support::client::Request;
use crate::support::ollama::chat;

#[tokio::test]
async fn a_record_has_what_an_operator_asks_for() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (id, text) = token(&gateway, "ann").await;
    assert_eq!(ask(&gateway, "m", &text, true).await, 200);
    assert_eq!(ask(&gateway, "broken", &text, false).await, 502);
    let records = found(&gateway, "").await;
    let [failed, served] = records.as_slice() else { panic!("two: {records:#?}") };
    for (name, value) in [
        ("type", json!("request")),
        ("endpoint", json!("/v1/chat/completions")),
        ("model", json!("m")),
        ("stream", json!(true)),
        ("status", json!(200)),
        ("outcome", json!("ok")),
        ("tokenId", json!(id)),
        ("tokenName", json!("ann")),
        ("ip", json!("127.0.0.1")),
        ("usageSource", json!("measured")),
        ("seq", json!(1)),
        ("error", Value::Null),
        ("attempts", Value::Null),
    ] {
        assert_eq!(served[name], value, "{name}: {served:#}");
    }
    let sum = served["promptTokens"].as_u64().unwrap() + served["completionTokens"].as_u64().unwrap();
    assert!(sum > 0 && served["tokens"] == sum, "{served:#}");
    assert!(served["duration"].is_u64() && served["firstTokenMs"].is_u64() && served["ownMs"].is_f64());
    assert!(served["id"].as_str().unwrap().starts_with("req_") && served["backendId"].is_string());
    assert_eq!(
        (&failed["status"], &failed["outcome"]),
        (&json!(502), &json!("upstream_status")),
        "{failed:#}"
    );
    assert!(failed["error"].as_str().unwrap().contains("the runner of Model X has stopped"), "{failed:#}");
    let tried = &failed["attempts"][0];
    assert_eq!((&tried["outcome"], &tried["status"]), (&json!("upstream_status"), &json!(500)), "{failed:#}");
    assert_eq!(tried["backendId"], failed["backendId"], "who was asked last is told");
    let one = get(&gateway, "/logs/2").await;
    assert_eq!(one["log"], *failed);
    for unknown in ["/logs/3", "/logs/none", "/logs/-1"] {
        assert_eq!(call(&gateway, "GET", unknown, &Value::Null).await.status, 404, "{unknown}");
    }
    let mixed = get(&gateway, "/logs").await;
    let kinds: Vec<_> = mixed["logs"].as_array().unwrap().iter().map(|record| &record["type"]).collect();
    assert!(kinds.contains(&&json!("audit")) && kinds.contains(&&json!("request")), "{mixed:#}");
}

#[tokio::test]
async fn each_filter_finds_what_it_names_and_nothing_else() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (ann, bob) = (token(&gateway, "ann").await, token(&gateway, "bob").await);
    for (model, (_, text)) in [("m", &ann), ("n", &bob), ("broken", &ann), ("absent", &bob), ("m", &bob)] {
        ask(&gateway, model, text, false).await;
    }
    ask(&gateway, "m", "sk-none", false).await;
    let all = found(&gateway, "").await;
    assert_eq!(all.len(), 6, "{all:#?}");
    let (backend, id) = (all[5]["backendId"].as_str().unwrap(), all[4]["id"].as_str().unwrap());
    let moment = all[3]["timestamp"].as_str().unwrap();
    let seqs =
        |records: &[Value]| records.iter().map(|record| record["seq"].as_u64().unwrap()).collect::<Vec<_>>();
    for (query, wanted) in [
        (format!("token={}", ann.0), vec![3, 1]),
        ("token=bob".to_owned(), vec![5, 4, 2]),
        ("model=m".to_owned(), vec![5, 1]),
        ("outcome=upstream_status".to_owned(), vec![3]),
        ("outcome=no_model,unauthorized".to_owned(), vec![6, 4]),
        ("status=4xx".to_owned(), vec![6, 4]),
        ("status=502,404".to_owned(), vec![4, 3]),
        ("level=warn".to_owned(), vec![3]),
        ("level=info".to_owned(), vec![6, 5, 4, 3, 2, 1]),
        ("level=warn&outcome=ok".to_owned(), vec![]),
        ("text=of%20model%20x".to_owned(), vec![3]),
        ("text=of%25model".to_owned(), vec![]),
        (format!("backend={backend}&model=n"), vec![2]),
        (format!("id={id}"), vec![2]),
        ("ip=127.0.0.1&limit=2".to_owned(), vec![6, 5]),
        ("ip=10.0.0.1".to_owned(), vec![]),
        (format!("until={moment}&model=absent"), vec![]),
        ("since=2099-01-01".to_owned(), vec![]),
        ("since=2020-01-01&until=2099-01-01&cursor=3".to_owned(), vec![2, 1]),
    ] {
        let records = found(&gateway, &query).await;
        assert_eq!(seqs(&records), wanted, "{query}");
    }
    let told = get(&gateway, "/logs?model=m").await;
    assert_eq!(told["logs"].as_array().unwrap().len(), 2, "a filter asks for requests: {told:#}");
    for (wrong, field) in [
        ("outcome=fine", "outcome"),
        ("status=9xx", "status"),
        ("status=many", "status"),
        ("since=yesterday", "since"),
        ("cursor=x", "cursor"),
        ("level=loud", "level"),
        ("limit=-1", "limit"),
    ] {
        let reply = call(&gateway, "GET", &format!("/logs?{wrong}"), &Value::Null).await;
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.json()["fields"][field].is_string(), "{wrong}: {}", reply.text());
    }
}

/// More than two blocks, so that marks are used and not only looked past.
#[tokio::test]
async fn pages_lead_through_all_records_once() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    const ALL: u64 = 2500;
    for nth in 0..ALL {
        let model = if nth % 100 == 7 { "absent" } else { "m" };
        ask(&gateway, model, "", false).await;
    }
    for (query, wanted) in
        [("limit=999", ALL), ("limit=10&outcome=no_model", ALL / 100), ("limit=7&text=absent", ALL / 100)]
    {
        let (mut cursor, mut seqs) = (String::new(), Vec::new());
        loop {
            let told = get(&gateway, &format!("/logs?type=request&{query}&cursor={cursor}")).await;
            seqs.extend(
                told["logs"].as_array().unwrap().iter().map(|record| record["seq"].as_u64().unwrap()),
            );
            match told["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seqs.len() as u64, wanted, "{query}");
        assert!(seqs.windows(2).all(|pair| pair[0] > pair[1]), "{query}: {seqs:?}");
    }
}

#[tokio::test]
async fn without_a_request_log_the_last_ones_are_told_from_memory() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    post(&gateway, "/settings", &json!({"REQUEST_LOG": false, "LOG_RECENT_MAX": 3})).await;
    for model in ["a", "b", "broken", "c", "d"] {
        ask(&gateway, model, "", false).await;
    }
    let models = |records: &[Value]| records.iter().map(|record| record["model"].clone()).collect::<Vec<_>>();
    assert_eq!(models(&found(&gateway, "").await), ["d", "c", "broken"]);
    assert_eq!(models(&found(&gateway, "outcome=ok&limit=1").await), ["d"]);
    for filter in ["", "outcome=ok"] {
        let export = call(&gateway, "GET", &format!("/logs/export?{filter}"), &Value::Null).await.text();
        let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, found(&gateway, filter).await, "the export has what the list shows: {filter}");
    }
    let table = call(&gateway, "GET", "/logs/export?format=csv", &Value::Null).await.text();
    assert_eq!(table.lines().count(), 1 + 3, "{table}");
    let newest = found(&gateway, "limit=1").await.remove(0);
    assert_eq!(get(&gateway, &format!("/logs/{}", newest["id"].as_str().unwrap())).await["log"], newest);
    assert_eq!(call(&gateway, "GET", "/logs/1", &Value::Null).await.status, 404, "nothing was written");
    assert_eq!(call(&gateway, "DELETE", "/logs", &Value::Null).await.status, 200);
    assert!(found(&gateway, "").await.is_empty());
}

#[tokio::test]
async fn a_request_is_found_by_the_id_that_its_client_knows() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    for id in ["Some/Thing-1", "twice", "twice", "2", "77"] {
        let body = chat(false);
        gateway.send(&Request::post(CHAT, &body).header("x-request-id", id)).await;
    }
    let seq = async |path: &str| get(&gateway, &format!("/logs/{path}")).await["log"]["seq"].clone();
    assert_eq!(seq("Some%2FThing-1").await, 1);
    assert_eq!(seq("twice").await, 3, "of several the newest");
    assert_eq!((seq("2").await, seq("77").await), (json!(2), json!(5)), "a number of a row comes first");
    assert_eq!(call(&gateway, "GET", "/logs/some%2Fthing-1", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn names_that_mean_nothing_are_mentioned_and_what_is_off_still_has_its_name() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let spare =
        Fake::start(([127, 0, 0, 1], 0).into(), Arc::new(|_: &_| Script::text(503, "off"))).await.unwrap();
    for (name, url) in [("main", fake.url()), ("spare", spare.url())] {
        let key = post(&gateway, "/keys", &json!({"key": url, "name": name})).await;
        let path = format!("/keys/{}", key["key"]["id"].as_str().expect("a key has an id"));
        admin::done_by(&gateway, "PUT", &path, &json!({"enabled": name == "main"})).await;
    }
    gateway.look().await;
    token(&gateway, "ann").await;
    for query in ["token=bob", "backend=gpu-9", "channel=attic", "model=nobody-has-it"] {
        let told = get(&gateway, &format!("/logs?{query}")).await;
        let (what, name) = query.split_once('=').unwrap();
        let wanted = format!("there is no {what} with the name or id {name} now");
        assert_eq!((&told["logs"], &told["warnings"]), (&json!([]), &json!([wanted])), "{query}");
    }
    for query in ["token=ann", "token=API_TOKEN", "backend=spare", "backend=main", "model=m"] {
        let told = get(&gateway, &format!("/logs?{query}")).await;
        assert_eq!(told.get("warnings"), None, "{query}: {told}");
    }
    let refused = call(&gateway, "GET", "/logs/export?limit=5", &Value::Null).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("limit is no filter")));
}

#[tokio::test]
async fn lists_and_exports_have_one_order_whatever_the_clock_did() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    // Who looks makes that rows are written, so each is alone in its row of the table.
    for rows in 1..=4 {
        ask(&gateway, "m", "", false).await;
        assert_eq!(found(&gateway, "").await.len(), rows);
    }
    // Two requests that end at once are written in any order of their times.
    sql(
        &gateway,
        r#"UPDATE request_log_packs SET records = json_set(records, '$[0].timestamp', '2020-01-01T00:00:00.000Z')
            WHERE seq = 3"#,
    )
    .await;
    let seqs = |records: &[Value]| records.iter().map(|record| record["seq"].clone()).collect::<Vec<_>>();
    assert_eq!(seqs(&found(&gateway, "").await), [4, 3, 2, 1]);
    let mixed = get(&gateway, "/logs").await["logs"].take();
    let mixed: Vec<Value> =
        mixed.as_array().unwrap().iter().filter(|one| one["type"] == "request").cloned().collect();
    assert_eq!(seqs(&mixed), [4, 3, 2, 1], "beside the audit, too");
    let export = call(&gateway, "GET", "/logs/export", &Value::Null).await.text();
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seqs(&lines), [4, 3, 2, 1]);
}

#[tokio::test]
async fn a_time_may_be_told_by_how_long_ago_it_was() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    ask(&gateway, "m", "", false).await;
    for (query, count) in [("since=1h", 1), ("since=2d&until=10m", 0), ("until=30m", 0), ("since=90s", 1)] {
        let records = found(&gateway, query).await;
        assert_eq!(records.len(), count, "{query}");
    }
    for wrong in ["since=1w", "since=h", "until=-3m", "since=99999999999d"] {
        assert_eq!(
            call(&gateway, "GET", &format!("/logs?{wrong}"), &Value::Null).await.status,
            400,
            "{wrong}"
        );
    }
}
