//! `POST /v1/embeddings`.

use http::Request;
use hyper::body::Incoming;
use wire::openai::embedding::EmbeddingRequest;
use wire::translate::embeddings::{reply, translate};

use super::attempt::Call;
use super::plan;
use super::settle::Settle;
use super::{Answer, Context, whole};
use crate::http::Failure;

pub(super) async fn answer(
    context: &Context,
    request: Request<Incoming>,
    settle: &mut Settle,
) -> Result<Answer, Failure> {
    let mut embedding = {
        let body = context.body(request).await?;
        let request: EmbeddingRequest<'_> = wire::openai::parse(&body)?;
        translate(&request, context.rules)?
    };
    settle.model.clone_from(&embedding.model);
    let candidates = plan::candidates(&context.snapshot, &embedding.model)?;
    let call =
        Call { native: &embedding.native, candidates: &candidates, asked: &embedding.model, prompt: "input" };
    let answers = whole::fetch(context, &[call], settle).await?;
    let (json, prompt) = reply(answers.first().map_or(&[], |body| body), &embedding)?;
    settle.usage.prompt = prompt;
    Ok(Answer::Generated { json, ignored: std::mem::take(&mut embedding.ignored) })
}
