//! What a request may cost: taken out of its token's limits before anything runs, and settled with what it has cost.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use wire::openai::ApiError;

use super::Context;
use super::settle::Settle;
use crate::access::Who;
use crate::http::{Failure, Outcome};
use crate::limits::{Reservation, Sliding, SlotGuard, Taken};

/// What a request asks of a model.
pub(super) struct Work<'r> {
    pub(super) model: &'r str,
    /// Tokens of its prompt, estimated.
    pub(super) prompt: u64,
    /// Tokens of each reply, if the client limits them.
    pub(super) limit: Option<u64>,
    /// Replies that are made; none for embeddings.
    pub(super) replies: usize,
}

/// What was taken for a request.
#[derive(Debug, Default)]
pub(super) struct Grant {
    minute: Option<(Arc<Sliding>, Taken)>,
    month: Option<Reservation>,
    _slot: Option<SlotGuard>,
}

impl Grant {
    /// Replaces what was taken by what it has cost. Gives the month whose quota it counts for, by its first day.
    pub(super) fn settle(self, tokens: u64) -> Option<Date> {
        if let Some((window, taken)) = &self.minute {
            window.settle(taken, tokens, Instant::now());
        }
        let reservation = self.month?;
        let month = reservation.month();
        reservation.settle(tokens);
        Some(month)
    }
}

/// Checks the model and takes what the work may cost; `settle` keeps it, and gives it back however the request ends.
/// Gives how long each reply may be, where a quota limits it.
///
/// # Errors
/// 403 `model_not_allowed`; 429 `rate_limit_exceeded`, `insufficient_quota`, `concurrency_limit_exceeded`.
pub(super) fn take(context: &Context, settle: &mut Settle, work: &Work<'_>) -> Result<Option<u64>, Failure> {
    settle.estimate = work.prompt;
    let Who::Token(token) = &context.asker.who else { return Ok(None) };
    let limits = &context.snapshot.limits;
    let live = token.live(&limits.zone);
    let replies = u64::try_from(work.replies).unwrap_or(u64::MAX);
    let completion = work.limit.unwrap_or(limits.completion).saturating_mul(replies);
    if let Some(limit) = token.tokens_per_minute {
        let weight = work.prompt.saturating_add(completion);
        let taken = settle.standings.tokens(live.tokens.take(limit, weight, Instant::now()))?;
        settle.grant.minute = Some((Arc::clone(&live.tokens), taken));
    }
    context.asker.check_model(work.model)?;
    let now = jiff::Timestamp::now();
    let reserved = live.quota.reserve(token.quota_limit, work.prompt, completion, now, &limits.zone);
    let reserved = reserved.map_err(|exhausted| Failure::new(Outcome::Quota, exhausted.into()))?;
    let most = reserved.completion().filter(|_| replies > 0).map(|all| (all / replies).max(1));
    settle.grant.month = Some(reserved);
    if token.max_concurrent > 0 {
        live.slots.set_cap(token.max_concurrent);
        settle.grant._slot = Some(live.slots.try_enter().ok_or_else(|| busy(token.max_concurrent))?);
    }
    Ok(most)
}

fn busy(most: usize) -> Failure {
    let message =
        format!("this API key may have {most} requests at once; try again when one of them is over");
    let error = ApiError::new(429, "rate_limit_error", message).with_code("concurrency_limit_exceeded");
    Failure::new(Outcome::RateLimited, ApiError { retry_after: Some(1), ..error })
}
