//! Which form the database has, and bringing it up to date. The forms themselves are in `migrations/`.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::{Connection as _, SqliteConnection};

use super::db::{Db, Pools, Tx, on, sqlite};
use super::{StoreError, folder};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// A change of the database's form that has not been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub version: i64,
    pub name: String,
}

/// What is missing in the database of a data folder, in order. A folder without one lacks everything. Changes nothing.
pub(super) async fn pending(data_dir: &Path) -> Result<Vec<Pending>, StoreError> {
    let file = folder::database(data_dir);
    let exists = file.try_exists().map_err(|error| folder::failed("look for", data_dir, error))?;
    let applied = if exists { applied(&file).await? } else { None };
    Ok(missing(applied.as_deref().unwrap_or_default()))
}

fn missing(applied: &[i64]) -> Vec<Pending> {
    let missing = MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version));
    missing
        .map(|migration| Pending { version: migration.version, name: migration.description.to_string() })
        .collect()
}

/// The versions that a database file has seen; `None` when it is not one of ours.
///
/// # Errors
/// [`StoreError::Newer`] when one of them is unknown here.
pub(super) async fn applied(file: &Path) -> Result<Option<Vec<i64>>, StoreError> {
    let mut conn = SqliteConnection::connect_with(&sqlite(file).read_only(true)).await?;
    let versions: Result<Vec<i64>, sqlx::Error> = async {
        let table = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
        if sqlx::query_scalar::<_, i64>(table).fetch_one(&mut conn).await? == 0 {
            return Ok(Vec::new());
        }
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(&mut conn).await
    }
    .await;
    let closed = conn.close().await;
    let versions = versions?;
    closed?;
    match versions.last() {
        Some(&found) if found > known() => Err(StoreError::Newer { found, known: known() }),
        Some(_) => Ok(Some(versions)),
        None => Ok(None),
    }
}

fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The last version that another program has made of a database in use, if it is unknown here.
pub(super) async fn newer(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let last = "SELECT MAX(version) FROM _sqlx_migrations";
    let found: Option<i64> = on!(tx, conn => sqlx::query_scalar(last).fetch_one(conn).await)?;
    Ok(found.filter(|found| *found > known()))
}

/// Applies what is pending, each change in a transaction.
pub(super) async fn run(db: &Db) -> Result<(), StoreError> {
    match &db.pools {
        Pools::Sqlite { writer, .. } => Ok(MIGRATIONS.run(writer).await?),
    }
}
