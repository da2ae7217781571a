//! Sending a call: the only loop over backends, and the only place that retries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wire::openai::ApiError;
use wire::translate::Native;
use wire::translate::errors::Refusal;

use super::Context;
use super::opening::first_content;
use super::past::Past;
use super::plan::{Seat, Served, pick};
use super::sent::Sent;
use crate::http::{Blame, Failure, Outcome, Retry};
use crate::limits::WaitingRoom;
use crate::snapshot::abilities::Need;
use crate::snapshot::{Origin, Pick, Plan, Search, unserved};
use crate::telemetry::{Attempt, Trace};
use crate::upstream::health::{State, Trial, Verdict};
use crate::upstream::{Backend, Body, Headers, Reading, read_error, read_whole, refused};

/// How often a dead kept-alive connection may be replaced for one call; each try may meet another dead one.
const MAX_REUSED: usize = 3;
/// The first pause before the same backend is asked again; it doubles.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How long a backend that refused its credential is left alone while others can serve.
const REFUSED: Duration = Duration::from_secs(60);

/// Between two looks whether a backend that does not answer is dead.
const LOOK: Duration = Duration::from_secs(1);

/// What is sent, and how its errors are told.
pub(super) struct Call<'r> {
    pub(super) native: &'r Native,
    pub(super) plan: &'r Arc<Plan>,
    /// The field of the request that holds the prompt.
    pub(super) prompt: &'static str,
    /// What the model must be able to do.
    pub(super) needs: &'r Arc<[Need]>,
    /// Vectors that the answer must have, for embeddings.
    pub(super) vectors: usize,
}

/// How much of an answer must be there before a call counts as served: until then another backend may serve it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// The first line with content.
    Content,
    /// The whole answer.
    End(Reading),
}

/// A backend that serves.
pub(super) struct Begun {
    /// What was read already.
    pub(super) read: Bytes,
    /// The rest; `None` when all was read.
    pub(super) rest: Option<Body>,
    pub(super) seat: Seat,
    /// For the errors that the rest may hold.
    pub(super) sent: Option<Sent>,
    /// Its number in the [`Trail`](super::trail::Trail).
    pub(super) call: usize,
}

/// Sends a call until a backend serves it, under the rules for retries.
///
/// # Errors
/// The last failure; it says how many backends were tried.
pub(super) async fn send(context: &Context, call: &Call<'_>, until: Until) -> Result<Begun, Failure> {
    let (budget, mut past) = (&context.proxy.budget, Past::default());
    let mut search = Search::new(&context.snapshot, call.plan, call.needs)?;
    budget.deposit(Instant::now());
    // The first attempt costs nothing.
    let mut is_paid = true;
    loop {
        let Some(seat) = take(context, &search).await? else {
            let pause = retry_same(&mut search, &past, context.proxy.ids.chance());
            let Some(pause) = pause.filter(|_| budget.withdraw(Instant::now())) else {
                return Err(past.told());
            };
            is_paid = true;
            tokio::time::sleep(pause).await;
            continue;
        };
        // The first failover to a healthy backend is free; others draw on the budget, so that a dying fleet is not
        // stormed.
        let is_free = past.attempts == 1 && !seat.is_last_resort;
        if !(std::mem::take(&mut is_paid) || is_free || budget.withdraw(Instant::now())) {
            return Err(past.told());
        }
        let (by, is_unlisted) = (seat.by.clone(), seat.is_unlisted);
        let failure = match to_one(context, call, &by, seat, until).await {
            Ok(begun) => return Ok(begun),
            Err(failure) => failure,
        };
        search.asks_unlisted &= !(is_unlisted && failure.blame == Blame::Model);
        if matches!(failure.blame, Blame::Connect | Blame::Backend) {
            search.shun(&by.target);
        }
        let id = by.target.backend.id.clone();
        past.add(failure, &id, &search.tried);
        search.tried.push(id);
        if past.is_over(context.snapshot.max_retries) {
            return Err(past.told());
        }
    }
}

/// A seat now, or as soon as one is free; `None` when every candidate was tried.
async fn take(context: &Context, search: &Search) -> Result<Option<Seat>, Failure> {
    let room = &context.proxy.room;
    // Nearly always there is a place, and nothing needs to be kept for waiting. Nobody is overtaken.
    if room.depth() == 0 {
        match pick(search, Instant::now()) {
            Pick::Seat(seat) => return Ok(Some(seat)),
            Pick::Nobody => return Ok(None),
            Pick::Full => {}
        }
    }
    let deadline = tokio::time::Instant::now() + context.snapshot.queue_timeout;
    let search = search.clone();
    let look = move || match pick(&search, Instant::now()) {
        Pick::Seat(seat) => Some(Some(seat)),
        Pick::Nobody => Some(None),
        Pick::Full => None,
    };
    let taken = room.wait(deadline, look, &|waited| context.asker.trail.queued(waited)).await;
    taken.map_err(unserved::overloaded)
}

