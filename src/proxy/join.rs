//! Several futures at once, ended by the first error; what is dropped is cancelled.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs all futures together on this task and gives their results in order.
///
/// # Errors
/// The first error; the other futures are dropped.
pub(super) async fn try_join<T, E, F>(futures: Vec<F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut running: Vec<_> = futures.into_iter().map(|future| Slot::Running(Box::pin(future))).collect();
    std::future::poll_fn(|cx| poll_all(&mut running, cx)).await?;
    Ok(running
        .into_iter()
        .filter_map(|slot| if let Slot::Ready(value) = slot { Some(value) } else { None })
        .collect())
}

enum Slot<T, F> {
    Running(Pin<Box<F>>),
    Ready(T),
}

fn poll_all<T, E, F>(slots: &mut [Slot<T, F>], cx: &mut Context<'_>) -> Poll<Result<(), E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut is_pending = false;
    for slot in slots {
        let Slot::Running(future) = slot else { continue };
        match future.as_mut().poll(cx) {
            Poll::Ready(Ok(value)) => *slot = Slot::Ready(value),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => is_pending = true,
        }
    }
    if is_pending { Poll::Pending } else { Poll::Ready(Ok(())) }
}
