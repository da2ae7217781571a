//! `finish_reason`.

/// OpenAI's word for how a reply ended: `length` stays `length` even beside tool calls; calls make `tool_calls`;
/// everything else (`stop`, `load`, absent, words of the future) is `stop`.
pub(super) fn reason(done_reason: Option<&str>, has_calls: bool) -> &'static str {
    match done_reason {
        Some("length") => "length",
        _ if has_calls => "tool_calls",
        _ => "stop",
    }
}
