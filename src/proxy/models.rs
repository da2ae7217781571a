//! `GET /v1/models` and `GET /v1/models/{id}`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use wire::openai::ApiError;
use wire::translate::models::{self as wire_models, Model};

use super::join::try_join;
use super::{Answer, Context};
use crate::http::{Failure, Outcome};
use crate::upstream::{Backend, Client};

/// The union of what all backends list; one that does not answer is stood in for by its last answer.
pub(super) async fn list(context: &Context) -> Result<Answer, Failure> {
    Ok(Answer::Json(wire_models::list(&union(context).await?)))
}

/// One model, under the id that was asked for.
pub(super) async fn retrieve(context: &Context, id: &str) -> Result<Answer, Failure> {
    let models = union(context).await?;
    let Some(model) = models.iter().find(|model| wire_models::same_name(&model.id, id)) else {
        let error = ApiError::new(404, "invalid_request_error", format!("the model '{id}' does not exist"));
        let error = ApiError { param: Some("model".into()), ..error }.with_code("model_not_found");
        return Err(Failure::new(Outcome::NoModel, error));
    };
    let mut json = Vec::with_capacity(128);
    model.write(&mut json, id);
    Ok(Answer::Json(json))
}

/// What all backends have under the names that clients may use: mapped names stand for what they lead to. All are
/// asked at once, and none is waited for longer than two seconds.
async fn union(context: &Context) -> Result<Vec<Model>, Failure> {
    let mut asked: Vec<&Arc<Backend>> = Vec::new();
    for target in context.snapshot.targets() {
        if !asked.iter().any(|known| Arc::ptr_eq(&known.host, &target.backend.host)) {
            asked.push(&target.backend);
        }
    }
    let client = &context.proxy.client;
    let answers =
        try_join(asked.iter().map(|backend| ask(client, backend)).collect()).await.unwrap_or_default();
    let mut failed = None;
    let mut by_host = Vec::new();
    for (backend, answer) in asked.iter().zip(answers) {
        match answer {
            Ok(models) => by_host.push((Arc::clone(&backend.host), models)),
            Err(failure) => failed = Some(failure),
        }
    }
    let mut union: BTreeMap<String, Model> = BTreeMap::new();
    for group in &context.snapshot.groups {
        for member in &group.members {
            let Some((_, models)) = by_host.iter().find(|(host, _)| Arc::ptr_eq(host, &member.backend.host))
            else {
                continue;
            };
            for model in models.iter().filter(|model| group.models.admit(&model.id)) {
                union.entry(model.id.clone()).or_insert_with(|| model.clone());
            }
            for (alias, served) in &group.mapping {
                if let Some(model) = models.iter().find(|model| wire_models::same_name(&model.id, served)) {
                    union
                        .entry(alias.clone())
                        .or_insert_with(|| Model { id: alias.clone(), created: model.created });
                }
            }
        }
    }
    match failed {
        Some(failure) if union.is_empty() => Err(failure),
        _ => Ok(union.into_values().collect()),
    }
}

/// Never fails, so that one silent backend does not end the others' answers.
async fn ask(client: &Client, backend: &Backend) -> Result<Result<Arc<[Model]>, Failure>, Infallible> {
    Ok(backend.host.inventory.models(client, backend).await)
}
