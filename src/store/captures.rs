//! What was captured: texts of requests and answers, sealed as credentials are, for a short while.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audit::{self, By, Entry};
use super::db::{Tx, on};
use super::text::{from_json, new_id, to_json};
use super::{Lost, Store, StoreError};
use crate::config::Secret;
use crate::telemetry::{Facts, Redacted};

/// Rows that are deleted at once: each may be large.
const SLICE: i64 = 50;

/// A captured request without its texts.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CaptureRow {
    /// Sorts by time.
    pub id: String,
    /// Its `x-request-id`, which a client may have chosen.
    pub request_id: String,
    /// When it was over: milliseconds since 1970.
    pub at: i64,
    /// Id of the token.
    pub token: String,
    pub endpoint: String,
    /// As the client named it.
    pub model: String,
    /// Bytes of the whole.
    pub request_bytes: i64,
    pub response_bytes: i64,
}

/// The texts of one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureTexts {
    pub request: String,
    /// Whether its end is missing.
    pub request_is_cut: bool,
    pub response: String,
    pub response_is_cut: bool,
}

impl fmt::Debug for CaptureTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptureTexts")
    }
}

const COLUMNS: &str = "id, request_id, at, token, endpoint, model, request_bytes, response_bytes";

impl Store {
    /// Keeps what was captured, all or none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn keep_captures(&self, captured: &[(&Facts, Redacted)]) -> Result<(), StoreError> {
        let mut sealed = Vec::with_capacity(captured.len());
        for (facts, Redacted { request, response }) in captured {
            let texts = CaptureTexts {
                request: request.text.clone(),
                request_is_cut: request.is_cut,
                response: response.text.clone(),
                response_is_cut: response.is_cut,
            };
            let id = new_id();
            let texts = self.key.seal(&place(&id), &Secret::new(to_json(&texts)))?;
            sealed.push((id, facts, [request.whole, response.whole].map(number), texts));
        }
        let mut tx = self.db.write().await?;
        for (id, facts, [request, response], texts) in &sealed {
            on!(&mut tx, conn => sqlx::query(INSERT)
                .bind(id)
                .bind(&facts.id)
                .bind(facts.at.as_millisecond())
                .bind(&*facts.consumer.id)
                .bind(facts.endpoint)
                .bind(&*facts.model)
                .bind(request)
                .bind(response)
                .bind(texts)
                .execute(conn).await.map(drop))?;
        }
        tx.commit().await
    }

    /// The newest first, of one token or of all. The audit tells who has looked.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn captures(
        &self,
        token: Option<&str>,
        most: i64,
        by: &By,
    ) -> Result<Vec<CaptureRow>, StoreError> {
        let select =
            format!("SELECT {COLUMNS} FROM captures WHERE $1 = '' OR token = $1 ORDER BY id DESC LIMIT $2");
        let mut tx = self.db.write().await?;
        let rows: Vec<CaptureRow> = on!(&mut tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(select))
            .bind(token.unwrap_or_default())
            .bind(most)
            .fetch_all(conn).await)?;
        let of = token.map(|token| json!({ "token": token }));
        audit::write(&mut tx, by, &Entry { after: of, ..entry("capture.list") }).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// One by its own id or, of those with the same `x-request-id`, the newest; case does not count. The audit tells who has
    /// seen it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn view_capture(
        &self,
        id: &str,
        by: &By,
    ) -> Result<(CaptureRow, Result<CaptureTexts, Lost>), StoreError> {
        let mut tx = self.db.write().await?;
        let (row, texts) = match find(&mut tx, "id = $1", id).await? {
            Some(found) => found,
            None => find(&mut tx, "LOWER(request_id) = LOWER($1)", id)
                .await?
                .ok_or_else(|| StoreError::NotFound { what: "capture", id: id.to_owned() })?,
        };
        let of = json!({ "token": row.token, "requestId": row.request_id });
        audit::write(&mut tx, by, &Entry::new("capture.view", "capture", &row.id, "").after(of)).await?;
        tx.commit().await?;
        let place = place(&row.id);
        let texts = match self.key.open(&place, &texts) {
            Ok(json) => Ok(from_json(&place, "texts", json.expose())?),
            Err(lost) => Err(lost),
        };
        Ok((row, texts))
    }

    /// Deletes all that there are now.
    ///
    /// # Errors
    /// Those of the database; some may be gone then.
    pub async fn clear_captures(&self, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        audit::write(&mut tx, by, &entry("capture.clear")).await?;
        tx.commit().await?;
        while self.trim_captures(i64::MAX).await? > 0 {}
        Ok(())
    }

    /// Deletes some of those that were over before this millisecond, and says how many. 0 = there are none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn trim_captures(&self, before: i64) -> Result<u64, StoreError> {
        let delete =
            "DELETE FROM captures WHERE id IN (SELECT id FROM captures WHERE at < $1 ORDER BY at LIMIT $2)";
        let mut tx = self.db.write().await?;
        let deleted = on!(&mut tx, conn => sqlx::query(delete)
            .bind(before)
            .bind(SLICE)
            .execute(conn).await.map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(deleted)
    }
}

const INSERT: &str = "\
    INSERT INTO captures (id, request_id, at, token, endpoint, model, request_bytes, response_bytes, texts) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// The newest, with its sealed texts.
async fn find(
    tx: &mut Tx,
    condition: &str,
    value: &str,
) -> Result<Option<(CaptureRow, Vec<u8>)>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Whole {
        #[sqlx(flatten)]
        row: CaptureRow,
        texts: Vec<u8>,
    }
    let select = format!("SELECT {COLUMNS}, texts FROM captures WHERE {condition} ORDER BY id DESC LIMIT 1");
    let found: Option<Whole> = on!(tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(select))
        .bind(value)
        .fetch_optional(conn).await)?;
    Ok(found.map(|Whole { row, texts }| (row, texts)))
}

fn entry(action: &'static str) -> Entry {
    Entry { action, object_kind: "capture", ..Entry::default() }
}

/// What the texts are sealed to.
fn place(id: &str) -> String {
    format!("captures.texts.{id}")
}

fn number(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
