//! `import`: by hand, from any folder.

use std::path::{Path, PathBuf};

use ollama2openai::store::{By, LogKind, NewChannel, Store};
use tempfile::TempDir;

use super::{ALICE, channel, full, hides, old_files, sample, small, stored, token};
use crate::commands::{Ran, run_in};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::wait::until;

/// A working directory with its own `DATA_DIR` below it.
struct Here(TempDir);

impl Here {
    fn new() -> Here {
        Here(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    async fn import(&self, folder: &Path, options: &[&str]) -> Ran {
        self.with_env(folder, options, &[]).await
    }

    async fn with_env(&self, folder: &Path, options: &[&str], env: &[(&str, &str)]) -> Ran {
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let args = [&["import", folder.to_str().unwrap()], options].concat();
        let ran = run_in(self.0.path(), &env, &args, "").await;
        hides(&ran.out);
        hides(&ran.err);
        ran
    }
}

/// The line of a report that is about something.
#[track_caller]
fn about<'r>(report: &'r str, what: &str) -> &'r str {
    report
        .lines()
        .find(|line| line.contains(what))
        .unwrap_or_else(|| panic!("nothing about {what} in {report}"))
}

#[tokio::test]
async fn without_apply_it_says_what_it_would_do_and_makes_nothing() {
    let (here, old) = (Here::new(), full(&[]));
    let before = old_files(old.path());
    let out = here.import(old.path(), &[]).await.good();
    assert!(out.starts_with("What an import would do: nothing was changed; --apply does it.\n"), "{out}");
    assert!(about(&out, "at http://gpu-a:11434 (5b0e8c1e").starts_with("  exact        new "), "{out}");
    assert!(about(&out, "key an odd one").starts_with("  approximate  new "), "{out}");
    assert!(about(&out, "channel nowhere").starts_with("  manual       not taken "), "{out}");
    assert!(about(&out, "token alice again").starts_with("  unsupported  not taken "), "{out}");
    assert!(about(&out, "use of 3 keys").starts_with("  approximate  new "), "{out}");
    assert!(
        out.contains("New would be: 8 keys, 3 channels, 5 tokens, 2 settings. Already there: 0."),
        "{out}"
    );
    assert!(!here.data().exists());
    assert_eq!(old_files(old.path()), before);
    // Where there is a database, it says what is there.
    here.import(old.path(), &["--apply"]).await.good();
    let (rows, settings) = stored(&here.data()).await;
    let out = here.import(small(&[]).path(), &[]).await.good();
    assert!(about(&out, "token alice").starts_with("  exact        already there "), "{out}");
    assert_eq!(stored(&here.data()).await, (rows, settings));
}

#[tokio::test]
async fn with_apply_all_is_stored_and_a_second_time_changes_nothing() {
    let (here, old) = (Here::new(), full(&[]));
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(out.starts_with("Imported into "), "{out}");
    assert!(out.contains("New: 8 keys, 3 channels, 5 tokens, 2 settings. Already there: 0."), "{out}");
    let before = stored(&here.data()).await;
    assert_eq!((before.0.channels.len(), before.0.tokens.len()), (3, 5));
    assert_eq!(token(&before.0, ALICE).id, "c1d2e3f4-1111-4a2b-8c3d-9e8f7a6b5c4d");
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(out.contains("New: 0 keys, 0 channels, 0 tokens, 0 settings. Already there: 20."), "{out}");
    assert_eq!(stored(&here.data()).await, before, "not even the revision");
}

#[tokio::test]
async fn what_was_changed_here_stays_and_a_name_that_is_taken_gets_a_number() {
    let (here, old) = (Here::new(), full(&[]));
    let store = Store::open(&here.data(), None).await.unwrap();
    let new = NewChannel::new("GPU room", "http://mine:11434");
    store.create_channel(&new, &By::cli()).await.unwrap();
    store.save_settings(&[("IP_ACCESS_MODE", Some("blacklist".to_owned()))], &By::cli()).await.unwrap();
    store.close().await;
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(about(&out, "setting IP_ACCESS_MODE").starts_with("  approximate  already there "), "{out}");
    assert!(out.contains("what is saved here counts"), "{out}");
    let (rows, settings) = stored(&here.data()).await;
    assert_eq!(channel(&rows, "GPU room").base_url, "http://mine:11434");
    assert_eq!(channel(&rows, "GPU room 2").base_url, "http://gpu-b:11434");
    assert_eq!(channel(&rows, "GPU room 3").base_url, "http://gpu-c:11434");
    assert_eq!(settings[0], ("IP_ACCESS_MODE".to_owned(), "blacklist".to_owned()));
}

