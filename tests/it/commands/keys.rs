//! `key`.

use std::fmt::Write as _;

use ollama2openai::store::Store;
use serde_json::json;

use super::{Home, MARKER, field};

/// The credentials that are stored, in order.
async fn credentials(home: &Home) -> Vec<String> {
    let store = Store::open(&home.path("data"), None).await.unwrap();
    let rows = store.load().await.unwrap();
    rows.backends.iter().map(|row| row.credential.as_ref().unwrap().expose().to_owned()).collect()
}

#[tokio::test]
async fn every_form_of_a_key_line_is_added() {
    let home = Home::new();
    let lines = [
        "http://a:1|secret-a",
        "secret-b|http://b:2/api",
        "http://c#secret-c",
        "http://d:4/sk-0123456789abcdefghij",
        "http://e:5",
        "secret-f",
        "http://g:7|one, http://h:8|two",
    ];
    let args: Vec<&str> = ["key", "add", "--base-url", "http://default:9"].into_iter().chain(lines).collect();
    let out = home.run(&args).await.good();
    assert!(out.starts_with("line 1: added ") && out.ends_with("8 added, 0 duplicate, 0 bad\n"), "{out}");
    let rows = home.rows("key").await;
    let bases: Vec<&str> = rows.iter().map(|row| field(row, "baseUrl")).collect();
    let expected = ["a:1", "b:2", "c", "d:4", "e:5", "default:9", "g:7", "h:8"];
    assert_eq!(bases, expected.map(|host| format!("http://{host}")));
    let expected =
        ["secret-a", "secret-b", "secret-c", "sk-0123456789abcdefghij", "", "secret-f", "one", "two"];
    assert_eq!(credentials(&home).await, expected);
}

#[tokio::test]
async fn a_long_file_is_taken_but_for_its_bad_lines_and_duplicates() {
    let home = Home::new();
    let (mut text, mut bad) = (String::from("# keys of the lab\n"), Vec::new());
    for number in 2..=10_000 {
        if number % 1000 == 7 {
            bad.push(number);
            writeln!(text, "http://gpu-{number}:11434|{MARKER} and a blank").unwrap();
        } else {
            writeln!(text, "http://gpu-{number}:11434|{MARKER}-{number}").unwrap();
        }
    }
    text.push_str(&format!("http://gpu-2:11434/api|{MARKER}-2\n"));
    std::fs::write(home.path("keys.txt"), &text).unwrap();
    let ran = home.run(&["key", "add", "--file", "keys.txt", "--weight", "3"]).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 9_999 + 1 + 1);
    for number in bad {
        let line =
            format!("line {number}: error: http://gpu-{number}:11434|sk-mAr***lank: the key holds a blank");
        assert!(lines.contains(&line.as_str()), "{line}");
    }
    assert!(lines[0].starts_with("line 2: added "), "{}", lines[0]);
    assert!(lines[9_999].starts_with("line 10001: duplicate of "), "{}", lines[9_999]);
    assert_eq!(lines[10_000], "9989 added, 1 duplicate, 10 bad");
    assert!(ran.err.ends_with("\nerror: 10 of 10000 key lines are bad and were not taken\n"), "{}", ran.err);
    assert!(!ran.out.contains(MARKER), "a credential was printed");
    let rows = home.rows("key").await;
    assert_eq!((rows.len(), &rows[9_988]["weight"]), (9_989, &json!(3)));
    // From standard input, all of them are known.
    let again = home.with_input(&["key", "add", "-"], &text).await;
    assert!(again.out.ends_with("0 added, 9990 duplicate, 10 bad\n"), "{}", again.code);
}

