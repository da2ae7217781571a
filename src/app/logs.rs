//! The files that the journal and the audit are told to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::admin::audit_line;
use crate::ledger::Ledger;
use crate::snapshot::Reloader;
use crate::store::Store;
use crate::telemetry::{FileBounds, LineFile};

/// Between two times that files are written.
const FILES: Duration = Duration::from_millis(250);
/// Between two looks for changes that other processes have made; those of this one are told of at once.
const AUDIT_EVERY: Duration = Duration::from_secs(10);
/// Rows of the audit that are told at once.
const AUDIT: i64 = 500;

/// The files `requests.jsonl` and `audit.jsonl`.
#[derive(Debug)]
pub(super) struct Files {
    ledger: Arc<Ledger>,
    store: Arc<Store>,
    reloader: Arc<Reloader>,
    requests: Arc<LineFile>,
    audit: Arc<LineFile>,
    /// The last row of the audit that was told here.
    last: String,
    /// The last one that the database knows to be in the file.
    noted: String,
    /// When the audit was looked at last.
    looked: Option<Instant>,
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
            last: String::new(),
            noted: String::new(),
            looked: None,
        }
    }

    /// Writes what there is, and at the end what is left.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(sleep(FILES)).await.is_some() {
            self.write().await;
        }
        self.ledger.tell();
        self.looked = None;
        self.write().await;
    }

    async fn write(&mut self) {
        let settings = self.reloader.settings();
        let log = &settings.config.log;
        let bounds = FileBounds { one: log.max_file_size, all: log.max_total_size };
        let lines = self.ledger.journal.take_lines();
        let count = lines.len();
        let requests = append(&self.requests, lines, bounds).await;
        if requests.is_err() {
            self.ledger.journal.lost_lines(count);
        }
        let audit = match log.to_file {
            true if self.is_audit_due() => self.write_audit(bounds).await,
            _ => Ok(()),
        };
        if audit.is_err() {
            self.looked = None;
        }
        // Only a write tells that one is possible again.
        if count > 0 || audit.is_err() {
            self.note(requests.and(audit));
        }
    }

    fn is_audit_due(&mut self) -> bool {
        let is_due = self.store.has_new_audit() || self.looked.is_none_or(|at| at.elapsed() >= AUDIT_EVERY);
        if is_due {
            self.looked = Some(Instant::now());
        }
        is_due
    }

    /// Tells of changes from where it stopped the last time, be it before the last start.
    async fn write_audit(&mut self, bounds: FileBounds) -> Result<(), String> {
        loop {
            let rows = self.store.audit_for_file(&self.last, AUDIT).await;
            let rows = rows.map_err(|error| error.to_string())?;
            if let Some(last) = rows.last() {
                let lines = rows.iter().map(|row| Arc::from(audit_line(row).to_string())).collect();
                append(&self.audit, lines, bounds).await?;
                self.last.clone_from(&last.id);
            }
            // A database that is busy is told where this is to go on with a later look, or when the gateway stops.
            if self.noted != self.last && self.store.audit_is_in_file(&self.last).await.is_ok() {
                self.noted.clone_from(&self.last);
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }

    /// A failure is told once, until it has passed.
    fn note(&self, written: Result<(), String>) {
        let is_news = self.ledger.journal.disk_was_tried(written.as_ref().err().map(String::as_str));
        match written {
            Err(error) if is_news => {
                tracing::error!(error, "log files cannot be written; their lines are lost until they can");
            }
            Ok(()) if is_news => tracing::info!("log files can be written again"),
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
