//! Bytes in, whole lines out: lines cut over reads, several in one read, `\r\n`, blank lines, a size cap.

use memchr::memchr;

/// A line grew beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the upstream is longer than {limit} bytes")]
pub struct LineTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Cuts a byte stream into lines. Lines that lie whole in one read are not copied.
#[derive(Debug)]
pub struct Lines {
    partial: Vec<u8>,
    limit: usize,
}

impl Lines {
    /// A splitter that refuses lines longer than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Lines { partial: Vec::new(), limit }
    }

    /// Takes one read and calls `each` for every line that it completes, without its line end; blank lines are
    /// skipped. `each` returns `false` to stop; what is left of the read is then dropped.
    ///
    /// # Errors
    /// [`LineTooLong`]; the splitter is then of no further use.
    pub fn push(&mut self, mut read: &[u8], mut each: impl FnMut(&[u8]) -> bool) -> Result<(), LineTooLong> {
        while let Some(end) = memchr(b'\n', read) {
            let (line, rest) = (&read[..end], &read[end + 1..]);
            self.check(line.len())?;
            let more = if self.partial.is_empty() {
                emit(line, &mut each)
            } else {
                self.partial.extend_from_slice(line);
                let more = emit(&self.partial, &mut each);
                self.partial.clear();
                more
            };
            if !more {
                return Ok(());
            }
            read = rest;
        }
        self.check(read.len())?;
        self.partial.extend_from_slice(read);
        Ok(())
    }

    /// The stream is over: a last line may lack its line end.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8]) -> bool) {
        let line = std::mem::take(&mut self.partial);
        emit(&line, &mut each);
    }

    /// Bytes kept of a line that is not complete.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.partial.len()
    }

    fn check(&self, more: usize) -> Result<(), LineTooLong> {
        if self.partial.len() + more > self.limit { Err(LineTooLong { limit: self.limit }) } else { Ok(()) }
    }
}

fn emit(line: &[u8], each: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || each(line)
}
