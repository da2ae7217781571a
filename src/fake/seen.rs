//! The log of what a fake has seen, for tests to read and to wait for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::http::Request;

/// One request and what became of its reply.
#[derive(Debug, Clone)]
pub struct Seen {
    pub request: Arc<Request>,
    /// When the request had been read, with its body.
    pub arrived: Instant,
    /// The connection it came by; connections are counted from 0 in the order of their arrival.
    pub connection: u64,
    /// Bytes of the reply's body that were passed to the system, without framing.
    pub sent: usize,
    /// When the client was seen to have left before the reply ended.
    pub closed_at: Option<Instant>,
    /// Whether the reply was played to its end.
    pub ended: bool,
}

/// A handle on the log; clones share it.
#[derive(Debug, Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    seen: Mutex<Vec<Seen>>,
    changed: watch::Sender<()>,
    limit: usize,
}

impl Log {
    pub(super) fn new(limit: usize) -> Log {
        Log { inner: Arc::new(Inner { seen: Mutex::default(), changed: watch::Sender::new(()), limit }) }
    }

    /// Everything so far, in the order of arrival.
    pub fn all(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    /// The requests of one path.
    pub fn of(&self, path: &str) -> Vec<Seen> {
        self.lock().iter().filter(|seen| seen.request.path == path).cloned().collect()
    }

    /// Forgets everything; what is still being sent is not recorded any more.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Waits until `predicate` accepts the log, which it is asked for now and after each change. Returns
    /// whether it did within `deadline`.
    pub async fn wait_until(&self, deadline: Duration, mut predicate: impl FnMut(&[Seen]) -> bool) -> bool {
        let mut changes = self.inner.changed.subscribe();
        let accepted = async {
            while !predicate(&self.lock()) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(deadline, accepted).await.unwrap_or(false)
    }

    /// Notes a request. A full log notes no more of them.
    pub(super) fn add(&self, connection: u64, request: &Arc<Request>) {
        if self.inner.limit == 0 {
            return;
        }
        let mut seen = self.lock();
        if seen.len() < self.inner.limit {
            let request = Arc::clone(request);
            let arrived = Instant::now();
            seen.push(Seen { request, arrived, connection, sent: 0, closed_at: None, ended: false });
        }
        drop(seen);
        self.inner.changed.send_replace(());
    }

    /// Changes the entry of this request, if it is still there.
    pub(super) fn update(&self, request: &Arc<Request>, change: impl FnOnce(&mut Seen)) {
        if self.inner.limit == 0 {
            return;
        }
        if let Some(seen) = self.lock().iter_mut().rev().find(|seen| Arc::ptr_eq(&seen.request, request)) {
            change(seen);
        }
        self.inner.changed.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
