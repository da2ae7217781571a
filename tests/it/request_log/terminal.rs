//! `ollama2openai logs`.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::{ask, found, started, token, upstream};
use crate::commands::run_in;
use crate::support::wait::within;

#[tokio::test]
async fn the_last_requests_are_a_table_and_filters_hold() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    let (_, text) = token(&gateway, "ann").await;
    for model in ["m", "broken", "n"] {
        ask(&gateway, model, &text, false).await;
    }
    let listed = found(&gateway, "").await;
    let env = [("DATA_DIR".to_owned(), gateway.home().to_string_lossy().into_owned())];
    let run = async |args: &[&str]| run_in(gateway.home(), &env, &[&["logs"], args].concat(), "").await;
    let table = run(&[]).await.good();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let models: Vec<_> = rows[1..].iter().map(|row| row[8]).collect();
    assert_eq!((rows[0][8], models), ("MODEL", vec!["m", "broken", "n"]), "{table}");
    assert!(rows[2][1] == "502" && table.contains("the runner of Model X has stopped"), "{table}");
    assert!(!table.contains('\x1b'), "no colour where there is no terminal");
    assert_eq!((rows[0][0], rows[0][3], rows[1][7]), ("UTC", "TOOK", "chat"), "{table}");
    let at = listed[2]["timestamp"].as_str().unwrap();
    assert!(table.lines().nth(1).unwrap().split("  ").next().unwrap().contains(&at[11..19]), "{table}");
    assert!(rows[1][3].ends_with('s'), "{table}");
    let mut told = table.lines().filter(|line| !line.contains("has stopped"));
    assert!(told.all(|line| line.chars().count() <= 120), "{table}");
    let lines = run(&["--json", "--limit", "2"]).await.good();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, [listed[1].clone(), listed[0].clone()], "the newest last, as the API has them");
    for (args, count) in [
        (&["--token", "ann"][..], 3),
        (&["--token", "bob"], 0),
        (&["--status", "5xx"], 1),
        (&["--outcome", "upstream_status,timeout"], 1),
        (&["--model", "n", "--since", "2020-01-01"], 1),
        (&["--text", "MODEL X"], 1),
        (&["--limit", "0"], 0),
        (&["--level", "warn"], 1),
        (&["--level", "ERROR", "--outcome", "ok"], 0),
        (&["--since", "1h", "--ip", "127.0.0.1"], 3),
        (&["--until", "1h"], 0),
        (&["--ip", "10.0.0.1"], 0),
        (&["--id", listed[1]["id"].as_str().unwrap()], 1),
    ] {
        assert_eq!(run(args).await.good().lines().count(), 1 + count, "{args:?}");
    }
    assert_eq!((rows[0][9], rows[0][10], rows[1][9]), ("CHANNEL", "BACKEND", "-"), "{table}");
    assert_eq!(run(&["--token", "bob"]).await.err, "no token with the name or id bob is stored now\n");
    assert!(run(&["--level", "loud"]).await.bad(2).contains("--level must be one of debug, info"));
    assert!(run(&["--outcome", "fine"]).await.bad(2).contains("--outcome must be one or some of ok,"));
    assert!(run(&["--status", "9xx"]).await.bad(2).contains("--status must be a status such as 404"));
    assert!(run(&["--ip", "zz"]).await.bad(2).contains("--ip must be an address"));
    assert!(run(&["--since", "noon"]).await.bad(2).contains("--since must be a time"));
}

#[tokio::test]
async fn who_follows_sees_what_comes() {
    let fake = upstream().await;
    let gateway = started(&fake, &[]).await;
    for model in ["old", "a"] {
        ask(&gateway, model, "", false).await;
    }
    assert_eq!(found(&gateway, "").await.len(), 2);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .args(["logs", "-f", "--limit", "1", "--json"])
        .current_dir(gateway.home())
        .env_clear()
        .env("DATA_DIR", gateway.home())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || -> Value {
        let line = within("a line", lines.next_line()).await.unwrap();
        serde_json::from_str(&line.expect("it goes on")).unwrap()
    };
    assert_eq!(next().await["model"], "a");
    for model in ["b", "broken", "c"] {
        ask(&gateway, model, "", false).await;
        assert_eq!(next().await["model"], model);
    }
}
