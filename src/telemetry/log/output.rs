//! Where lines go: standard error, one system call a line, or one for all lines of a batch.

use std::cell::RefCell;
use std::io::{self, Write as _};

use tracing_subscriber::fmt::MakeWriter;

/// A batch is written when it has so many bytes, so that memory stays bounded.
const BATCH: usize = 64 * 1024;

thread_local! {
    /// Lines of the batch that this thread is at.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Standard error, where `batched` is heeded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output;

impl<'a> MakeWriter<'a> for Output {
    type Writer = Output;

    fn make_writer(&'a self) -> Output {
        Output
    }
}

impl io::Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| match lines {
            Some(lines) => {
                lines.extend_from_slice(line);
                if lines.len() >= BATCH {
                    put(lines);
                }
            }
            None => put_line(line),
        });
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `tell`, whose lines are written together when it is over.
pub fn batched(tell: impl FnOnce()) {
    LINES.set(Some(Vec::new()));
    let _end = End;
    tell();
}

/// The end of a batch, whatever happened in it.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        if let Some(mut lines) = LINES.take() {
            put(&mut lines);
        }
    }
}

fn put(lines: &mut Vec<u8>) {
    put_line(lines);
    lines.clear();
}

fn put_line(line: &[u8]) {
    // Who closes standard error wants no lines.
    let _ = io::stderr().lock().write_all(line);
}
