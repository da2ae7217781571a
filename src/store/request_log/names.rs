//! What people call the things that rows of the request log name by their ids.

use std::collections::{BTreeSet, HashMap};

use super::super::db::{Tx, on, places};
use super::super::{Store, StoreError};
use super::rows::LogRow;

/// Names that are asked for at once.
const AT_ONCE: usize = 64;

/// Names by ids. What is gone has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// The name of a token, a backend or a channel.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// Names one that is in no table.
    pub fn add(&mut self, id: &str, name: &str) {
        self.0.insert(id.to_owned(), name.to_owned());
    }
}

impl Store {
    /// The names of what these rows name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn names_of(&self, rows: &[LogRow]) -> Result<Names, StoreError> {
        let tried =
            rows.iter().flat_map(|row| row.attempts.iter().map(|attempt| attempt.backend_id.as_str()));
        let backends = rows.iter().map(|row| row.backend.as_str()).chain(tried).collect();
        let channels = rows.iter().map(|row| row.channel.as_str()).collect();
        let tokens = rows.iter().map(|row| row.token.as_str()).collect();
        let (mut tx, mut names) = (self.db.read().await?, HashMap::new());
        for (table, ids) in [("backends", backends), ("channels", channels), ("tokens", tokens)] {
            names.extend(names_in(&mut tx, table, ids).await?);
        }
        Ok(Names(names))
    }
}

async fn names_in(
    tx: &mut Tx,
    table: &'static str,
    mut ids: BTreeSet<&str>,
) -> Result<Vec<(String, String)>, StoreError> {
    ids.remove("");
    let (ids, mut names) = (Vec::from_iter(ids), Vec::new());
    for ids in ids.chunks(AT_ONCE) {
        let select = format!("SELECT id, name FROM {table} WHERE id IN {}", places(1, AT_ONCE));
        // The empty text is no id.
        let ids = ids.iter().copied().chain(std::iter::repeat("")).take(AT_ONCE);
        names.extend(on!(tx, conn => {
            // Nothing but the name of a table and numbers was put into the text.
            let query = sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(select));
            ids.fold(query, |query, id| query.bind(id)).fetch_all(conn).await
        })?);
    }
    Ok(names)
}