#[tokio::test]
async fn logs_are_taken_when_they_are_asked_for_and_each_record_once() {
    let (here, old) = (Here::new(), full(&[]));
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert_eq!(out.matches("logs are taken when they are asked for").count(), 2, "{out}");
    let records = async |kind| {
        let store = Store::open(&here.data(), None).await.unwrap();
        let found = store.imported_records(kind, 10).await.unwrap();
        store.close().await;
        found
    };
    assert!(records(LogKind::Request).await.is_empty());
    let out = here.import(old.path(), &["--apply", "--logs"]).await.good();
    assert!(out.contains("the last line is cut off and was left out"), "{out}");
    let requests = records(LogKind::Request).await;
    assert_eq!(requests.len(), 3, "two records that are alike are two");
    assert!(requests[2].contains("\"duration\":842"), "newest first: {requests:?}");
    assert_eq!(records(LogKind::Audit).await.len(), 2);
    // The old program went on.
    let more = sample("full/data/logs/audit.jsonl", &[]).replace("2026-01-02", "2026-01-03");
    let both = sample("full/data/logs/audit.jsonl", &[]) + &more;
    std::fs::write(old.path().join("logs/audit.jsonl"), both).unwrap();
    here.import(old.path(), &["--apply", "--logs"]).await.good();
    assert_eq!((records(LogKind::Request).await.len(), records(LogKind::Audit).await.len()), (3, 4));
    std::fs::write(old.path().join("logs/audit.jsonl"), "{}\nno record\n{}\n").unwrap();
    let error = here.import(old.path(), &["--logs"]).await.bad(1);
    assert!(error.contains("logs/audit.jsonl, line 2, is damaged: it is no JSON object"), "{error}");
}

#[tokio::test]
async fn a_dot_env_is_told_of_line_by_line_and_nothing_of_it_is_saved() {
    let (here, old) = (Here::new(), small(&[]));
    std::fs::write(old.path().join(".env"), sample("full/env.txt", &[])).unwrap();
    let env = [("PORT", "3000"), ("REQUEST_TIMEOUT", "60s"), ("API_TOKEN", "another")];
    let out = here.with_env(old.path(), &["--apply"], &env).await.good();
    let note = |what: &str| {
        let at =
            out.lines().position(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what} in {out}"));
        out.lines().skip(at).take(3).collect::<Vec<_>>().join("\n")
    };
    assert!(
        note("setting PORT").contains("exact        already there")
            && note("setting PORT").contains("environment")
    );
    assert!(note("setting REQUEST_TIMEOUT").contains("another value is given by: environment"));
    assert!(note("setting API_TOKEN").contains("whether it is the same was not compared"));
    assert!(note("setting ADMIN_PASSWORD").contains("choose another one"));
    assert!(note("setting CACHE_CHAT").contains("the old program knew only true and false"));
    assert!(note("setting TRUST_PROXY").contains("true means one proxy here"));
    assert!(note("setting RATE_LIMIT_IP_WINDOW").contains("read the digits at its beginning only"));
    assert!(note("setting IP_WHITELIST").contains("its value cannot be used here: it has `the office`"));
    assert!(note("variable NODE_ENV").contains("unsupported  not taken"));
    assert!(note("line 12").contains("unsupported  not taken"));
    assert!(!out.contains("RATE_LIMIT_IP_MAX"), "an empty one is the default: {out}");
    assert!(stored(&here.data()).await.1.is_empty());
}

