//! `POST /v1/completions` → `/api/generate`, with the model's template (policy 10).

use bytes::BufMut;

use super::chat::private_format;
use super::options::{self, Chosen, LimitAt};
use super::{Native, Rules, at_least_one, choices, model, streaming};
use crate::estimate::{self, Media};
use crate::json::{Text, write_int, write_str};
use crate::openai::ApiError;
use crate::openai::completion::CompletionRequest;

/// Most native calls for one request: prompts times `n`.
const MAX_CALLS: usize = 64;

/// A text completion request, translated.
#[derive(Debug)]
pub struct Completion {
    /// One call a prompt, each to be made [`Completion::choices`] times.
    pub natives: Vec<Native>,
    /// Texts that go before each prompt's answer (`echo`), else empty.
    pub echoes: Vec<String>,
    /// The model as the client named it.
    pub model: String,
    /// Whether the client wants events.
    pub stream: bool,
    /// Whether the client asked for a usage chunk.
    pub include_usage: bool,
    /// `n`.
    pub choices: usize,
    /// Whether log probabilities were asked for.
    pub logprobs: bool,
    /// About how many tokens all prompts have together.
    pub prompt: u64,
    /// How many tokens each choice may have, if the client said that.
    pub limit: Option<u64>,
    /// Fields that were dropped as not allowed.
    pub ignored: Vec<&'static str>,
}

/// Translates a parsed request.
///
/// # Errors
/// 400 that names the field.
pub fn translate(request: &CompletionRequest<'_>, rules: Rules) -> Result<Completion, ApiError> {
    let model = model(request.model.as_ref())?;
    let (stream, include_usage) = streaming(request.stream, request.stream_options.as_ref())?;
    let choices = choices(request.n)?;
    let prompts = request
        .prompt
        .as_ref()
        .map(|prompt| prompt.0.as_slice())
        .ok_or_else(|| ApiError::missing("prompt"))?;
    if prompts.is_empty() || prompts.iter().any(|prompt| prompt.as_str().is_empty()) {
        return Err(ApiError::invalid("prompt", "'prompt' must not be empty"));
    }
    if prompts.len() * choices > MAX_CALLS {
        return Err(ApiError::invalid("prompt", format!("'prompt' times 'n' must be at most {MAX_CALLS}")));
    }
    if request.logprobs.is_some_and(|top| !(0..=20).contains(&top)) {
        return Err(ApiError::invalid("logprobs", "'logprobs' must be between 0 and 20"));
    }
    let mut common = request.common();
    common.max_tokens = at_least_one("max_tokens", request.max_tokens)?;
    let chosen = Chosen::gather(&common, rules)?;
    let (rest, at) = write_rest(request, stream, &chosen)?;
    let mut sum = 0;
    let natives = prompts.iter().map(|prompt| {
        let mut tail = Vec::with_capacity(prompt.as_str().len() + rest.len() + 16);
        tail.put_slice(b",\"prompt\":");
        write_str(&mut tail, prompt.as_str());
        let at = at.behind(tail.len());
        tail.put_slice(&rest);
        sum += estimate::body(&tail, Media::default());
        Native::limited("/api/generate", tail, at)
    });
    let natives = natives.collect();
    let echo = request.echo == Some(true);
    let echoes =
        prompts.iter().map(|prompt| if echo { prompt.as_str().to_owned() } else { String::new() }).collect();
    Ok(Completion {
        natives,
        echoes,
        model,
        stream,
        include_usage,
        choices,
        logprobs: request.logprobs.is_some(),
        prompt: sum,
        limit: chosen.limit(),
        ignored: chosen.ignored,
    })
}

/// What all prompts of the request share, closing brace included.
fn write_rest(
    request: &CompletionRequest<'_>,
    stream: bool,
    chosen: &Chosen<'_>,
) -> Result<(Vec<u8>, LimitAt), ApiError> {
    let mut rest = Vec::with_capacity(128);
    if let Some(suffix) = request.suffix.as_ref().filter(|suffix| !suffix.as_str().is_empty()) {
        rest.put_slice(b",\"suffix\":");
        write_str(&mut rest, suffix.as_str());
    }
    rest.put_slice(if stream { b",\"stream\":true" } else { b",\"stream\":false" });
    if let Some(format) = private_format(request.format.map(|raw| raw.get()))? {
        rest.put_slice(b",\"format\":");
        rest.put_slice(format.as_bytes());
    }
    let effort = request.reasoning_effort.as_ref().map(Text::as_str);
    let think = options::think(request.think, [("reasoning_effort", effort), ("reasoning_effort", None)])?;
    // A text completion has no place for thinking: unasked, it would only eat up `max_tokens`.
    rest.put_slice(b",\"think\":");
    rest.put_slice(think.unwrap_or("false").as_bytes());
    if let Some(top) = request.logprobs {
        rest.put_slice(b",\"logprobs\":true");
        if top > 0 {
            rest.put_slice(b",\"top_logprobs\":");
            write_int(&mut rest, top);
        }
    }
    let at = chosen.write(&mut rest);
    rest.put_u8(b'}');
    Ok((rest, at))
}
