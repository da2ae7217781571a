//! Numbers for Prometheus: what records have told, and what is counted while it runs. Families are in [`names`]; what is
//! live elsewhere is read by who answers a scrape, and comes in as a [`Reading`].

mod book;
mod format;
mod histogram;
pub mod names;
mod page;
mod process;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{OTHER, Record};
use book::Book;

pub use format::Format;
pub use page::{BackendReading, CacheReading, Reading, Rest};
pub use process::Process;

/// All that is counted of one gateway.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests to endpoints of the API.
    pub requests: Census,
    /// Of these, streams that have begun.
    pub streams: Census,
    /// Connections of clients.
    pub connections: Census,
    /// When the certificate ends, while TLS is spoken.
    pub certificate_end: Moment,
    book: Mutex<Book>,
}

/// How many there are of something now.
#[derive(Debug, Default)]
pub struct Census(Arc<()>);

/// A time, once there is one; in seconds since 1970.
#[derive(Debug, Default)]
pub struct Moment(AtomicI64);

impl Moment {
    /// Sets it; 1970 itself is none.
    pub fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn get(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|seconds| *seconds != 0)
    }
}

/// One of them, as long as this is kept.
#[derive(Debug)]
#[must_use]
pub struct Presence {
    _counted: Arc<()>,
}

impl Census {
    /// One more.
    pub fn enter(&self) -> Presence {
        Presence { _counted: Arc::clone(&self.0) }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

impl Metrics {
    /// Counts the records that `take` gives, and hands them on. Whoever reads sees either none of them or all, and
    /// never the moment between.
    pub fn count(&self, take: impl FnOnce() -> Vec<Record>) -> Vec<Record> {
        let mut book = self.book();
        let records = take();
        records.iter().for_each(|record| book.add(record));
        records
    }

    /// A write to the database is over; `None` = it failed.
    pub fn wrote(&self, what: &'static str, took: Option<Duration>) {
        self.book().add_write(what, took);
    }

    /// Requests as the Node program counts them: those that backends had to do with, and lists of models.
    #[must_use]
    pub fn requests_total(&self) -> u64 {
        self.book().requests.values().sum()
    }

    /// Forgets backends and API tokens that are there no more.
    pub fn forget(&self, has_backend: impl Fn(&str) -> bool, has_token: impl Fn(&str) -> bool) {
        let mut book = self.book();
        book.backends.retain(|id, _| has_backend(id));
        book.tokens.retain(|id, _| &**id == OTHER || has_token(id));
    }

    /// Everything as a scrape shows it.
    #[must_use]
    pub fn page(&self, reading: Reading, format: Format) -> String {
        let active = [&self.requests, &self.streams, &self.connections].map(Census::count);
        let book = self.book().clone();
        page::write(book, reading, active, self.certificate_end.get(), format)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
