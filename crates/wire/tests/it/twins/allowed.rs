//! The differences from Ollama's own `/v1` that are meant.

use super::compare::{Difference, Kind};
use super::pairs::Pair;
use Kind::{Added, Changed, Missing};
use When::{Always, Asked, Refused};

/// One kind of difference, and why it is meant.
#[derive(Debug)]
pub(super) struct Allowed {
    /// The path of the difference, or its beginning and a `*`.
    path: &'static str,
    kind: Kind,
    when: When,
    /// The heading of `docs/conformance.md` that gives the reason.
    pub(super) heading: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// We refuse the request, so Ollama never sees it.
    Refused,
    /// The two requests differ in a key that begins so.
    Asked(&'static str),
}

impl Allowed {
    pub(super) fn covers(&self, difference: &Difference, pair: &Pair) -> bool {
        let path = difference.path.split('=').next().unwrap_or_default();
        let is_path = match self.path.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.path,
        };
        let is_case = match self.when {
            Always => true,
            Refused => pair.refusal.is_some(),
            Asked(key) => pair.asked_differently.iter().any(|asked| asked.starts_with(key)),
        };
        self.kind == difference.kind && is_path && is_case
    }
}

const fn row(path: &'static str, kind: Kind, when: When, heading: &'static str) -> Allowed {
    Allowed { path, kind, when, heading }
}

const KEYS: &str = "Keys that are always there";
const USAGE: &str = "Usage in a stream";
const THINKING: &str = "Thinking under two names";
const CALLS: &str = "Tool calls";
const ERRORS: &str = "Errors name the field and have a code";
const REFUSED: &str = "Requests refused before Ollama sees them";
const STATUS: &str = "Statuses of a failing Ollama";
const CUT: &str = "Answers that end without `done`";
const BROKEN: &str = "Errors in mid-stream";
const ASKED: &str = "Twins that ask for different things";

pub(super) const ALLOWED: &[Allowed] = &[
    row("body.choices[].logprobs", Added, Always, KEYS),
    row("body.choices[].logprobs.refusal", Added, Always, KEYS),
    row("frames[].choices[].logprobs", Added, Always, KEYS),
    row("frames[].choices[].logprobs.refusal", Added, Always, KEYS),
    row("body.choices[].message.refusal", Added, Always, KEYS),
    row("frames[].usage", Added, Always, USAGE),
    row("frames[].usage", Changed, Always, USAGE),
    row("body.choices[].message.reasoning_content", Added, Always, THINKING),
    row("frames[].choices[].delta.reasoning_content", Added, Always, THINKING),
    row("body.choices[].message.content", Changed, Always, CALLS),
    row("body.choices[].message.content", Added, Asked("tools"), CALLS),
    row("body.choices[].message.content", Missing, Asked("tools"), CALLS),
    row("body.choices[].message.tool_calls[].index", Missing, Always, CALLS),
    row("body.error.code", Changed, Always, ERRORS),
    row("body.error.param", Changed, Always, ERRORS),
    row("body.error.message", Changed, Refused, REFUSED),
    row("status *", Changed, Asked(""), ASKED),
    row("status 400 for 200", Changed, Refused, REFUSED),
    row("status 502 for 500", Changed, Always, STATUS),
    row("status 502 for 200", Changed, Always, CUT),
    row("frames[]", Added, Always, BROKEN),
    row("frames[].error", Added, Always, BROKEN),
    row("is_done", Changed, Always, BROKEN),
    row("body.choices[].logprobs", Missing, Asked("logprobs"), ASKED),
    row("frames[].choices[].logprobs", Missing, Asked("logprobs"), ASKED),
    row("frames[].choices[].logprobs.content[].top_logprobs[]", Missing, Asked("top_logprobs"), ASKED),
    row("body.choices[].message.reasoning", Missing, Asked("think"), ASKED),
    row("body.choices[].message.reasoning", Added, Asked("think"), ASKED),
    row("frames[].choices[].delta.reasoning", Missing, Asked("think"), ASKED),
    row("frames[].choices[].delta.content", Missing, Asked("options.num_predict"), ASKED),
    row("frames[].choices[].delta.tool_calls[]", Missing, Asked("options.num_predict"), ASKED),
    row("frames[].choices[].delta.tool_calls[]", Added, Asked("options.num_predict"), ASKED),
    row("frames[].choices[].finish_reason", Missing, Asked("options.num_predict"), ASKED),
    row("frames[].choices[].finish_reason", Added, Asked("options.num_predict"), ASKED),
];
