//! `settings`: what is saved, from the command line; `audit`, which tells of it.

use serde_json::{Value, json};

use super::{Home, parsed};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::wait::{pause, within};

async fn listed(home: &Home, name: &str) -> Value {
    let all = parsed(&home.run(&["settings", "list", "--json"]).await.good());
    let rows = all["settings"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[tokio::test]
async fn settings_are_saved_listed_reset_and_audited() {
    let home = Home::new().env("MAX_RETRIES", "5");
    let set = home.run(&["settings", "set", "max_retries=7", "IP_BLACKLIST=10.0.0.0/8, ::2"]).await.good();
    assert_eq!(set, "saved MAX_RETRIES 7 (saved)\nsaved IP_BLACKLIST 10.0.0.0/8,::2 (saved)\n");
    let row = listed(&home, "MAX_RETRIES").await;
    assert_eq!(
        (&row["value"], &row["origin"], &row["configured"]),
        (&json!("7"), &json!("saved"), &json!("5"))
    );
    let table = home.run(&["settings", "list"]).await.good();
    let line = table.lines().find(|line| line.starts_with("MAX_RETRIES ")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["MAX_RETRIES", "7", "saved", "5"]);
    assert!(!table.contains("DATA_DIR"), "it cannot be saved: {table}");
    let reset = home.run(&["settings", "reset", "MAX_RETRIES", "MAX_QUEUE"]).await.good();
    assert_eq!(reset, "reset MAX_RETRIES 5 (environment)\nwas not saved: MAX_QUEUE 1000 (default)\n");
    assert_eq!(listed(&home, "MAX_RETRIES").await["value"], "5");

    let audit = home.run(&["audit"]).await.good();
    let lines: Vec<&str> = audit.lines().collect();
    assert!(lines[1].contains("cli") && lines[1].contains("setting.delete  MAX_RETRIES"), "{audit}");
    let two = parsed(&home.run(&["audit", "--limit", "2", "--json"]).await.good());
    assert_eq!(two["entries"].as_array().unwrap().len(), 2);
    assert_eq!(two["entries"][0]["before"], json!({"value": "7"}));
    assert!(home.run(&["audit", "--limit", "0"]).await.bad(2).contains("from 1 to 1000"));
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_and_nothing_is_changed() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    for (args, wrong) in [
        (&["set", "MAX_RETRIES=7", "MAX_QUEUE=many"][..], "MAX_QUEUE"),
        (&["set", "MAX_RETRIES=7", "PORT=1"], "PORT is read at the start only"),
        (&["set", "NOPE=1"], "NOPE is no setting"),
        (&["set", "MAX_RETRIES"], "write NAME=VALUE"),
    ] {
        let refused = home.run(&[&["settings"][..], args].concat()).await.bad(2);
        assert!(refused.contains(wrong), "{refused}");
    }
    assert!(home.run(&["settings", "reset", "NOPE"]).await.bad(1).contains("nothing is saved by that name"));
    assert_eq!(listed(&home, "MAX_RETRIES").await["origin"], "default");
}

#[tokio::test]
async fn who_is_locked_out_comes_back_by_the_command_line() {
    let gateway = Gateway::start(&[("ADMIN_PASSWORD", "a-long-password")]).await;
    let data = [("DATA_DIR".to_owned(), gateway.home().display().to_string())];
    let run = async |args: &[&str]| super::run_in(gateway.home(), &data, args, "").await;
    let becomes = async |wanted: u16| {
        within(&format!("{wanted} of the admin API"), async {
            let ask = || Request::get("/admin/api/keys").header("authorization", "Bearer a-long-password");
            while gateway.send(&ask()).await.status != wanted {
                pause(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    becomes(200).await;
    let set = run(&["settings", "set", "IP_ACCESS_MODE=blacklist", "IP_BLACKLIST=127.0.0.1"]).await;
    assert!(
        set.err.contains("warning: the rules of addresses keep 127.0.0.1 out, of /admin too"),
        "{}",
        set.err
    );
    set.good();
    becomes(403).await;
    run(&["settings", "reset", "IP_ACCESS_MODE"]).await.good();
    becomes(200).await;
}
