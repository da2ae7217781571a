//! From a model name to one free place: tiers from the best down, turns within a tier, then turns within a channel.

use std::sync::Arc;
use std::time::Instant;

use wire::openai::ApiError;

use crate::config::Balance;
use crate::http::{Failure, Outcome};
use crate::limits::SlotGuard;
use crate::snapshot::{Group, Plan, Snapshot, Target, Tier};
use crate::upstream::Tally;
use crate::upstream::health::{State, Trial};

/// Who serves.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) target: Arc<Target>,
    /// The channel or key.
    pub(super) group: Arc<Group>,
}

/// A place on a backend, taken until this falls.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) by: Served,
    /// The model's name there.
    pub(super) model: String,
    /// Leave to ask a backend that is not well; whoever asks tells it what came of that.
    pub(super) trial: Option<Trial>,
    _slots: [SlotGuard; 2],
}

/// What one look at a plan found.
pub(super) enum Pick {
    Seat(Seat),
    /// Somebody could serve, but all of them are at their caps.
    Full,
    /// Nobody is left.
    Nobody,
}

/// How far one is willing to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Well, and not known to lack the model.
    Good,
    /// Well, though its list lacks the model: the list may be old.
    Unlisted,
    /// Ill or cooling: better than refusing.
    LeastBad,
}

/// A request's search over the candidates of its plan. Cheap to clone: the waiting room keeps one.
#[derive(Clone)]
pub(super) struct Search {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) plan: Arc<Plan>,
    /// The model as the client named it.
    pub(super) model: Arc<str>,
    /// Ids of backends that this request has tried.
    pub(super) tried: Vec<String>,
}

impl Served {
    /// Counts on both: the backend, and the channel that it belongs to.
    pub(super) fn tallies(&self) -> impl Iterator<Item = &Tally> {
        std::iter::once(&*self.target.tally).chain(self.group.tally.as_deref())
    }
}

impl Search {
    /// # Errors
    /// 404 when no channel, key or backend serves the model.
    pub(super) fn new(snapshot: &Arc<Snapshot>, plan: &Arc<Plan>, model: &Arc<str>) -> Result<Self, Failure> {
        if plan.tiers.is_empty() {
            let error = ApiError::new(404, "not_found_error", format!("model '{model}' not found"));
            let error = ApiError { param: Some("model".into()), ..error }.with_code("model_not_found");
            return Err(Failure::new(Outcome::NoModel, error));
        }
        let (snapshot, plan, model) = (Arc::clone(snapshot), Arc::clone(plan), Arc::clone(model));
        Ok(Search { snapshot, plan, model, tried: Vec::new() })
    }

    /// Takes a place on the best candidate that was not tried.
    pub(super) fn pick(&self, now: Instant) -> Pick {
        let mut is_full = false;
        for pass in [Pass::Good, Pass::Unlisted, Pass::LeastBad] {
            for tier in &self.plan.tiers {
                if let Some(seat) = self.in_tier(tier, pass, now, &mut is_full) {
                    return Pick::Seat(seat);
                }
            }
            // Waiting for one that can serve is better than asking one that cannot.
            if is_full {
                return Pick::Full;
            }
        }
        Pick::Nobody
    }

    fn in_tier(&self, tier: &Tier, pass: Pass, now: Instant, is_full: &mut bool) -> Option<Seat> {
        let mut found = None;
        let mut take = |at: usize| {
            found = self.in_group(&tier.groups[at], pass, now, is_full);
            found.is_some()
        };
        match self.snapshot.balance {
            Balance::Weighted => {
                tier.rotation.pick(take);
            }
            Balance::LeastBusy => {
                let mut order: Vec<usize> = (0..tier.groups.len()).collect();
                order.sort_by(|one, other| busy(&tier.groups[*one], &tier.groups[*other]));
                order.into_iter().find(|at| take(*at));
            }
        }
        found
    }

    fn in_group(&self, group: &Arc<Group>, pass: Pass, now: Instant, is_full: &mut bool) -> Option<Seat> {
        let served = group.served(&self.model);
        let mut found = None;
        let mut has_fit = false;
        let mut take = |at: usize| {
            let target = &group.members[at];
            if self.tried.contains(&target.backend.id) || !is_fit(target, served, pass, now) {
                return false;
            }
            has_fit = true;
            found = self.sit(group, target, served, now);
            found.is_some()
        };
        match self.snapshot.balance {
            Balance::Weighted => {
                group.rotation.pick(&mut take);
            }
            Balance::LeastBusy => {
                let mut order: Vec<usize> = (0..group.members.len()).collect();
                order.sort_by_key(|at| group.members[*at].slots.in_flight());
                order.into_iter().find(|at| take(*at));
            }
        }
        *is_full |= has_fit && found.is_none();
        found
    }

    /// Takes the channel's and the backend's place, and a trial where the backend is on probation.
    fn sit(&self, group: &Arc<Group>, target: &Arc<Target>, served: &str, now: Instant) -> Option<Seat> {
        let of_group = group.slots.try_enter()?;
        let of_target = target.slots.try_enter()?;
        let trial = match target.backend.breaker.state(now) {
            State::HalfOpen => Some(target.backend.breaker.try_trial(now)?),
            State::Down { .. } => Some(target.backend.breaker.last_resort()),
            State::Up => None,
        };
        if let Some((limit, window)) = &group.rate
            && window.take(*limit, 1, now).is_err()
        {
            return None;
        }
        Some(Seat {
            by: Served { target: Arc::clone(target), group: Arc::clone(group) },
            model: served.to_owned(),
            trial,
            _slots: [of_group, of_target],
        })
    }
}

fn is_fit(target: &Target, served: &str, pass: Pass, now: Instant) -> bool {
    let backend = &target.backend;
    let is_well = !matches!(backend.breaker.state(now), State::Down { .. }) && !backend.breaker.is_cool(now);
    match pass {
        Pass::Good => is_well && backend.host.inventory.has(served) != Some(false),
        Pass::Unlisted => is_well,
        Pass::LeastBad => true,
    }
}

/// Compares running requests for each unit of weight.
fn busy(one: &Group, other: &Group) -> std::cmp::Ordering {
    let load =
        |group: &Group| group.members.iter().map(|member| member.slots.in_flight() as u64).sum::<u64>();
    (load(one) * u64::from(other.weight)).cmp(&(load(other) * u64::from(one.weight)))
}
