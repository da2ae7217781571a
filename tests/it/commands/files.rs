//! `migrate`, `backup`, `restore`, and folders that cannot be written to.

use std::fs::{File, Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Stdio;

use ollama2openai::store::Store;
use tokio::process::Command;

use super::{Home, MARKER, ran};
use crate::support::wait::within;

/// A key, 32 bytes in base64, and another.
const KEYS: [&str; 2] =
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="];

async fn add(home: &Home) {
    home.run(&["key", "add", &format!("http://a:1|{MARKER}"), "--name", "one"]).await.good();
    home.run(&["key", "add", "http://b:2", "--name", "open"]).await.good();
    home.run(&["channel", "add", "c", "--base-url", "http://c:3", "--key", "other-key"]).await.good();
}

#[tokio::test]
async fn migrate_shows_what_is_pending_and_applies_it() {
    let home = Home::new();
    let shown = home.run(&["migrate", "--dry-run"]).await.good();
    assert!(shown.starts_with("pending 0001 init\n") && shown.contains("nothing was changed"), "{shown}");
    assert!(!home.path("data").exists());
    let applied = home.run(&["migrate"]).await.good();
    assert!(applied.starts_with("applied 0001 init\n") && applied.contains("is up to date"), "{applied}");
    for args in [&["migrate"][..], &["migrate", "--dry-run"]] {
        let current = home.run(args).await.good();
        assert!(current.starts_with("nothing is pending"), "{current}");
    }
    std::fs::write(home.path("data/ollama2openai.db"), "no database at all".repeat(100)).unwrap();
    let damaged = home.run(&["migrate"]).await.bad(1);
    assert!(damaged.contains("the database is damaged"), "{damaged}");
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_wants_a_database() {
    let home = Home::new();
    let none = home.run(&["backup", "copy"]).await.bad(1);
    assert!(none.contains("there is no database in "), "{none}");
    assert!(!home.path("copy").exists() && !home.path("data").exists());
    add(&home).await;
    let out = home.run(&["backup", "copy"]).await.good();
    assert!(out.contains("but not the key"), "{out}");
    let bytes = std::fs::read(home.path("copy")).unwrap();
    for args in [&["backup", "copy"][..], &["backup", "copy", "--with-key"]] {
        let refused = home.run(args).await.bad(1);
        assert!(refused.contains("\"copy\" exists"), "{refused}");
    }
    assert_eq!(std::fs::read(home.path("copy")).unwrap(), bytes);
}

#[tokio::test]
async fn a_backup_without_its_key_lists_what_is_lost() {
    let home = Home::new();
    add(&home).await;
    home.run(&["token", "create"]).await.good();
    home.run(&["backup", "bare"]).await.good();
    home.run(&["backup", "whole", "--with-key"]).await.good();
    let elsewhere = ["--data-dir", "elsewhere"];
    let out = home.run(&[&["restore", "bare"][..], &elsewhere].concat()).await.good();
    assert!(out.contains("channels: 1, backends: 3"), "{out}");
    assert!(out.contains("lost are the credentials of 2; enter them again:"), "{out}");
    for part in [" one at http://a:1: ", " at http://c:3: "] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(!out.contains("open") && !out.contains(MARKER), "{out}");
    let listed = home.run(&[&["key", "list"][..], &elsewhere].concat()).await;
    assert!(listed.err.contains("warning: 2 of 3 credentials cannot be read"), "{}", listed.err);
    assert!(listed.good().contains("(lost)"));
    // Entered again, it is whole.
    let again = [&["key", "update", "one", "--key", "-"][..], &elsewhere].concat();
    home.with_input(&again, MARKER).await.good();
    let store = Store::open(&home.path("elsewhere"), None).await.unwrap();
    assert_eq!(store.load().await.unwrap().lost().count(), 1);
    store.close().await;

    let refused = home.run(&[&["restore", "whole"][..], &elsewhere].concat()).await.bad(1);
    assert!(refused.contains("exists: --force puts it aside"), "{refused}");
    let out = home.run(&[&["restore", "whole", "--force"][..], &elsewhere].concat()).await.good();
    assert!(out.contains("tokens: 1, accounts: 1, saved settings: 0, channels: "), "{out}");
    assert!(out.contains("and the key") && !out.contains("lost"), "{out}");
    assert!(home.path("elsewhere/ollama2openai.db.replaced").exists());
    let notes = home.run(&["restore", "no-such-file", "--data-dir", "third"]).await.bad(1);
    assert_eq!(notes, "error: cannot read \"no-such-file\": No such file or directory (os error 2)\n");
    assert!(!home.path("third").exists(), "nothing is made for nothing");
    let nothing = home.run(&["restore", "no-such-file"]).await.bad(1);
    assert!(nothing.contains("no-such-file") && !nothing.contains("--force"), "{nothing}");
    assert!(home.run(&["restore", "data"]).await.bad(1).contains("is not a backup"));
}

#[tokio::test]
async fn a_credential_is_read_with_the_secret_key_that_sealed_it() {
    let home = Home::new().env("SECRET_KEY", KEYS[0]);
    add(&home).await;
    assert!(!home.path("data/secret.key").exists(), "a given key is not written down");
    let listed = home.run(&["key", "list"]).await;
    assert!(listed.err.is_empty() && !listed.out.contains("(lost)"), "{}{}", listed.out, listed.err);
    let other = Home { env: vec![("SECRET_KEY".to_owned(), KEYS[1].to_owned())], ..home };
    let listed = other.run(&["key", "list"]).await;
    assert!(listed.err.contains("warning: 2 of 3 credentials cannot be read"), "{}", listed.err);
    assert!(listed.good().contains("(lost)"));
    let without = Home { env: other.env[1..].to_vec(), ..other };
    for args in [&["key", "add", "http://a:1|other"][..], &["user", "add", "ann"], &["key", "list"]] {
        let refused = without.with_input(args, "a-good-password\n").await.bad(1);
        assert!(refused.contains("set SECRET_KEY or SECRET_KEY_FILE as the gateway has it"), "{refused}");
        assert!(!without.path("data/secret.key").exists(), "{args:?}");
    }
    let short = Home { env: vec![("SECRET_KEY".to_owned(), "c2hvcnQ=".to_owned())], ..without };
    let refused = short.run(&["key", "list"]).await.bad(2);
    assert!(
        refused.contains("is not a key; allowed: 32 bytes in base64") && !refused.contains("c2hvcnQ="),
        "{refused}"
    );
}

#[tokio::test]
async fn a_database_that_was_opened_with_a_secret_key_gets_no_other() {
    let home = Home::new().env("SECRET_KEY", KEYS[0]);
    home.run(&["migrate"]).await.good();
    let without = Home { env: Vec::new(), ..home };
    let refused = without.run(&["key", "add", "http://a:1|k", "--data-dir", "data"]).await.bad(1);
    assert!(refused.contains("set SECRET_KEY or SECRET_KEY_FILE as the gateway has it"), "{refused}");
    assert!(!without.path("data/secret.key").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_refused_with_what_mends_it() {
    let home = Home::new();
    std::fs::create_dir(home.path("fixed")).unwrap();
    set_permissions(home.path("fixed"), Permissions::from_mode(0o555)).unwrap();
    set_permissions(home.dir.path(), Permissions::from_mode(0o755)).unwrap();
    // Permissions mean nothing to root.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let wrapper = if is_root { &other[..] } else { &[] };
    for args in [&["token", "create"][..], &["key", "add", "http://a:1|k"], &["migrate"]] {
        // By its descriptor: another user might not get through the folders that lead to the program.
        let program = File::open(env!("CARGO_BIN_EXE_ollama2openai")).unwrap();
        let line = [wrapper, &["/proc/self/fd/0"], args].concat();
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).env("DATA_DIR", home.path("fixed")).current_dir("/").stdin(program);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let refused = ran(within("the command ends", command.output()).await.unwrap()).bad(1);
        for part in ["/fixed", "cannot be written to by this user (uid ", "chown", "DATA_DIR"] {
            assert!(refused.contains(part), "{args:?}: {part} in {refused}");
        }
    }
    assert_eq!(std::fs::read_dir(home.path("fixed")).unwrap().count(), 0);
}

#[tokio::test]
async fn in_a_wrong_folder_no_database_is_made() {
    let home = Home::unnamed();
    let place = home.path("data").display().to_string();
    for args in [
        &["key", "add", "http://a:1|k"][..],
        &["channel", "add", "c", "--base-url", "http://a:1"],
        &["token", "create"],
        &["user", "add", "ann"],
        &["user", "passwd", "admin"],
        &["settings", "set", "MAX_RETRIES=3"],
    ] {
        let refused = home.with_input(args, "a-good-password\n").await.bad(1);
        assert!(
            refused.contains(&format!("there is no database in {place}: DATA_DIR"))
                && refused.contains("migrate"),
            "{args:?}: {refused}"
        );
        assert!(!home.path("data").exists(), "{args:?}");
    }
    home.run(&["migrate"]).await.good();
    home.run(&["key", "add", "http://a:1|k"]).await.good();
}

#[tokio::test]
async fn in_a_folder_that_is_named_a_database_is_made_when_something_is_added() {
    let home = Home::new();
    let place = home.path("data").display().to_string();
    for args in [
        &["key", "list"][..],
        &["channel", "list", "--json"],
        &["token", "list"],
        &["user", "list"],
        &["settings", "list"],
        &["audit"],
        &["token", "usage", "ci"],
        &["token", "edit", "ci", "--quota", "1"],
        &["key", "delete", "k"],
        &["settings", "reset", "MAX_RETRIES"],
        &["user", "passwd", "admin"],
    ] {
        let refused = home.run(args).await.bad(1);
        assert!(
            refused.contains(&format!("there is no database in {place}: DATA_DIR")),
            "{args:?}: {refused}"
        );
        assert!(!home.path("data").exists(), "{args:?}");
    }
    let made = home.run(&["key", "add", "http://a:1|k", "--name", "k"]).await;
    let told = format!("(a new database was made in {place})\n");
    assert!(made.err.contains(&told), "{}", made.err);
    let changed = home.run(&["key", "disable", "k"]).await;
    let added = home.run(&["token", "create"]).await;
    for ran in [changed, added] {
        assert!(ran.err.contains(&format!("(database in {place})\n")), "{}", ran.err);
    }
    assert!(!home.run(&["key", "list"]).await.err.contains(&place));
}

#[tokio::test]
async fn what_is_no_folder_is_told_once_and_plainly() {
    let home = Home::new();
    std::fs::write(home.path("file"), "").unwrap();
    for place in ["file", "file/below"] {
        let refused = home.run(&["migrate", "--data-dir", place]).await.bad(1);
        assert_eq!(
            refused,
            format!("error: \"{place}\" is no folder: set DATA_DIR to one, or to where one can be made\n")
        );
    }
}
