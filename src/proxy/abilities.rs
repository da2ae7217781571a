//! What a model must be able to do for a request. Found out before a backend is asked: Ollama would answer some of them
//! with a 500, and load a model in vain for others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use super::Context;
use super::join::try_join;
use crate::http::Failure;
use crate::snapshot::abilities::{Candidates, Need};
use crate::snapshot::{Plan, unserved};
use crate::upstream::Backend;

/// Finds out what the candidates' models can do, as far as that is not known. A backend that does not say gets the
/// benefit of the doubt; one that is down is not asked.
///
/// # Errors
/// 400 `model_not_supported` when no candidate can do what is needed.
pub(super) async fn check(
    context: &Context,
    plan: &Plan,
    needs: impl Iterator<Item = Need>,
) -> Result<Arc<[Need]>, Failure> {
    let needs: Arc<[Need]> = needs.collect();
    if needs.is_empty() {
        return Ok(needs);
    }
    let looking = context.asker.trail.look_up();
    let candidates = Candidates::of(plan, Instant::now());
    let client = &context.proxy.client;
    let ask = async |(backend, served): &(&Backend, &str)| {
        Ok::<_, Infallible>(backend.host.inventory.capabilities(client, backend, served).await)
    };
    let Ok(known) = try_join(candidates.asked.iter().map(ask).collect()).await;
    drop(looking);
    match candidates.unmet(known.into_iter(), &needs) {
        Some(need) => Err(unserved::unsupported(&plan.model, need)),
        None => Ok(needs),
    }
}
