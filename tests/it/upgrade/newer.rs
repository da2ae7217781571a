//! An older program beside a database that a newer one has changed.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

use super::{CHAT, env};
use crate::support::client;
use crate::support::ollama::{chat, ollama, whole};
use crate::support::running::serve;

/// Does to the database what a newer version may do: it expands.
async fn expand(home: &Path) {
    let file = home.join("data/ollama2openai.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let ours = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sql%'";
    let tables: Vec<String> = sqlx::query_scalar(ours).fetch_all(&mut database).await.unwrap();
    let mut steps = vec![
        "CREATE TABLE of_the_future (id TEXT PRIMARY KEY)".to_owned(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', TRUE, x'00', 0)"
            .to_owned(),
    ];
    assert!(tables.iter().any(|table| table == "tokens"), "{tables:?}");
    steps.extend(tables.iter().map(|table| format!("ALTER TABLE {table} ADD COLUMN of_the_future TEXT")));
    for step in steps {
        sqlx::query(sqlx::AssertSqlSafe(step)).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
}

/// Reads all that is stored, as the panel does.
async fn read_all(addr: std::net::SocketAddr) {
    for path in [
        "keys",
        "channels",
        "tokens",
        "users",
        "sessions",
        "admin-tokens",
        "settings",
        "dashboard",
        "stats",
        "audit",
        "logs",
    ] {
        let request = client::Request::get(&format!("/admin/api/{path}"));
        let reply = client::send(addr, &request.header("authorization", "Bearer of-the-upgrade")).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

#[tokio::test]
async fn one_that_runs_goes_on_and_one_that_starts_says_why_not() {
    let fake = ollama(|_| whole("Hi")).await;
    let home = tempfile::tempdir().unwrap();
    let given = env(home.path(), &[("OLLAMA_BASE_URL", &fake.url())]);
    let mut old = serve(home.path(), &given);
    let addr = old.addr().await;
    assert_eq!(client::post_json(addr, CHAT, &chat(false)).await.status, 200);
    // Twice, so that the driver knows every statement.
    read_all(addr).await;
    read_all(addr).await;
    expand(home.path()).await;
    old.line("a newer program has changed the database").await;
    read_all(addr).await;
    assert_eq!(client::post_json(addr, CHAT, &chat(false)).await.status, 200);
    let create = client::Request::post("/admin/api/tokens", &serde_json::json!({"name": "t"}))
        .header("authorization", "Bearer of-the-upgrade");
    let made = client::send(addr, &create).await;
    assert!(made.status < 300, "{}", made.text());
    let token = made.json()["token"]["token"].as_str().or(made.json()["token"].as_str()).unwrap().to_owned();
    let asked = client::Request::post(CHAT, &chat(false)).header("authorization", &format!("Bearer {token}"));
    assert_eq!(client::send(addr, &asked).await.status, 200);
    let (code, log) = serve(home.path(), &given).exited().await;
    assert_eq!(code, 1);
    assert!(
        log.contains("error: the database is of version 9999, and this program knows versions up to"),
        "{log}"
    );
    old.signal("TERM");
    let (code, log) = old.exited().await;
    assert!(code == 0 && !log.contains("ERROR") && !log.contains("panicked"), "{log}");
    assert_eq!(super::restart::counted(home.path()).await, 3);
}
