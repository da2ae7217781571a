//! From a plan to one candidate: tiers from the best down, turns within a tier, then turns within a channel. What it means
//! to take a place there is the caller's matter: a request takes one, an explanation only looks.

use std::sync::Arc;
use std::time::Instant;

use super::abilities::{Need, lacks};
use super::fit::{Fit, Pass, fit, is_unlisted, well_at};
use super::model::{Group, Plan, Snapshot, Target, Tier};
use super::unserved;
use crate::config::Balance;
use crate::http::Failure;
use crate::upstream::Rotation;
use crate::upstream::balance::take_least_busy;

/// What one look at a plan found.
#[derive(Debug)]
pub enum Pick<S> {
    /// What the caller took.
    Seat(S),
    /// Somebody could serve, but all of them are at their caps.
    Full,
    /// Nobody is left.
    Nobody,
}

/// Whether addresses that have failed the request are left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    Only,
    Or,
}

/// A request's search over the candidates of its plan. Cheap to clone: the waiting room keeps one.
#[derive(Debug, Clone)]
pub struct Search {
    pub plan: Arc<Plan>,
    balance: Balance,
    /// Ids of backends that this request has tried.
    pub tried: Vec<String>,
    /// What the model must be able to do.
    needs: Arc<[Need]>,
    /// Addresses that have failed this request.
    shunned: Vec<usize>,
    /// Whether one whose list lacks the model may be asked for it: after a 404 of such a one, no other.
    pub asks_unlisted: bool,
}

impl Search {
    /// # Errors
    /// 404 when no channel, key or backend serves the model; 503 when there is none at all.
    pub fn new(snapshot: &Snapshot, plan: &Arc<Plan>, needs: &Arc<[Need]>) -> Result<Self, Failure> {
        if snapshot.groups.is_empty() {
            return Err(unserved::no_backend());
        }
        if plan.tiers.is_empty() {
            return Err(unserved::no_model(&plan.model));
        }
        Ok(Search {
            plan: Arc::clone(plan),
            balance: snapshot.balance,
            needs: Arc::clone(needs),
            tried: Vec::new(),
            shunned: Vec::new(),
            asks_unlisted: true,
        })
    }

    /// Leaves the whole address alone while another can serve: its other credentials would fare no better.
    pub fn shun(&mut self, target: &Target) {
        self.shunned.push(target.backend.host.place());
    }

    /// Offers `sit` the candidates that were not tried, the best first, until it takes a place on one.
    pub fn pick<S>(
        &self,
        now: Instant,
        sit: impl Fn(&Arc<Group>, &Arc<Target>, Pass) -> Option<S>,
    ) -> Pick<S> {
        if !self.shunned.is_empty()
            && let Some(pick) = self.pick_well(Elsewhere::Only, now, &sit)
        {
            return pick;
        }
        self.pick_well(Elsewhere::Or, now, &sit).unwrap_or_else(|| self.least_bad(now, &sit))
    }

    /// A place on a candidate that is well, or word that all of those are busy.
    fn pick_well<S>(
        &self,
        elsewhere: Elsewhere,
        now: Instant,
        sit: &impl Fn(&Arc<Group>, &Arc<Target>, Pass) -> Option<S>,
    ) -> Option<Pick<S>> {
        let mut is_full = false;
        let passes = if self.asks_unlisted { &[Pass::Good, Pass::Unlisted][..] } else { &[Pass::Good] };
        for &pass in passes {
            let sit = |group: &Arc<Group>, target: &Arc<Target>| sit(group, target, pass);
            for tier in &self.plan.tiers {
                if let Some(seat) = self.in_tier(tier, (pass, elsewhere), now, &mut is_full, &sit) {
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

    fn in_tier<S>(
        &self,
        tier: &Tier,
        how: (Pass, Elsewhere),
        now: Instant,
        is_full: &mut bool,
        sit: &impl Fn(&Arc<Group>, &Arc<Target>) -> Option<S>,
    ) -> Option<S> {
        let mut found = None;
        let load = |at: usize| (tier.groups[at].in_flight(), tier.groups[at].weight);
        self.offer(&tier.rotation, load, |at| {
            let group = &tier.groups[at];
            found = self.in_group(group, how, now, is_full, |target| sit(group, target));
            found.is_some()
        });
        found
    }

    fn in_group<S>(
        &self,
        group: &Group,
        (pass, elsewhere): (Pass, Elsewhere),
        now: Instant,
        is_full: &mut bool,
        sit: impl Fn(&Arc<Target>) -> Option<S>,
    ) -> Option<S> {
        let served = group.served(&self.plan.model);
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
                found = sit(target);
            }
            found.is_some()
        });
        *is_full |= has_fit && found.is_none();
        found
    }

    /// Whether the model there is known not to do what is needed.
    fn lacks(&self, target: &Target, served: &str) -> bool {
        !self.needs.is_empty() && lacks(&target.backend, served, &self.needs).is_some()
    }

    /// Offers candidates in the order of the balance, until one is taken.
    fn offer(
        &self,
        rotation: &Rotation,
        load: impl Fn(usize) -> (usize, u32),
        take: impl FnMut(usize) -> bool,
    ) {
        match self.balance {
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
    fn least_bad<S>(
        &self,
        now: Instant,
        sit: &impl Fn(&Arc<Group>, &Arc<Target>, Pass) -> Option<S>,
    ) -> Pick<S> {
        let groups = self.plan.tiers.iter().flat_map(|tier| &tier.groups);
        let all = groups.flat_map(|group| group.members.iter().map(move |target| (group, target)));
        let model = &self.plan.model;
        let mut left: Vec<_> = all
            .filter(|(group, target)| {
                !self.tried.contains(&target.backend.id) && !self.lacks(target, group.served(model))
            })
            .map(|(group, target)| {
                (is_unlisted(target, group.served(model)), well_at(target, now), group, target)
            })
            .filter(|(is_unlisted, ..)| self.asks_unlisted || !is_unlisted)
            .collect();
        left.sort_by_key(|(is_unlisted, well_at, ..)| (*is_unlisted, *well_at));
        match left.iter().find_map(|(_, _, group, target)| sit(group, target, Pass::LeastBad)) {
            Some(seat) => Pick::Seat(seat),
            None if left.is_empty() => Pick::Nobody,
            None => Pick::Full,
        }
    }
}
