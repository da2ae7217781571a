//! The upstream side of a stream: one or several bodies, cut into lines, translated into one buffer of events.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Instant;

use bytes::BytesMut;
use wire::ndjson::Lines;
use wire::openai::{ApiError, Usage};
use wire::translate::{ChatStream, CompletionStream, Step};

use super::attempt::Begun;
use super::plan::{Seat, Served};
use super::sent::Sent;
use crate::http::{Failure, Outcome};
use crate::upstream::health::Verdict;
use crate::upstream::{Body, ended_early, stream_broke};

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
    Reading { body: Body, seat: Seat },
    Ended,
}

impl Input {
    /// Who is read from.
    fn by(&self) -> Option<&Served> {
        match self {
            Input::Reading { seat, .. } => Some(&seat.by),
            Input::Waiting(_) | Input::Ended => None,
        }
    }
}

/// A backend that has begun to answer does not finish.
fn note_fault(by: &Served) {
    by.target.backend.breaker.report(Instant::now(), Verdict::Fault);
    by.target.counts.tally.failure();
}

struct Source {
    input: Input,
    /// Since it has begun.
    sent: Option<Sent>,
    lines: Lines,
    is_done: bool,
}

/// All upstreams of one stream.
pub(super) struct Sources {
    sources: Vec<Source>,
    translator: Translator,
    /// Events that wait to be sent.
    pub(super) out: BytesMut,
    /// Who answered first.
    pub(super) by: Option<Served>,
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
            sent: None,
            lines: Lines::new(max_line),
            is_done: false,
        });
        Sources {
            sources: sources.collect(),
            translator,
            out: BytesMut::new(),
            by: None,
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
        let mut step = match &mut self.sources[index].input {
            Input::Ended => return Poll::Ready(Ok(false)),
            Input::Waiting(call) => match ready!(call.as_mut().poll(cx)) {
                Ok(begun) => self.begin(index, begun),
                Err(failure) => Err(failure),
            },
            Input::Reading { .. } => ready!(self.read(index, cx)),
        };
        if let Err(failure) = &mut step {
            let Source { input, sent, .. } = &self.sources[index];
            if let Some(sent) = sent {
                sent.redact(failure);
            }
            if let Some(by) = input.by().filter(|_| failure.outcome == Outcome::UpstreamStream) {
                note_fault(by);
            }
        }
        Poll::Ready(step.map(|()| true))
    }

    fn begin(&mut self, index: usize, begun: Begun) -> Result<(), Failure> {
        self.by.get_or_insert_with(|| begun.seat.by.clone());
        self.sources[index].sent = begun.sent;
        self.sources[index].input = match begun.rest {
            Some(body) => Input::Reading { body, seat: begun.seat },
            None => Input::Ended,
        };
        self.take(index, &begun.read)?;
        if matches!(self.sources[index].input, Input::Ended) { self.end(index) } else { Ok(()) }
    }

    /// Whether a backend has begun to answer and is not done: only then does silence count against it.
    pub(super) fn is_reading(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.input, Input::Reading { .. }) && !source.is_done)
    }

    /// Those that are read from and not done have been silent for too long.
    pub(super) fn note_silence(&self) {
        let waited_for = self.sources.iter().filter(|source| !source.is_done);
        waited_for.filter_map(|source| source.input.by()).for_each(note_fault);
    }

    /// Token counts of the choices that are done.
    pub(super) fn usage(&self) -> Usage {
        match &self.translator {
            Translator::Chat(stream) => stream.usage(),
            Translator::Completion(stream) => stream.usage(),
        }
    }

    /// About how many tokens were seen of the others.
    pub(super) fn pieces(&self) -> u64 {
        match &self.translator {
            Translator::Chat(stream) => stream.pieces(),
            Translator::Completion(stream) => stream.pieces(),
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
        let Source { input, lines, is_done, .. } = &mut sources[index];
        let Input::Reading { body, seat } = input else { return Poll::Ready(Ok(())) };
        let mut taken = Ok(());
        let mut sink = Sink { index, lines, is_done, by: Some(&seat.by), translator, out };
        let read = ready!(body.poll_read(cx, |data| {
            if taken.is_ok() {
                taken = sink.take(data);
            }
        }));
        Poll::Ready(match read {
            _ if taken.is_err() => taken,
            Ok(true) => Ok(()),
            Ok(false) => self.end(index),
            // After `done` there is nothing left to lose.
            Err(error) if !self.is_done_at_end(index) => Err(stream_broke(&error)),
            Err(_) => Ok(()),
        })
    }

    /// Translates what was read.
    fn take(&mut self, index: usize, data: &[u8]) -> Result<(), Failure> {
        let Sources { sources, translator, out, .. } = self;
        let Source { input, lines, is_done, .. } = &mut sources[index];
        Sink { index, lines, is_done, by: input.by(), translator, out }.take(data)
    }

    fn end(&mut self, index: usize) -> Result<(), Failure> {
        // The last line may lack its line end.
        self.take(index, b"\n")?;
        if self.is_done_at_end(index) { Ok(()) } else { Err(ended_early()) }
    }

    /// Lets go of a body that ended or broke, and says whether everything had come; if not, its backend learns it.
    fn is_done_at_end(&mut self, index: usize) -> bool {
        let source = &mut self.sources[index];
        let input = std::mem::replace(&mut source.input, Input::Ended);
        if let Some(by) = input.by().filter(|_| !source.is_done) {
            note_fault(by);
        }
        source.is_done
    }
}

/// Where the bytes of one source go.
struct Sink<'r> {
    index: usize,
    lines: &'r mut Lines,
    is_done: &'r mut bool,
    by: Option<&'r Served>,
    translator: &'r mut Translator,
    out: &'r mut BytesMut,
}

impl Sink<'_> {
    fn take(&mut self, data: &[u8]) -> Result<(), Failure> {
        let Sink { index, lines, is_done, by, translator, out } = self;
        if out.is_empty() {
            // Freed once sent, so that a silent stream holds no buffer. An event is larger than its line.
            out.reserve(data.len() * 2 + 256);
        }
        let mut failed = None;
        let mut each = |line: &[u8]| match translator.line(*index, line, out) {
            Step::More => true,
            Step::Done(_) => {
                if let Some(by) = by.filter(|_| !**is_done) {
                    by.target.backend.breaker.report(Instant::now(), Verdict::Ok);
                }
                **is_done = true;
                true
            }
            Step::Failed(error) => {
                failed = Some(error);
                false
            }
        };
        if let Err(error) = lines.push(data, &mut each) {
            let error = ApiError::upstream(error.to_string());
            return Err(Failure::new(Outcome::UpstreamStream, error));
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}
