//! Whole replies of `/api/chat` → one chat completion.

use bytes::BufMut;

use super::frame::write_identity;
use super::{Identity, calls, errors, finish, logprobs};
use crate::json::{Text, write_int, write_str};
use crate::ollama::{self, ChatLine};
use crate::openai::{ApiError, Usage};

/// The JSON of a chat completion from one native reply a choice, and its token counts.
///
/// # Errors
/// 502 when a reply is an error, is no JSON, or ended without `done` (policy 8).
pub fn chat_reply<B: AsRef<[u8]>>(
    replies: &[B],
    identity: &Identity,
    with_logprobs: bool,
) -> Result<(Vec<u8>, Usage), ApiError> {
    let size: usize = replies.iter().map(|reply| reply.as_ref().len()).sum();
    let mut out = Vec::with_capacity(size + 512);
    let mut usage = Usage::default();
    write_identity(&mut out, identity, "chat.completion");
    out.put_slice(b",\"choices\":[");
    for (index, reply) in replies.iter().enumerate() {
        let mut scratch = String::new();
        let reply: ChatLine<'_> =
            ollama::parse(reply.as_ref(), &mut scratch).map_err(|_| errors::not_json())?;
        errors::check_whole(reply.error, reply.stats().done)?;
        if index > 0 {
            out.put_u8(b',');
        }
        write_choice(&mut out, &reply, (identity.seed, index), with_logprobs);
        usage.add_choice(reply.stats().usage);
    }
    out.put_slice(b"],\"usage\":");
    usage.write(&mut out);
    out.put_u8(b'}');
    Ok((out, usage))
}

fn write_choice(out: &mut Vec<u8>, reply: &ChatLine<'_>, identity: (u64, usize), with_logprobs: bool) {
    let message = reply.message.as_ref();
    let content = message.and_then(|message| message.content.as_ref()).map_or("", Text::as_str);
    let tool_calls = message.and_then(|message| message.tool_calls.as_deref()).unwrap_or_default();
    out.put_slice(b"{\"index\":");
    write_int(out, identity.1);
    out.put_slice(br#","message":{"role":"assistant","content":"#);
    if content.is_empty() && !tool_calls.is_empty() {
        out.put_slice(b"null")
    } else {
        write_str(out, content)
    }
    out.put_slice(br#","refusal":null"#);
    let thinking =
        message.and_then(|message| message.thinking.as_ref()).filter(|text| !text.as_str().is_empty());
    if let Some(thinking) = thinking {
        for key in [",\"reasoning\":", ",\"reasoning_content\":"] {
            out.put_slice(key.as_bytes());
            write_str(out, thinking.as_str());
        }
    }
    if !tool_calls.is_empty() {
        out.put_slice(br#","tool_calls":"#);
        calls::write(out, tool_calls, &mut 0, identity, false);
    }
    out.put_slice(b"},\"logprobs\":");
    logprobs::write_chat(out, reply.logprobs.as_deref().filter(|_| with_logprobs));
    out.put_slice(b",\"finish_reason\":");
    write_str(out, finish::reason(reply.stats().reason, !tool_calls.is_empty()));
    out.put_u8(b'}');
}
