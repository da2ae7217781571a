//! `POST /v1/chat/completions`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use hyper::body::Incoming;
use wire::openai::Usage;
use wire::openai::chat::ChatRequest;
use wire::translate::chat::{Chat, Needs, translate};
use wire::translate::{ChatStream, UsageRule, chat_reply};

use super::abilities;
use super::attempt::Call;
use super::cached::{self, Cached};
use super::grant::{self, Work};
use super::relay::{self, Calls};
use super::settle::Settle;
use super::source::Translator;
use super::{Answer, Context, whole};
use crate::cache::Replies;
use crate::config::StreamUsage;
use crate::http::Failure;
use crate::snapshot::Plan;
use crate::snapshot::abilities::Need;

pub(super) async fn answer(
    context: &Context,
    request: Request<Incoming>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let mut chat = {
        let body = context.body(request, settle).await?;
        let request: ChatRequest<'_> = wire::openai::parse(&body)?;
        translate(&request, context.asker.rules)?
    };
    let plan = context.snapshot.plan(&chat.model);
    settle.model = Arc::clone(&plan.model);
    settle.stream = chat.stream;
    let work = Work { model: &chat.model, prompt: chat.prompt, limit: chat.limit, replies: chat.choices };
    if let Some(most) = grant::take(context, settle, &work)? {
        chat.native.set_limit(most);
    }
    let needs = abilities::check(context, &plan, needs(&chat)).await?;
    match chat.stream {
        true => events(context, chat, plan, needs).await,
        false => json(context, chat, (&plan, &needs), settle).await,
    }
}

async fn json(
    context: &Context,
    chat: Chat,
    (plan, needs): (&Arc<Plan>, &Arc<[Need]>),
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let key = cached::chat_key(context, plan, &chat);
    if let Some(kept) = key.and_then(|key| context.proxy.caches.chat.get(&key, Instant::now())) {
        let identity = context.identity("chatcmpl-", &chat.model);
        let (json, usage) = chat_reply(kept.answers(), &identity, chat.logprobs)?;
        // Nothing was computed for it.
        settle.count(Usage { gpu: Duration::ZERO, ..usage });
        settle.note_cached(usage.prompt + usage.completion, plan);
        return Ok(Answer::Generated { json, ignored: chat.ignored, cached: Some(Cached::Hit) });
    }
    let call = || Call { native: &chat.native, plan, prompt: "messages", needs, vectors: 0 };
    let calls: Vec<_> = std::iter::repeat_with(call).take(chat.choices).collect();
    let answers = whole::fetch(context, &calls, settle).await?;
    let identity = context.identity("chatcmpl-", &chat.model);
    let (json, usage) = chat_reply(&answers, &identity, chat.logprobs)?;
    settle.count(usage);
    if let Some(key) = key {
        context.proxy.caches.chat.put(key, Replies::new(&answers), Instant::now());
    }
    Ok(Answer::Generated { json, ignored: chat.ignored, cached: key.map(|_| Cached::Miss) })
}

async fn events(
    context: &Context,
    chat: Chat,
    plan: Arc<Plan>,
    needs: Arc<[Need]>,
) -> Result<Answer, Failure> {
    let identity = context.identity("chatcmpl-", &chat.model);
    let rule = usage_rule(context, chat.include_usage);
    let translator = Translator::Chat(ChatStream::new(&identity, chat.choices, chat.logprobs, rule));
    let natives = std::iter::repeat_n(Arc::new(chat.native), chat.choices).collect();
    let calls = Calls { natives, plan, prompt: "messages", needs, translator };
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

fn needs(chat: &Chat) -> impl Iterator<Item = Need> {
    let Needs { vision, audio, tools, thinking } = chat.needs;
    let all =
        [(vision, Need::VISION), (audio, Need::AUDIO), (tools, Need::TOOLS), (thinking, Need::THINKING)];
    all.into_iter().filter_map(|(is_needed, need)| is_needed.then_some(need))
}
