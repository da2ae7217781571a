//! Jobs that write what the journal and the audit tell: rows of the request log, and files.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::admin::audit_line;
use crate::config::Log;
use crate::ledger::Ledger;
use crate::snapshot::Reloader;
use crate::store::{LogBounds, Store, StoreError};
use crate::telemetry::{FileBounds, LineFile};

/// Between two times that files are written.
const FILES: Duration = Duration::from_millis(250);
/// Between two looks whether something is too old.
const TRIM: Duration = Duration::from_secs(10);
/// Between two slices that are deleted, so that others who write have their turn.
const SLICE: Duration = Duration::from_millis(20);
/// Rows of the audit that are told at once.
const AUDIT: i64 = 500;

/// Deletes what the request log holds beyond its bounds, for ever.
pub(super) async fn trim(reloader: Arc<Reloader>, store: Arc<Store>) {
    let mut was_good = true;
    loop {
        sleep(TRIM).await;
        let bounds = bounds(&reloader.settings().config.log, Timestamp::now());
        let trimmed = loop {
            match store.trim_request_log(&bounds).await {
                Ok(0) => break Ok(()),
                Ok(_) => sleep(SLICE).await,
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = &trimmed
            && was_good
        {
            tracing::error!(%error, "old rows of the request log cannot be deleted");
        }
        was_good = trimmed.is_ok();
    }
}

fn bounds(log: &Log, now: Timestamp) -> LogBounds {
    let since = log.retention_days.and_then(|days| {
        let age = SignedDuration::from_hours(i64::from(days) * 24);
        now.checked_sub(age).ok()
    });
    LogBounds { since, rows: log.max_rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)) }
}

/// The files `requests.jsonl` and `audit.jsonl`.
#[derive(Debug)]
pub(super) struct Files {
    ledger: Arc<Ledger>,
    store: Arc<Store>,
    reloader: Arc<Reloader>,
    requests: Arc<LineFile>,
    audit: Arc<LineFile>,
    is_failing: AtomicBool,
}

impl Files {
    pub(super) fn new(
        folder: PathBuf,
        ledger: Arc<Ledger>,
        store: Arc<Store>,
        reloader: Arc<Reloader>,
    ) -> Self {
        Files {
            ledger,
            store,
            reloader,
            requests: Arc::new(LineFile::new(folder.clone(), "requests")),
            audit: Arc::new(LineFile::new(folder, "audit")),
            is_failing: AtomicBool::default(),
        }
    }

    /// Writes what there is, and at the end what is left.
    pub(super) async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(sleep(FILES)).await.is_some() {
            self.write().await;
        }
        self.ledger.tell();
        self.write().await;
    }

    async fn write(&self) {
        let settings = self.reloader.settings();
        let log = &settings.config.log;
        let bounds = FileBounds { one: log.max_file_size, all: log.max_total_size };
        let lines = self.ledger.journal.take_lines();
        let count = lines.len();
        let has_lines = count > 0;
        let requests = append(&self.requests, lines, bounds).await;
        if requests.is_err() {
            self.ledger.journal.lost_lines(count);
        }
        let audit = match log.to_file {
            true => self.write_audit(bounds).await,
            false => Ok(()),
        };
        // Only a write tells that one is possible again.
        if has_lines || audit.is_err() {
            self.note(requests.and(audit));
        }
    }

    /// Tells of changes from where it stopped the last time, be it before the last start.
    async fn write_audit(&self, bounds: FileBounds) -> Result<(), String> {
        let told = |error: StoreError| error.to_string();
        loop {
            let rows = self.store.audit_for_file(AUDIT).await.map_err(told)?;
            let Some(last) = rows.last() else { return Ok(()) };
            let lines = rows.iter().map(|row| Arc::from(audit_line(row).to_string())).collect();
            append(&self.audit, lines, bounds).await?;
            self.store.audit_is_in_file(&last.id).await.map_err(told)?;
        }
    }

    /// A failure is told once, until it has passed.
    fn note(&self, written: Result<(), String>) {
        let was_failing = self.is_failing.swap(written.is_err(), Relaxed);
        match written {
            Err(error) if !was_failing => {
                tracing::error!(error, "log files cannot be written; their lines are lost until they can");
            }
            Ok(()) if was_failing => tracing::info!("log files can be written again"),
            _ => {}
        }
    }
}

/// Off the threads that serve requests, as disks may be slow.
async fn append(file: &Arc<LineFile>, lines: Vec<Arc<str>>, bounds: FileBounds) -> Result<(), String> {
    if lines.is_empty() {
        return Ok(());
    }
    let file = Arc::clone(file);
    let write = move || {
        let written = file.append(&lines, Timestamp::now(), &bounds);
        written.map_err(|error| format!("{}: {error}", file.path().display()))
    };
    let written = tokio::task::spawn_blocking(write).await;
    written.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
}
