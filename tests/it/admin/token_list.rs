//! `GET /admin/api/tokens`: pages by key, and filters.

use jiff::Timestamp;
use ollama2openai::access::Minted;
use ollama2openai::store::NewToken;
use serde_json::{Value, json};

use super::{PASSWORD, done_by, get, names, refused};
use crate::accounts::sql;
use crate::support::Gateway;

/// A gateway with these tokens, in this order.
async fn with(tokens: &[NewToken]) -> Gateway {
    let env = [("ADMIN_PASSWORD", PASSWORD), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")];
    Gateway::with_tokens(&env, tokens).await
}

fn token(name: &str, day: usize) -> NewToken {
    let minted = Minted::of(format!("sk-other-{name}"));
    NewToken {
        created_at: Some(format!("2026-01-{day:02}T00:00:00.000Z")),
        ..NewToken::new(name, minted.hash, minted.prefix, minted.last_four)
    }
}

/// The names of the tokens in an answer.
fn listed(answer: &Value) -> Vec<&str> {
    answer["tokens"].as_array().unwrap().iter().filter_map(|token| token["name"].as_str()).collect()
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let tokens: Vec<_> =
        ["a", "b", "c", "d", "e"].iter().enumerate().map(|(at, name)| token(name, at / 2 + 1)).collect();
    let gateway = with(&tokens).await;
    let whole = get(&gateway, "/tokens").await;
    assert_eq!((listed(&whole), names(&whole)), (vec!["a", "b", "c", "d", "e"], vec!["summary", "tokens"]));
    let first = get(&gateway, "/tokens?limit=2").await;
    assert_eq!(listed(&first), ["a", "b"]);
    // The one at the end goes, and another comes before it.
    let id = first["tokens"][1]["id"].as_str().unwrap();
    done_by(&gateway, "DELETE", &format!("/tokens/{id}"), &Value::Null).await;
    let next = |page: &Value| format!("/tokens?limit=2&cursor={}", page["nextCursor"].as_str().unwrap());
    let second = get(&gateway, &next(&first)).await;
    assert_eq!(listed(&second), ["c", "d"]);
    let third = get(&gateway, &next(&second)).await;
    assert_eq!((listed(&third), &third["nextCursor"]), (vec!["e"], &Value::Null));
    let exact = get(&gateway, "/tokens?limit=4").await;
    assert_eq!((listed(&exact).len(), &exact["nextCursor"]), (4, &Value::Null), "no page of nothing follows");
}

#[tokio::test]
async fn filters_hold_by_themselves_and_together() {
    let plain = token("Alice 100%", 1);
    let noted = NewToken { note: "for ALICE_x".to_owned(), ..token("bob", 2) };
    let off = NewToken { enabled: false, ..token("off", 3) };
    let past = Some("2020-01-01T00:00:00Z".to_owned());
    let old = NewToken { expires_at: past.clone(), ..token("old", 4) };
    let both = NewToken { enabled: false, expires_at: past, ..token("off and old", 5) };
    let soon = NewToken { expires_at: Some("2999-01-01T00:00:00Z".to_owned()), ..token("soon", 6) };
    let gateway = with(&[plain, noted, off, old, both, soon]).await;
    for (asked, expected) in [
        ("search=alice", vec!["Alice 100%", "bob"]),
        ("search=100%25", vec!["Alice 100%"]),
        ("search=%25", vec!["Alice 100%"]),
        ("search=e_x", vec!["bob"]),
        ("search=!", vec![]),
        ("search=nobody", vec![]),
        ("search=", vec!["Alice 100%", "bob", "off", "old", "off and old", "soon"]),
        ("status=enabled", vec!["Alice 100%", "bob", "soon"]),
        ("status=disabled", vec!["off", "off and old"]),
        ("status=expired", vec!["old"]),
        ("status=disabled&search=old", vec!["off and old"]),
        ("status=enabled&limit=2", vec!["Alice 100%", "bob"]),
    ] {
        let answer = get(&gateway, &format!("/tokens?{asked}")).await;
        assert_eq!(listed(&answer), expected, "{asked}");
        let counts = json!({"total": 6, "enabled": 3, "disabled": 2, "expired": 1});
        assert_eq!(answer["summary"], counts, "of all of them: {asked}");
    }
    for (asked, field) in [
        ("status=off", "status"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("cursor=nowhere", "cursor"),
        ("cursor=no_where", "cursor"),
        ("sort=none", "sort"),
        ("sort=name&cursor=2026-01-01T00:00:00.000Z_a", "cursor"),
        ("sort=totalTokens&cursor=6e_a", "cursor"),
        ("sort=lastUsed&cursor=12_a", "cursor"),
        (&format!("search={}", "x".repeat(201)), "search"),
    ] {
        let error = refused(&gateway, 400, "GET", &format!("/tokens?{asked}"), &Value::Null).await;
        assert_eq!(names(&error["fields"]), [field], "{error}");
    }
}

/// The names on all pages of two in this order.
async fn in_pages(gateway: &Gateway, sort: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(gateway, &format!("/tokens?limit=2&sort={sort}{cursor}")).await;
        all.extend(listed(&page).into_iter().map(str::to_owned));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn every_order_holds_over_pages() {
    let names = ["b", "Ä_b", "A", "c", "a"];
    let tokens: Vec<_> = names.iter().enumerate().map(|(at, name)| token(name, at + 1)).collect();
    let gateway = with(&tokens).await;
    let month = Timestamp::now().strftime("%Y-%m-01");
    for (name, limit, used, of, tokens, last) in [
        ("b", "1000", 999, month.to_string(), 5, "'2026-02-01T00:00:00.000Z'"),
        ("Ä_b", "10", 100, month.to_string(), 70, "NULL"),
        ("A", "10", 10, "2020-01-01".to_owned(), 5, "'2026-02-03T00:00:00.000Z'"),
        ("c", "NULL", 10, month.to_string(), 0, "NULL"),
        ("a", "10", 5, month.to_string(), 6, "'2026-02-02T00:00:00.000Z'"),
    ] {
        let set = format!(
            "UPDATE tokens SET quota_limit = {limit}, quota_used = {used}, quota_month = '{of}', \
             total_tokens = {tokens}, last_used = {last} WHERE name = '{name}'"
        );
        sql(&gateway, &set).await;
    }
    for (sort, expected) in
        [("createdAt", ["b", "Ä_b", "A", "c", "a"]), ("quotaUsed", ["c", "A", "a", "b", "Ä_b"])]
    {
        assert_eq!(in_pages(&gateway, sort).await, expected, "{sort}");
    }
    // Which of two that are equal comes first, their ids say.
    for sort in ["createdAt", "name", "lastUsed", "quotaUsed", "totalTokens"] {
        let mut up = in_pages(&gateway, sort).await;
        let whole = get(&gateway, &format!("/tokens?sort={sort}")).await;
        assert_eq!(up, listed(&whole), "{sort}");
        up.reverse();
        assert_eq!(in_pages(&gateway, &format!("-{sort}")).await, up, "{sort} from its end");
    }
    let by_name = in_pages(&gateway, "name").await;
    assert_eq!(by_name[2..].to_vec(), ["b", "c", "Ä_b"], "in any case");
    assert_eq!(in_pages(&gateway, "lastUsed").await[2..].to_vec(), ["b", "a", "A"]);
    assert_eq!(in_pages(&gateway, "-totalTokens").await[..2].to_vec(), ["Ä_b", "a"]);
}
