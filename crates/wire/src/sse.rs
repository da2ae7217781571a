//! Server-sent events: each frame is a constant prefix, escaped content and a constant suffix.

use bytes::{BufMut, BytesMut};

use crate::openai::ApiError;

/// Ends every stream.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// A comment that keeps silent connections open.
pub const HEARTBEAT: &[u8] = b": waiting\n\n";

/// Writes `data: ` + what `fill` writes + the blank line. `fill` must write no line break.
pub fn event(out: &mut BytesMut, fill: impl FnOnce(&mut BytesMut)) {
    out.put_slice(b"data: ");
    fill(out);
    out.put_slice(b"\n\n");
}

/// Writes an error frame and the end of the stream.
pub fn failure(out: &mut BytesMut, error: &ApiError) {
    event(out, |out| error.write(out));
    out.put_slice(DONE);
}
