//! A stream of `/api/chat` lines → chat completion chunks.

use bytes::{BufMut, BytesMut};

use super::frame::{Frames, UsageRule};
use super::{Identity, Step, calls, errors, finish, logprobs};
use crate::json::{Text, write_escaped};
use crate::ollama::{self, ChatLine, Logprob};
use crate::openai::Usage;

/// Turns lines into events. One for a reply; choices of the same reply share it.
#[derive(Debug)]
pub struct ChatStream {
    frames: Frames,
    choices: Vec<Choice>,
    has_begun: bool,
    logprobs: bool,
    seed: u64,
    usage: Usage,
}

#[derive(Debug, Default)]
struct Choice {
    done: bool,
    calls: u32,
    /// Lines with content, each about a token.
    pieces: u64,
}

impl ChatStream {
    /// A stream of `choices` choices; log probabilities are passed on only if they were asked for.
    #[must_use]
    pub fn new(identity: &Identity, choices: usize, logprobs: bool, rule: UsageRule) -> Self {
        let frames = Frames::new(identity, "chat.completion.chunk", rule);
        let choices = std::iter::repeat_with(Choice::default).take(choices).collect();
        let (has_begun, usage) = (false, Usage::default());
        ChatStream { frames, choices, has_begun, logprobs, seed: identity.seed, usage }
    }

    /// Takes one line of the upstream of choice `index`, without its line end, and appends what it becomes.
    pub fn line(&mut self, index: usize, line: &[u8], out: &mut BytesMut) -> Step {
        if self.choices[index].done {
            return Step::More;
        }
        let mut scratch = String::new();
        let Ok(chunk) = ollama::parse::<ChatLine<'_>>(line, &mut scratch) else {
            return Step::Failed(errors::not_json());
        };
        if let Some(error) = chunk.error {
            return Step::Failed(errors::from_line(error.get()));
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            self.roles(out);
        }
        let before = out.len();
        self.content(index, &chunk, out);
        let stats = chunk.stats();
        if !stats.done {
            self.choices[index].pieces += u64::from(out.len() > before);
            return Step::More;
        }
        self.choices[index].done = true;
        if stats.usage.completion > 0 {
            self.choices[index].pieces = 0;
        }
        self.usage.add_choice(stats.usage);
        let last = self.choices.iter().all(|choice| choice.done).then_some(self.usage);
        self.frames.begin(out, index);
        out.put_slice(br#","delta":{},"logprobs":null"#);
        self.frames.finish(out, finish::reason(stats.reason, self.choices[index].calls > 0), last);
        Step::Done(stats.usage)
    }

    /// The role of every choice, in order: the stream helper of OpenAI's Python SDK breaks when a choice appears
    /// before one with a lower index, and which upstream answers first is chance.
    fn roles(&self, out: &mut BytesMut) {
        for index in 0..self.choices.len() {
            self.frames.begin(out, index);
            out.put_slice(br#","delta":{"role":"assistant","content":""},"logprobs":null"#);
            self.frames.end(out);
        }
    }

    /// Thinking gets a chunk of its own before text and calls; log probabilities stay with the first.
    fn content(&mut self, index: usize, chunk: &ChatLine<'_>, out: &mut BytesMut) {
        let message = chunk.message.as_ref();
        let mut logprobs = chunk.logprobs.as_deref().filter(|list| self.logprobs && !list.is_empty());
        let thinking =
            message.and_then(|message| message.thinking.as_ref()).filter(|text| !text.as_str().is_empty());
        if let Some(thinking) = thinking {
            self.frames.begin(out, index);
            out.put_slice(br#","delta":{"reasoning":""#);
            write_escaped(out, thinking.as_str());
            out.put_slice(br#"","reasoning_content":""#);
            write_escaped(out, thinking.as_str());
            out.put_slice(b"\"}");
            self.end(out, logprobs.take());
        }
        let content = message.and_then(|message| message.content.as_ref()).map_or("", Text::as_str);
        let tool_calls = message.and_then(|message| message.tool_calls.as_deref()).unwrap_or_default();
        if content.is_empty() && tool_calls.is_empty() && logprobs.is_none() {
            return;
        }
        self.frames.begin(out, index);
        out.put_slice(br#","delta":{"#);
        if !content.is_empty() || tool_calls.is_empty() {
            out.put_slice(br#""content":""#);
            write_escaped(out, content);
            out.put_slice(if tool_calls.is_empty() { b"\"" } else { b"\"," });
        }
        if !tool_calls.is_empty() {
            out.put_slice(br#""tool_calls":"#);
            calls::write(out, tool_calls, &mut self.choices[index].calls, (self.seed, index), true);
        }
        out.put_u8(b'}');
        self.end(out, logprobs);
    }

    fn end(&self, out: &mut BytesMut, logprobs: Option<&[Logprob<'_>]>) {
        out.put_slice(b",\"logprobs\":");
        logprobs::write_chat(out, logprobs);
        self.frames.end(out);
    }

    /// Token counts of the choices that are complete.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Pieces of the choices that have no counts yet: about how many tokens were seen of them.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.choices.iter().map(|choice| choice.pieces).sum()
    }

    /// All choices are complete: the usage chunk, if asked for, and `[DONE]`.
    pub fn finish(&self, out: &mut BytesMut) {
        self.frames.done(out, self.usage);
    }
}
