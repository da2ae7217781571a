//! One gateway ends, then the next one begins on the same port and folder, as compose does it.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, SqliteConnection};

use super::load::{Refused, finish, requests, streams};
use super::{env, streaming};
use crate::support::running::serve;
use crate::support::wait::until;

/// Requests of which the database knows.
pub(super) async fn counted(home: &Path) -> i64 {
    let file = home.join("data/ollama2openai.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    let sum = "SELECT COALESCE(SUM(requests), 0) FROM usage_hourly";
    let all = sqlx::query_scalar(sum).fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    all
}

#[tokio::test]
async fn a_restart_ends_every_stream_well_and_fails_no_request_that_was_taken() {
    const STREAMS: usize = 50;
    const PIECES: usize = 40;
    let fake = streaming(PIECES, 50).await;
    let home = tempfile::tempdir().unwrap();
    let first = env(home.path(), &[("OLLAMA_BASE_URL", &fake.url()), ("LOG_LEVEL", "warn")]);
    let mut old = serve(home.path(), &first);
    let addr = old.addr().await;
    let running = streams(addr, STREAMS).await;
    let load = requests(addr, Duration::from_secs(4), Refused::IsRetried);
    let readers: Vec<_> = running.into_iter().map(|stream| finish(stream, PIECES)).collect();
    until("the load has begun", || fake.log.of("/api/chat").len() > STREAMS + 20).await;
    let stopped = Instant::now();
    old.signal("TERM");
    let (code, log) = old.exited().await;
    assert_eq!((code, log.as_str()), (0, ""));
    let port = addr.port().to_string();
    let again = env(home.path(), &[("OLLAMA_BASE_URL", &fake.url()), ("LOG_LEVEL", "warn"), ("PORT", &port)]);
    let mut new = serve(home.path(), &again);
    assert_eq!(new.addr().await, addr);
    let gap = stopped.elapsed();
    for reader in readers {
        reader.value().await;
    }
    let told = load.value().await;
    assert!(told.failures.is_empty(), "{:?}", told.failures);
    let refused = told.refused.len();
    println!(
        "one after the other: {STREAMS} streams and {} requests, none failed; {refused} connections refused in {} ms",
        told.served,
        gap.as_millis()
    );
    new.signal("TERM");
    assert_eq!(new.exited().await.0, 0);
    assert_eq!(counted(home.path()).await, i64::try_from(STREAMS + told.served).unwrap());
}
