//! `POST /v1/embeddings`.

use std::sync::Arc;
use std::time::Instant;

use http::Request;
use hyper::body::Incoming;
use wire::openai::Usage;
use wire::openai::embedding::EmbeddingRequest;
use wire::translate::embeddings::{read, reply, translate};

use super::abilities;
use super::attempt::Call;
use super::cached::{self, Cached};
use super::grant::{self, Work};
use super::settle::Settle;
use super::{Answer, Context, whole};
use crate::cache::Vector;
use crate::http::Failure;
use crate::snapshot::abilities::Need;

pub(super) async fn answer(
    context: &Context,
    request: Request<Incoming>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let embedding = {
        let body = context.body(request, settle).await?;
        let request: EmbeddingRequest<'_> = wire::openai::parse(&body)?;
        translate(&request, context.asker.rules)?
    };
    let plan = context.snapshot.plan(&embedding.model);
    settle.model = Arc::clone(&plan.model);
    let work = Work { model: &embedding.model, prompt: embedding.prompt, limit: None, replies: 0 };
    grant::take(context, settle, &work)?;
    let needs = abilities::check(context, &plan, std::iter::once(Need::EMBEDDING)).await?;
    let call = |native, vectors| Call { native, plan: &plan, prompt: "input", needs: &needs, vectors };
    let Some(keys) = cached::embedding_keys(context, &plan, &embedding) else {
        let call = call(&embedding.native, embedding.inputs);
        let answers = whole::fetch(context, &[call], settle).await?;
        let (json, usage) = reply(answers.first().map_or(&[], |body| body), &embedding)?;
        settle.count(usage);
        return Ok(Answer::Generated { json, ignored: embedding.ignored, cached: None });
    };
    let (cache, now) = (&context.proxy.caches.embeddings, Instant::now());
    let mut kept: Vec<_> = keys.iter().map(|key| cache.get(key, now)).collect();
    let missing: Vec<_> = (0..kept.len()).filter(|&at| kept[at].is_none()).collect();
    let cached = Cached::by(missing.len(), kept.len());
    let mut paid = Usage::default();
    if !missing.is_empty() {
        let some = (missing.len() < kept.len()).then(|| embedding.native_for(&missing));
        let native = some.as_ref().unwrap_or(&embedding.native);
        let call = call(native, missing.len());
        let answers = whole::fetch(context, &[call], settle).await?;
        let mut scratch = String::new();
        let fresh = read(answers.first().map_or(&[], |body| body), &mut scratch, missing.len())?;
        paid = fresh.usage;
        let sizes: Vec<_> = missing.iter().map(|&at| embedding.input(at).len() as u64).collect();
        let shares = cached::shares(paid.prompt, &sizes);
        for ((&at, text), tokens) in missing.iter().zip(&fresh.vectors).zip(shares) {
            kept[at] = Some(Vector::new(text, tokens));
        }
    }
    let vectors: Vec<Vector> = kept.into_iter().flatten().collect();
    let texts: Vec<_> = vectors.iter().map(Vector::text).collect();
    let prompt = vectors.iter().map(|vector| vector.tokens).sum();
    let json = embedding.reply_from(&texts, prompt)?;
    for at in missing {
        cache.put(keys[at], vectors[at].clone(), Instant::now());
    }
    settle.count(Usage { prompt, ..paid });
    settle.note_cached(prompt - paid.prompt, &plan);
    Ok(Answer::Generated { json, ignored: embedding.ignored, cached: Some(cached) })
}
