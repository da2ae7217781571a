//! The parts of a chunk that are the same over a whole stream, made once.

use bytes::{BufMut, BytesMut};

use super::Identity;
use crate::json::{write_int, write_str};
use crate::openai::Usage;
use crate::sse;

/// When a stream tells its token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageRule {
    /// Never.
    None,
    /// `usage:null` in every chunk, then one chunk without choices (OpenAI's rule for `include_usage`).
    Chunk,
    /// Inside the finishing chunk (the habit of the Node program).
    Inline,
}

/// Writes the frames of one stream.
#[derive(Debug)]
pub(super) struct Frames {
    /// `data: {…,"choices":[`
    head: Vec<u8>,
    rule: UsageRule,
}

impl Frames {
    pub(super) fn new(identity: &Identity, object: &str, rule: UsageRule) -> Self {
        let mut head = Vec::with_capacity(192);
        head.put_slice(b"data: ");
        write_identity(&mut head, identity, object);
        head.put_slice(b",\"choices\":[");
        Frames { head, rule }
    }

    /// Begins a frame of choice `index`: up to and including the index.
    pub(super) fn begin(&self, out: &mut BytesMut, index: usize) {
        out.put_slice(&self.head);
        out.put_slice(b"{\"index\":");
        write_int(out, index);
    }

    /// Ends a frame that does not finish its choice; logprobs were written or are null.
    pub(super) fn end(&self, out: &mut BytesMut) {
        out.put_slice(match self.rule {
            UsageRule::Chunk => b",\"finish_reason\":null}],\"usage\":null}\n\n",
            _ => b",\"finish_reason\":null}]}\n\n",
        });
    }

    /// Ends the frame that finishes its choice; `last` holds the total when no other choice is open.
    pub(super) fn finish(&self, out: &mut BytesMut, reason: &str, last: Option<Usage>) {
        out.put_slice(b",\"finish_reason\":");
        write_str(out, reason);
        out.put_slice(b"}]");
        match (self.rule, last) {
            (UsageRule::Chunk, _) => out.put_slice(b",\"usage\":null"),
            (UsageRule::Inline, Some(usage)) => {
                out.put_slice(b",\"usage\":");
                usage.write(out);
            }
            _ => {}
        }
        out.put_slice(b"}\n\n");
    }

    /// Ends the stream: the usage chunk, if it was asked for, and `[DONE]`.
    pub(super) fn done(&self, out: &mut BytesMut, usage: Usage) {
        if self.rule == UsageRule::Chunk {
            out.put_slice(&self.head);
            out.put_slice(b"],\"usage\":");
            usage.write(out);
            out.put_slice(b"}\n\n");
        }
        out.put_slice(sse::DONE);
    }
}

/// Writes `{"id":…,"object":…,"created":…,"model":…,"system_fingerprint":"fp_ollama"`.
pub(super) fn write_identity(out: &mut impl BufMut, identity: &Identity, object: &str) {
    out.put_slice(b"{\"id\":");
    write_str(out, &identity.id);
    out.put_slice(b",\"object\":");
    write_str(out, object);
    out.put_slice(b",\"created\":");
    write_int(out, identity.created);
    out.put_slice(b",\"model\":");
    write_str(out, &identity.model);
    out.put_slice(b",\"system_fingerprint\":\"fp_ollama\"");
}
