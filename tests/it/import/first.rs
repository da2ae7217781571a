//! The first start in a data folder of the Node program.

use std::os::unix::fs::PermissionsExt as _;

use ollama2openai::app::App;
use ollama2openai::config::{self, Secret, Sources};
use ollama2openai::fake::{Request as Seen, Script};
use ollama2openai::store::{By, NewKey, Store, UseOf};
use serde_json::{Value, json};

use super::{ALICE, MARKER, channel, full, hides, key, old_files, small, stored, token};
use crate::support::Gateway;
use crate::support::child;
use crate::support::client::{Request, Response};
use crate::support::ollama::{done, ollama, says, whole};
use crate::support::running::serve;

const CHAT: &str = "/v1/chat/completions";
const REPORT: &str = "import-report.txt";
/// A token that is not of our form.
const BY_HAND: &str = "mArKeR-by-hand";

/// A chat with a model, by a token.
async fn ask_any(gateway: &Gateway, token: &str, model: &str) -> Response {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    gateway.send(&Request::post(CHAT, &body).header("authorization", &format!("Bearer {token}"))).await
}

/// The answer to one that is let in.
async fn ask(gateway: &Gateway, token: &str, model: &str) -> Value {
    let reply = ask_any(gateway, token, model).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["choices"][0]["message"]["content"].clone()
}

async fn fake(name: &'static str) -> ollama2openai::fake::Fake {
    ollama(move |request: &Seen| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says(name), &done()]),
        false => whole(name),
    })
    .await
}

#[tokio::test]
async fn the_oldest_form_is_served_from_the_first_request_on() {
    let a = fake("a").await;
    let gateway = Gateway::start_in(small(&[("http://gpu-a:11434", &a.url())]), &[]).await;
    assert_eq!(ask(&gateway, ALICE, "m").await, "a");
    let sent = a.log.of("/api/chat")[0].request.clone();
    assert_eq!(sent.header("authorization"), Some("Bearer sk-mArKeR-small-0123456789"));
    let home = gateway.stopped().await;
    let (rows, settings) = stored(home.path()).await;
    let row = key(&rows, "0a01");
    assert_eq!((row.enabled, row.weight, row.priority, row.max_concurrent), (true, 10, 0, 0));
    assert_eq!(row.name, "sk-m...6789");
    assert!(row.models.is_empty() && row.model_mapping.is_empty() && settings.is_empty());
    let alice = token(&rows, ALICE);
    assert_eq!((alice.id.as_str(), alice.name.as_str()), ("7b1f9f0e-0d0e-4c55-9a51-0c6f3a2b1c01", "alice"));
    assert!(alice.enabled && !alice.weak && alice.allow_client_options && rows.had_tokens);
}

#[tokio::test]
async fn channels_and_keys_of_a_full_folder_serve_with_their_models_and_mappings() {
    let (a, b) = (fake("a").await, fake("b").await);
    let home = full(&[("http://gpu-a:11434", &a.url()), ("http://gpu-b:11434", &b.url())]);
    let gateway = Gateway::start_in(home, &[]).await;
    // The old program had given up on both and held their places: neither is carried.
    assert_eq!(ask(&gateway, BY_HAND, "llama3.2").await, "b");
    assert_eq!(ask(&gateway, BY_HAND, "gpt-4").await, "b");
    assert_eq!(ask(&gateway, ALICE, "qwen3:8b").await, "a");
    assert_eq!(ask(&gateway, BY_HAND, "gpt-4o").await, "a");
    let models = |fake: &ollama2openai::fake::Fake| -> Vec<Value> {
        fake.log.of("/api/chat").iter().map(|seen| seen.request.json().unwrap()["model"].clone()).collect()
    };
    assert_eq!(
        (models(&b), models(&a)),
        (vec![json!("llama3.2"), json!("llama3.3:70b")], vec![json!("qwen3:8b"); 2])
    );
}

