//! From a model name to one free place: tiers from the best down, turns within a tier, then turns within a channel.

use std::sync::Arc;
use std::time::Instant;

use wire::openai::ApiError;

use super::Context;
use super::abilities::{self, Need};
use super::attempt::Call;
use crate::config::Balance;
use crate::http::{Failure, Outcome};
use crate::limits::SlotGuard;
use crate::snapshot::{Counts, Group, Plan, Snapshot, Target, Tier};
use crate::upstream::Rotation;
use crate::upstream::balance::take_least_busy;
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
    /// Leave to ask a backend that is not well; whoever asks tells it what came of that.
    pub(super) trial: Option<Trial>,
    /// Whether it is known to lack the model, by a list that may be old.
    pub(super) is_unlisted: bool,
    /// Whether it is ill or cooling, and only asked because all are.
    pub(super) is_last_resort: bool,
    _slots: (SlotGuard, SlotGuard<Counts>),
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

/// Whether addresses that have failed the request are left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    Only,
    Or,
}

/// Whether a candidate can serve.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Yes,
    /// Another request decides whether it is well.
    Soon,
    No,
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
    /// What the model must be able to do.
    needs: Arc<[Need]>,
    /// Addresses that have failed this request.
    shunned: Vec<usize>,
    /// Whether one whose list lacks the model may be asked for it: after a 404 of such a one, no other.
    pub(super) asks_unlisted: bool,
}

impl Search {
    /// # Errors
    /// 404 when no channel, key or backend serves the model.
    pub(super) fn new(context: &Context, call: &Call<'_>) -> Result<Self, Failure> {
        let (plan, model) = (Arc::clone(call.plan), Arc::clone(&call.plan.model));
        if context.snapshot.groups.is_empty() {
            let error = ApiError::new(503, "api_error", "no backend is enabled").with_code("no_backend");
            return Err(Failure::new(Outcome::UpstreamConnect, error));
        }
        if plan.tiers.is_empty() {
            let error = ApiError::new(404, "not_found_error", format!("model '{model}' not found"));
            let error = ApiError { param: Some("model".into()), ..error }.with_code("model_not_found");
            return Err(Failure::new(Outcome::NoModel, error));
        }
        Ok(Search {
            snapshot: Arc::clone(&context.snapshot),
            plan,
            model,
            needs: Arc::clone(call.needs),
            tried: Vec::new(),
            shunned: Vec::new(),
            asks_unlisted: true,
        })
    }

    /// Leaves the whole address alone while another can serve: its other credentials would fare no better.
    pub(super) fn shun(&mut self, by: &Served) {
        self.shunned.push(by.target.backend.host.place());
    }

    /// Takes a place on the best candidate that was not tried.
    pub(super) fn pick(&self, now: Instant) -> Pick {
        if !self.shunned.is_empty()
            && let Some(pick) = self.pick_well(Elsewhere::Only, now)
        {
            return pick;
        }
        self.pick_well(Elsewhere::Or, now).unwrap_or_else(|| self.least_bad(now))
    }

    /// A place on a candidate that is well, or word that all of those are busy.
    fn pick_well(&self, elsewhere: Elsewhere, now: Instant) -> Option<Pick> {
        let mut is_full = false;
        let passes = if self.asks_unlisted { &[Pass::Good, Pass::Unlisted][..] } else { &[Pass::Good] };
        for &pass in passes {
            for tier in &self.plan.tiers {
                if let Some(seat) = self.in_tier(tier, (pass, elsewhere), now, &mut is_full) {
                    return Some(Pick::Seat(seat));
                }
            }
            // Waiting for one that can serve is better than asking one that cannot.
            if is_full {
                return Some(Pick::Full);
            }
        }
        None
    }

    fn in_tier(&self, tier: &Tier, how: (Pass, Elsewhere), now: Instant, is_full: &mut bool) -> Option<Seat> {
        let mut found = None;
        let load = |at: usize| (tier.groups[at].in_flight(), tier.groups[at].weight);
        self.offer(&tier.rotation, load, |at| {
            found = self.in_group(&tier.groups[at], how, now, is_full);
            found.is_some()
        });
        found
    }

