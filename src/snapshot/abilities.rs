//! What a request needs of a model, and who is known not to do it. Asks nobody: what is not known yet gets the benefit
//! of the doubt.

use std::collections::HashSet;
use std::time::Instant;

use super::model::Plan;
use crate::upstream::health::State;
use crate::upstream::{Backend, Capabilities};

/// Addresses that are looked at for one request.
const LOOKED_AT: usize = 64;
/// Of how many of them it counts what their model can do.
const ASKED: usize = 16;

/// One thing that a request asks of a model.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Any of these will do, in the words of `/api/show`.
    capabilities: &'static [&'static str],
    /// For the client: what the model does not support.
    pub what: &'static str,
    /// The field that asks for it.
    pub param: &'static str,
}

impl Need {
    pub const VISION: Need = Need { capabilities: &["vision"], what: "images", param: "messages" };
    pub const AUDIO: Need = Need { capabilities: &["audio", "vision"], what: "audio", param: "messages" };
    pub const TOOLS: Need = Need { capabilities: &["tools"], what: "tools", param: "tools" };
    pub const THINKING: Need =
        Need { capabilities: &["thinking"], what: "thinking", param: "reasoning_effort" };
    pub const EMBEDDING: Need = Need { capabilities: &["embedding"], what: "embeddings", param: "model" };

    /// All of them by name.
    pub const ALL: [(&str, Need); 5] = [
        ("vision", Need::VISION),
        ("audio", Need::AUDIO),
        ("tools", Need::TOOLS),
        ("thinking", Need::THINKING),
        ("embedding", Need::EMBEDDING),
    ];
}

/// What the model on this backend is known not to do.
#[must_use]
pub fn lacks<'n>(backend: &Backend, served: &str, needs: &'n [Need]) -> Option<&'n Need> {
    unmet(backend.host.inventory.known_capabilities(served).as_deref()?, needs)
}

fn unmet<'n>(known: &Capabilities, needs: &'n [Need]) -> Option<&'n Need> {
    needs.iter().find(|need| !need.capabilities.iter().any(|capability| known.has(capability)))
}

/// Those of whom it counts what they can do.
#[derive(Debug)]
pub struct Candidates<'p> {
    /// With the model's name there.
    pub asked: Vec<(&'p Backend, &'p str)>,
    /// Whether some are down, of which nothing is to be concluded.
    is_some_down: bool,
}

impl<'p> Candidates<'p> {
    /// The first few addresses of a plan that are not down and not known to lack the model; where all lists lack it, the
    /// first one.
    #[must_use]
    pub fn of(plan: &'p Plan, now: Instant) -> Self {
        let groups = plan.tiers.iter().flat_map(|tier| &tier.groups);
        let all = groups.flat_map(|group| {
            group.members.iter().map(move |target| (&*target.backend, group.served(&plan.model)))
        });
        let mut seen = HashSet::new();
        let is_up =
            |(backend, _): &(&Backend, &str)| !matches!(backend.breaker.state(now), State::Down { .. });
        let places = all.filter(|(backend, served)| seen.insert((backend.host.place(), *served)));
        let (places, down): (Vec<_>, Vec<_>) = places.take(LOOKED_AT).partition(is_up);
        let may = |(backend, served): &&(&Backend, &str)| backend.host.inventory.has(served) != Some(false);
        let listed: Vec<_> = places.iter().filter(may).take(ASKED).copied().collect();
        let asked = if listed.is_empty() { places.into_iter().take(1).collect() } else { listed };
        Candidates { asked, is_some_down: !down.is_empty() }
    }

    /// What none of them can do, by what is known of each: then the request is refused. One that can do it all, or does
    /// not say, ends this with `None`.
    pub fn unmet<'n, K>(&self, known: impl Iterator<Item = Option<K>>, needs: &'n [Need]) -> Option<&'n Need>
    where
        K: AsRef<Capabilities>,
    {
        let unmet: Option<Vec<_>> = known.map(|known| unmet(known?.as_ref(), needs)).collect();
        unmet?.first().copied().filter(|_| !self.is_some_down)
    }
}
