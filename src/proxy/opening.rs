//! The beginning of a streamed answer: until there is content, another backend may serve it.

use std::time::Duration;

use bytes::Bytes;
use wire::ndjson::{LineTooLong, Lines};
use wire::openai::ApiError;
use wire::translate::{Peek, peek};

use super::attempt::of_backend;
use crate::http::Failure;
use crate::upstream::{Body, ended_early, stream_broke, timed_out};

/// Reads lines until one has content: up to then nothing of it has been sent. Gives what was read, and the rest if there is more.
pub(super) async fn first_content(
    mut body: Body,
    max_line: usize,
    idle: Duration,
) -> Result<(Bytes, Option<Body>), Failure> {
    let mut opening = Opening { lines: Lines::new(max_line), read: Vec::new(), found: Ok(Peek::Nothing) };
    loop {
        let more = std::future::poll_fn(|cx| body.poll_read(cx, |data| opening.take(data)));
        let more = tokio::time::timeout(idle, more).await.map_err(|_| timed_out(idle))?;
        let is_over = !more.map_err(|error| stream_broke(&error))?;
        if is_over {
            opening.finish();
        }
        match opening.found {
            Ok(Peek::Nothing) if is_over => return Err(ended_early()),
            Ok(Peek::Nothing) => {}
            Ok(Peek::Content) => {
                let rest = (!is_over).then_some(body);
                return Ok((opening.read.into(), rest));
            }
            Ok(Peek::Failed(error)) => return Err(of_backend(error.into())),
            Err(error) => return Err(of_backend(ApiError::upstream(error.to_string()).into())),
        }
    }
}

/// The beginning of a stream, read and looked at.
struct Opening {
    lines: Lines,
    read: Vec<u8>,
    found: Result<Peek, LineTooLong>,
}

impl Opening {
    fn take(&mut self, data: &[u8]) {
        self.read.extend_from_slice(data);
        let Opening { lines, found, .. } = self;
        if *found != Ok(Peek::Nothing) {
            return;
        }
        let mut seen = Peek::Nothing;
        let pushed = lines.push(data, |line| {
            seen = peek(line);
            seen == Peek::Nothing
        });
        *found = pushed.map(|()| seen);
    }

    fn finish(&mut self) {
        if self.found == Ok(Peek::Nothing) {
            self.lines.finish(|line| {
                self.found = Ok(peek(line));
                true
            });
        }
    }
}
