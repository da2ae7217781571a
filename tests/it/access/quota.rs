//! Monthly quotas and what was used: nothing is lost, nothing is counted twice, and no crowd gets more than there is.

use std::path::Path;
use std::time::Duration;

use ollama2openai::fake::{End, Fake, Request as Asked, Script};
use ollama2openai::store::{NewToken, Store, TokenQuery, TokenRow, UsageRow};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{CHAT, ask, gateway, gateway_with, token, told, with};
use crate::support::Gateway;
use crate::support::client::{self, Request, Response};
use crate::support::home_with_tokens;
use crate::support::ollama::{chat, line, says};
use crate::support::wait::{Beside, beside, pause, within};

/// What a prompt of [`long`] is estimated at, and what the Ollama of these tests says that it has.
const PROMPT: u64 = 1024;
/// What each reply wants to have.
const REPLY: u64 = 100;

/// A request whose prompt is estimated at about [`PROMPT`].
fn long(text: &str) -> Request {
    let mut body = chat(false);
    body["messages"][0]["content"] = "word".repeat(1000).into();
    body["max_tokens"] = REPLY.into();
    with(Request::post(CHAT, &body), text)
}

/// The last line of an answer with these counts.
fn counts(prompt: u64, completion: u64) -> Value {
    json!({"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": true, "done_reason": "stop",
        "prompt_eval_count": prompt, "eval_count": completion})
}

/// Answers after a while, as long as it may.
fn answers(asked: &Asked) -> Script {
    let wants = asked.json().unwrap()["options"]["num_predict"].as_u64().unwrap_or(REPLY);
    let reply = Script::json(200, &counts(PROMPT, wants.min(REPLY)));
    Script { delay: Duration::from_millis(150), ..reply }
}

/// Prompt and completion as a reply tells them.
fn usage(reply: &Response) -> (i64, i64) {
    let usage = &reply.json()["usage"];
    (usage["prompt_tokens"].as_i64().unwrap(), usage["completion_tokens"].as_i64().unwrap())
}

async fn books(home: &Path) -> (TokenRow, Vec<UsageRow>) {
    let store = Store::open(home, None).await.unwrap();
    let books =
        (store.tokens(&TokenQuery::default()).await.unwrap().remove(0), store.usage_since(0).await.unwrap());
    store.close().await;
    books
}

/// Requests, prompt and completion of one outcome.
fn sum(usage: &[UsageRow], outcome: &str) -> (i64, i64, i64) {
    let of = usage.iter().filter(|row| row.outcome == outcome).map(|row| row.counts);
    of.fold((0, 0, 0), |sum, counts| {
        (sum.0 + counts.requests, sum.1 + counts.prompt_tokens, sum.2 + counts.completion_tokens)
    })
}

