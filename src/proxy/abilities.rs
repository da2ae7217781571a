//! What a model must be able to do for a request. Found out before a backend is asked: Ollama would answer some of them
//! with a 500, and load a model in vain for others.

use std::sync::Arc;

use wire::openai::ApiError;

use super::Context;
use crate::http::Failure;
use crate::snapshot::{Plan, Target};
use crate::upstream::Backend;

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

/// A backend that does not say what its model can do gets the benefit of the doubt.
///
/// # Errors
/// 400 `model_not_supported` for the first need that is not met.
pub(super) async fn check(
    context: &Context,
    plan: &Plan,
    model: &str,
    needs: impl Iterator<Item = Need>,
) -> Result<(), Failure> {
    let mut needs = needs.peekable();
    if needs.peek().is_none() {
        return Ok(());
    }
    let Some((backend, served)) = who_may_have_it(plan, model) else { return Ok(()) };
    let client = &context.proxy.client;
    let Some(known) = backend.host.inventory.capabilities(client, &backend, &served).await else {
        return Ok(());
    };
    match needs.find(|need| !need.capabilities.iter().any(|capability| known.has(capability))) {
        None => Ok(()),
        Some(Need { what, param, .. }) => {
            let message = format!("the model '{model}' does not support {what}");
            Err(ApiError::invalid(param, message).with_code("model_not_supported").into())
        }
    }
}

/// The first backend of a plan that is not known to lack the model, else the first of all, and the model's name there.
fn who_may_have_it(plan: &Plan, model: &str) -> Option<(Arc<Backend>, String)> {
    let groups = plan.tiers.iter().flat_map(|tier| &tier.groups);
    let mut all = groups.flat_map(|group| group.members.iter().map(|target| (target, group.served(model))));
    let may =
        |(target, served): &(&Arc<Target>, &str)| target.backend.host.inventory.has(served) != Some(false);
    let first = all.next()?;
    let (target, served) = if may(&first) { first } else { all.find(may).unwrap_or(first) };
    Some((Arc::clone(&target.backend), served.to_owned()))
}