#[tokio::test]
async fn what_a_setting_means_anew_is_told_of_one_that_is_given_too_and_tokens_close_the_gateway() {
    let (here, old) = (Here::new(), small(&[]));
    std::fs::write(old.path().join(".env"), "IP_ACCESS_MODE=whitelist\nTRUST_PROXY=true\n").unwrap();
    let out = here.import(old.path(), &[]).await.good();
    assert!(
        about(&out, "setting IP_ACCESS_MODE").contains("manual") && out.contains("cover the panel"),
        "{out}"
    );
    assert!(!out.contains("name and meaning are the same"), "{out}");
    let env = [("IP_ACCESS_MODE", "whitelist"), ("TRUST_PROXY", "true")];
    let ran = here.with_env(old.path(), &["--apply"], &env).await;
    assert!(ran.err.contains("from now on everybody needs one"), "{}", ran.err);
    let out = ran.good();
    for name in ["IP_ACCESS_MODE", "TRUST_PROXY"] {
        assert!(
            about(&out, &format!("setting {name}")).starts_with("  approximate  already there "),
            "{out}"
        );
    }
    let again = here.import(old.path(), &["--apply"]).await;
    assert!(!again.err.contains("from now on everybody needs one"), "{}", again.err);
}

#[tokio::test]
async fn lines_of_a_dot_env_that_contradict_each_other_are_told_of() {
    let (here, old) = (Here::new(), small(&[]));
    let text = "PORT=3001\nAPI_TOKEN=mArKeR-a\nLOG_LEVEL=info\nPORT=3002\nAPI_TOKEN=\nLOG_LEVEL=info\n";
    std::fs::write(old.path().join(".env"), text).unwrap();
    let out = here.import(old.path(), &[]).await.good();
    for (line, other, name) in [(1, 4, "PORT"), (2, 5, "API_TOKEN")] {
        assert!(about(&out, &format!("  line {line}")).starts_with("  unsupported  not taken "), "{out}");
        let note = format!("line {other} says another {name}, and only that one ever counted");
        assert!(out.contains(&note), "{out}");
    }
    assert_eq!((out.matches("setting LOG_LEVEL").count(), out.contains("line 3")), (1, false), "{out}");
}

#[tokio::test]
async fn what_is_there_already_needs_nobody_any_more() {
    let (here, old) = (Here::new(), full(&[]));
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(about(&out, "token odd end").starts_with("  manual       new "), "{out}");
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(about(&out, "token odd end").starts_with("  approximate  already there "), "{out}");
    assert!(about(&out, "channel nowhere").starts_with("  manual       not taken "), "{out}");
}

#[tokio::test]
async fn old_files_with_secrets_are_deleted_when_asked_and_when_nothing_of_them_is_missing() {
    let (here, old) = (Here::new(), small(&[]));
    std::fs::write(old.path().join(".env"), "API_TOKEN=mArKeR\n").unwrap();
    let out = here.import(old.path(), &["--apply"]).await.good();
    for name in ["keys.json", "tokens.json", ".env"] {
        let shown = old.path().join(name).display().to_string();
        assert!(about(&out, "Secrets in plain text").contains(&shown), "{shown} in {out}");
    }
    let wrong = here.import(old.path(), &["--remove-source"]).await.bad(2);
    assert!(wrong.contains("it needs --apply") && old_files(old.path()).len() == 2, "{wrong}");
    let out = here.import(old.path(), &["--apply", "--remove-source"]).await.good();
    assert!(out.contains("keys.json was deleted\n") && out.contains("tokens.json was deleted\n"), "{out}");
    assert!(out.contains(".env stays: delete it yourself"), "{out}");
    assert!(old_files(old.path()).is_empty() && old.path().join(".env").exists());
    // Here one key and one channel could not be taken over, and are nowhere else.
    let old = full(&[]);
    let out = here.import(old.path(), &["--apply", "--remove-source"]).await.good();
    for name in ["keys.json", "channels.json", "tokens.json"] {
        assert!(old.path().join(name).exists());
        assert!(out.contains(&format!("{name} stays: not all of it was taken over\n")), "{name} in {out}");
    }
}

