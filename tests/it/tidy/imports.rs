//! Who may import whom.

use super::rust::paths;
use super::{File, hold, offences};

/// Modules that need nothing but the pure crate.
const LAYER_1: [&str; 3] = ["config", "http", "telemetry"];

/// A module of `src/` and the modules that it may name, beside itself and layer 1. The pure crate may be
/// named by all but those of [`NO_WIRE`].
const TABLE: [(&str, &[&str]); 16] = [
    ("store", &[]),
    ("upstream", &[]),
    ("limits", &["cluster"]),
    ("cache", &[]),
    ("fake", &[]),
    ("cluster", &[]),
    ("snapshot", &["store", "upstream", "limits", "cache", "cluster"]),
    ("access", &["snapshot"]),
    ("ledger", &["store"]),
    ("proxy", &["snapshot", "access", "limits", "upstream", "cache", "ledger"]),
    ("admin", &["store", "upstream", "limits", "cache", "cluster", "snapshot", "access", "ledger", "import"]),
    ("ui", &["store", "upstream", "limits", "cache", "cluster", "snapshot", "access", "ledger"]),
    ("import", &["store", "upstream", "limits", "cache", "cluster", "snapshot", "access", "ledger"]),
    ("config", &[]),
    ("http", &[]),
    ("telemetry", &["http"]),
];
/// Modules that put everything together and may name everything.
const TOP: [&str; 6] = ["app", "boot", "serve", "cli", "main", "lib"];
const NO_WIRE: [&str; 3] = ["admin", "ui", "import"];
/// What the pure crate may not reach: sockets, files, clocks, chance, the environment. Addresses are values.
const IMPURE: [&str; 18] = [
    "tokio",
    "hyper",
    "http",
    "getrandom",
    "std::net::*",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
];

/// The offences of a file against the table.
fn imports(file: &File) -> Vec<String> {
    if file.path.starts_with("crates/wire/src/") {
        return impure(file);
    }
    let Some(rest) = file.path.strip_prefix("src/").filter(|_| file.has_extension(&["rs"])) else {
        return Vec::new();
    };
    let module = rest.split(['/', '.']).next().unwrap_or_default();
    if TOP.contains(&module) {
        return Vec::new();
    }
    let Some((_, allowed)) = TABLE.iter().find(|(known, _)| *known == module) else {
        return vec![format!("1: the module {module} has no place in the table of tests/it/tidy/imports.rs")];
    };
    let layer_1: &[&str] = if LAYER_1.contains(&module) { &[] } else { &LAYER_1 };
    let names = paths(&file.text).into_iter().filter_map(|(line, path)| {
        let mut parts = path.split("::");
        let (first, second) = (parts.next()?, parts.next()?);
        let wrong = match first {
            "crate" => second != module && !allowed.contains(&second) && !layer_1.contains(&second),
            "sqlx" => module != "store",
            "wire" => NO_WIRE.contains(&module),
            _ => false,
        };
        wrong.then(|| format!("{line}: {module} may not name {path}"))
    });
    names.collect()
}

fn impure(file: &File) -> Vec<String> {
    let reaches =
        |path: &str| IMPURE.iter().any(|root| path == *root || path.starts_with(&format!("{root}::")));
    let named = paths(&file.text).into_iter().filter(|(_, path)| reaches(path));
    named.map(|(line, path)| format!("{line}: the pure crate may not name {path}")).collect()
}

#[test]
fn imports_keep_to_the_table() {
    hold(imports);
}

#[test]
fn a_wrong_import_is_found() {
    let count = |path: &str, text: &str| offences(imports, path, text).len();
    assert_eq!(count("src/proxy/chat.rs", "use crate::store::Db;"), 1);
    assert_eq!(count("src/proxy/chat.rs", "fn f() { crate::admin::list(); sqlx::query(\"\"); }"), 2);
    assert_eq!(
        count("src/proxy/chat.rs", "use crate::{snapshot::Live, upstream::Client, config, app::App};"),
        1
    );
    assert_eq!(count("src/upstream/client.rs", "use crate::fake;\nuse crate::fake::Fake;"), 1 + 1);
    assert_eq!(count("src/fake/server.rs", "use crate::{http::Body,\n  upstream::Client};"), 1);
    assert_eq!(count("src/http/error.rs", "use crate::config::Config;"), 1);
    assert_eq!(count("src/admin/mod.rs", "use wire::openai::Chat;"), 1);
    assert_eq!(count("src/strange.rs", ""), 1);
    assert_eq!(count("src/boot.rs", "use crate::{store, proxy, admin};"), 0);
    assert_eq!(
        count("crates/wire/src/sse.rs", "use std::{net::{IpAddr, TcpStream}, time::{Duration, Instant}};"),
        2
    );
    assert_eq!(count("crates/wire/src/sse.rs", "tokio::spawn(f); // std::fs"), 1);
    assert_eq!(count("crates/wire/src/sse.rs", "use std::io::Write; use crate::http;"), 0);
}