    fn in_group(
        &self,
        group: &Arc<Group>,
        (pass, elsewhere): (Pass, Elsewhere),
        now: Instant,
        is_full: &mut bool,
    ) -> Option<Seat> {
        let served = group.served(&self.model);
        let mut found = None;
        let mut has_fit = false;
        let load = |at: usize| (group.members[at].counts.slots.in_flight(), group.weights[at]);
        self.offer(&group.rotation, load, |at| {
            let target = &group.members[at];
            let is_shunned =
                || elsewhere == Elsewhere::Only && self.shunned.contains(&target.backend.host.place());
            if self.tried.contains(&target.backend.id) || is_shunned() || self.lacks(target, served) {
                return false;
            }
            let fit = fit(target, served, pass, now);
            has_fit |= fit != Fit::No;
            if fit == Fit::Yes {
                found = self.sit(group, target, pass, now);
            }
            found.is_some()
        });
        *is_full |= has_fit && found.is_none();
        found
    }

    /// Whether the model there is known not to do what is needed.
    fn lacks(&self, target: &Target, served: &str) -> bool {
        !self.needs.is_empty() && abilities::lacks(&target.backend, served, &self.needs)
    }

    /// Offers candidates in the order of the balance, until one is taken.
    fn offer(
        &self,
        rotation: &Rotation,
        load: impl Fn(usize) -> (usize, u32),
        take: impl FnMut(usize) -> bool,
    ) {
        match self.snapshot.balance {
            Balance::Weighted => {
                rotation.pick(take);
            }
            Balance::LeastBusy => {
                let loads = rotation.iter_from_next().map(|at| (at, load(at)));
                take_least_busy(
                    loads.map(|(at, (in_flight, weight))| (at, in_flight, weight)).collect(),
                    take,
                );
            }
        }
    }

    /// Nobody is well: who is thought to have the model, and of those who may be well again first.
    fn least_bad(&self, now: Instant) -> Pick {
        let groups = self.plan.tiers.iter().flat_map(|tier| &tier.groups);
        let all = groups.flat_map(|group| group.members.iter().map(move |target| (group, target)));
        let mut left: Vec<_> = all
            .filter(|(group, target)| {
                !self.tried.contains(&target.backend.id) && !self.lacks(target, group.served(&self.model))
            })
            .map(|(group, target)| {
                (is_unlisted(target, group.served(&self.model)), well_at(target, now), group, target)
            })
            .filter(|(is_unlisted, ..)| self.asks_unlisted || !is_unlisted)
            .collect();
        left.sort_by_key(|(is_unlisted, well_at, ..)| (*is_unlisted, *well_at));
        let seat = left.iter().find_map(|(_, _, group, target)| self.sit(group, target, Pass::LeastBad, now));
        match seat {
            Some(seat) => Pick::Seat(seat),
            None if left.is_empty() => Pick::Nobody,
            None => Pick::Full,
        }
    }

    /// Takes the channel's and the backend's place, and a trial where the backend is on probation.
    fn sit(&self, group: &Arc<Group>, target: &Arc<Target>, pass: Pass, now: Instant) -> Option<Seat> {
        let of_group = group.slots.try_enter()?;
        let of_target = SlotGuard::enter(&target.counts)?;
        let is_last_resort = pass == Pass::LeastBad;
        let trial = match target.backend.breaker.state(now) {
            State::Up => None,
            _ if is_last_resort => Some(Trial::last_resort(&target.backend)),
            // Somebody may have been quicker.
            _ => Some(Trial::begin(&target.backend, now)?),
        };
        if let Some((limit, window)) = &group.rate
            && window.take(*limit, 1, now).is_err()
        {
            return None;
        }
        Some(Seat {
            by: Served { target: Arc::clone(target), group: Arc::clone(group) },
            // The first pass has asked.
            is_unlisted: pass != Pass::Good && is_unlisted(target, group.served(&self.model)),
            trial,
            is_last_resort,
            _slots: (of_group, of_target),
        })
    }
}

fn fit(target: &Target, served: &str, pass: Pass, now: Instant) -> Fit {
    let breaker = &target.backend.breaker;
    let fit = match breaker.state(now) {
        State::Up | State::HalfOpen => Fit::Yes,
        State::OnTrial => Fit::Soon,
        State::Down { .. } => Fit::No,
    };
    let has_model = pass != Pass::Good || !is_unlisted(target, served);
    if fit == Fit::No || breaker.is_cool(now) || !has_model { Fit::No } else { fit }
}

fn is_unlisted(target: &Target, served: &str) -> bool {
    target.backend.host.inventory.has(served) == Some(false)
}

/// When a backend may be well again, as far as is known.
fn well_at(target: &Target, now: Instant) -> Instant {
    let breaker = &target.backend.breaker;
    let down_until = match breaker.state(now) {
        State::Down { probe_due } => probe_due,
        _ => now,
    };
    breaker.cool_until(now).map_or(down_until, |cool_until| cool_until.max(down_until))
}
