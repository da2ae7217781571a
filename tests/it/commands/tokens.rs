//! `token`.

use ollama2openai::store::{Store, UsageCounts, UsageKey};
use serde_json::json;

use super::{Home, field, parsed};

/// A token is made; its text.
async fn made(home: &Home, options: &[&str]) -> String {
    let ran = home.run(&[&["token", "create"], options].concat()).await;
    assert!(
        ran.err.contains(": this is shown once, keep it\n") && !ran.err.contains("sk-o2o-"),
        "{}",
        ran.err
    );
    let out = ran.good();
    let text = out.strip_suffix('\n').unwrap();
    assert!(text.starts_with("sk-o2o-") && text.len() == 55 && !text.contains('\n'), "the token, alone");
    text.to_owned()
}

#[tokio::test]
async fn a_token_is_made_shown_changed_and_deleted() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    assert!(home.run(&["token", "list"]).await.good().starts_with("no tokens in "));
    let text = made(&home, &["--name", "ci", "--models", "llama*", "--quota", "1000000"]).await;
    let row = home.row("token").await;
    assert_eq!((&row["name"], &row["models"]), (&json!("ci"), &json!(null)));
    assert_eq!((&row["allowedModels"], &row["quotaLimit"]), (&json!(["llama*"]), &json!(1_000_000)));
    let id = field(&row, "id");
    for args in [
        &["token", "list"][..],
        &["token", "list", "--json"],
        &["token", "show", "ci"],
        &["token", "show", id, "--json"],
    ] {
        let out = home.run(args).await.good();
        assert!(out.contains(&format!("{}****{}", &text[..10], &text[51..])), "{out}");
        assert!(!out.contains(&text[10..51]), "{args:?}");
    }
    let edit = "token edit ci --name cd --models m,qwen* --models x --ips 10.0.0.0/8,::1 --expires 2999-01-01 \
                --rate-limit 5 --tokens-per-minute 6 --quota 0 --max-concurrent 7 --client-options true --capture-prompts true";
    let args: Vec<&str> =
        edit.split_whitespace().chain(["--note", "a note", "--metadata", "{\"team\": 1}"]).collect();
    let shown = home.run(&args).await.good();
    assert_eq!(shown, home.run(&["token", "show", "cd"]).await.good());
    let row = home.row("token").await;
    for (name, value) in [
        ("name", json!("cd")),
        ("allowedModels", json!(["m", "qwen*", "x"])),
        ("allowedIPs", json!(["10.0.0.0/8", "::1"])),
        ("expiresAt", json!("2999-01-01T00:00:00.000Z")),
        ("rateLimit", json!(5)),
        ("tokensPerMinute", json!(6)),
        ("quotaLimit", json!(null)),
        ("maxConcurrent", json!(7)),
        ("allowClientOptions", json!(true)),
        ("capture", json!(true)),
        ("note", json!("a note")),
        ("metadata", json!({"team": 1})),
        ("enabled", json!(true)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    home.run(&["token", "edit", "cd", "--models", "", "--expires", ""]).await.good();
    let row = home.row("token").await;
    assert_eq!(
        (&row["allowedModels"], &row["expiresAt"], &row["rateLimit"]),
        (&json!([]), &json!(null), &json!(5))
    );
    for (command, enabled) in [("disable", false), ("enable", true)] {
        let out = home.run(&["token", command, &id[..13]]).await.good();
        assert_eq!(out, format!("{command}d {id} cd\n"));
        assert_eq!(home.row("token").await["enabled"], enabled);
    }
    assert_eq!(home.run(&["token", "delete", "cd"]).await.good(), format!("deleted {id} cd\n"));
    assert!(home.rows("token").await.is_empty());
    assert!(home.run(&["token", "show", "cd"]).await.bad(1).contains("there is no token"));
}

#[tokio::test]
async fn another_text_is_printed_once_too() {
    let home = Home::new();
    let old = made(&home, &["--name", "ci", "--disabled"]).await;
    let new = home.run(&["token", "regenerate", "ci"]).await.good();
    assert!(new.starts_with("sk-o2o-") && new.trim_end() != old, "it is another one");
    let json = parsed(&home.run(&["token", "regenerate", "ci", "--json"]).await.good());
    assert!(field(&json, "token").starts_with("sk-o2o-") && !field(&json, "token").contains('*'));
    assert_eq!((&json["enabled"], &json["revision"]), (&json!(false), &json!(3)), "its rules stay");
}

#[tokio::test]
async fn wrong_options_of_a_token_are_named() {
    let home = Home::new();
    let all = [
        "--name",
        "two\nlines",
        "--models",
        "ok, \u{7}",
        "--ips",
        "10.0.0.0/33",
        "--rate-limit",
        "-1",
        "--tokens-per-minute",
        "1000000001",
        "--quota",
        "9223372036854775808",
        "--max-concurrent",
        "1.5",
        "--client-options",
        "yes",
        "--note",
        "\u{7}",
        "--metadata",
        "[]",
    ];
    let refused = home.run(&[&["token", "create"][..], &all].concat()).await.bad(2);
    for option in all.iter().filter(|word| word.starts_with("--")) {
        assert!(refused.contains(&format!("error: {option} ")), "{option} in {refused}");
    }
    for expires in ["2020-01-01", "soon"] {
        let refused = home.run(&["token", "create", "--expires", expires]).await.bad(1);
        assert!(refused.contains("--expires is "), "{refused}");
    }
    made(&home, &["--name", "same"]).await;
    made(&home, &["--name", "same"]).await;
    assert!(home.run(&["token", "delete", "same"]).await.bad(1).contains("means 2 tokens"));
    let nothing = home.run(&["token", "edit", "same"]).await.bad(2);
    assert!(nothing.contains("nothing to change"), "{nothing}");
    assert_eq!(home.rows("token").await.len(), 2, "nothing of what was refused is stored");
}

#[tokio::test]
async fn the_first_token_says_what_it_closes() {
    let closes =
        "warning: this is the first token: from now on everybody needs one, programs of this machine too";
    let home = Home::new();
    assert!(home.run(&["token", "create"]).await.err.contains(closes));
    assert!(!home.run(&["token", "create"]).await.err.contains("first token"));
    for env in [("API_TOKEN", "shared"), ("ALLOW_ANONYMOUS", "false")] {
        let told = Home::new().env(env.0, env.1).run(&["token", "create"]).await;
        assert!(!told.err.contains("first token"), "nobody came in without one: {}", told.err);
    }
}

#[tokio::test]
async fn the_use_of_a_token_is_shown_by_days() {
    let home = Home::new();
    made(&home, &["--name", "ci"]).await;
    let id = field(&home.row("token").await, "id").to_owned();
    let store = Store::open(&home.path("data"), None).await.unwrap();
    let now = jiff::Timestamp::now().as_second();
    let minute = now - now.rem_euclid(60);
    let key = UsageKey { minute, token: &id, model: "m", channel: "", backend: "", outcome: "ok" };
    let counts =
        UsageCounts { requests: 2, prompt_tokens: 30, completion_tokens: 4, ..UsageCounts::default() };
    store.add_usage(&[(key, counts)], &[], &[]).await.unwrap();
    store.close().await;
    let table = home.run(&["token", "usage", "ci"]).await.good();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        (lines.len(), &lines[1][1..], &lines[2][..]),
        (3, &["2", "30", "4", "0"][..], &["all", "2", "30", "4", "0"][..])
    );
    let json = parsed(&home.run(&["token", "usage", "ci", "--days", "1", "--json"]).await.good());
    assert_eq!(json["usage"][lines[1][0]]["promptTokens"], 30);
    assert!(home.run(&["token", "usage", "nobody"]).await.bad(1).contains("nobody"));
}
