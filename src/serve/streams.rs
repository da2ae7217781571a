//! What runs beside a connection of HTTP/2: each of its streams, in a task of its own.

use std::pin::pin;

use hyper::rt::Executor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accept::LAST_WORDS;

/// Runs streams, and wakes them when time is up: waking their connection would not do it.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) tasks: TaskTracker,
    pub(super) cut: CancellationToken,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            let mut stream = pin!(stream);
            tokio::select! {
                biased;
                _ = stream.as_mut() => return,
                () = cut.cancelled() => {}
            }
            // The next poll sees that time is up. What cannot end itself, as nobody reads it, is dropped.
            let _ = tokio::time::timeout(LAST_WORDS, stream).await;
        });
    }
}
