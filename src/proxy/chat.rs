//! `POST /v1/chat/completions`.

use std::sync::Arc;
use std::time::Instant;

use http::Request;
use hyper::body::Incoming;
use wire::openai::ApiError;
use wire::openai::chat::ChatRequest;
use wire::translate::chat::{Chat, translate};
use wire::translate::{ChatStream, UsageRule, chat_reply};

use super::attempt::Call;
use super::cached::{self, Cached};
use super::relay::{self, Calls};
use super::settle::Settle;
use super::source::Translator;
use super::{Answer, Context, whole};
use crate::cache::Replies;
use crate::config::StreamUsage;
use crate::http::Failure;
use crate::snapshot::Plan;
use crate::upstream::Backend;

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
    let plan = context.snapshot.plan(&chat.model);
    check_abilities(context, &chat, &plan).await?;
    if chat.stream { events(context, chat, plan).await } else { json(context, chat, &plan, settle).await }
}

async fn json(
    context: &Context,
    chat: Chat,
    plan: &Arc<Plan>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let key = cached::chat_key(context, plan, &chat);
    if let Some(kept) = key.and_then(|key| context.proxy.caches.chat.get(&key, Instant::now())) {
        let identity = context.identity("chatcmpl-", &chat.model);
        let (json, usage) = chat_reply(kept.answers(), &identity, chat.logprobs)?;
        (settle.usage, settle.cached) = (usage, true);
        return Ok(Answer::Generated { json, ignored: chat.ignored, cached: Some(Cached::Hit) });
    }
    let asked = chat.model.as_str().into();
    let call = || Call { native: &chat.native, plan, asked: &asked, prompt: "messages" };
    let calls: Vec<_> = std::iter::repeat_with(call).take(chat.choices).collect();
    let answers = whole::fetch(context, &calls, settle).await?;
    let identity = context.identity("chatcmpl-", &chat.model);
    let (json, usage) = chat_reply(&answers, &identity, chat.logprobs)?;
    settle.usage = usage;
    if let Some(key) = key {
        context.proxy.caches.chat.put(key, Replies::new(&answers), Instant::now());
    }
    Ok(Answer::Generated { json, ignored: chat.ignored, cached: key.map(|_| Cached::Miss) })
}

async fn events(context: &Context, chat: Chat, plan: Arc<Plan>) -> Result<Answer, Failure> {
    let identity = context.identity("chatcmpl-", &chat.model);
    let rule = usage_rule(context, chat.include_usage);
    let translator = Translator::Chat(ChatStream::new(&identity, chat.choices, chat.logprobs, rule));
    let natives = std::iter::repeat_n(Arc::new(chat.native), chat.choices).collect();
    let calls = Calls { natives, plan, asked: chat.model, prompt: "messages", translator };
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
async fn check_abilities(context: &Context, chat: &Chat, plan: &Arc<Plan>) -> Result<(), Failure> {
    if !chat.needs.vision && !chat.needs.audio {
        return Ok(());
    }
    let client = &context.proxy.client;
    let Some((backend, served)) = who_may_have_it(plan, &chat.model) else { return Ok(()) };
    let known = backend.host.inventory.capabilities(client, &backend, &served).await;
    let Some(known) = known else { return Ok(()) };
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

/// The first backend of a plan that is not known to lack the model, and the model's name there.
fn who_may_have_it(plan: &Plan, model: &str) -> Option<(Arc<Backend>, String)> {
    for group in plan.tiers.iter().flat_map(|tier| &tier.groups) {
        let served = group.served(model);
        let may = |backend: &Backend| backend.host.inventory.has(served) != Some(false);
        if let Some(target) = group.members.iter().find(|target| may(&target.backend)) {
            return Some((Arc::clone(&target.backend), served.to_owned()));
        }
    }
    None
}
