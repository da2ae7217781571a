//! Ends, numbers and names of old tokens that are not as they should be: none of them opens more than before.

use ollama2openai::store::{Rows, TokenRow};
use serde_json::{Value, json};

use super::{channel, folder, hides, stored, token};
use crate::support::Gateway;

/// What the first start makes of tokens with these members; the text of each is `mArKeR-` and its number. With the
/// report.
async fn started_with(members: &[Value]) -> (Rows, String) {
    let tokens = members.iter().enumerate().map(|(at, members)| {
        let mut token = json!({"id": format!("t-{at}"), "name": format!("odd {at}."), "token": text(at), "enabled": true});
        token.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        token
    });
    let tokens = json!({"tokens": tokens.collect::<Vec<_>>()}).to_string();
    let home = folder(&[("tokens.json".to_owned(), tokens)]);
    let home = Gateway::start_in(home, &[]).await.stopped().await;
    let report = std::fs::read_to_string(home.path().join("import-report.txt")).unwrap();
    hides(&report);
    (stored(home.path()).await.0, report)
}

fn text(at: usize) -> String {
    format!("mArKeR-{at}")
}

fn odd(rows: &Rows, at: usize) -> &TokenRow {
    token(rows, &text(at))
}

/// The line of a token, and its notes.
#[track_caller]
fn of(report: &str, at: usize) -> String {
    let name = format!("token odd {at}. ");
    let begin = report
        .lines()
        .position(|line| line.contains(&name))
        .unwrap_or_else(|| panic!("no {name}in {report}"));
    let notes = report.lines().skip(begin + 1).take_while(|line| line.starts_with(&" ".repeat(30)));
    report.lines().skip(begin).take(1).chain(notes).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_end_is_read_as_javascript_read_it_or_the_token_is_turned_off() {
    let ends = [
        (json!("31 Jan 2020 00:00 UTC"), Some("2020-01-31T00:00:00.000Z")),
        (json!("2020"), Some("2020-01-01T00:00:00.000Z")),
        (json!("2020-02-30"), Some("2020-03-01T00:00:00.000Z")),
        (json!("1/5/20 00:00 GMT"), Some("2020-01-05T00:00:00.000Z")),
        (
            json!("Fri Jan 31 2020 08:00:00 GMT+0100 (Central European Standard Time)"),
            Some("2020-01-31T07:00:00.000Z"),
        ),
        (json!(1_577_836_800_000_i64), Some("2020-01-01T00:00:00.000Z")),
        (json!("9999-12-31T23:59:59.999Z"), Some("9999-12-30T22:00:00.999Z")),
        (json!("when it is done"), None),
        (json!("31.12.2099"), None),
        (json!("Jan 5"), None),
        (json!(1e300), None),
        (json!(true), None),
    ];
    let members: Vec<_> = ends.iter().map(|(end, _)| json!({"expiresAt": end})).collect();
    let (rows, report) = started_with(&members).await;
    for (at, (end, read)) in ends.iter().enumerate() {
        let (row, told) = (odd(&rows, at), of(&report, at));
        assert_eq!((row.expires_at.as_deref(), row.enabled), (*read, read.is_some()), "{end}");
        assert!(read.is_none_or(|read| read.parse::<jiff::Timestamp>().is_ok()));
        if read.is_none() {
            assert!(told.starts_with("  manual       new "), "{told}");
            assert!(told.contains("its expiresAt cannot be read: it is turned off"), "{told}");
        }
    }
    assert!(of(&report, 6).contains("is later than can be stored: it ends at 9999-12-30"), "{report}");
    assert!(of(&report, 0).contains("was read as JavaScript reads it: 2020-01-31T00:00:00.000Z"), "{report}");
    let (rows, report) =
        started_with(&[json!({"expiresAt": null}), json!({"expiresAt": ""}), json!({"expiresAt": 0})]).await;
    for at in 0..3 {
        assert_eq!((&odd(&rows, at).expires_at, odd(&rows, at).enabled), (&None, true), "{report}");
    }
}

#[tokio::test]
async fn a_limit_that_is_odd_is_never_none() {
    let most = 1_000_000_000_000_000;
    let limits = [
        (r#"{"quotaLimit": -5}"#, None),
        (r#"{"quotaLimit": "a lot"}"#, None),
        (r#"{"quotaLimit": "0"}"#, None),
        (r#"{"quotaLimit": [5]}"#, None),
        (r#"{"rateLimit": -0.1}"#, None),
        (r#"{"rateLimit": "1e400"}"#, None),
        (r#"{"quotaLimit": 1e16}"#, Some((None, Some(most)))),
        (r#"{"quotaLimit": 9223372036854775808}"#, Some((None, Some(most)))),
        (r#"{"quotaLimit": 1e300, "rateLimit": 1e300}"#, Some((Some(1_000_000), Some(most)))),
        (r#"{"quotaLimit": 0.3, "rateLimit": "30"}"#, Some((Some(30), Some(1)))),
        (r#"{"quotaLimit": 0, "rateLimit": null}"#, Some((None, None))),
    ];
    let members: Vec<_> = limits.iter().map(|(members, _)| serde_json::from_str(members).unwrap()).collect();
    let (rows, report) = started_with(&members).await;
    for (at, (members, want)) in limits.iter().enumerate() {
        let (row, told) = (odd(&rows, at), of(&report, at));
        assert_eq!(row.enabled, want.is_some(), "{members}");
        let is_clamped = want.is_some_and(|want| want.1 == Some(most));
        assert_eq!(told.starts_with("  manual "), want.is_none() || is_clamped, "{told}");
        match want {
            Some(limits) => assert_eq!((row.rate_limit, row.quota_limit), *limits, "{members}"),
            None => assert!(told.contains("is no number from 0 on: it is turned off; "), "{told}"),
        }
    }
}

#[tokio::test]
async fn a_weak_token_that_is_off_is_not_said_to_work() {
    let (_, report) =
        started_with(&[json!({}), json!({"enabled": false}), json!({"expiresAt": "soon"})]).await;
    assert!(of(&report, 0).contains("it works as before and is marked weak"), "{report}");
    for at in 1..3 {
        let told = of(&report, at);
        assert!(
            told.contains("it is turned off, and is marked weak") && !told.contains("works as before"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_cap_that_is_odd_is_never_none_and_a_rate_of_a_channel_had_no_effect() {
    let caps = [("-5", 1), ("\"many\"", 1), ("0.2", 1), ("1e16", 1_000_000), ("0", 0), ("3", 3)];
    let channels = caps.iter().enumerate().map(|(at, (cap, _))| {
        format!(
            r#"{{"id": "c-{at}", "name": "c{at}", "baseUrl": "http://127.0.0.1:1", "keys": [], "enabled": true,
            "maxConcurrent": {cap}, "rateLimit": {cap}, "weight": {cap}}}"#
        )
    });
    let channels = format!("{{\"channels\": [{}]}}", channels.collect::<Vec<_>>().join(","));
    let home =
        Gateway::start_in(folder(&[("channels.json".to_owned(), channels)]), &[]).await.stopped().await;
    let (rows, _) = stored(home.path()).await;
    for (at, (cap, want)) in caps.iter().enumerate() {
        let row = channel(&rows, &format!("c{at}"));
        assert_eq!((row.max_concurrent, row.enabled), (*want, true), "{cap}");
        assert!((1..=1_000_000).contains(&row.weight), "{cap}: {}", row.weight);
        assert_eq!(row.rate_limit.is_none(), at < 2 || *cap == "0", "{cap}");
    }
    let report = std::fs::read_to_string(home.path().join("import-report.txt")).unwrap();
    assert_eq!(report.matches("maxConcurrent is no number from 0 on: it is 1").count(), 2, "{report}");
    assert_eq!(report.matches("rateLimit is no number from 0 on, and had no effect").count(), 2, "{report}");
}

#[tokio::test]
async fn names_lose_what_turns_the_text_around_them() {
    let odd_name = "odd 0. \u{202e}drawkcab\u{2066}\u{7} \u{645}\u{6cc}\u{200c}\u{62e}";
    let (rows, report) = started_with(&[json!({"name": odd_name})]).await;
    assert_eq!(
        odd(&rows, 0).name,
        "odd 0. drawkcab \u{645}\u{6cc}\u{200c}\u{62e}",
        "what writing needs stays"
    );
    assert!(of(&report, 0).contains("the name was made to fit"), "{report}");
    let key = json!({"id": "k", "key": "mArKeR-k", "baseUrl": "http://127.0.0.1:1", "enabled": true,
        "group": "a\u{202e}b", "tags": ["c\u{202e}", "d"], "models": ["e\u{202e}"]});
    let keys = json!({"keys": [key]}).to_string();
    let home = Gateway::start_in(folder(&[("keys.json".to_owned(), keys)]), &[]).await.stopped().await;
    let row = &stored(home.path()).await.0.backends[0];
    assert_eq!((row.group.as_str(), &row.tags[..], row.enabled), ("ab", &["d".to_owned()][..], false));
    let report = std::fs::read_to_string(home.path().join("import-report.txt")).unwrap();
    assert!(!report.contains('\u{202e}') && report.contains("group was made to fit"), "{report}");
}