#[tokio::test]
async fn the_only_copy_of_a_credential_is_never_deleted() {
    let (here, old) = (Here::new(), small(&[]));
    here.import(old.path(), &["--apply"]).await.good();
    let other = [("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")];
    let error = here.with_env(old.path(), &["--apply", "--remove-source"], &other).await.bad(1);
    assert!(
        error.contains("nothing was deleted: 1 credentials that are stored here cannot be read"),
        "{error}"
    );
    assert_eq!(old_files(old.path()).len(), 2);
}

#[tokio::test]
async fn an_end_without_a_zone_is_in_the_zone_of_the_server() {
    let (here, old) = (Here::new(), full(&[]));
    here.with_env(old.path(), &["--apply"], &[("TZ", "Asia/Shanghai")]).await.good();
    let (rows, _) = stored(&here.data()).await;
    let ends = |text| token(&rows, text).expires_at.clone().unwrap_or_default();
    assert_eq!(ends(ALICE), "2099-07-01T15:59:00.000Z");
    assert_eq!(ends("mArKeR-by-hand"), "2099-07-01T00:00:00.000Z", "a bare date is one of UTC");
    assert_eq!(ends("sk-o2o-mArKeR-from-nowhere"), "2099-07-01T04:30:00.000Z", "as JavaScript reads it");
}

#[tokio::test]
async fn the_folder_of_the_installation_does_as_well() {
    let (here, old) = (Here::new(), tempfile::tempdir().unwrap());
    std::fs::create_dir(old.path().join("data")).unwrap();
    std::fs::write(old.path().join("data/keys.json"), sample("small/keys.json", &[])).unwrap();
    std::fs::write(old.path().join(".env"), "PORT=3001\n").unwrap();
    let out = here.import(old.path(), &["--apply"]).await.good();
    assert!(out.contains("New: 1 key, 0 channels") && out.contains("setting PORT"), "{out}");
    let nothing = tempfile::tempdir().unwrap();
    let error = here.import(nothing.path(), &[]).await.bad(1);
    assert!(error.contains("holds nothing of the Node program"), "{error}");
    let error = here.import(&nothing.path().join("gone"), &[]).await.bad(1);
    assert!(error.contains("gone\" is not there"), "{error}");
    let error = here.import(&old.path().join("data/keys.json"), &[]).await.bad(1);
    assert!(error.contains("keys.json\" is a file: name the folder that it is in"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_ends_it_before_anything_is_stored() {
    let (here, old) = (Here::new(), full(&[]));
    std::fs::write(old.path().join("tokens.json"), "{\"tokens\":[\n{\"id\": 1}]}").unwrap();
    let error = here.import(old.path(), &["--apply"]).await.bad(1);
    assert!(error.contains("tokens.json, line 2, is damaged: its id is no text"), "{error}");
    assert!(!here.data().exists());
}

#[tokio::test]
async fn a_running_gateway_serves_what_was_imported() {
    let fake = ollama(|_| whole("from the old key")).await;
    let env = [("OLLAMA_BASE_URL", "http://127.0.0.1:1"), ("ADMIN_PASSWORD", "the-password")];
    let gateway = Gateway::start(&env).await;
    let old = small(&[("http://gpu-a:11434", &fake.url())]);
    let data = [("DATA_DIR".to_owned(), gateway.home().display().to_string())];
    run_in(gateway.home(), &data, &["import", old.path().to_str().unwrap(), "--apply"], "").await.good();
    let keys = async || {
        let list = Request::get("/admin/api/keys").header("authorization", "Bearer the-password");
        gateway.send(&list).await.json()["keys"].as_array().unwrap().len()
    };
    assert_eq!(keys().await, 1);
    until("the gateway has read the key", || {
        fake.log.of("/api/tags").len() + fake.log.of("/api/version").len() > 0
    })
    .await;
    let request = Request::post("/v1/chat/completions", &chat(false));
    let reply = gateway.send(&request.header("authorization", &format!("Bearer {ALICE}"))).await;
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "from the old key", "{}", reply.text());
}
