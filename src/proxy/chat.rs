//! `POST /v1/chat/completions`.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use wire::openai::ApiError;
use wire::openai::chat::ChatRequest;
use wire::translate::chat::{Chat, translate};
use wire::translate::{ChatStream, UsageRule, chat_reply};

use super::attempt::Call;
use super::plan::{self, Candidate};
use super::relay::{self, Calls};
use super::settle::Settle;
use super::source::Translator;
use super::{Answer, Context, whole};
use crate::config::StreamUsage;
use crate::http::Failure;

pub(super) async fn answer(
    context: &Context,
    request: Request<Incoming>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let chat = {
        let body = context.body(request).await?;
        let request: ChatRequest<'_> = wire::openai::parse(&body)?;
        translate(&request, context.rules)?
    };
    settle.model.clone_from(&chat.model);
    settle.stream = chat.stream;
    let candidates = plan::candidates(&context.snapshot, &chat.model)?;
    check_abilities(context, &chat, &candidates).await?;
    if chat.stream {
        events(context, chat, candidates).await
    } else {
        json(context, chat, &candidates, settle).await
    }
}

async fn json(
    context: &Context,
    chat: Chat,
    candidates: &[Candidate],
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let call = || Call { native: &chat.native, candidates, asked: &chat.model, prompt: "messages" };
    let calls: Vec<_> = std::iter::repeat_with(call).take(chat.choices).collect();
    let answers = whole::fetch(context, &calls, settle).await?;
    let identity = context.identity("chatcmpl-", &chat.model);
    let (json, usage) = chat_reply(&answers, &identity, chat.logprobs)?;
    settle.usage = usage;
    Ok(Answer::Generated { json, ignored: chat.ignored })
}

async fn events(context: &Context, chat: Chat, candidates: Vec<Candidate>) -> Result<Answer, Failure> {
    let identity = context.identity("chatcmpl-", &chat.model);
    let rule = usage_rule(context, chat.include_usage);
    let translator = Translator::Chat(ChatStream::new(&identity, chat.choices, chat.logprobs, rule));
    let natives = std::iter::repeat_n(Arc::new(chat.native), chat.choices).collect();
    let calls = Calls { natives, candidates, asked: chat.model, prompt: "messages", translator };
    Ok(Answer::Events { stream: relay::open(context, calls).await?, ignored: chat.ignored })
}

/// `STREAM_USAGE`, unless the client asked by itself.
pub(super) fn usage_rule(context: &Context, is_asked: bool) -> UsageRule {
    match context.snapshot.usage {
        _ if is_asked => UsageRule::Chunk,
        StreamUsage::Always => UsageRule::Inline,
        StreamUsage::Asked => UsageRule::None,
    }
}

/// Ollama answers images for a model that cannot see with a 500, so that is found out before. A backend that does
/// not say what its model can do gets the benefit of the doubt.
async fn check_abilities(context: &Context, chat: &Chat, candidates: &[Candidate]) -> Result<(), Failure> {
    if !chat.needs.vision && !chat.needs.audio {
        return Ok(());
    }
    let Some(first) = candidates.first() else { return Ok(()) };
    let (client, backend) = (&context.proxy.client, &first.backend);
    let Some(known) = backend.inventory.capabilities(client, backend, &first.model).await else {
        return Ok(());
    };
    let refuse = |what: &str| {
        let message = format!("the model '{}' does not take {what}", chat.model);
        Err(ApiError::invalid("messages", message).with_code("model_not_supported").into())
    };
    match () {
        () if chat.needs.vision && !known.has("vision") => refuse("images"),
        () if chat.needs.audio && !known.has("audio") && !known.has("vision") => refuse("audio"),
        () => Ok(()),
    }
}