#[tokio::test]
async fn old_tokens_open_what_they_opened_and_no_more() {
    let (a, b) = (fake("a").await, fake("b").await);
    let home = full(&[("http://gpu-a:11434", &a.url()), ("http://gpu-b:11434", &b.url())]);
    let gateway = Gateway::start_in(home, &[]).await;
    for (token, model, status, code) in [
        (ALICE, "llama3.2", 403, "model_not_allowed"),
        ("sk-o2o-mArKeR-off", "qwen3:8b", 401, "token_disabled"),
        ("sk-o2o-mArKeR-from-nowhere", "qwen3:8b", 401, "token_disabled"),
        ("sk-o2o-mArKeR-odd-end", "qwen3:8b", 401, "token_disabled"),
        ("anything", "qwen3:8b", 401, "invalid_api_key"),
    ] {
        let reply = ask_any(&gateway, token, model).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{token}");
    }
    assert_eq!(ask(&gateway, ALICE, "qwen3:8b").await, "a");
    assert_eq!(ask(&gateway, BY_HAND, "qwen3:8b").await, "a");
}

#[tokio::test]
async fn a_quota_that_is_used_up_stays_so_until_its_month_is_over() {
    let a = fake("a").await;
    let there = ("http://gpu-a:11434", a.url());
    let used_up = [(there.0, there.1.as_str()), ("18230", "500000")];
    let gateway = Gateway::start_in(full(&used_up), &[]).await;
    let reply = ask_any(&gateway, ALICE, "qwen3:8b").await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (429, &json!("insufficient_quota")));
    let over = [&used_up[..], &[("NEXT-MONTH", "2026-01-01T00:00:00.000Z")]].concat();
    let gateway = Gateway::start_in(full(&over), &[]).await;
    assert_eq!(ask(&gateway, ALICE, "qwen3:8b").await, "a");
}

#[tokio::test]
async fn rules_of_addresses_are_in_force_from_the_first_request_on() {
    let a = fake("a").await;
    let home = small(&[("http://gpu-a:11434", &a.url())]);
    let rules = r#"{"mode": "whitelist", "whitelist": ["203.0.113.7"], "blacklist": []}"#;
    std::fs::write(home.path().join("access.json"), rules).unwrap();
    let gateway =
        Gateway::start_in(home, &[("IP_ACCESS_MODE", "disabled"), ("IP_WHITELIST", "127.0.0.1")]).await;
    let reply = ask_any(&gateway, ALICE, "m").await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (403, &json!("ip_not_allowed")));
    // An empty list let everybody in, and so does what it becomes.
    let home = small(&[("http://gpu-a:11434", &a.url())]);
    std::fs::write(home.path().join("access.json"), r#"{"mode": "whitelist", "whitelist": []}"#).unwrap();
    let gateway = Gateway::start_in(home, &[("IP_ACCESS_MODE", "whitelist")]).await;
    assert_eq!(ask(&gateway, ALICE, "m").await, "a");
    let text = std::fs::read_to_string(gateway.home().join(REPORT)).unwrap();
    assert!(text.contains("an empty whitelist let everybody in before"), "{text}");
}

#[tokio::test]
async fn the_old_files_stay_as_they_are_and_the_report_holds_no_secret() {
    let home = full(&[]);
    let before = old_files(home.path());
    let gateway = Gateway::start_in(home, &[]).await;
    let home = gateway.stopped().await;
    assert_eq!(old_files(home.path()), before);
    let report = home.path().join(REPORT);
    assert_eq!(std::fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(report).unwrap();
    hides(&text);
    for name in ["keys.json", "channels.json", "tokens.json"] {
        let shown = home.path().join(name).display().to_string();
        let secrets = text.lines().find(|line| line.starts_with("Secrets in plain text")).unwrap();
        assert!(secrets.contains(&shown), "{shown} in {secrets}");
        assert!(text.lines().any(|line| line == shown), "{shown} in {text}");
    }
    assert!(text.contains("manual       not taken      records\n"), "logs are named: {text}");
    for file in ["ollama2openai.db", "secret.key"] {
        let bytes = std::fs::read(home.path().join(file)).unwrap();
        for secret in [MARKER, ALICE] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} in {file}");
        }
    }
}

