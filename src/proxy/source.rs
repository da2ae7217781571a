//! The upstream side of a stream: one or several bodies, cut into lines, translated into one buffer of events.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::BytesMut;
use wire::ndjson::Lines;
use wire::openai::{ApiError, Usage};
use wire::translate::{ChatStream, CompletionStream, Step};

use super::attempt::Begun;
use crate::http::{Failure, Outcome};
use crate::upstream::{Body, InFlight, ended_early, stream_broke};

/// Events gathered before they are handed on, even if the upstream has more at once.
const ENOUGH: usize = 64 << 10;

/// Which surface the lines are translated for.
pub(super) enum Translator {
    Chat(ChatStream),
    Completion(CompletionStream),
}

impl Translator {
    fn line(&mut self, index: usize, line: &[u8], out: &mut BytesMut) -> Step {
        match self {
            Translator::Chat(stream) => stream.line(index, line, out),
            Translator::Completion(stream) => stream.line(index, line, out),
        }
    }

    fn finish(&self, out: &mut BytesMut) {
        match self {
            Translator::Chat(stream) => stream.finish(out),
            Translator::Completion(stream) => stream.finish(out),
        }
    }
}

/// A call that waits for its head. Each runs on its own, so that no choice waits for another: an Ollama with one slot
/// answers them one after the other.
pub(super) type Beginning = Pin<Box<dyn Future<Output = Result<Begun, Failure>> + Send>>;

enum Input {
    Waiting(Beginning),
    Reading { body: Body, _in_flight: InFlight },
    Ended,
}

struct Source {
    input: Input,
    lines: Lines,
    is_done: bool,
}

/// All upstreams of one stream.
pub(super) struct Sources {
    sources: Vec<Source>,
    translator: Translator,
    /// Events that wait to be sent.
    pub(super) out: BytesMut,
    /// The name of the first backend that answered.
    pub(super) backend: Option<String>,
    is_finished: bool,
    /// What broke it, while the events before that are not sent.
    failed: Option<Box<Failure>>,
}

/// What polling brought.
pub(super) enum Progress {
    /// There may be something in [`Sources::out`].
    Read,
    /// Everything is in [`Sources::out`], `[DONE]` included; bodies may still have their end marks to come.
    Finished,
    /// It broke.
    Failed(Failure),
}

impl Sources {
    /// Nothing is sent before the first poll.
    pub(super) fn new(calls: Vec<Beginning>, translator: Translator, max_line: usize) -> Self {
        let sources = calls.into_iter().map(|call| Source {
            input: Input::Waiting(call),
            lines: Lines::new(max_line),
            is_done: false,
        });
        Sources {
            sources: sources.collect(),
            translator,
            out: BytesMut::new(),
            backend: None,
            is_finished: false,
            failed: None,
        }
    }

    /// Reads what is there, without waiting for more once something was read.
    pub(super) fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Progress> {
        if let Some(failure) = self.failed.take() {
            return Poll::Ready(Progress::Failed(*failure));
        }
        let mut has_read = false;
        for index in 0..self.sources.len() {
            while self.out.len() < ENOUGH {
                match self.poll_one(index, cx) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(true)) => has_read = true,
                    Poll::Ready(Ok(false)) => break,
                    Poll::Ready(Err(failure)) if self.out.is_empty() => {
                        return Poll::Ready(Progress::Failed(failure));
                    }
                    Poll::Ready(Err(failure)) => {
                        self.failed = Some(Box::new(failure));
                        return Poll::Ready(Progress::Read);
                    }
                }
            }
        }
        if !self.is_finished && self.sources.iter().all(|source| source.is_done) {
            self.is_finished = true;
            self.translator.finish(&mut self.out);
            return Poll::Ready(Progress::Finished);
        }
        if has_read { Poll::Ready(Progress::Read) } else { Poll::Pending }
    }

    /// One step of one source; `false` when it has nothing more to give.
    fn poll_one(&mut self, index: usize, cx: &mut TaskContext<'_>) -> Poll<Result<bool, Failure>> {
        match &mut self.sources[index].input {
            Input::Ended => return Poll::Ready(Ok(false)),
            Input::Waiting(call) => {
                let begun = ready!(call.as_mut().poll(cx))?;
                self.backend.get_or_insert(begun.backend);
                let (body, _in_flight) = (begun.response.body, begun.in_flight);
                self.sources[index].input = Input::Reading { body, _in_flight };
            }
            Input::Reading { .. } => ready!(self.read(index, cx))?,
        }
        Poll::Ready(Ok(true))
    }

    /// Whether a backend has begun to answer and is not done: only then does silence count against it.
    pub(super) fn is_reading(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.input, Input::Reading { .. }) && !source.is_done)
    }

    /// Token counts of the choices that are done.
    pub(super) fn usage(&self) -> Usage {
        match &self.translator {
            Translator::Chat(stream) => stream.usage(),
            Translator::Completion(stream) => stream.usage(),
        }
    }

    /// Whether everything, `[DONE]` included, is or was in [`Sources::out`].
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether every body was read to its end, so that its connection can be used again.
    pub(super) fn is_drained(&self) -> bool {
        self.sources.iter().all(|source| matches!(source.input, Input::Ended))
    }

    /// Reads once from one body and translates what that brought.
    fn read(&mut self, index: usize, cx: &mut TaskContext<'_>) -> Poll<Result<(), Failure>> {
        let Sources { sources, translator, out, .. } = self;
        let Source { input, lines, is_done } = &mut sources[index];
        let Input::Reading { body, .. } = input else { return Poll::Ready(Ok(())) };
        let mut failed = None;
        let mut take = |data: &[u8]| {
            if failed.is_some() {
                return;
            }
            if out.is_empty() {
                // Freed once sent, so that a silent stream holds no buffer. An event is larger than its line.
                out.reserve(data.len() * 2 + 256);
            }
            let pushed = lines.push(data, |line| match translator.line(index, line, out) {
                Step::More => true,
                Step::Done(_) => {
                    *is_done = true;
                    true
                }
                Step::Failed(error) => {
                    failed = Some(error.into());
                    false
                }
            });
            if let Err(error) = pushed {
                let error = ApiError::upstream(error.to_string());
                failed = Some(Failure::new(Outcome::UpstreamStream, error));
            }
        };
        let read = ready!(body.poll_read(cx, &mut take));
        if matches!(read, Ok(false)) {
            // The last line may lack its line end.
            take(b"\n");
        }
        if !matches!(read, Ok(true)) {
            *input = Input::Ended;
        }
        Poll::Ready(match (failed, read) {
            (Some(failure), _) => Err(failure),
            // After `done` there is nothing left to lose.
            (None, Ok(true)) => Ok(()),
            (None, _) if *is_done => Ok(()),
            (None, Ok(false)) => Err(ended_early()),
            (None, Err(error)) => Err(stream_broke(&error)),
        })
    }
}
