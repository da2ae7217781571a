//! Replies of `/api/generate` → text completions, whole and streamed. Thinking has no place in them.

use bytes::{BufMut, BytesMut};

use super::frame::{Frames, UsageRule, write_identity};
use super::{Identity, Step, errors, finish, logprobs};
use crate::json::{Text, write_escaped, write_int, write_str};
use crate::ollama::{self, GenerateLine, Logprob};
use crate::openai::{ApiError, Usage};

/// The JSON of a text completion; replies stand in the order prompt by prompt, `per_prompt` choices each.
///
/// # Errors
/// 502 when a reply is an error, is no JSON, or ended without `done` (policy 8).
pub fn completion_reply<B: AsRef<[u8]>>(
    replies: &[B],
    echoes: &[String],
    per_prompt: usize,
    identity: &Identity,
    with_logprobs: bool,
) -> Result<(Vec<u8>, Usage), ApiError> {
    let mut out = Vec::with_capacity(1024);
    let mut usage = Usage::default();
    write_identity(&mut out, identity, "text_completion");
    out.put_slice(b",\"choices\":[");
    for (index, reply) in replies.iter().enumerate() {
        let mut scratch = String::new();
        let reply: GenerateLine<'_> =
            ollama::parse(reply.as_ref(), &mut scratch).map_err(|_| errors::not_json())?;
        let stats = reply.stats();
        errors::check_whole(reply.error, stats.done)?;
        let echo = echoes.get(index / per_prompt).map_or("", String::as_str);
        out.put_slice(if index > 0 { b",{\"text\":\"" } else { b"{\"text\":\"" });
        write_escaped(&mut out, echo);
        write_escaped(&mut out, reply.response.as_ref().map_or("", Text::as_str));
        out.put_slice(b"\",\"index\":");
        write_int(&mut out, index);
        out.put_slice(b",\"logprobs\":");
        let mut offset = echo.chars().count();
        logprobs::write_completion(
            &mut out,
            reply.logprobs.as_deref().filter(|_| with_logprobs),
            &mut offset,
        );
        out.put_slice(b",\"finish_reason\":");
        write_str(&mut out, finish::reason(stats.reason, false));
        out.put_u8(b'}');
        add(&mut usage, stats.usage, index.is_multiple_of(per_prompt));
    }
    out.put_slice(b"],\"usage\":");
    usage.write(&mut out);
    out.put_u8(b'}');
    Ok((out, usage))
}

fn add(total: &mut Usage, one: Usage, is_new_prompt: bool) {
    if is_new_prompt {
        total.add_prompt(one);
    } else {
        total.completion = total.completion.saturating_add(one.completion);
        total.gpu += one.gpu;
    }
}

/// Turns lines of `/api/generate` into text completion chunks.
#[derive(Debug)]
pub struct CompletionStream {
    frames: Frames,
    choices: Vec<Choice>,
    per_prompt: usize,
    logprobs: bool,
    usage: Usage,
}

#[derive(Debug)]
struct Choice {
    echo: String,
    offset: usize,
    done: bool,
    /// Lines with text, each about a token.
    pieces: u64,
}

impl CompletionStream {
    /// A stream of `echoes.len()` prompts with `per_prompt` choices each.
    #[must_use]
    pub fn new(
        identity: &Identity,
        echoes: &[String],
        per_prompt: usize,
        logprobs: bool,
        rule: UsageRule,
    ) -> Self {
        let frames = Frames::new(identity, "text_completion", rule);
        let each = echoes.iter().flat_map(|echo| std::iter::repeat_n(echo, per_prompt));
        let choices =
            each.map(|echo| Choice { echo: echo.clone(), offset: 0, done: false, pieces: 0 }).collect();
        CompletionStream { frames, choices, per_prompt, logprobs, usage: Usage::default() }
    }

    /// Takes one line of the upstream of choice `index`, without its line end, and appends what it becomes.
    pub fn line(&mut self, index: usize, line: &[u8], out: &mut BytesMut) -> Step {
        if self.choices[index].done {
            return Step::More;
        }
        let mut scratch = String::new();
        let Ok(chunk) = ollama::parse::<GenerateLine<'_>>(line, &mut scratch) else {
            return Step::Failed(errors::not_json());
        };
        if let Some(error) = chunk.error {
            return Step::Failed(errors::from_line(error.get()));
        }
        let echo = std::mem::take(&mut self.choices[index].echo);
        if !echo.is_empty() {
            self.choices[index].offset = echo.chars().count();
            self.open(out, index, &echo, None);
            self.frames.end(out);
        }
        let stats = chunk.stats();
        let text = chunk.response.as_ref().map_or("", Text::as_str);
        let logprobs = chunk.logprobs.as_deref().filter(|list| self.logprobs && !list.is_empty());
        if stats.done {
            self.choices[index].done = true;
            if stats.usage.completion > 0 {
                self.choices[index].pieces = 0;
            }
            add(&mut self.usage, stats.usage, index.is_multiple_of(self.per_prompt));
            let last = self.choices.iter().all(|choice| choice.done).then_some(self.usage);
            self.open(out, index, text, logprobs);
            self.frames.finish(out, finish::reason(stats.reason, false), last);
            return Step::Done(stats.usage);
        }
        if !text.is_empty() || logprobs.is_some() {
            self.choices[index].pieces += 1;
            self.open(out, index, text, logprobs);
            self.frames.end(out);
        }
        Step::More
    }

    fn open(&mut self, out: &mut BytesMut, index: usize, text: &str, logprobs: Option<&[Logprob<'_>]>) {
        self.frames.begin(out, index);
        out.put_slice(b",\"text\":\"");
        write_escaped(out, text);
        out.put_slice(b"\",\"logprobs\":");
        logprobs::write_completion(out, logprobs, &mut self.choices[index].offset);
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
