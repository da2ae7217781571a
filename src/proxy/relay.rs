//! A stream on its way to the client: opening, running, draining; with comments while it is silent, and a
//! well-formed end however it ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::{Instant, Sleep};
use wire::openai::ApiError;
use wire::sse;
use wire::translate::Native;

use super::Context;
use super::attempt::{self, Call};
use super::join::try_join;
use super::plan::Candidate;
use super::settle::Settle;
use super::source::{Progress, Sources, Translator};
use crate::http::{Failure, Outcome};
use crate::upstream::{timed_out, total_timeout};

/// After `[DONE]`, how long the upstream may take to end its body, so that its connection can be used again.
const DRAIN: Duration = Duration::from_millis(500);

/// What a stream is made of, before anything was sent.
pub(super) struct Calls {
    /// One native call a choice.
    pub(super) natives: Vec<Arc<Native>>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) asked: String,
    pub(super) prompt: &'static str,
    pub(super) translator: Translator,
}

type Opening = Pin<Box<dyn Future<Output = Result<Sources, Failure>> + Send>>;

/// A stream that has its first content, or is still waiting for it.
pub(super) enum Stream {
    Opening(Opening),
    Running(Sources),
}

/// Sends the calls and waits for the first content, but not longer than the heartbeat: after that the client gets
/// its status and a comment.
///
/// # Errors
/// What went wrong before anything was sent; the client gets it as a plain reply.
pub(super) async fn open(context: &Context, calls: Calls) -> Result<Stream, Failure> {
    let heartbeat = context.snapshot.heartbeat;
    let mut opening: Opening = Box::pin(first_content(context.clone(), calls));
    match tokio::time::timeout(heartbeat, &mut opening).await {
        Ok(opened) => opened.map(Stream::Running),
        Err(_) => Ok(Stream::Opening(opening)),
    }
}

async fn first_content(context: Context, calls: Calls) -> Result<Sources, Failure> {
    let timeouts = context.proxy.client.timeouts;
    let opening = async {
        let call = |native| Call {
            native,
            candidates: &calls.candidates,
            asked: &calls.asked,
            prompt: calls.prompt,
        };
        let all: Vec<_> = calls.natives.iter().map(|native| call(&**native)).collect();
        let begun = match all.as_slice() {
            [only] => vec![attempt::send(&context, only, timeouts.headers).await?],
            many => {
                try_join(many.iter().map(|one| attempt::send(&context, one, timeouts.headers)).collect())
                    .await?
            }
        };
        let mut sources = Sources::new(begun, calls.translator, context.proxy.client.max_line);
        loop {
            let progress = std::future::poll_fn(|cx| sources.poll(cx));
            match tokio::time::timeout(timeouts.idle, progress).await.map_err(|_| timed_out(timeouts.idle))? {
                Progress::Failed(failure) => return Err(failure),
                _ if !sources.out.is_empty() => return Ok(sources),
                _ => {}
            }
        }
    };
    match timeouts.total {
        None => opening.await,
        Some(total) => {
            let opened = tokio::time::timeout_at(context.arrived + total, opening).await;
            opened.map_err(|_| total_timeout(total))?
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
}

enum State {
    Opening(Opening),
    Running(Sources),
    /// Everything was sent but the end of the body.
    Draining(Sources, Instant),
    Ended,
}

impl Relay {
    pub(super) fn new(stream: Stream, context: &Context, mut settle: Settle) -> Self {
        let now = Instant::now();
        let timeouts = context.proxy.client.timeouts;
        settle.begin();
        let (state, first_wake) = match stream {
            // The heartbeat is over already: the first poll sends a comment.
            Stream::Opening(opening) => (State::Opening(opening), now),
            Stream::Running(sources) => (State::Running(sources), now + context.snapshot.heartbeat),
        };
        let mut relay = Relay {
            state,
            settle,
            timer: Box::pin(tokio::time::sleep_until(first_wake)),
            heartbeat: context.snapshot.heartbeat,
            idle: timeouts.idle,
            total: timeouts.total.map(|total| (context.arrived + total, total)),
            next_beat: first_wake,
            last_read: now,
            closing: Arc::clone(&context.proxy.closing),
        };
        relay.rearm(now);
        relay
    }

    /// Ends the stream with an error frame.
    fn fail(&mut self, failure: &Failure) -> Bytes {
        let mut out = match std::mem::replace(&mut self.state, State::Ended) {
            State::Running(mut sources) => std::mem::take(&mut sources.out),
            _ => BytesMut::new(),
        };
        self.settle.fail(failure);
        sse::failure(&mut out, &failure.error);
        out.freeze()
    }

    fn poll_state(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Bytes>> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(sources)) => {
                        self.last_read = Instant::now();
                        self.state = State::Running(sources);
                    }
                    Poll::Ready(Err(failure)) => return Poll::Ready(Some(self.fail(&failure))),
                },
                State::Running(sources) => {
                    if self.settle.backend.is_none() {
                        self.settle.backend = Some(std::mem::take(&mut sources.backend));
                        self.settle.first_content();
                    }
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
                            return Poll::Ready(Some(sources.out.split().freeze()));
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
        let out = std::mem::take(&mut sources.out).freeze();
        self.settle.usage = sources.usage();
        self.settle.succeed();
        if !sources.is_drained() {
            self.state = State::Draining(sources, Instant::now() + DRAIN);
        }
        out
    }

    /// Nothing is there to send: what the clock says.
    fn poll_clock(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Bytes>> {
        // The connection's task is woken when this is set, and polls its body then.
        if self.closing.is_cut() && !matches!(self.state, State::Ended | State::Draining(..)) {
            let error =
                ApiError::new(503, "api_error", "the gateway is shutting down").with_code("shutting_down");
            return Poll::Ready(Some(self.fail(&Failure::new(Outcome::Internal, error))));
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
                State::Running(_) if now >= self.last_read + self.idle => {
                    return Poll::Ready(Some(self.fail(&timed_out(self.idle))));
                }
                _ => {}
            }
            if let Some((_, total)) = self.total.filter(|(deadline, _)| now >= *deadline) {
                return Poll::Ready(Some(self.fail(&total_timeout(total))));
            }
            if now >= self.next_beat && !matches!(self.state, State::Draining(..)) {
                self.next_beat = now + self.heartbeat;
                self.rearm(now);
                return Poll::Ready(Some(Bytes::from_static(sse::HEARTBEAT)));
            }
            self.rearm(now);
        }
    }

    /// Sets the timer to whatever is due first. Events only note the time: the timer is moved when it fires.
    fn rearm(&mut self, now: Instant) {
        let mut next = self.next_beat;
        match &self.state {
            State::Running(_) => next = next.min(self.last_read + self.idle),
            State::Draining(_, until) => next = *until,
            State::Opening(_) | State::Ended => {}
        }
        if let Some((deadline, _)) = self.total {
            next = next.min(deadline);
        }
        self.timer.as_mut().reset(next.max(now + Duration::from_millis(1)));
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
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// The end of the gateway, as streams learn of it.
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

    /// Time is up: every stream ends with an error frame at its next poll; the caller wakes the connections.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Whether the gateway is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}
