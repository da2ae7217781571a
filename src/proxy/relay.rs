//! A stream on its way to the client: opening, running, draining; with comments while it is silent, and a
//! well-formed end however it ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::{Instant, Sleep};
use wire::sse;
use wire::translate::Native;

use super::Context;
use super::attempt::{self, Call, Until};
use super::closing::{Closing, cut_off};
use super::settle::Settle;
use super::source::{Beginning, Progress, Sources, Translator};
use crate::http::Failure;
use crate::snapshot::Plan;
use crate::snapshot::abilities::Need;
use crate::telemetry::Presence;
use crate::upstream::{timed_out, total_timeout};

/// After `[DONE]`, how long the upstream may take to end its body, so that its connection can be used again.
const DRAIN: Duration = Duration::from_millis(500);

/// What a stream is made of, before anything was sent.
pub(super) struct Calls {
    /// One native call a choice.
    pub(super) natives: Vec<Arc<Native>>,
    pub(super) plan: Arc<Plan>,
    pub(super) prompt: &'static str,
    pub(super) needs: Arc<[Need]>,
    pub(super) translator: Translator,
}

/// Sends the calls and waits for the first content, but not longer than the heartbeat: after that the client gets
/// its status and a comment.
///
/// # Errors
/// What went wrong before anything was sent; the client gets it as a plain reply.
pub(super) async fn open(context: &Context, calls: Calls) -> Result<Sources, Failure> {
    let timeouts = context.snapshot.timeouts;
    let Calls { natives, plan, prompt, needs, translator } = calls;
    let begin = |native: Arc<Native>| -> Beginning {
        let (context, plan, needs) = (context.clone(), Arc::clone(&plan), Arc::clone(&needs));
        Box::pin(async move {
            let call = Call { native: &native, plan: &plan, prompt, needs: &needs, vectors: 0 };
            attempt::send(&context, &call, Until::Content).await
        })
    };
    let calls = natives.into_iter().map(begin).collect();
    let mut sources = Sources::new(calls, translator, context.snapshot.max_line);
    let beat = Instant::now() + context.snapshot.heartbeat;
    let total = timeouts.total.map(|total| (context.arrived + total, total));
    loop {
        let idle = sources.is_reading().then(|| Instant::now() + timeouts.idle);
        let until = [Some(beat), idle, total.map(|(deadline, _)| deadline)].into_iter().flatten().min();
        let progress = std::future::poll_fn(|cx| sources.poll(cx));
        match tokio::time::timeout_at(until.unwrap_or(beat), progress).await {
            Ok(Progress::Failed(failure)) => return Err(failure),
            Ok(_) if sources.out.is_empty() => {}
            Ok(_) => return Ok(sources),
            Err(_) => {
                let now = Instant::now();
                if let Some((_, total)) = total.filter(|(deadline, _)| now >= *deadline) {
                    return Err(total_timeout(total));
                }
                if idle.is_some_and(|idle| now >= idle) {
                    sources.note_silence();
                    return Err(timed_out(timeouts.idle));
                }
                return Ok(sources);
            }
        }
    }
}

/// The body of a streamed reply.
pub(super) struct Relay {
    state: State,
    settle: Settle,
    timer: Pin<Box<Sleep>>,
    heartbeat: Duration,
    idle: Duration,
    /// When the whole request must be over, and how long that is.
    total: Option<(Instant, Duration)>,
    next_beat: Instant,
    last_read: Instant,
    closing: Arc<Closing>,
    /// Counts among those that run.
    _running: Presence,
}

enum State {
    Running(Sources),
    /// Everything was sent but the end of the body.
    Draining(Sources, Instant),
    Ended,
}

impl Relay {
    pub(super) fn new(sources: Sources, context: &Context, mut settle: Settle) -> Self {
        let now = Instant::now();
        let timeouts = context.snapshot.timeouts;
        settle.begin();
        // Without content the heartbeat is over already: a comment comes first.
        let next_beat = if sources.out.is_empty() { now } else { now + context.snapshot.heartbeat };
        let mut relay = Relay {
            state: State::Running(sources),
            settle,
            timer: Box::pin(tokio::time::sleep_until(next_beat)),
            heartbeat: context.snapshot.heartbeat,
            idle: timeouts.idle,
            total: timeouts.total.map(|total| (context.arrived + total, total)),
            next_beat,
            last_read: now,
            closing: Arc::clone(&context.proxy.closing),
            _running: context.proxy.ledger.metrics.streams.enter(),
        };
        relay.rearm(now);
        relay
    }

    /// Ends the stream with an error frame.
    fn fail(&mut self, failure: &Failure) -> Bytes {
        let mut out = match std::mem::replace(&mut self.state, State::Ended) {
            State::Running(mut sources) => {
                self.settle.cut(&sources);
                std::mem::take(&mut sources.out)
            }
            _ => BytesMut::new(),
        };
        self.settle.fail(failure);
        sse::failure(&mut out, &failure.error);
        out.freeze()
    }

