//! One answer under its limits: which tokens come, and how it ends.

use super::answer::{Answer, Call};
use super::ask::{Ask, Kind, Limits};
use super::json::Failure;
use super::models::{Model, Path};
use super::text::{count, pieces};

/// The rendered path gives up after this many equal tokens.
const REPEATS: usize = 31;
/// Where an answer without an end stops when nothing else stops it.
const ENDLESS: usize = 400;
/// The runner gives no model less context than this.
const LEAST_CONTEXT: u64 = 256;

/// One token.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Think(String),
    Text(String),
    /// Part of a tool call that is still being collected.
    Hidden(String),
    /// The last token of a call, which is whole now.
    Call(String, Call),
    /// Between the two passes of thinking and format. Not a token.
    Gap,
}

impl Step {
    pub(super) fn token(&self) -> Option<&str> {
        match self {
            Step::Think(token) | Step::Text(token) | Step::Hidden(token) | Step::Call(token, _) => {
                Some(token)
            }
            Step::Gap => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Ending {
    Stop,
    Length,
    /// The reply ends without saying so.
    Silent,
    Failed(Failure),
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) steps: Vec<Step>,
    pub(super) ending: Ending,
    pub(super) prompt_tokens: u64,
    pub(super) answer_tokens: u64,
}

impl Run {
    /// What `model` makes of the request.
    pub(super) fn of(ask: &Ask, model: &Model, limits: &Limits) -> Result<Run, Failure> {
        let prompt_tokens = prompt_tokens(ask, model, limits)?;
        let answer = Answer::to(ask, model);
        let two_passes = model.path == Path::Rendered && ask.has_format && !answer.thinking.is_empty();
        let thought = count(&answer.thinking);
        let (steps, complete) = steps(answer, &limits.stop, two_passes, model.path);
        let mut run = cut(steps, complete, limit(ask, model, limits, prompt_tokens), model.path);
        run.prompt_tokens = prompt_tokens;
        if two_passes {
            // Only the second pass is counted.
            run.prompt_tokens += thought;
            run.answer_tokens = run.answer_tokens.saturating_sub(thought);
        }
        Ok(run)
    }
}

/// Counts the prompt, or refuses one that is too long.
fn prompt_tokens(ask: &Ask, model: &Model, limits: &Limits) -> Result<u64, Failure> {
    let context = limits.num_ctx.clamp(LEAST_CONTEXT, model.context.max(LEAST_CONTEXT));
    let whole = count(&ask.prompt()) + ask.context.len() as u64;
    if whole <= context {
        return Ok(whole);
    }
    let too_long = || {
        let text = format!(
            "request ({whole} tokens) exceeds the available context size ({context} tokens), try increasing it"
        );
        let more = [("n_prompt_tokens", whole), ("n_ctx", context)];
        Failure::nested(400, &text, "exceed_context_size_error", &more)
    };
    if !ask.truncate {
        return Err(too_long());
    }
    let last = ask.messages.last().map_or(0, |message| count(&message.content));
    if ask.kind == Kind::Chat && last < context / 2 {
        // Older messages are left out until the rest fits.
        return Ok(context - context / 8);
    }
    match model.path {
        Path::Native => Err(too_long()),
        Path::Rendered if ask.shift => Ok(context / 2),
        Path::Rendered => Err(Failure::of_runner(
            400,
            "the prompt is longer than the context length currently available to the model; shorten the \
             prompt, adjust the context length in settings, or use a model with a longer context length",
        )),
    }
}

/// How many tokens may come.
fn limit(ask: &Ask, model: &Model, limits: &Limits, prompt_tokens: u64) -> usize {
    let asked = match (limits.num_predict, model.path) {
        (Some(0), Path::Native) => 1,
        (Some(limit), _) if limit > 0 => usize::try_from(limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let context = limits.num_ctx.max(LEAST_CONTEXT);
    let room = if ask.shift { u64::MAX } else { context.saturating_sub(prompt_tokens) };
    asked.min(usize::try_from(room).unwrap_or(usize::MAX)).max(1)
}

/// All tokens of an answer, and how it ends when nothing cuts it.
fn steps(answer: Answer, stop: &[String], two_passes: bool, path: Path) -> (Vec<Step>, Ending) {
    let owned = |text: &str| pieces(text).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut steps: Vec<Step> = owned(&answer.thinking).into_iter().map(Step::Think).collect();
    if two_passes {
        steps.push(Step::Gap);
    }
    if let Some(word) = answer.repeated {
        let (length, ending) = match path {
            Path::Rendered => (REPEATS, Ending::Silent),
            Path::Native => (ENDLESS, Ending::Stop),
        };
        steps.extend(std::iter::repeat_n(Step::Text(word), length));
        return (steps, ending);
    }
    let stopped = stop.iter().filter_map(|stop| answer.text.find(stop.as_str())).min();
    let text = &answer.text[..stopped.unwrap_or(answer.text.len())];
    steps.extend(owned(text).into_iter().map(Step::Text));
    if stopped.is_none() {
        for call in answer.calls {
            let shown = format!(
                "<tool_call>\n{{\"name\": \"{}\", \"arguments\": {}}}\n</tool_call>",
                call.name, call.arguments
            );
            let mut tokens = owned(&shown);
            let (last, before) = (tokens.pop().unwrap_or_default(), tokens.pop().unwrap_or_default());
            steps.extend(tokens.into_iter().map(Step::Hidden));
            steps.push(Step::Call(before, call));
            steps.push(Step::Hidden(last));
        }
    }
    (steps, Ending::Stop)
}

/// Takes at most `limit` tokens.
fn cut(mut steps: Vec<Step>, complete: Ending, limit: usize, path: Path) -> Run {
    let (mut taken, mut end) = (0, steps.len());
    for (at, step) in steps.iter().enumerate() {
        if step.token().is_some() {
            if taken == limit {
                end = at;
                break;
            }
            taken += 1;
        }
    }
    let in_a_call = matches!(steps.get(end), Some(Step::Hidden(_) | Step::Call(..)))
        && matches!(steps.get(end.wrapping_sub(1)), Some(Step::Hidden(_)));
    let ending = if end == steps.len() { complete } else { Ending::Length };
    let called = steps[end..].iter().find_map(|step| match step {
        Step::Call(_, call) => Some(call.name.clone()),
        _ => None,
    });
    steps.truncate(end);
    let ending = match ending {
        Ending::Length if in_a_call && path == Path::Native => Ending::Failed(Failure::of_runner(
            500,
            format!(
                "llama-server returned invalid tool call arguments for \"{}\": unexpected end of JSON input",
                called.unwrap_or_default()
            ),
        )),
        ending => ending,
    };
    // The end of an answer is a token too.
    let last = u64::from(matches!(ending, Ending::Stop));
    Run { steps, ending, prompt_tokens: 0, answer_tokens: taken as u64 + last }
}
