//! `GET /v1/models` and `GET /v1/models/{id}`.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use wire::openai::ApiError;
use wire::translate::models::{self as wire_models, Model};

use super::join::try_join;
use super::{Answer, Context};
use crate::http::{Failure, Outcome};
use crate::snapshot::unserved;
use crate::upstream::health::State;
use crate::upstream::{Backend, timed_out};

/// Hosts that are asked at once.
const AT_ONCE: usize = 32;
/// How long all of them together are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The union of what all backends list, as far as the client may use it; one that does not answer is stood in for by its last answer.
pub(super) async fn list(context: &Context) -> Result<Answer, Failure> {
    let mut models = union(context).await?;
    models.retain(|model| context.asker.may_use(&model.id));
    Ok(Answer::Json(wire_models::list(&models)))
}

/// One model, under the id that was asked for.
pub(super) async fn retrieve(context: &Context, id: &str) -> Result<Answer, Failure> {
    context.asker.check_model(id)?;
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
/// asked at once, and none is waited for longer than two seconds; those that are down are not asked at all.
async fn union(context: &Context) -> Result<Vec<Model>, Failure> {
    let by_host = lists(context).await;
    let mut union: BTreeMap<String, Model> = BTreeMap::new();
    for group in &context.snapshot.groups {
        for member in &group.members {
            let Some(Ok(models)) = by_host.get(&member.backend.host.place()) else { continue };
            for model in models.iter().filter(|model| group.models.admit(&model.id)) {
                union.entry(model.id.clone()).or_insert_with(|| model.clone());
            }
            for (alias, served) in group.mapping.pairs() {
                if let Some(model) = models.iter().find(|model| wire_models::same_name(&model.id, served)) {
                    union
                        .entry(alias.to_owned())
                        .or_insert_with(|| Model { id: alias.to_owned(), ..model.clone() });
                }
            }
        }
    }
    let failed = by_host.into_values().find_map(Result::err);
    match failed {
        Some(failure) if union.is_empty() => Err(failure),
        _ => Ok(union.into_values().collect()),
    }
}

/// A host's place in memory, which tells it from others as long as the snapshot lives.
type HostAt = usize;
type List = Result<Arc<[Model]>, Failure>;

/// The list of each host.
async fn lists(context: &Context) -> HashMap<HostAt, List> {
    let mut asked: HashMap<HostAt, &Backend> = HashMap::new();
    for target in context.snapshot.targets() {
        asked.entry(target.backend.host.place()).or_insert(&target.backend);
    }
    let permits = Semaphore::new(AT_ONCE);
    let deadline = Instant::now() + PATIENCE;
    let ask = async |(host, backend): (HostAt, &Backend)| {
        let client = &context.proxy.client;
        let inventory = &backend.host.inventory;
        let is_down = matches!(backend.breaker.state(Instant::now().into_std()), State::Down { .. });
        let last = || inventory.last().map(|(models, _)| models);
        let list = if is_down {
            last().ok_or_else(unserved::nobody_left)
        } else {
            let read = async {
                let _permit = permits.acquire().await;
                inventory.models(client, backend).await
            };
            let in_time = timeout_at(deadline, read).await;
            in_time.unwrap_or_else(|_| last().ok_or_else(|| timed_out(PATIENCE)))
        };
        Ok::<_, Infallible>((host, list))
    };
    let answers = try_join(asked.into_iter().map(ask).collect()).await.unwrap_or_default();
    answers.into_iter().collect()
}
