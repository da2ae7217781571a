//! How requests end that still run when the gateway must stop.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use wire::openai::ApiError;

use crate::http::{Failure, Outcome};

/// The end of the gateway, as requests learn of it.
#[derive(Debug, Default)]
pub struct Closing {
    draining: AtomicBool,
    cut: AtomicBool,
}

impl Closing {
    /// The gateway is about to stop: it is no longer ready, what runs may finish.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Time is up: every request ends with an error at its next poll; the caller wakes the connections.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Whether the gateway is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// An answer, unless time is up before it has begun.
    pub(super) async fn or_cut<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut answer = pin!(answer);
        std::future::poll_fn(|cx| match answer.as_mut().poll(cx) {
            Poll::Pending if self.is_cut() => Poll::Ready(Err(cut_off())),
            polled => polled,
        })
        .await
    }
}

/// What is told to a request that the end of the gateway cuts.
pub(super) fn cut_off() -> Failure {
    let error = ApiError::new(503, "api_error", "the gateway is shutting down").with_code("shutting_down");
    Failure::new(Outcome::Internal, error)
}
