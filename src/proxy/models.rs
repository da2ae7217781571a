//! `GET /v1/models` and `GET /v1/models/{id}`.

use wire::openai::ApiError;
use wire::translate::models::{self as wire_models, Model};

use super::{Answer, Context};
use crate::http::{Failure, Outcome};

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

async fn union(context: &Context) -> Result<Vec<Model>, Failure> {
    let mut union: Vec<Model> = Vec::new();
    let mut failed = None;
    for backend in &context.snapshot.backends {
        match backend.inventory.models(&context.proxy.client, backend).await {
            Ok(models) => {
                for model in models.iter() {
                    if !union.iter().any(|known| known.id == model.id) {
                        union.push(model.clone());
                    }
                }
            }
            Err(failure) => failed = Some(failure),
        }
    }
    match failed {
        Some(failure) if union.is_empty() => Err(failure),
        _ => Ok(union),
    }
}