#[tokio::test]
async fn a_crowd_gets_no_more_than_there_is() {
    let room = 50 * (PROMPT + REPLY);
    let alice = NewToken { quota_limit: Some(i64::try_from(room).unwrap()), ..token("alice") };
    let (_fake, gateway) = gateway_with(answers, &[], &[alice]).await;
    let addr = gateway.addr;
    let crowd: Vec<_> =
        (0..200).map(|_| beside(async move { client::send(addr, &long("alice")).await })).collect();
    let (mut served, mut refused, mut prompt, mut completion) = (0, 0, 0, 0);
    for client in crowd {
        let reply = client.value().await;
        match told(&reply) {
            (200, _) => {
                let (one, other) = usage(&reply);
                (served, prompt, completion) = (served + 1, prompt + one, completion + other);
            }
            (429, code) if code == "insufficient_quota" => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    let (used, room) = (prompt + completion, i64::try_from(room).unwrap());
    assert_eq!(served + refused, 200, "every one of them was answered");
    // An estimate is wrong by 2 % here, for each that runs at once.
    assert!(used <= room + room / 50, "{used} of {room}");
    assert!(served >= 48, "there is room for fifty: {served}");
    let home = gateway.stopped().await;
    let (token, usage) = books(home.path()).await;
    assert_eq!(sum(&usage, "ok"), (served, prompt, completion), "the books say what clients were told");
    assert_eq!(sum(&usage, "quota"), (refused, 0, 0));
    assert_eq!((token.quota_used, token.totals.total_tokens), (used, used));
    assert_eq!((token.totals.total_requests, token.totals.failed_requests), (200, refused));
    let again = Gateway::start_in(home, &[]).await;
    let mut short = chat(false);
    short["messages"][0]["content"] = "word".repeat(4000).into();
    let reply = again.send(&with(Request::post(CHAT, &short), "alice")).await;
    assert_eq!(told(&reply), (429, "insufficient_quota".to_owned()), "a restart forgets nothing");
    assert_eq!(reply.header("retry-after"), None);
}

#[tokio::test]
async fn a_reply_is_no_longer_than_what_is_left() {
    let alice = NewToken { quota_limit: Some(2000), ..token("alice") };
    let (fake, gateway) =
        gateway_with(answers, &[("QUOTA_DEFAULT_COMPLETION", "700")], &[alice, token("bob")]).await;
    let sent = async |request: Request| {
        let reply = gateway.send(&request).await;
        let asked = fake.log.of("/api/chat").last().unwrap().request.json().unwrap();
        (reply.status, asked["options"]["num_predict"].clone())
    };
    let small = |text: &str, most: Option<u64>| {
        let mut body = chat(false);
        if let Some(most) = most {
            body["max_tokens"] = most.into();
        }
        with(Request::post(CHAT, &body), text)
    };
    assert_eq!(sent(small("alice", None)).await, (200, json!(700)), "nothing was said");
    let (status, clipped) = sent(small("alice", Some(5000))).await;
    let left = clipped.as_u64().unwrap();
    assert!(status == 200 && (840..880).contains(&left), "876 are left, a prompt of few not counted: {left}");
    assert_eq!(sent(small("bob", None)).await, (200, Value::Null), "without a quota nothing is added");
    assert_eq!(sent(small("bob", Some(30))).await, (200, json!(30)));
}

#[tokio::test]
async fn what_is_cut_costs_its_prompt_and_what_was_seen() {
    let script = |asked: &Asked| {
        let words = ["One", " two", " three"].map(|word| line(&says(word)));
        match asked.json().unwrap()["stream"].as_bool() {
            Some(true) => Script::streamed("application/x-ndjson", words.to_vec()).ending(End::Hang),
            _ => Script { delay: Duration::from_secs(60), ..Script::json(200, &counts(1, 1)) },
        }
    };
    let (fake, gateway) = gateway_with(script, &[], &[token("alice")]).await;
    let mut stream = client::open(gateway.addr, &with(Request::post(CHAT, &chat(true)), "alice")).await;
    let mut text = String::new();
    while !text.contains("three") {
        text += &stream.next_data().await.unwrap().data.unwrap();
    }
    drop(stream);
    let addr = gateway.addr;
    let whole = beside(async move { client::send(addr, &ask("alice")).await });
    let asked = async {
        while fake.log.of("/api/chat").len() < 2 {
            pause(Duration::from_millis(5)).await;
        }
    };
    within("the whole one has reached Ollama", asked).await;
    drop(whole);
    let home = gateway.stopped().await;
    let (token, usage) = books(home.path()).await;
    let (requests, prompt, completion) = sum(&usage, "client_gone");
    assert_eq!((requests, completion), (2, 3), "{usage:?}");
    assert!((20..60).contains(&prompt), "two short prompts, estimated: {prompt}");
    assert_eq!(token.quota_used, prompt + completion);
}

#[tokio::test]
async fn what_fails_before_anything_came_costs_nothing() {
    let (_fake, gateway) =
        gateway_with(|_| Script::json(500, &json!({"error": "boom"})), &[], &[token("alice")]).await;
    assert_eq!(gateway.send(&ask("alice")).await.status, 502);
    let (token, usage) = books(gateway.stopped().await.path()).await;
    let outcome = &usage.iter().find(|row| row.counts.requests == 1).unwrap().outcome;
    assert_eq!(sum(&usage, outcome), (1, 0, 0));
    assert_eq!((token.quota_used, token.totals.failed_requests), (0, 1));
}

#[tokio::test]
async fn what_comes_from_a_cache_is_not_charged() {
    let env = [("CACHE_CHAT", "true")];
    let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
    for _ in 0..3 {
        assert_eq!(gateway.send(&ask("alice")).await.status, 200);
    }
    let (token, usage) = books(gateway.stopped().await.path()).await;
    assert_eq!(sum(&usage, "ok"), (3, 9, 6), "clients were told so");
    assert_eq!(usage.iter().map(|row| row.counts.cached_tokens).sum::<i64>(), 10);
    assert_eq!(token.quota_used, 5);
}

#[tokio::test]
async fn a_quota_begins_anew_with_the_month() {
    let of = |month: &str| NewToken {
        quota_limit: Some(100),
        quota_used: 100,
        quota_month: Some(month.to_owned()),
        ..token(month)
    };
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Pacific/Kiritimati").unwrap());
    let this = now.date().first_of_month();
    let last = this.yesterday().unwrap().first_of_month();
    let (this, last) = (this.to_string(), last.to_string());
    let tokens = [of(&this), of(&last)];
    let (_fake, gateway) = gateway(&[("QUOTA_TIMEZONE", "Pacific/Kiritimati")], &tokens).await;
    let mut body = chat(false);
    body["max_tokens"] = 20.into();
    let asks = async |text: &str| gateway.send(&with(Request::post(CHAT, &body), text)).await.status;
    assert_eq!((asks(&this).await, asks(&last).await), (429, 200));
}

/// The program itself, on a folder that outlives it.
async fn program(home: &Path, fake: &Fake) -> (tokio::process::Child, std::net::SocketAddr, Beside<()>) {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .current_dir(home)
        .env_clear()
        .envs([("PORT", "0"), ("LOG_FORMAT", "json"), ("OLLAMA_BASE_URL", &fake.url())])
        .envs([("DATA_DIR", "."), ("RATE_LIMIT_IP_ENABLED", "false"), ("RATE_LIMIT_TOKEN_ENABLED", "false")])
        .env("RATE_LIMIT_GLOBAL_ENABLED", "false")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let addr = loop {
        let line = within("the address", lines.next_line()).await.unwrap().expect("the program runs");
        if let Some(url) = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str() {
            break url.trim_start_matches("http://").parse().unwrap();
        }
    };
    // Somebody must read what it has to say.
    let rest = beside(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, addr, rest)
}

#[tokio::test]
async fn a_kill_takes_no_more_than_the_last_second_with_it() {
    let home = home_with_tokens(&[token("alice")]).await;
    let fake = crate::support::ollama::ollama(|_| Script::json(200, &counts(3, 2))).await;
    let (mut child, addr, _log) = program(home.path(), &fake).await;
    let begin = std::time::Instant::now();
    let mut told_at = Vec::new();
    while begin.elapsed() < Duration::from_millis(2500) {
        let reply = client::send(addr, &ask("alice")).await;
        assert_eq!(usage(&reply), (3, 2));
        told_at.push(std::time::Instant::now());
    }
    child.kill().await.unwrap();
    let killed = std::time::Instant::now();
    let (token, usage) = books(home.path()).await;
    let (requests, prompt, completion) = sum(&usage, "ok");
    let old = told_at.iter().filter(|at| killed - **at > Duration::from_secs(1)).count();
    let all = told_at.len();
    let written = usize::try_from(requests).unwrap();
    assert!(written >= old && written <= all, "{written} of {all}, {old} of them older than a second");
    assert_eq!((prompt, completion, token.quota_used), (3 * requests, 2 * requests, 5 * requests));
}

#[tokio::test]
async fn a_refusal_says_what_is_missing_and_that_no_retry_helps() {
    let poor = NewToken { quota_limit: Some(100), models: vec!["m".to_owned()], ..token("poor") };
    let (_fake, gateway) = gateway(&[], &[poor]).await;
    let refused = gateway.send(&long("poor")).await;
    assert_eq!(told(&refused), (429, "insufficient_quota".to_owned()));
    assert_eq!((refused.header("x-should-retry"), refused.header("retry-after")), (Some("false"), None));
    let text = refused.text();
    let needs: u64 = text.split(" needs ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((1000..1100).contains(&needs) && text.contains("100 of 100 are left"), "{text}");
    // Whoever showed the token is counted: lists, what is refused for the model or the quota, mistakes.
    assert_eq!(gateway.send(&with(Request::get("/v1/models"), "poor")).await.status, 200);
    let mut other = chat(false);
    other["model"] = "other".into();
    assert_eq!(gateway.send(&with(Request::post(CHAT, &other), "poor")).await.status, 403);
    assert_eq!(gateway.send(&with(Request::post(CHAT, &json!({})), "poor")).await.status, 400);
    let home = gateway.stopped().await;
    let (row, usage) = books(home.path()).await;
    let requests: i64 = usage.iter().map(|row| row.counts.requests).sum();
    assert_eq!((row.totals.total_requests, requests), (4, 4));
}
