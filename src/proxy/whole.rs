//! Replies that come at once: all calls run together, each answer is read to its end.

use bytes::Bytes;
use tokio::time::Instant;

use super::Context;
use super::attempt::{self, Call, Until};
use super::join::try_join;
use super::plan::Served;
use super::settle::Settle;
use crate::http::Failure;
use crate::upstream::{Reading, total_timeout};

/// The native answers to `calls`, in order. `WHOLE_TIMEOUT` and `TOTAL_TIMEOUT` end all of them.
///
/// # Errors
/// The first failure; the other calls are then cancelled.
pub(super) async fn fetch(
    context: &Context,
    calls: &[Call<'_>],
    settle: &mut Settle,
) -> Result<Vec<Bytes>, Failure> {
    let timeouts = context.snapshot.timeouts;
    let limit = timeouts.total.map_or(timeouts.whole, |total| total.min(timeouts.whole));
    let deadline = context.arrived + limit;
    let reading = Reading {
        limit: context.snapshot.max_body_bytes,
        idle: timeouts.idle,
        deadline: Some((deadline, limit)),
    };
    let all = async {
        match calls {
            [only] => Ok(vec![one(context, only, reading).await?]),
            many => try_join(many.iter().map(|call| one(context, call, reading)).collect()).await,
        }
    };
    let answers = tokio::time::timeout_at(deadline.max(Instant::now()), all).await;
    let answers = answers.unwrap_or_else(|_| Err(total_timeout(limit)));
    let answers = answers.inspect_err(|_| context.asker.trail.complete(|_| true))?;
    settle.first_content();
    settle.by = answers.first().map(|(_, by)| by.clone());
    Ok(answers.into_iter().map(|(body, _)| body).collect())
}

async fn one(context: &Context, call: &Call<'_>, reading: Reading) -> Result<(Bytes, Served), Failure> {
    let begun = attempt::send(context, call, Until::End(reading)).await?;
    Ok((begun.read, begun.seat.by.clone()))
}
