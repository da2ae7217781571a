//! Replies of `/api/chat` and `/api/generate`: a line of a stream and a whole reply have the same shape.

use std::time::Duration;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::json::Text;
use crate::openai::Usage;

/// One object of `/api/chat`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChatLine<'a> {
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
    pub done: Option<bool>,
    #[serde(borrow)]
    pub done_reason: Option<Text<'a>>,
    prompt_eval_count: Option<Count>,
    prompt_eval_cached_count: Option<Count>,
    prompt_eval_duration: Option<Nanos>,
    eval_count: Option<Count>,
    eval_duration: Option<Nanos>,
    #[serde(borrow)]
    pub logprobs: Option<Vec<Logprob<'a>>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

/// One object of `/api/generate`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GenerateLine<'a> {
    #[serde(borrow)]
    pub response: Option<Text<'a>>,
    pub done: Option<bool>,
    #[serde(borrow)]
    pub done_reason: Option<Text<'a>>,
    prompt_eval_count: Option<Count>,
    prompt_eval_cached_count: Option<Count>,
    prompt_eval_duration: Option<Nanos>,
    eval_count: Option<Count>,
    eval_duration: Option<Nanos>,
    #[serde(borrow)]
    pub logprobs: Option<Vec<Logprob<'a>>>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

/// The message of a chat line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub content: Option<Text<'a>>,
    #[serde(borrow)]
    pub thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
}

/// A tool call; the native `index` is not read, as gpt-oss numbers every call 0.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
}

/// The function that a call names; `arguments` is an object, from some servers a string.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
}

/// The log probability of one token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Logprob<'a> {
    #[serde(borrow)]
    pub token: Option<Text<'a>>,
    #[serde(borrow)]
    pub logprob: Option<&'a RawValue>,
    #[serde(borrow)]
    pub bytes: Option<&'a RawValue>,
    #[serde(borrow)]
    pub top_logprobs: Option<Vec<Logprob<'a>>>,
}

/// What the last object of a reply says beside its text.
#[derive(Debug, Clone, Copy)]
pub struct Stats<'a> {
    /// Whether the reply ended as it should.
    pub done: bool,
    /// `stop`, `length`, `load`, `unload` or absent.
    pub reason: Option<&'a str>,
    /// Counts; absent ones are zero.
    pub usage: Usage,
}

type Counts = [Option<Count>; 3];

fn usage([prompt, cached, completion]: Counts, times: [Option<Nanos>; 2]) -> Usage {
    let number = |count: Option<Count>| count.map_or(0, |count| count.0);
    Usage {
        prompt: number(prompt),
        completion: number(completion),
        cached: cached.map(|count| count.0),
        gpu: times.into_iter().flatten().map(Nanos::duration).sum(),
    }
}

impl ChatLine<'_> {
    /// The closing facts of this object.
    #[must_use]
    pub fn stats(&self) -> Stats<'_> {
        Stats {
            done: self.done == Some(true),
            reason: self.done_reason.as_ref().map(Text::as_str),
            usage: usage(
                [self.prompt_eval_count, self.prompt_eval_cached_count, self.eval_count],
                [self.prompt_eval_duration, self.eval_duration],
            ),
        }
    }
}

impl GenerateLine<'_> {
    /// The closing facts of this object.
    #[must_use]
    pub fn stats(&self) -> Stats<'_> {
        Stats {
            done: self.done == Some(true),
            reason: self.done_reason.as_ref().map(Text::as_str),
            usage: usage(
                [self.prompt_eval_count, self.prompt_eval_cached_count, self.eval_count],
                [self.prompt_eval_duration, self.eval_duration],
            ),
        }
    }
}

/// More tokens than any reply has; sums of such counts stay within what clients and databases can hold.
const MAX_COUNT: u64 = 1 << 40;

/// A count. Whatever is not a whole number from 0 on reads as 0: no reply is lost for its statistics.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Count(whole(<&RawValue>::deserialize(deserializer)?).min(MAX_COUNT)))
    }
}

fn whole(raw: &RawValue) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of f64 saturate")]
    let rounded = || raw.get().parse::<f64>().map_or(0, |number| number as u64);
    raw.get().parse().unwrap_or_else(|_| rounded())
}

/// Longer than any reply takes, a week.
const MAX_NANOS: u64 = 7 * 86_400 * 1_000_000_000;

/// A time in nanoseconds; whatever is none reads as 0, as with [`Count`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nanos(u64);

impl Nanos {
    pub(super) fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Nanos(whole(<&RawValue>::deserialize(deserializer)?).min(MAX_NANOS)))
    }
}
