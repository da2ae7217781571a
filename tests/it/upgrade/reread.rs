//! SIGHUP: what is configured is read anew, and put in force whole or not at all.

use std::time::Duration;

use super::{CHAT, env};
use crate::support::client::{self, Request};
use crate::support::ollama::{chat, ollama, whole};
use crate::support::running::{Running, serve};
use crate::support::tls::{Identity, Pair};
use crate::support::wait::{until, within};

/// The lines of the log up to that which ends the reading.
async fn reread(gateway: &mut Running) -> String {
    gateway.signal("HUP");
    gateway.lines_to("SIGHUP").await
}

#[tokio::test]
async fn a_good_one_is_in_force_at_once_and_told_of() {
    let fake = ollama(|_| whole("Hi")).await;
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write("config.toml", "max_retries = 2\nmax_body_bytes = \"1MiB\"\n");
    write("token", "first-secret\n");
    write("password", "first-password\n");
    let url = fake.url();
    let mut given = env(home.path(), &[("OLLAMA_BASE_URL", &url), ("API_TOKEN_FILE", "token")]);
    given.retain(|(name, _)| name != "ADMIN_PASSWORD");
    given.push(("ADMIN_PASSWORD_FILE".to_owned(), "password".to_owned()));
    let mut gateway = serve(home.path(), &given);
    let addr = gateway.addr().await;
    let asked = async |token: &str| {
        let request = Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {token}"));
        client::send(addr, &request).await.status
    };
    let admin = async |password: &str| {
        let request = Request::get("/admin/api/keys").header("authorization", &format!("Bearer {password}"));
        client::send(addr, &request).await.status
    };
    assert_eq!((asked("first-secret").await, admin("first-password").await), (200, 200));
    write("config.toml", "max_retries = 5\nmax_body_bytes = 10\nport = 4711\n");
    write("token", "second-secret\n");
    write("password", "second-password\n");
    let told = reread(&mut gateway).await;
    assert!(told.contains("MAX_RETRIES: 2 -> 5 (config.toml:1): it is in force"), "{told}");
    assert!(told.contains("MAX_BODY_BYTES: 1MiB -> 10 (config.toml:2): it is in force"), "{told}");
    assert!(told.contains("API_TOKEN: *** -> *** (file token): it is in force"), "{told}");
    assert!(!told.contains("first-") && !told.contains("second-"), "{told}");
    // PORT is the environment's, which wins.
    assert!(!told.contains("PORT"), "{told}");
    assert_eq!((asked("first-secret").await, asked("second-secret").await), (401, 413));
    assert_eq!((admin("first-password").await, admin("second-password").await), (401, 200));

    write("config.toml", "header_timeout = \"5s\"\n");
    let told = reread(&mut gateway).await;
    assert!(told.contains("MAX_RETRIES: 5 -> 2 (default): it is in force"), "{told}");
    let waits = "HEADER_TIMEOUT: 75s -> 5s (config.toml:1): it counts from the next start";
    assert!(told.contains(waits), "{told}");
    assert!(reread(&mut gateway).await.contains(waits), "it is told as long as it waits");
    assert_eq!(asked("second-secret").await, 200);
    let request = Request::get("/admin/api/settings").header("authorization", "Bearer second-password");
    let all = client::send(addr, &request).await.json();
    let row = all["settings"].as_array().unwrap().iter().find(|row| row["env"] == "HEADER_TIMEOUT").unwrap();
    assert_eq!(row["value"], "75s", "{row}");
    assert!(row["note"].as_str().unwrap().contains("config.toml:1 says another value"), "{row}");
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_bad_one_is_refused_whole_with_every_mistake() {
    let fake = ollama(|_| whole("Hi")).await;
    let home = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(home.path().join("config.toml"), text).unwrap();
    let mut gateway = serve(home.path(), &env(home.path(), &[("OLLAMA_BASE_URL", &fake.url())]));
    let addr = gateway.addr().await;
    write("max_body_bytes = 1\nmax_retries = \"many\"\nno_such_thing = 1\n");
    let told = reread(&mut gateway).await;
    assert!(told.contains("config.toml:2: max_retries"), "{told}");
    assert!(told.contains("config.toml:3: no_such_thing"), "{told}");
    assert!(told.contains("the configuration has 2 mistakes; what was in force stays"), "{told}");
    assert_eq!(client::post_json(addr, CHAT, &chat(false)).await.status, 200, "one byte is not the limit");
    write("max_body_bytes = 1\n");
    reread(&mut gateway).await;
    within("it is in force", async {
        while client::post_json(addr, CHAT, &chat(false)).await.status != 413 {
            crate::support::wait::pause(Duration::from_millis(20)).await;
        }
    })
    .await;
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_bad_certificate_refuses_all_and_another_one_is_a_change() {
    let (home, fake) = (tempfile::tempdir().unwrap(), ollama(|_| whole("Hi")).await);
    let pair = Pair::new(&Identity::new());
    let mut given = env(home.path(), &[]);
    given.extend(pair.env(&fake, &[]));
    let mut gateway = serve(home.path(), &given);
    while !gateway.printed().await.contains("listening") {}
    std::fs::write(home.path().join("config.toml"), "max_retries = 5\n").unwrap();
    std::fs::write(pair.certificate(), "cut").unwrap();
    let told = reread(&mut gateway).await;
    assert!(told.contains("holds no certificate in PEM form; what was in force stays"), "{told}");
    assert!(!told.contains("MAX_RETRIES"), "{told}");
    // The files are looked at each second; it has just been done when this is told.
    std::fs::remove_file(pair.certificate()).unwrap();
    gateway.line("is no file; the certificate in use stays").await;
    pair.put(&Identity::new());
    let told = reread(&mut gateway).await;
    assert!(told.contains("another certificate is served"), "{told}");
    assert!(told.contains("MAX_RETRIES: 2 -> 5 (config.toml:1): it is in force"), "{told}");
    assert!(told.contains("changes=2"), "{told}");
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

/// Whether a process catches SIGHUP, which is the first bit of the mask.
fn catches_hangup(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1
}

#[tokio::test]
async fn one_during_the_start_is_obeyed_after_it() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    // Another one that starts in this folder.
    let other = std::fs::File::open(&data).unwrap();
    other.lock().unwrap();
    let mut gateway = serve(home.path(), &env(home.path(), &[super::NOBODY]));
    until("signals are caught", || catches_hangup(gateway.pid())).await;
    std::fs::write(home.path().join("config.toml"), "max_retries = 5\n").unwrap();
    gateway.signal("HUP");
    other.unlock().unwrap();
    let told = gateway.lines_to("SIGHUP").await;
    assert!(told.contains("MAX_RETRIES: 2 -> 5 (config.toml:1): it is in force"), "{told}");
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}
