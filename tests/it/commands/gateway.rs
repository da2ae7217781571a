//! The commands beside a running gateway.

use std::time::Duration;

use ollama2openai::config::Secret;
use ollama2openai::store::NewKey;

use super::{Ran, run_in};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::{pause, within};

const CHAT: &str = "/v1/chat/completions";

/// Runs a command on the state of a gateway.
async fn beside(gateway: &Gateway, args: &[&str]) -> Ran {
    let data = [("DATA_DIR".to_owned(), gateway.home().display().to_string())];
    run_in(gateway.home(), &data, args, "").await
}

/// Asks until somebody says `wanted`.
async fn served_by(gateway: &Gateway, wanted: &str) {
    within(&format!("an answer of {wanted}"), async {
        loop {
            let reply = gateway.post(CHAT, &chat(false)).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            if reply.json()["choices"][0]["message"]["content"] == wanted {
                return;
            }
            pause(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_running_gateway_follows_every_change() {
    let (first, key, channel) = (
        ollama(|_| whole("first")).await,
        ollama(|_| whole("key")).await,
        ollama(|_| whole("channel")).await,
    );
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &first.url())]).await;
    served_by(&gateway, "first").await;
    let line = format!("{}|credential-of-key", key.url());
    beside(&gateway, &["key", "add", &line, "--name", "k"]).await.good();
    served_by(&gateway, "key").await;
    let sent = &key.log.of("/api/chat")[0].request;
    assert_eq!(sent.header("authorization"), Some("Bearer credential-of-key"));
    beside(&gateway, &["channel", "add", "c", "--base-url", &channel.url()]).await.good();
    served_by(&gateway, "channel").await;
    beside(&gateway, &["channel", "disable", "c"]).await.good();
    served_by(&gateway, "key").await;
    // The gateway may look between the two: the key serves until it goes.
    beside(&gateway, &["channel", "delete", "c"]).await.good();
    beside(&gateway, &["key", "delete", "k"]).await.good();
    served_by(&gateway, "first").await;
}

#[tokio::test]
async fn a_running_gateway_follows_tokens_too() {
    let fake = ollama(|_| whole("Hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    let becomes = async |text: &str, wanted: u16| {
        within(&format!("{wanted} for a token"), async {
            let request =
                || Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {text}"));
            while gateway.send(&request()).await.status != wanted {
                pause(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    let old = beside(&gateway, &["token", "create", "--name", "ci", "--models", "m"]).await.good();
    becomes("of-nobody", 401).await;
    becomes(old.trim(), 200).await;
    let new = beside(&gateway, &["token", "regenerate", "ci"]).await.good();
    becomes(new.trim(), 200).await;
    becomes(old.trim(), 401).await;
    beside(&gateway, &["token", "edit", "ci", "--models", "other"]).await.good();
    becomes(new.trim(), 403).await;
    beside(&gateway, &["token", "disable", "ci"]).await.good();
    becomes(new.trim(), 401).await;
}

#[tokio::test]
async fn a_backup_of_a_running_gateway_is_restored_elsewhere() {
    let fake = ollama(|_| whole("from the backup")).await;
    let key = NewKey::new("k", fake.url(), Secret::new("credential-of-key"));
    let gateway = Gateway::with_rows(&[], &[], &[key]).await;
    served_by(&gateway, "from the backup").await;
    beside(&gateway, &["backup", "copy", "--with-key"]).await.good();
    let in_use = beside(&gateway, &["restore", "copy", "--force"]).await.bad(1);
    assert!(in_use.contains("is in use: stop the gateway first"), "{in_use}");

    let elsewhere = tempfile::tempdir().unwrap();
    let copy = gateway.home().join("copy");
    let data = [("DATA_DIR".to_owned(), elsewhere.path().display().to_string())];
    let out = run_in(elsewhere.path(), &data, &["restore", copy.to_str().unwrap()], "").await.good();
    assert!(out.contains("backends: 1, and the key") && !out.contains("lost"), "{out}");
    gateway.shutdown().await;
    let second = Gateway::start_in(elsewhere, &[]).await;
    served_by(&second, "from the backup").await;
    let sent = fake.log.of("/api/chat").pop().unwrap().request;
    assert_eq!(sent.header("authorization"), Some("Bearer credential-of-key"));
}

#[tokio::test]
async fn state_is_found_again_at_the_next_start() {
    let fake = ollama(|_| whole("Hi")).await;
    let key = NewKey::new("k", fake.url(), Secret::new("credential-of-key"));
    let first = Gateway::with_rows(&[], &[], &[key]).await;
    served_by(&first, "Hi").await;
    let data = first.home().display().to_string();
    // Later ones win: the second gateway has a folder of its own, but the first one's state.
    let second = Gateway::start(&[("DATA_DIR", &data)]).await;
    served_by(&second, "Hi").await;
    let empty = Gateway::start(&[("OLLAMA_BASE_URL", "http://127.0.0.1:1")]).await;
    assert_eq!(empty.post(CHAT, &chat(false)).await.status, 502, "another folder has other state");
}

#[tokio::test]
async fn a_credential_is_read_at_the_next_start_with_the_same_secret_key() {
    let fake = ollama(|_| whole("Hi")).await;
    let keys =
        ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="];
    let home = tempfile::tempdir().unwrap();
    let data = home.path().display().to_string();
    let env = [("DATA_DIR".to_owned(), data.clone()), ("SECRET_KEY".to_owned(), keys[0].to_owned())];
    let line = format!("{}|credential-of-key", fake.url());
    run_in(home.path(), &env, &["key", "add", &line], "").await.good();
    for (key, is_read) in [(keys[0], true), (keys[1], false), (keys[0], true)] {
        let env = [("DATA_DIR", data.as_str()), ("SECRET_KEY", key), ("ADMIN_PASSWORD", "of-the-commands")];
        let gateway = Gateway::start(&env).await;
        let request = Request::get("/admin/api/keys").header("authorization", "Bearer of-the-commands");
        let listed = gateway.send(&request).await.json();
        assert_eq!(listed["keys"][0]["credentialLost"].is_null(), is_read, "{listed}");
        assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
        let sent = fake.log.of("/api/chat").pop().unwrap().request;
        let credential = sent.header("authorization");
        assert_eq!(credential, is_read.then_some("Bearer credential-of-key"));
    }
}

#[tokio::test]
async fn the_admin_password_opens_the_admin_api() {
    let gateway = Gateway::start(&[("ADMIN_PASSWORD", "open sesame")]).await;
    for (shown, status) in [(Some("open sesame"), 200), (Some("admin123"), 401), (Some(""), 401), (None, 401)]
    {
        let mut request = Request::get("/admin/api/keys");
        if let Some(shown) = shown {
            request = request.header("authorization", &format!("Bearer {shown}"));
        }
        assert_eq!(gateway.send(&request).await.status, status, "{shown:?}");
    }
}
