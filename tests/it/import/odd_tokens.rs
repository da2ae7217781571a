//! Ends, numbers and names of old tokens that are not as they should be: none of them opens more than before.

use ollama2openai::store::{Rows, TokenRow};
use serde_json::{Value, json};

use super::{folder, hides, stored, token};
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
    assert!(of(&report, 0).contains("was read as JavaScript reads it: 2020-01-31T00:00:00.000Z"), "{report}");
    let (rows, report) =
        started_with(&[json!({"expiresAt": null}), json!({"expiresAt": ""}), json!({"expiresAt": 0})]).await;
    for at in 0..3 {
        assert_eq!((&odd(&rows, at).expires_at, odd(&rows, at).enabled), (&None, true), "{report}");
    }
}