#[tokio::test]
async fn the_start_prints_what_it_took_over_and_names_no_secret() {
    let home = full(&[]);
    let mut env =
        vec![("DATA_DIR".to_owned(), home.path().display().to_string()), ("PORT".to_owned(), "0".to_owned())];
    let mut running = serve(home.path(), &env);
    let mut shown = Vec::new();
    while !shown.iter().any(|line: &String| line.contains("listening")) {
        shown.push(running.printed().await);
    }
    let shown = shown.concat();
    hides(&shown);
    assert!(
        shown.contains("imported   from the Node program: 8 keys, 3 channels, 5 tokens, 2 settings\n"),
        "{shown}"
    );
    assert!(shown.contains("4 things need you\n"), "{shown}");
    assert!(shown.contains(&format!("all of it: {}\n", home.path().join(REPORT).display())), "{shown}");
    assert!(shown.contains("Secrets in plain text are still in: "), "{shown}");
    running.kill().await;
    // In JSON the same goes to the log; a start without old files says nothing of it.
    let home = small(&[]);
    env[0].1 = home.path().display().to_string();
    env.push(("LOG_FORMAT".to_owned(), "json".to_owned()));
    let mut running = serve(home.path(), &env);
    let log = running.line("imported from the Node program").await;
    assert!(log.contains("1 key, 0 channels, 1 token, 0 settings"), "{log}");
    running.line("Secrets in plain text are still in").await;
    running.kill().await;
    let home = Gateway::start(&[]).await.stopped().await;
    assert!(!home.path().join(REPORT).exists());
}

