//! `POST /v1/completions`.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use wire::openai::completion::CompletionRequest;
use wire::translate::completions::{Completion, translate};
use wire::translate::{CompletionStream, completion_reply};

use super::attempt::Call;
use super::chat::usage_rule;
use super::grant::{self, Work};
use super::relay::{self, Calls};
use super::settle::Settle;
use super::source::Translator;
use super::{Answer, Context, whole};
use crate::http::Failure;
use crate::snapshot::Plan;

pub(super) async fn answer(
    context: &Context,
    request: Request<Incoming>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let mut completion = {
        let body = context.body(request, settle).await?;
        let request: CompletionRequest<'_> = wire::openai::parse(&body)?;
        translate(&request, context.asker.rules)?
    };
    let plan = context.snapshot.plan(&completion.model);
    settle.model = Arc::clone(&plan.model);
    settle.stream = completion.stream;
    let replies = completion.natives.len() * completion.choices;
    let (prompt, limit) = (completion.prompt, completion.limit);
    let work = Work { model: &completion.model, prompt, limit, replies };
    if let Some(most) = grant::take(context, settle, &work)? {
        completion.natives.iter_mut().for_each(|native| native.set_limit(most));
    }
    if completion.stream {
        events(context, completion, plan).await
    } else {
        json(context, completion, &plan, settle).await
    }
}

async fn json(
    context: &Context,
    completion: Completion,
    plan: &Arc<Plan>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let per_prompt = completion.choices;
    let natives = completion.natives.iter().flat_map(|native| std::iter::repeat_n(native, per_prompt));
    let needs = Arc::default();
    let call = |native| Call { native, plan, prompt: "prompt", needs: &needs, vectors: 0 };
    let calls: Vec<_> = natives.map(call).collect();
    let answers = whole::fetch(context, &calls, settle).await?;
    let identity = context.identity("cmpl-", &completion.model);
    let (json, usage) =
        completion_reply(&answers, &completion.echoes, per_prompt, &identity, completion.logprobs)?;
    settle.count(usage);
    Ok(Answer::Generated { json, ignored: completion.ignored, cached: None })
}

async fn events(context: &Context, completion: Completion, plan: Arc<Plan>) -> Result<Answer, Failure> {
    let identity = context.identity("cmpl-", &completion.model);
    let rule = usage_rule(context, completion.include_usage);
    let (echoes, per_prompt) = (&completion.echoes, completion.choices);
    let stream = CompletionStream::new(&identity, echoes, per_prompt, completion.logprobs, rule);
    let natives = completion.natives.into_iter().map(Arc::new);
    let natives = natives.flat_map(|native| std::iter::repeat_n(native, per_prompt)).collect();
    let translator = Translator::Completion(stream);
    let calls = Calls { natives, plan, prompt: "prompt", needs: Arc::default(), translator };
    Ok(Answer::Events { stream: relay::open(context, calls).await?, ignored: completion.ignored })
}