#[tokio::test]
async fn options_are_stored_and_wrong_ones_named() {
    let home = Home::new();
    let args = "key add http://a:1|k --name Büro --weight 0 --priority -3 --max-concurrent 4 --model llama* \
                --model qwen3 --map gpt-4=llama3.3:70b --group eu --tag fast --tag paid --disabled";
    home.run(&args.split_whitespace().collect::<Vec<_>>()).await.good();
    let row = home.row("key").await;
    for (name, value) in [
        ("name", json!("Büro")),
        ("weight", json!(10)),
        ("priority", json!(-3)),
        ("maxConcurrent", json!(4)),
        ("models", json!(["llama*", "qwen3"])),
        ("modelMapping", json!({"gpt-4": "llama3.3:70b"})),
        ("group", json!("eu")),
        ("tags", json!(["fast", "paid"])),
        ("enabled", json!(false)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let refused = home
        .run(&[
            "key",
            "add",
            "http://b:2|k",
            "--weight",
            "1000001",
            "--priority",
            "1.5",
            "--max-concurrent",
            "-1",
            "--map",
            "a",
            "--name",
            "two\nlines",
            "--base-url",
            &format!("http://u:{MARKER}@x"),
        ])
        .await
        .bad(2);
    for option in ["--weight", "--priority", "--max-concurrent", "--map", "--name", "--base-url"] {
        assert!(refused.contains(&format!("error: {option} ")), "{option} in {refused}");
    }
    assert!(!refused.contains(MARKER), "{refused}");
    let two = home.run(&["key", "add", "http://b:2|k", "http://c:3|k", "--name", "x"]).await.bad(1);
    assert!(two.contains("--name is for one key line"), "{two}");
    home.run(&["key", "add"]).await.bad(2);
    let comment = home.run(&["key", "add", "# nothing"]).await.bad(1);
    assert!(comment.contains("no key line"), "{comment}");
    assert_eq!(home.rows("key").await.len(), 1, "nothing of what was refused is stored");
}

#[tokio::test]
async fn a_key_in_the_wrong_place_is_not_repeated() {
    let home = Home::new();
    let line = format!("http://a:1|{MARKER}");
    for args in [
        &["key", &line][..],
        &["key", "list", MARKER],
        &["key", "list", &line],
        &["channel", "add", "c", MARKER, "--base-url", "http://a:1"],
    ] {
        let refused = home.run(args).await.bad(2);
        assert!(refused.contains("***") && !refused.contains(MARKER), "{args:?}: {refused}");
    }
    let slip = home.run(&["key", "lst"]).await.bad(2);
    assert!(slip.contains("'lst'") && slip.contains("'list'"), "{slip}");
}

#[tokio::test]
async fn lists_mask_credentials_and_line_up() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    let empty = home.run(&["key", "list"]).await.good();
    assert!(empty.starts_with("no keys in ") && empty.ends_with("data\n"), "{empty}");
    home.run(&["key", "add", &format!("http://a:1|{MARKER}"), "--name", "北京"]).await.good();
    home.run(&["key", "add", "http://b-long-name:2", "--name", "a longer name"]).await.good();
    let table = home.run(&["key", "list"]).await.good();
    let json = home.run(&["key", "list", "--json"]).await.good();
    assert!(!table.contains(MARKER) && !json.contains(MARKER));
    assert!(table.contains("sk-mAr***1f9c"), "{table}");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    let head: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(head[..3], ["ID", "NAME", "KEY"]);
    // Two letters of four columns: as many bytes more as they are wide.
    assert_eq!(lines[2].find("http"), lines[0].find("BASE URL"));
    assert_eq!(lines[1].find("http"), lines[0].find("BASE URL").map(|at| at + 2));
    assert!(table.contains("(empty)") && table.contains("yes"), "{table}");
}

#[tokio::test]
async fn a_key_is_changed_by_id_by_its_beginning_and_by_name() {
    let home = Home::new();
    home.run(&["key", "add", "http://a:1|k1", "--name", "one", "--model", "m", "--tag", "t"]).await.good();
    let id = field(&home.row("key").await, "id").to_owned();
    let change = async |which: &str, options: &[&str]| {
        let args = [&["key", "update", which], options].concat();
        home.run(&args).await.good();
        home.row("key").await
    };
    assert_eq!(change(&id, &["--weight", "7"]).await["weight"], 7);
    assert_eq!(change(&id[..12].to_uppercase(), &["--priority", "-2"]).await["priority"], -2);
    let row = change("one", &["--name", "two", "--model", "", "--disabled"]).await;
    assert_eq!((&row["name"], &row["models"], &row["enabled"]), (&json!("two"), &json!([]), &json!(false)));
    assert_eq!((&row["weight"], &row["tags"]), (&json!(7), &json!(["t"])), "what is not named stays");
    home.run(&["key", "enable", "two"]).await.good();
    assert_eq!(home.row("key").await["enabled"], true);
    home.run(&["key", "disable", &id, "two"]).await.good();
    assert_eq!(home.row("key").await["enabled"], false);
    let nothing = home.run(&["key", "update", "two"]).await.bad(2);
    assert!(nothing.contains("nothing to change"), "{nothing}");
    home.run(&["key", "delete", "two"]).await.good();
    assert!(home.rows("key").await.is_empty());
}

#[tokio::test]
async fn a_stored_key_goes_to_no_other_address() {
    let home = Home::new();
    home.run(&["key", "add", "http://a:1|k1", "--name", "one"]).await.good();
    let moved = home.run(&["key", "update", "one", "--base-url", "http://evil:1"]).await.bad(1);
    assert!(moved.contains("--key must be entered again"), "{moved}");
    // Another path of the same place is no other place.
    home.run(&["key", "update", "one", "--base-url", "http://a:1/below/api"]).await.good();
    assert_eq!(home.row("key").await["baseUrl"], "http://a:1/below");
    let failed = home.with_input(&["key", "update", "one", "--key", "-"], "\n").await.bad(1);
    assert!(failed.contains("nothing came on standard input"), "{failed}");
    let blank = home.with_input(&["key", "update", "one", "--key", "-"], &format!("{MARKER} x")).await.bad(1);
    assert!(blank.contains("--key must be visible ASCII") && !blank.contains(MARKER), "{blank}");
    let both = ["key", "update", "one", "--base-url", "https://a:1", "--key", "-"];
    let out = home.with_input(&both, &format!("{MARKER}\n")).await.good();
    assert!(!out.contains(MARKER), "{out}");
    assert_eq!(credentials(&home).await, [MARKER]);
    // A server that needs no key may move.
    home.run(&["key", "update", "one", "--key", ""]).await.good();
    home.run(&["key", "update", "one", "--base-url", "http://b:2"]).await.good();
    assert_eq!(credentials(&home).await, [""]);
}

#[tokio::test]
async fn what_is_ambiguous_or_unknown_is_refused() {
    let home = Home::new();
    home.run(&["key", "add", "http://a:1|k1", "--name", "same"]).await.good();
    home.run(&["key", "add", "http://a:1|k2", "--name", "same"]).await.good();
    let rows = home.rows("key").await;
    let ids: Vec<&str> = rows.iter().map(|row| field(row, "id")).collect();
    // Ids begin with their time.
    for which in ["same", &ids[0][..4]] {
        for command in ["update", "delete", "enable"] {
            let options: &[&str] = if command == "update" { &["--weight", "1"] } else { &[] };
            let refused = home.run(&[&["key", command, which], options].concat()).await.bad(1);
            assert!(refused.contains("means 2 keys"), "{refused}");
            assert!(ids.iter().all(|id| refused.contains(id)), "it names them: {refused}");
        }
    }
    for which in ["nobody", "", "SAME"] {
        let refused = home.run(&["key", "delete", which]).await.bad(1);
        assert!(refused.contains("there is no key whose name is"), "{refused}");
    }
    assert_eq!(home.rows("key").await.len(), 2);
    let taken = home.run(&["key", "update", ids[1], "--key", "k1"]).await.bad(1);
    assert!(taken.contains("the same key"), "{taken}");
}

#[tokio::test]
async fn a_key_in_the_place_of_an_option_is_not_repeated_by_a_tip() {
    let home = Home::new();
    for args in
        [&["key", "add", "--sk-secret9"][..], &["key", "add", "--sk-secret9=x"], &["key", "sk-secret9"]]
    {
        let refused = home.run(args).await.bad(2);
        assert!(refused.contains("'***'") && !refused.contains("secret9"), "{refused}");
    }
    let slip = home.run(&["token", "create", "--nam", "x"]).await.bad(2);
    assert!(slip.contains("a similar argument exists: '--name'"), "a slip in a word is helped: {slip}");
}
