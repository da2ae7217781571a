//! `channel`.

use serde_json::json;

use super::{Home, MARKER, field, parsed};

#[tokio::test]
async fn a_channel_is_added_shown_changed_and_deleted() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    assert!(home.run(&["channel", "list"]).await.good().starts_with("no channels in "));
    std::fs::write(home.path("keys"), format!("# of the lab\n{MARKER}-2\nhttp://gpu-2:2|{MARKER}-3\n"))
        .unwrap();
    let args = "channel add gpus --base-url http://gpu-1:1/v1 --key-file keys --key first-key --model llama* \
                --map gpt-4=llama3.3:70b --weight 50 --priority 5 --max-concurrent 4 --rate-limit 30 --tag room";
    let added = home.run(&args.split_whitespace().collect::<Vec<_>>()).await.good();
    let shown = home.run(&["channel", "show", "gpus"]).await.good();
    let json = parsed(&home.run(&["channel", "show", "gpus", "--json"]).await.good());
    assert_eq!(added, shown);
    for text in [&added, &json.to_string(), &home.run(&["channel", "list"]).await.good()] {
        assert!(!text.contains(MARKER) && text.contains("gpus"), "{text}");
    }
    for (name, value) in [
        ("baseUrl", json!("http://gpu-1:1")),
        ("weight", json!(50)),
        ("priority", json!(5)),
        ("maxConcurrent", json!(4)),
        ("rateLimit", json!(30)),
        ("models", json!(["llama*"])),
        ("modelMapping", json!({"gpt-4": "llama3.3:70b"})),
        ("tags", json!(["room"])),
    ] {
        assert_eq!(json[name], value, "{name}");
    }
    let bases: Vec<&str> =
        json["backends"].as_array().unwrap().iter().map(|row| field(row, "baseUrl")).collect();
    assert_eq!(bases, ["http://gpu-1:1", "http://gpu-1:1", "http://gpu-2:2"]);
    let taken = home.run(&["channel", "add", "gpus", "--base-url", "http://x"]).await.bad(1);
    assert!(taken.contains("a channel named \"gpus\" exists"), "{taken}");

    home.run(&["channel", "update", "gpus", "--rate-limit", "0", "--name", "cards"]).await.good();
    home.run(&["channel", "disable", "cards"]).await.good();
    let row = home.row("channel").await;
    assert_eq!(
        (&row["rateLimit"], &row["enabled"], &row["weight"]),
        (&json!(null), &json!(false), &json!(50))
    );
    home.run(&["channel", "enable", &field(&row, "id")[..13]]).await.good();
    assert_eq!(home.row("channel").await["enabled"], true);
    home.run(&["channel", "delete", "cards"]).await.good();
    assert!(home.rows("channel").await.is_empty());
    let gone = home.run(&["channel", "show", "cards"]).await.bad(1);
    assert!(gone.contains("there is no channel"), "{gone}");
}

#[tokio::test]
async fn keys_of_a_channel_stay_by_their_masks_and_travel_nowhere() {
    let home = Home::new();
    let add = [
        "channel",
        "add",
        "c",
        "--base-url",
        "http://a:1",
        "--key",
        MARKER,
        "--key",
        "http://b:2|other-key-long",
    ];
    home.run(&add).await.good();
    let before = home.row("channel").await;
    let moved = home.run(&["channel", "update", "c", "--base-url", "http://evil:1"]).await.bad(1);
    assert!(moved.contains("--key must be entered again"), "{moved}");
    let masks: Vec<&str> =
        before["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    let mask_elsewhere =
        ["channel", "update", "c", "--base-url", "http://evil:1", "--key", masks[0], "--key", masks[1]];
    let refused = home.run(&mask_elsewhere).await.bad(1);
    assert!(refused.contains("--key (number 1) is the mask of a key"), "{refused}");
    home.run(&["channel", "update", "c", "--key", masks[1], "--key", masks[0], "--key", "a-third-key"])
        .await
        .good();
    let after = home.row("channel").await;
    let ids = |row: &serde_json::Value| -> Vec<String> {
        row["backends"].as_array().unwrap().iter().map(|row| field(row, "id").to_owned()).collect()
    };
    let (before, after) = (ids(&before), ids(&after));
    assert_eq!((after.len(), &after[..2]), (3, &[before[1].clone(), before[0].clone()][..]), "the same rows");
    home.run(&["channel", "update", "c", "--base-url", "http://c:3", "--key", ""]).await.good();
    let row = home.row("channel").await;
    assert_eq!((&row["baseUrl"], &row["keys"]), (&json!("http://c:3"), &json!([])));
}

#[tokio::test]
async fn wrong_channels_are_refused_whole() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    let refused =
        home.run(&["channel", "add", "", "--base-url", "ftp://x", "--rate-limit", "-1"]).await.bad(2);
    for option in ["--name", "--base-url", "--rate-limit"] {
        assert!(refused.contains(&format!("error: {option} ")), "{option} in {refused}");
    }
    home.run(&["channel", "add", "no-address"]).await.bad(2);
    let keys = format!("good\n{MARKER} with a blank\nhttp://x:0|{MARKER}\n");
    let add = ["channel", "add", "c", "--base-url", "http://a:1", "--key-file", "-"];
    let refused = home.with_input(&add, &keys).await.bad(1);
    assert!(refused.contains("--key-file: line 2 must be visible ASCII"), "{refused}");
    assert!(refused.contains("--key-file: line 3 is no key line: the address has a port"), "{refused}");
    assert!(!refused.contains(MARKER), "{refused}");
    let empty = home.with_input(&add, "# none\n").await.bad(1);
    assert!(empty.contains("--key-file holds no key"), "{empty}");
    let missing = ["channel", "add", "c", "--base-url", "http://a:1", "--key-file", "no-such-file"];
    assert!(home.run(&missing).await.bad(1).contains("no-such-file cannot be read"));
    assert!(home.rows("channel").await.is_empty());
}
