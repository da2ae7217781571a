//! Waiting that ends: a deadline for every await of a test, and polling until something holds.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long one await of a test may take before the test fails. Generous: it is met only by a defect.
pub const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// The future's value; panics, naming `what`, when it takes longer than [`DEADLINE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {DEADLINE:?}"),
    }
}

/// Polls until `holds` is true; panics, naming `what`, after [`DEADLINE`].
pub async fn until(what: &str, holds: impl FnMut() -> bool) {
    assert!(until_or(DEADLINE, holds).await, "{what}: not within {DEADLINE:?}");
}

/// Polls until `holds` is true or `limit` has passed; says which.
pub async fn until_or(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        pause(POLL).await;
    }
}

/// Lets time pass. For pauses that a case file asks for and for polling; no test waits this way for an event.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Runs a future beside the test, and ends it when the handle is dropped.
pub fn beside<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Beside<T> {
    #[expect(clippy::disallowed_methods, reason = "a test has no task tracker; the handle ends the task")]
    Beside(tokio::spawn(future))
}

/// A running future of [`beside`].
pub struct Beside<T>(tokio::task::JoinHandle<T>);

impl<T> Beside<T> {
    /// Its value, within [`DEADLINE`].
    pub async fn value(mut self) -> T {
        within("a future beside the test", &mut self.0).await.expect("a future beside the test panicked")
    }

    /// Whether it has ended.
    pub fn ended(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> Drop for Beside<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
