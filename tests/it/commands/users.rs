//! `user`.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::{Home, MARKER, field, parsed};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::wait::within;

async fn users(home: &Home) -> Vec<Value> {
    let listed = parsed(&home.run(&["user", "list", "--json"]).await.good());
    listed["users"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_account_is_made_changed_and_deleted() {
    let home = Home::new();
    let out = home.with_input(&["user", "add", "Ann"], &format!("{MARKER}\n")).await.good();
    assert!(out.contains("ann") && out.contains("viewer") && !out.contains(MARKER), "{out}");
    let ann = &users(&home).await[1];
    assert_eq!((field(ann, "name"), field(ann, "role"), &ann["enabled"]), ("ann", "viewer", &json!(true)));
    home.run(&["user", "role", "ann", "admin"]).await.good();
    home.run(&["user", "disable", field(ann, "id")]).await.good();
    let ann = &users(&home).await[1];
    assert_eq!((field(ann, "role"), &ann["enabled"]), ("admin", &json!(false)));
    let last = home.run(&["user", "disable", "admin"]).await.bad(1);
    assert!(last.contains("last admin"), "{last}");
    home.run(&["user", "enable", "ann"]).await.good();
    home.run(&["user", "delete", "admin"]).await.good();
    let last = home.run(&["user", "delete", "ann"]).await.bad(1);
    assert!(last.contains("last admin"), "{last}");
    let table = home.run(&["user", "list"]).await.good();
    assert!(table.starts_with("ID ") && table.contains("its own") && table.lines().count() == 2, "{table}");
}

#[tokio::test]
async fn a_password_comes_by_standard_input_alone_and_must_be_a_good_one() {
    let home = Home::new();
    for input in ["", "\n", "short\n", "admin123\n"] {
        let refused = home.with_input(&["user", "add", "ann"], input).await.bad(1);
        assert!(refused.contains("8 to 256 bytes"), "{refused}");
    }
    let refused = home.run(&["user", "add", "ann", MARKER]).await.bad(2);
    assert!(refused.contains("***") && !refused.contains(MARKER), "{refused}");
    for args in [
        &["user", "add", "a b"][..],
        &["user", "add", "ann", "--role", "root"],
        &["user", "role", "admin", "root"],
    ] {
        home.with_input(args, "a-good-password\n").await.bad(2);
    }
    home.with_input(&["user", "add", "admin"], "a-good-password\n").await.bad(1);
    home.run(&["user", "passwd", "nobody"]).await.bad(1);
    assert_eq!(users(&home).await.len(), 1);
}

/// The status of a call to a gateway with this bearer.
async fn status(gateway: &Gateway, bearer: &str) -> u16 {
    gateway.send(&Request::get("/admin/api/me").header("authorization", bearer)).await.status
}

#[tokio::test]
async fn a_forgotten_password_is_set_beside_a_running_gateway_even_while_it_holds_sign_ins() {
    let home = Home::new();
    let data = home.path("data").display().to_string();
    let gateway = Gateway::start(&[("DATA_DIR", &data), ("ADMIN_PASSWORD", "of-the-setting")]).await;
    let login = |password: &str| Request::post("/admin/login", &json!({"password": password}));
    let session = gateway.send(&login("of-the-setting")).await.json();
    let session = field(&session, "token").to_owned();
    for _ in 0..6 {
        gateway.send(&login("guess")).await;
    }
    assert_eq!(gateway.send(&login("of-the-setting")).await.status, 429);
    assert_eq!(status(&gateway, &session).await, 200);
    home.with_input(&["user", "passwd", "admin"], &format!("{MARKER}\r\n")).await.good();
    assert_eq!(status(&gateway, &session).await, 401, "its sessions have ended");
    assert!(gateway.shutdown().await);

    let start = async || Gateway::start(&[("DATA_DIR", &data), ("ADMIN_PASSWORD", "of-the-setting")]).await;
    let gateway = start().await;
    assert_eq!((status(&gateway, MARKER).await, status(&gateway, "of-the-setting").await), (200, 401));
    let session = field(&gateway.send(&login(MARKER)).await.json(), "token").to_owned();
    home.run(&["user", "sign-out", "admin"]).await.good();
    assert_eq!(status(&gateway, &session).await, 401);
    home.run(&["user", "passwd", "admin", "--configured"]).await.good();
    assert_eq!((status(&gateway, MARKER).await, status(&gateway, "of-the-setting").await), (401, 200));
    home.with_input(&["key", "add", &format!("http://a:1|{MARKER}")], "").await.good();

    let audit = Request::get("/admin/api/audit?actor=cli").header("authorization", "of-the-setting");
    let audit = gateway.send(&audit).await;
    let told: Vec<_> = audit.json()["entries"].as_array().unwrap().clone();
    let told: Vec<_> = told.iter().map(|row| (field(row, "action"), field(row, "actorKind"))).collect();
    let expected =
        [("key.create", "cli"), ("user.password", "cli"), ("user.sign_out", "cli"), ("user.password", "cli")];
    assert_eq!(told, expected);
    assert!(!audit.text().contains(MARKER), "{}", audit.text());
}

#[tokio::test]
async fn one_who_must_change_the_password_can_do_nothing_else() {
    let home = Home::new();
    home.with_input(&["user", "add", "ann", "--role", "admin", "--must-change"], &format!("{MARKER}\n"))
        .await
        .good();
    let data = home.path("data").display().to_string();
    let gateway = Gateway::start(&[("DATA_DIR", &data)]).await;
    let body = json!({"username": "ann", "password": MARKER});
    let told = gateway.send(&Request::post("/admin/login", &body)).await.json();
    assert_eq!(told["passwordChangeRequired"], true, "{told}");
    let keys = Request::get("/admin/api/keys").header("authorization", field(&told, "token"));
    assert_eq!(gateway.send(&keys).await.json()["code"], "password_change_required");
}

/// `script` makes a terminal.
#[tokio::test]
async fn a_password_that_is_typed_is_not_shown() {
    let home = Home::new();
    let line = format!("{} user add ann", env!("CARGO_BIN_EXE_ollama2openai"));
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(home.dir.path())
        .env("DATA_DIR", "data")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    for question in ["New password of ann: ", "The same again: "] {
        while !String::from_utf8_lossy(&shown).ends_with(question) {
            let read = within("a question", screen.read_buf(&mut shown)).await.unwrap();
            assert!(read > 0, "it ended with {}", String::from_utf8_lossy(&shown));
        }
        keyboard.write_all(format!("{MARKER}\n").as_bytes()).await.unwrap();
    }
    within("the rest", screen.read_to_end(&mut shown)).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(within("the command ends", child.wait()).await.unwrap().success(), "{shown}");
    assert!(shown.contains("viewer") && !shown.contains(MARKER), "{shown}");
    assert_eq!(users(&home).await.len(), 2);
}