    fn poll_state(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Running(sources) => {
                    // What the opening read is sent before more is read.
                    let progress = match () {
                        () if sources.is_finished() => Poll::Ready(Progress::Finished),
                        () if sources.out.is_empty() => sources.poll(cx),
                        () => Poll::Ready(Progress::Read),
                    };
                    match progress {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Progress::Failed(failure)) => {
                            return Poll::Ready(Some(self.fail(&failure)));
                        }
                        Poll::Ready(Progress::Read) if sources.out.is_empty() => {
                            self.last_read = Instant::now()
                        }
                        Poll::Ready(Progress::Read) => {
                            self.last_read = Instant::now();
                            note_begun(&mut self.settle, sources);
                            return Poll::Ready(Some(std::mem::take(&mut sources.out).freeze()));
                        }
                        Poll::Ready(Progress::Finished) => return Poll::Ready(Some(self.finish())),
                    }
                }
                State::Draining(sources, until) => {
                    if sources.is_drained() || Instant::now() >= *until {
                        self.state = State::Ended;
                        continue;
                    }
                    match sources.poll(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Progress::Failed(_)) => self.state = State::Ended,
                        Poll::Ready(_) => sources.out.clear(),
                    }
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }

    /// The last events are out; only the upstream's end of body may be missing.
    fn finish(&mut self) -> Bytes {
        let State::Running(mut sources) = std::mem::replace(&mut self.state, State::Ended) else {
            return Bytes::new();
        };
        // It may have been complete before anything of it was sent.
        note_begun(&mut self.settle, &sources);
        let out = std::mem::take(&mut sources.out).freeze();
        self.settle.cut(&sources);
        self.settle.count(sources.usage());
        self.settle.succeed();
        if !sources.is_drained() {
            self.state = State::Draining(sources, Instant::now() + DRAIN);
        }
        out
    }

    /// Nothing is there to send: what the clock says.
    fn poll_clock(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Bytes>> {
        // The connection's task is woken when this is set, and polls its body then.
        if self.closing.is_cut() && matches!(self.state, State::Running(_)) {
            return Poll::Ready(Some(self.fail(&cut_off())));
        }
        loop {
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            match &self.state {
                State::Draining(_, until) if now >= *until => {
                    self.state = State::Ended;
                    return Poll::Ready(None);
                }
                State::Running(sources) => {
                    if let Some((_, total)) = self.total.filter(|(deadline, _)| now >= *deadline) {
                        return Poll::Ready(Some(self.fail(&total_timeout(total))));
                    }
                    if sources.is_reading() && now >= self.last_read + self.idle {
                        sources.note_silence();
                        return Poll::Ready(Some(self.fail(&timed_out(self.idle))));
                    }
                    if now >= self.next_beat {
                        self.next_beat = now + self.heartbeat;
                        self.rearm(now);
                        return Poll::Ready(Some(Bytes::from_static(sse::HEARTBEAT)));
                    }
                }
                State::Draining(..) | State::Ended => {}
            }
            self.rearm(now);
        }
    }

    /// Sets the timer to whatever is due first. Events only note the time: the timer is moved when it fires.
    fn rearm(&mut self, now: Instant) {
        let next = match &self.state {
            State::Running(sources) => {
                let idle = if sources.is_reading() { self.last_read } else { now } + self.idle;
                let total = self.total.map_or(idle, |(deadline, _)| deadline);
                self.next_beat.min(idle).min(total)
            }
            State::Draining(_, until) => *until,
            State::Ended => return,
        };
        self.timer.as_mut().reset(next.max(now + Duration::from_millis(1)));
    }
}

/// Content is on its way, and it is known who serves.
fn note_begun(settle: &mut Settle, sources: &Sources) {
    if settle.by.is_none() {
        settle.by.clone_from(&sources.by);
    }
    settle.first_content();
}

/// The client has left in mid-stream: what it has seen is counted.
impl Drop for Relay {
    fn drop(&mut self) {
        if let State::Running(sources) = &self.state {
            if self.settle.by.is_none() {
                self.settle.by.clone_from(&sources.by);
            }
            self.settle.cut(sources);
        }
    }
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let relay = self.get_mut();
        let bytes = match relay.poll_state(cx) {
            Poll::Ready(bytes) => {
                relay.next_beat = relay.last_read + relay.heartbeat;
                bytes
            }
            Poll::Pending => {
                if let State::Draining(_, until) = relay.state {
                    relay.timer.as_mut().reset(until);
                }
                std::task::ready!(relay.poll_clock(cx))
            }
        };
        if let Some(bytes) = &bytes {
            relay.settle.sent(bytes);
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