/// When nobody else is left, the same backend may be asked again after a pause, if that can help.
fn retry_same(search: &mut Search, past: &Past, chance: f64) -> Option<Duration> {
    let (_, id) = past.last.as_ref().filter(|(failure, _)| failure.retry == Retry::Anywhere)?;
    let doubled = BACK_OFF * 2u32.saturating_pow(u32::try_from(past.attempts).unwrap_or(5).min(5));
    search.tried.retain(|tried| tried != id);
    // Half of it always, the rest by chance: requests that failed together come back apart.
    Some(doubled / 2 + doubled.mul_f64(chance / 2.0))
}

/// One attempt, its verdict included.
async fn to_one(
    context: &Context,
    call: &Call<'_>,
    by: &Served,
    mut seat: Seat,
    until: Until,
) -> Result<Begun, Failure> {
    by.target.counts.tally.request();
    let room = &context.proxy.room;
    let trial = seat.trial.take().map(|trial| Probation { room, trial: Some(trial) });
    let (started, trail) = (Instant::now(), &context.asker.trail);
    let pending = trail.send(&by.target.node, started);
    let traced = trail.trace.as_deref().map(|trace| (trace, traced(context, call, by, trace, started)));
    let headers = traced.map(|(trace, span)| trace.headers(span)).unwrap_or_default();
    let mut result = tokio::select! {
        biased;
        result = ask(context, call, seat, (until, &headers)) => result,
        gone = gone(&by.target.backend) => Err(gone),
    };
    if let Err(failure) = &mut result {
        let model = &call.plan.model;
        let body = call.native.body(by.group.served(model));
        Sent::new(by.clone(), Arc::clone(model), body).redact(failure);
    }
    let (now, backend) = (Instant::now(), &by.target.backend);
    trail.answer(now);
    pending.answered();
    if let Some((trace, span)) = traced {
        match &result {
            Ok(begun) if begun.rest.is_none() => trace.served(span, now),
            Ok(_) => {}
            Err(failure) => trace.failed(span, now, failure),
        }
    }
    let verdict = match &mut result {
        Ok(begun) => {
            begun.call = trail.serve(&by.target.node, now - started);
            by.target.counts.tally.answered(now - started);
            backend.host.inventory.note_up();
            // A stream that runs on is judged by its end, but a trial must not keep others waiting for that.
            if begun.rest.is_none() || trial.is_some() { Verdict::Ok } else { Verdict::Neutral }
        }
        Err(failure) => {
            trail.fail(failed(by, failure, now - started));
            judge((context, by, call), failure, (started, now))
        }
    };
    let was = backend.breaker.state(now);
    match trial {
        Some(trial) => trial.report(now, verdict),
        None => backend.breaker.report(now, verdict),
    }
    tell_change(by, was, backend.breaker.state(now));
    result
}

/// Begins the span of an attempt.
fn traced(context: &Context, call: &Call<'_>, by: &Served, trace: &Trace, now: Instant) -> u64 {
    let (target, model) = (&by.target, by.group.served(&call.plan.model));
    trace.ask(&target.node, model, target.backend.host.base.authority(), now, &context.proxy.ids)
}

/// What is told of an attempt that has failed.
fn failed(by: &Served, failure: &Failure, took: Duration) -> Attempt {
    let (node, outcome) = (Arc::clone(&by.target.node), failure.outcome);
    Attempt { node, outcome, status: failure.answered, reason: failure.written().into(), took }
}

/// One line in the log when a backend goes down or comes back.
fn tell_change(by: &Served, was: State, is: State) {
    let (name, base) = (&*by.target.node.name, &by.target.backend.host.base);
    match (was, is) {
        (State::Up, State::Up) => {}
        (State::Down { .. } | State::HalfOpen | State::OnTrial, State::Up) => {
            tracing::info!(backend = name, address = %base, "a backend is well again");
        }
        (State::Up | State::HalfOpen | State::OnTrial, State::Down { .. }) => {
            tracing::warn!(backend = name, address = %base, "a backend is down: others serve while they can");
        }
        _ => {}
    }
}

