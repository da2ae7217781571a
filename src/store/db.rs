//! Pools and transactions, and the one macro that lets a query be written once for every kind of database.
//!
//! Another database is a variant more in [`Pools`] and [`Conn`] and an arm more in [`on`]; no query changes. Not here: any
//! query.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sqlx::database::HasStatementCache;
use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Database, FromRow, SqlSafeStr, Sqlite, SqlitePool, Transaction};
use tokio::sync::watch;
use tokio::time::sleep;

use super::StoreError;
use super::calm::calm;
use crate::telemetry::Metrics;

/// How long a writer waits for another one, of this process or of the command line.
const PATIENCE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

#[derive(Debug)]
pub(super) struct Db {
    pub(super) pools: Pools,
    /// How long a write waits for one of another process.
    patience: Duration,
    /// Whether the last write that was tried has waited for that in vain.
    is_busy: watch::Sender<bool>,
    pub(super) changes: Arc<Changes>,
}

/// Who is told of changes that are stored: of those that have rows of the audit.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Whether there were any since this was asked.
    pub(super) are_new: AtomicBool,
    pub(super) metrics: OnceLock<Arc<Metrics>>,
}

#[derive(Debug)]
pub(super) enum Pools {
    /// One writer: SQLite has room for one only, and a queue in front of it is fairer than its polling.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
}

/// A transaction. Dropped without [`Tx::commit`], it has changed nothing.
pub(super) struct Tx {
    pub(super) conn: Conn,
    /// Whether it has rows of the audit.
    pub(super) has_audit: bool,
    begun: Instant,
    changes: Arc<Changes>,
}

/// That of a transaction.
pub(super) enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
}

/// Expands a body for the database at hand, with `$conn` as its connection.
macro_rules! on {
    ($tx:expr, $conn:ident => $body:expr) => {
        match &mut ($tx).conn {
            $crate::store::db::Conn::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}
pub(super) use on;

/// A query of all columns. It is not kept for the next time: a later version may add columns while this one runs, and the
/// driver believes for ever in those that it has seen first, and panics at others. [`look`] sees to the rest.
pub(super) fn starred<'q, D, O>(select: impl SqlSafeStr) -> QueryAs<'q, D, O, D::Arguments>
where
    D: Database + HasStatementCache,
    O: for<'r> FromRow<'r, D::Row>,
{
    sqlx::query_as(select).persistent(false)
}

/// Makes the connection see which columns there are now, as far as this transaction goes: SQLite finds out at the first
/// step of a statement that its own picture of them is old, which is too late for the driver.
async fn look(tx: &mut Transaction<'static, Sqlite>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT name FROM meta LIMIT 1").execute(&mut **tx).await.map(drop)
}

/// Rows of one statement: with one statement a row, a thousand channels would keep a core busy. Not many more, as
/// SQLite looks for each parameter by its name.
pub(super) const AT_ONCE: usize = 8;

/// Places for values of a statement: `($1, $2), ($3, $4)` for two rows of two.
pub(super) fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<_> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", numbers.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

pub(super) fn sqlite(file: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(true).busy_timeout(PATIENCE);
    // Large sorts want a file otherwise, and in a container whose root is read-only there is no place for one.
    options.pragma("temp_store", "memory")
}

impl Db {
    /// Connects to a SQLite file that exists.
    pub(super) async fn sqlite(file: &Path) -> Result<Db, StoreError> {
        // In WAL mode a commit is a write to the log. With NORMAL it is in the kernel's hands, which a SIGKILL does not
        // touch; only a power cut would. FULL waits for the disk as well, so that what was acknowledged survives that,
        // too. It costs one fsync a commit; commits are rare, as usage is written in batches.
        let write = sqlite(file).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        // A full disk makes SQLite roll back by itself. The driver's own rollback then fails, and it would believe for
        // ever that a transaction is open: such a connection is replaced. Its release has awaited the rollback.
        let writer = pool()
            .max_connections(1)
            .after_connect(|_, _| {
                calm();
                Box::pin(async { Ok(()) })
            })
            .before_acquire(|conn, _| {
                let sound = !conn.is_in_transaction();
                Box::pin(async move { Ok(sound) })
            })
            .connect_with(write)
            .await?;
        // After the writer: a reader that may not write cannot make the files of WAL mode.
        let readers = pool().max_connections(READERS).connect_lazy_with(sqlite(file).read_only(true));
        Ok(Db {
            pools: Pools::Sqlite { writer, readers },
            patience: PATIENCE,
            is_busy: watch::Sender::new(false),
            changes: Arc::default(),
        })
    }

    /// Whether a reader or the writer gives no sign of life in time.
    pub(super) async fn is_silent(&self) -> bool {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                let asked = async |pool: &SqlitePool| sqlx::query("SELECT 1").execute(pool).await;
                let (read, written) = tokio::join!(asked(readers), asked(writer));
                [read, written].iter().any(|done| matches!(done, Err(sqlx::Error::PoolTimedOut)))
            }
        }
    }

    /// A transaction that sees one state of everything, and must not write.
    pub(super) async fn read(&self) -> Result<Tx, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let mut tx = readers.begin().await?;
                look(&mut tx).await?;
                Ok(self.tx(Conn::Sqlite(tx)))
            }
        }
    }

    /// From now on a write waits only so long for one of another process.
    pub(super) async fn hurry(&mut self, patience: Duration) -> Result<(), StoreError> {
        self.patience = patience;
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                writer.set_connect_options((*writer.connect_options()).clone().busy_timeout(patience));
                let now = format!("PRAGMA busy_timeout = {}", patience.as_millis());
                // Nothing but a number was put into the text.
                sqlx::query(sqlx::AssertSqlSafe(now)).execute(writer).await?;
            }
        }
        Ok(())
    }

    /// A transaction that may write.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process writes for longer than this one waits.
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        // Those of this process are waited for, however slow the machine is, unless nobody gets on.
        let mut is_busy = self.is_busy.subscribe();
        let in_vain = async {
            let _ = is_busy.wait_for(|is_busy| *is_busy).await;
            sleep(self.patience).await;
        };
        let begun = tokio::select! {
            biased;
            begun = self.begin() => begun,
            () = in_vain => return Err(StoreError::Locked),
        };
        // What waits too long for others of this process says nothing of another one.
        if matches!(begun, Err(sqlx::Error::PoolTimedOut)) {
            return Err(StoreError::Locked);
        }
        let begun = begun.map_err(StoreError::from);
        self.is_busy.send_replace(matches!(begun, Err(StoreError::Locked)));
        Ok(self.tx(begun?))
    }

    async fn begin(&self) -> Result<Conn, sqlx::Error> {
        match &self.pools {
            // A transaction that begins by reading would fail at its first write, without any waiting, when another
            // process had written in between. One that begins when nobody waits any more is rolled back by the driver.
            Pools::Sqlite { writer, .. } => {
                let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                look(&mut tx).await?;
                Ok(Conn::Sqlite(tx))
            }
        }
    }

    fn tx(&self, conn: Conn) -> Tx {
        Tx { conn, has_audit: false, begun: Instant::now(), changes: Arc::clone(&self.changes) }
    }

    pub(super) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await; // the last one to close empties the log into the database
            }
        }
    }
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.conn {
            Conn::Sqlite(tx) => tx.commit().await?,
        }
        if self.has_audit {
            self.changes.are_new.store(true, Relaxed);
            let metrics = self.changes.metrics.get();
            metrics.iter().for_each(|metrics| metrics.wrote("changes", Some(self.begun.elapsed())));
        }
        Ok(())
    }
}
