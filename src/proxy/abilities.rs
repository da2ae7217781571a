//! What a model must be able to do for a request. Found out before a backend is asked: Ollama would answer some of them
//! with a 500, and load a model in vain for others.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use wire::openai::ApiError;

use super::Context;
use super::join::try_join;
use crate::http::Failure;
use crate::snapshot::Plan;
use crate::upstream::health::State;
use crate::upstream::{Backend, Capabilities};

/// Addresses that are looked at for one request.
const LOOKED_AT: usize = 64;
/// How many of them are asked what their model can do.
const ASKED: usize = 16;

/// One thing that a request asks of a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// Any of these will do, in the words of `/api/show`.
    pub(super) capabilities: &'static [&'static str],
    /// For the client: what the model does not support.
    pub(super) what: &'static str,
    /// The field that asks for it.
    pub(super) param: &'static str,
}

/// Finds out what the candidates' models can do, as far as that is not known. A backend that does not say gets the
/// benefit of the doubt; one that is down is not asked.
///
/// # Errors
/// 400 `model_not_supported` when no candidate can do what is needed.
pub(super) async fn check(
    context: &Context,
    plan: &Plan,
    model: &str,
    needs: impl Iterator<Item = Need>,
) -> Result<Arc<[Need]>, Failure> {
    let needs: Arc<[Need]> = needs.collect();
    if needs.is_empty() {
        return Ok(needs);
    }
    let (candidates, is_some_down) = candidates(plan, model);
    let client = &context.proxy.client;
    let ask = async |(backend, served): &(&Backend, &str)| {
        Ok::<_, Infallible>(backend.host.inventory.capabilities(client, backend, served).await)
    };
    let Ok(known) = try_join(candidates.iter().map(ask).collect()).await;
    // One that can do it, or does not say, ends this with `None`.
    let unmet: Option<Vec<_>> = known.iter().map(|known| unmet(known.as_deref()?, &needs)).collect();
    match unmet.as_deref().and_then(<[_]>::first) {
        Some(Need { what, param, .. }) if !is_some_down => {
            let message = format!("the model '{model}' does not support {what}");
            Err(ApiError::invalid(*param, message).with_code("model_not_supported").into())
        }
        _ => Ok(needs),
    }
}

/// Whether the model on this backend is known not to do what is needed.
pub(super) fn lacks(backend: &Backend, served: &str, needs: &[Need]) -> bool {
    backend.host.inventory.known_capabilities(served).is_some_and(|known| unmet(&known, needs).is_some())
}

fn unmet<'r>(known: &Capabilities, needs: &'r [Need]) -> Option<&'r Need> {
    needs.iter().find(|need| !need.capabilities.iter().any(|capability| known.has(capability)))
}

/// The first few addresses of a plan that are not down and not known to lack the model, with its name there; where all
/// lists lack it, the first one. And whether some are down, of which nothing is to be concluded.
fn candidates<'r>(plan: &'r Plan, model: &'r str) -> (Vec<(&'r Backend, &'r str)>, bool) {
    let now = Instant::now();
    let groups = plan.tiers.iter().flat_map(|tier| &tier.groups);
    let all = groups
        .flat_map(|group| group.members.iter().map(move |target| (&*target.backend, group.served(model))));
    let mut seen = HashSet::new();
    let is_up = |(backend, _): &(&Backend, &str)| !matches!(backend.breaker.state(now), State::Down { .. });
    let places = all.filter(|(backend, served)| seen.insert((backend.host.place(), *served)));
    let (places, down): (Vec<_>, Vec<_>) = places.take(LOOKED_AT).partition(is_up);
    let may = |(backend, served): &&(&Backend, &str)| backend.host.inventory.has(served) != Some(false);
    let listed: Vec<_> = places.iter().filter(may).take(ASKED).copied().collect();
    let asked = if listed.is_empty() { places.into_iter().take(1).collect() } else { listed };
    (asked, !down.is_empty())
}