/// Ends when probes have found that a backend is dead, though it never closed the connection: whoever waits for its
/// answer would wait in vain.
async fn gone(backend: &Backend) -> Failure {
    loop {
        tokio::time::sleep(LOOK).await;
        let is_down = matches!(backend.breaker.state(Instant::now()), State::Down { .. });
        if is_down && !backend.host.inventory.is_up() {
            let error = ApiError::upstream("Ollama has stopped answering").with_code("upstream_unreachable");
            return Failure::new(Outcome::UpstreamConnect, error).of(Blame::Nobody, Retry::Elsewhere);
        }
    }
}

/// A trial that others may wait for: however it ends, they are told.
struct Probation<'r> {
    room: &'r WaitingRoom,
    trial: Option<Trial>,
}

impl Probation<'_> {
    fn report(mut self, now: Instant, verdict: Verdict) {
        if let Some(trial) = self.trial.take() {
            trial.report(now, verdict);
        }
    }
}

impl Drop for Probation<'_> {
    fn drop(&mut self) {
        self.trial = None;
        self.room.notify();
    }
}

/// What a failure says of the backend; one line in the log for each attempt.
fn judge(
    (context, by, call): (&Context, &Served, &Call<'_>),
    failure: &Failure,
    (started, now): (Instant, Instant),
) -> Verdict {
    let model = by.group.served(&call.plan.model);
    let backend = &by.target.backend;
    let verdict = match failure.blame {
        Blame::Nobody => return Verdict::Neutral,
        Blame::Connect => {
            backend.host.inventory.note_down();
            Verdict::ConnectFault
        }
        Blame::Backend => Verdict::Fault,
        Blame::Busy => {
            let seconds = failure.error.retry_after.filter(|seconds| *seconds > 0);
            let wait = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
            backend.breaker.cool(now, wait);
            Verdict::Neutral
        }
        Blame::Credential => {
            backend.breaker.cool(now, Some(REFUSED));
            Verdict::Neutral
        }
        Blame::Model => {
            backend.host.inventory.note_missing(model);
            Verdict::Neutral
        }
    };
    // A model that is not there is no fault of its backend.
    if failure.blame != Blame::Model {
        by.target.counts.tally.failure();
        backend.breaker.note_error(&failure.written());
    }
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                id = context.id.to_str().unwrap_or_default(),
                backend = &*by.target.node.name,
                channel = (by.group.origin == Origin::Channel).then_some(by.group.name.as_str()),
                model,
                outcome = failure.outcome.as_str(),
                error = &*failure.written_message(),
                cause = failure.cause(),
                ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                "an attempt failed"
            )
        };
    }
    match failure.blame {
        Blame::Connect | Blame::Backend => tell!(warn),
        _ => tell!(info),
    }
    verdict
}

async fn ask(
    context: &Context,
    call: &Call<'_>,
    seat: Seat,
    (until, headers): (Until, Headers<'_>),
) -> Result<Begun, Failure> {
    let backend = &seat.by.target.backend;
    let client = &context.proxy.client;
    let asked = &*call.plan.model;
    let served = seat.by.group.served(asked);
    let body = call.native.body(served);
    let wait = match until {
        Until::Content => Some(context.snapshot.timeouts.headers),
        // The head of a whole answer comes with its last token, so its own limit rules: `whole` keeps it.
        Until::End(_) => None,
    };
    let mut reused = 0;
    let response = loop {
        match client.send(backend, call.native.path, (Some(body.clone()), headers), wait).await {
            // A pooled connection may die at the moment when it is taken: nothing was answered, so nothing is lost.
            Err(failure) if failure.retry == Retry::Reused && reused < MAX_REUSED => reused += 1,
            other => break other?,
        }
    };
    if !response.status.is_success() {
        let (status, retry_after, body) = read_error(response).await;
        return Err(refused(Refusal {
            status,
            body: &body,
            retry_after,
            prompt: call.prompt,
            asked,
            served,
        }));
    }
    match until {
        Until::Content => {
            let (max_line, idle) = (context.snapshot.max_line, context.snapshot.timeouts.idle);
            let (read, rest) = first_content(response.body, max_line, idle).await?;
            let sent = Sent::new(seat.by.clone(), Arc::clone(&call.plan.model), body).kept();
            Ok(Begun { read, rest, sent: Some(sent), seat, call: 0 })
        }
        Until::End(reading) => {
            let read = read_whole(response.body, reading).await?;
            let checked = wire::translate::errors::check_answer(call.native.path, &read, call.vectors);
            checked.map_err(|error| of_backend(error.into()))?;
            Ok(Begun { read, rest: None, sent: None, seat, call: 0 })
        }
    }
}

/// An error that the upstream reported: its fault, unless it says that the request was wrong.
pub(super) fn of_backend(failure: Failure) -> Failure {
    if failure.error.status >= 500 { failure.of(Blame::Backend, Retry::Anywhere) } else { failure }
}