#[tokio::test]
async fn of_two_starts_at_once_one_imports_and_both_serve() {
    let home = full(&[]);
    let env = [("DATA_DIR", home.path().to_str().unwrap()), ("PORT", "0"), ("LOG_FORMAT", "json")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut both = [serve(home.path(), &env), serve(home.path(), &env)];
    for running in &mut both {
        running.line("listening on").await;
    }
    for running in both {
        running.kill().await;
    }
    let (rows, _) = stored(home.path()).await;
    assert_eq!((rows.channels.len(), rows.tokens.len()), (3, 5));
}

#[tokio::test]
async fn what_was_counted_is_carried_and_what_was_live_is_not() {
    let home = Gateway::start_in(full(&[]), &[]).await.stopped().await;
    let (rows, _) = stored(home.path()).await;
    let row = key(&rows, "5c6d");
    assert_eq!((row.weight, row.priority, row.max_concurrent, row.group.as_str()), (20, 3, 2, "lab"));
    assert_eq!(
        (row.totals.total_requests, row.totals.failed_requests, row.totals.total_tokens),
        (812, 9, 90123)
    );
    assert_eq!(row.totals.last_used.as_deref(), Some("2026-01-09T08:15:42.007Z"));
    assert_eq!(
        (row.added_at.as_str(), row.tags.as_slice()),
        ("2026-01-02T10:00:00.000Z", &["fast".to_owned()][..])
    );
    let alice = token(&rows, ALICE);
    assert_eq!((alice.rate_limit, alice.quota_limit, alice.quota_used), (Some(30), Some(500_000), 18_230));
    assert_eq!(alice.metadata["team"], "lab");
    assert_eq!(alice.ips, ["127.0.0.1", "::1"], "the old program took one for the other");
    let by_hand = token(&rows, BY_HAND);
    assert_eq!((by_hand.quota_limit, by_hand.quota_used), (Some(1000), 0), "its month is over");
    assert!(by_hand.weak && by_hand.prefix.len() + by_hand.last_four.len() < 6);
    assert_eq!(by_hand.expires_at.as_deref(), Some("2099-07-01T00:00:00.000Z"));
    let store = Store::open(home.path(), None).await.unwrap();
    let days = store.imported_use(UseOf::Backend, "2026-01-09").await.unwrap();
    let day = days.iter().find(|day| day.id.ends_with("5c6d")).unwrap();
    assert_eq!((days.len(), day.requests, day.failed, day.total_tokens), (3, 32, 1, 4410));
    let odd = rows.backends.iter().find(|row| row.name == "an odd one").unwrap();
    assert_eq!(
        days.iter().find(|day| day.id == odd.id).unwrap().requests,
        7,
        "under the id that it has here"
    );
    let days = store.imported_use_of("c1d2e3f4-1111-4a2b-8c3d-9e8f7a6b5c4d", "").await.unwrap();
    let of = |at: usize| {
        (days[at].date.as_str(), days[at].requests, days[at].prompt_tokens, days[at].completion_tokens)
    };
    assert_eq!((of(0), of(1)), (("2026-01-08", 3, 40, 2), ("2026-01-09", 12, 1500, 730)));
    assert_eq!(store.imported_use(UseOf::Token, "").await.unwrap().len(), 3, "of deleted ones, too");
}

#[tokio::test]
async fn what_cannot_be_as_it_was_never_opens_more_than_before() {
    let home = Gateway::start_in(full(&[]), &[]).await.stopped().await;
    let (rows, settings) = stored(home.path()).await;
    let report = std::fs::read_to_string(home.path().join(REPORT)).unwrap();
    let said = |what: &str| assert!(report.contains(what), "{what:?} is not in {report}");
    assert!(!key(&rows, "0009").enabled && !token(&rows, "sk-o2o-mArKeR-from-nowhere").enabled);
    said("none of its models can be used: it is turned off");
    said("none of its allowedIPs can be used: it is turned off");
    assert_eq!(token(&rows, "sk-o2o-mArKeR-odd-end").ips, ["10.0.0.0/8"]);
    said("ranges in its allowedIPs had no effect before");
    let odd_end = token(&rows, "sk-o2o-mArKeR-odd-end");
    assert_eq!((odd_end.enabled, &odd_end.expires_at), (false, &None));
    said("its expiresAt cannot be read: it is turned off");
    assert!(!token(&rows, "sk-o2o-mArKeR-off").enabled);
    assert_eq!(rows.tokens.len(), 5);
    said("another token before it has the same text");
    said("it has no text and let nobody in");
    let names: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(names, [("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "10.0.0.0/8,127.0.0.1,::1")]);
    said("approximate  new            setting IP_ACCESS_MODE=whitelist\n");
    said("now they are for every path, for the panel and /admin too");
    said("an IP_WHITELIST of the environment was added to it before");
    said("left out of the whitelist, as no addresses, which matched nobody: 1");
}

#[tokio::test]
async fn odd_keys_and_channels_are_mended_or_named() {
    let home = Gateway::start_in(full(&[]), &[]).await.stopped().await;
    let (rows, _) = stored(home.path()).await;
    let report = std::fs::read_to_string(home.path().join(REPORT)).unwrap();
    let said = |what: &str| assert!(report.contains(what), "{what:?} is not in {report}");
    let empty = Ok(Secret::new(""));
    let trapped = key(&rows, "0004");
    assert_eq!((trapped.base_url.as_str(), &trapped.credential), ("https://my-ollama.example.com", &empty));
    let bare = key(&rows, "0005");
    assert_eq!((bare.base_url.as_str(), &bare.credential), ("http://gpu-d:11434", &empty));
    assert_eq!(key(&rows, "0003").name, "ollama.com", "the old name was the key itself");
    let odd = rows.backends.iter().find(|row| row.name == "an odd one").unwrap();
    assert!(odd.id.starts_with("imported-"), "{}", odd.id);
    assert_eq!((odd.weight, odd.priority, odd.max_concurrent), (10, 7, 3));
    assert_eq!((&odd.models[..], odd.tags.len()), (&["qwen3*".to_owned(), "llama*".to_owned()][..], 1));
    assert_eq!(odd.model_mapping, [("gpt-4".to_owned(), "llama3.3:70b".to_owned())]);
    said("weight is no number; it is 10");
    said("unknown fields were left out: region");
    let same_key = rows.backends.iter().filter(|row| row.base_url == "http://gpu-a:11434");
    assert_eq!(same_key.count(), 3, "two keys with one id are both there");
    said("its address has another scheme than http or https; enter it anew");
    let room = channel(&rows, "GPU room");
    assert_eq!((room.weight, room.rate_limit, room.base_url.as_str()), (10, Some(30), "http://gpu-b:11434"));
    assert_eq!(channel(&rows, "GPU room 2").weight, 50);
    said("a channel of its name is there: it is called \"GPU room 2\"");
    let lines = channel(&rows, "lines");
    let members: Vec<_> =
        rows.backends.iter().filter(|row| row.channel_id.as_ref() == Some(&lines.id)).collect();
    assert_eq!((members.len(), members[0].base_url.as_str()), (1, "http://gpu-d:11434"));
    said("1 of its 2 keys cannot be sent: left out");
    said("manual       not taken      channel nowhere\n");
}

#[tokio::test]
async fn a_second_start_imports_nothing() {
    let home = Gateway::start_in(full(&[]), &[]).await.stopped().await;
    let before = (stored(home.path()).await, std::fs::read(home.path().join(REPORT)).unwrap());
    let text = std::fs::read_to_string(home.path().join("keys.json")).unwrap();
    std::fs::write(home.path().join("keys.json"), text.replace("gpu-c", "gpu-z")).unwrap();
    let home = Gateway::start_in(home, &[]).await.stopped().await;
    assert_eq!((stored(home.path()).await, std::fs::read(home.path().join(REPORT)).unwrap()), before);
}

#[tokio::test]
async fn a_database_that_is_there_is_left_alone_and_the_old_files_are_pointed_at() {
    let home = small(&[]);
    let store = Store::open(home.path(), None).await.unwrap();
    store.create_keys(&[NewKey::new("k", "http://127.0.0.1:1", Secret::new("k"))], &By::cli()).await.unwrap();
    store.close().await;
    let data =
        [("DATA_DIR".to_owned(), home.path().display().to_string()), ("PORT".to_owned(), "0".to_owned())];
    let mut running = serve(home.path(), &data);
    let log = running.line("were not imported").await;
    assert!(log.contains(&format!("`ollama2openai import {}`", home.path().display())), "{log}");
    running.kill().await;
    let (rows, _) = stored(home.path()).await;
    assert_eq!((rows.backends.len(), rows.tokens.len(), home.path().join(REPORT).exists()), (1, 0, false));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_ends_the_start_with_what_mends_it() {
    if let Some(dir) = child::folder() {
        let env = [("DATA_DIR", dir.to_str().unwrap()), ("PORT", "0")];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let loaded = config::load(&Sources { env, dir: dir.clone(), ..Sources::default() }).unwrap();
        let error = App::start(loaded).await.unwrap_err().to_string();
        let what = match dir.join("unreadable").exists() {
            true => "keys.json\" cannot be read: ",
            false => "cannot be written to by this user (uid ",
        };
        for part in [what, "chown -R", dir.to_str().unwrap()] {
            assert!(error.contains(part), "{part} in {error}");
        }
        return;
    }
    let home = small(&[]);
    let set = |mode| std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // Permissions mean nothing to root.
    let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let wrapper = if child::is_root() { &other[..] } else { &[] };
    let test = "import::first::a_folder_that_cannot_be_written_to_ends_the_start_with_what_mends_it";
    child::run(test, home.path(), wrapper).await;
    set(0o755);
    assert_eq!(
        old_files(home.path()).len(),
        std::fs::read_dir(home.path()).unwrap().count(),
        "nothing was made"
    );
    // One that can be written to, with a file that is another user's alone.
    std::fs::write(home.path().join("unreadable"), "").unwrap();
    std::fs::set_permissions(home.path().join("keys.json"), std::fs::Permissions::from_mode(0o000)).unwrap();
    set(0o777);
    child::run(test, home.path(), wrapper).await;
    assert!(!home.path().join("ollama2openai.db").exists());
}
