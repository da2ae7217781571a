//! Usage in a database of before, when it was kept by hours alone.

use ollama2openai::store::Window;
use sqlx::Connection as _;

use super::folder::sqlite;
use super::open;

const BEFORE: &str = "\
    DROP TABLE usage_minute; DROP TABLE usage_sums; DROP TABLE usage_hourly; \
    CREATE TABLE usage_hourly ( \
      hour BIGINT NOT NULL, token TEXT NOT NULL, model TEXT NOT NULL, channel TEXT NOT NULL, backend TEXT NOT NULL, \
      outcome TEXT NOT NULL, requests BIGINT NOT NULL, prompt_tokens BIGINT NOT NULL, \
      completion_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL, \
      PRIMARY KEY (hour, token, model, channel, backend, outcome)); \
    INSERT INTO usage_hourly VALUES \
      (1767243600, 't', 'm', '', 'b', 'ok', 3, 30, 12, 0), (1767247200, 't', 'm', '', 'b', 'timeout', 1, 10, 0, 0), \
      (1767344400, 'u', 'm', '', 'b', 'ok', 5, 50, 20, 7); \
    DELETE FROM _sqlx_migrations WHERE version = 7";

#[tokio::test]
async fn usage_of_before_is_in_the_sums() {
    let temp = tempfile::tempdir().unwrap();
    open(temp.path()).await.close().await;
    let mut conn = sqlite(temp.path()).await;
    sqlx::raw_sql(BEFORE).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let store = open(temp.path()).await;
    let overview = store.overview(&Window { minutes: 0, hours: 0, days: 0, most: 10 }).await.unwrap();
    let told = |sums: &[ollama2openai::store::UseSum]| {
        let told = sums.iter().map(|sum| (sum.id.clone(), sum.counts.requests, sum.failed));
        told.collect::<Vec<_>>()
    };
    let of = |id: &str, requests, failed| (id.to_owned(), requests, failed);
    assert_eq!((overview.ever.counts.requests, overview.ever.counts.cached_tokens), (9, 7));
    assert_eq!(told(&overview.hours), [of("", 3, 0), of("", 1, 1), of("", 5, 0)]);
    assert_eq!(told(&overview.days), [of("", 4, 1), of("", 5, 0)]);
    assert_eq!(told(&overview.tokens), [of("u", 5, 0), of("t", 4, 1)]);
    assert_eq!(told(&overview.models), [of("m", 9, 1)]);
    assert_eq!(told(&overview.backends), [of("b", 9, 1)]);
    assert_eq!(told(&overview.outcomes), [of("ok", 8, 0), of("timeout", 1, 1)]);
    assert!(overview.minutes.is_empty() && overview.errors.is_empty());
}
