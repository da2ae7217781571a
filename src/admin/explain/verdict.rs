//! Who would get a request, and what stands in the way of the others: by the search and the judgement that requests go
//! through themselves, on turns of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::Failure;
use crate::limits::{Refused, WaitingRoom};
use crate::snapshot::abilities::{Candidates, Need, lacks};
use crate::snapshot::fit::{Fit, Pass, Room, fit, is_unlisted, room};
use crate::snapshot::{Group, Origin, Pick, Plan, Search, Snapshot, Target, Tier, unserved};
use crate::upstream::health::State;

/// What becomes of a candidate, the nearest to serving first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    WouldServe,
    LowerTier,
    OnTrial,
    AtCap,
    OverRate,
    Cooling,
    Unlisted,
    Down,
    LacksCapability,
    ModelNotInList,
    Disabled,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::WouldServe => "would_serve",
            Verdict::LowerTier => "lower_tier",
            Verdict::OnTrial => "on_trial",
            Verdict::AtCap => "at_cap",
            Verdict::OverRate => "over_rate",
            Verdict::Cooling => "cooling",
            Verdict::Unlisted => "unlisted",
            Verdict::Down => "down",
            Verdict::LacksCapability => "lacks_capability",
            Verdict::ModelNotInList => "model_not_in_list",
            Verdict::Disabled => "disabled",
        }
    }
}

/// A verdict, and a sentence that says why.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
}

impl Judged {
    pub(super) fn new(verdict: Verdict, reason: impl Into<String>) -> Judged {
        Judged { verdict, reason: reason.into() }
    }

    /// Of a channel or key, by what became of its backends.
    pub(super) fn of_all(members: &[Judged]) -> Judged {
        let Some(nearest) = members.iter().min_by_key(|judged| judged.verdict) else {
            return Judged::new(Verdict::Disabled, "none of its backends is turned on");
        };
        if let [_] = members {
            return nearest.clone();
        }
        let mut verdicts: Vec<_> = members.iter().map(|judged| judged.verdict).collect();
        verdicts.sort_unstable();
        let counted = verdicts.chunk_by(|one, other| one == other);
        let counted: Vec<_> = counted.map(|same| format!("{} {}", same.len(), same[0].word())).collect();
        Judged::new(nearest.verdict, format!("of its backends: {}", counted.join(", ")))
    }
}

/// Who would get the request.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) group: Arc<Group>,
    pub(super) target: Arc<Target>,
    pass: Pass,
}

/// Why nobody would.
#[derive(Debug)]
pub(super) struct Unserved {
    pub(super) failure: Failure,
    /// How long the client would wait first, for a place.
    pub(super) after: Duration,
}

/// A look at the candidates of one moment.
#[derive(Debug)]
pub(super) struct Look<'r> {
    pub(super) plan: &'r Plan,
    pub(super) now: Instant,
    needs: &'r [Need],
    pub(super) found: Result<Found, Unserved>,
}

impl<'r> Look<'r> {
    pub(super) fn new(
        (snapshot, waiting): (&Snapshot, &WaitingRoom),
        plan: &'r Arc<Plan>,
        needs: &'r Arc<[Need]>,
        now: Instant,
    ) -> Look<'r> {
        let found = match find(snapshot, plan, needs, now) {
            Ok(Pick::Seat(found)) => Ok(found),
            Ok(Pick::Nobody) => Err((unserved::nobody_left(), Duration::ZERO)),
            Ok(Pick::Full) if waiting.depth() >= waiting.max() => {
                Err((unserved::overloaded(Refused::Full), Duration::ZERO))
            }
            Ok(Pick::Full) => Err((unserved::overloaded(Refused::TooLong), snapshot.queue_timeout)),
            Err(failure) => Err((failure, Duration::ZERO)),
        };
        let found = found.map_err(|(failure, after)| Unserved { failure, after });
        Look { plan, now, needs, found }
    }

    /// What becomes of one backend of a tier.
    pub(super) fn judge(&self, tier: &Tier, group: &Group, target: &Target) -> Judged {
        if let Ok(found) = &self.found
            && self.serves(found, tier, group, target)
        {
            return Judged::new(Verdict::WouldServe, self.why(found.pass, target, group));
        }
        self.obstacle(group, target).unwrap_or_else(|| {
            Judged::new(Verdict::LowerTier, "well, but asked only when no better tier can serve")
        })
    }

    /// Whether it would get the request, or takes turns with the one that would.
    fn serves(&self, found: &Found, tier: &Tier, group: &Group, target: &Target) -> bool {
        if target.backend.id == found.target.backend.id {
            return true;
        }
        let served = group.served(&self.plan.model);
        let is_same_tier = tier.groups.iter().any(|group| group.id == found.group.id);
        is_same_tier
            && found.pass != Pass::LeastBad
            && lacks(&target.backend, served, self.needs).is_none()
            && fit(target, served, found.pass, self.now) == Fit::Yes
            && room(group, target, self.now) == Room::Free
    }

    fn why(&self, pass: Pass, target: &Target, group: &Group) -> String {
        let is_half_open = target.backend.breaker.state(self.now) == State::HalfOpen;
        match pass {
            Pass::Good | Pass::Unlisted if is_half_open => {
                "half-open: the next request finds out whether it is well again".to_owned()
            }
            Pass::Good => match target.backend.host.inventory.has(group.served(&self.plan.model)) {
                None => "well, and has a place; its list of models is not known".to_owned(),
                Some(_) => "well, lists the model, and has a place".to_owned(),
            },
            Pass::Unlisted => {
                "nobody who is well lists the model, so it is asked although its own list lacks it; \
                 if it answers 404, so does the gateway"
                    .to_owned()
            }
            Pass::LeastBad => {
                let ill = self.illness(target).map(|judged| format!(" ({})", judged.reason));
                format!(
                    "nobody is well, so the one is asked that may be well first{}",
                    ill.unwrap_or_default()
                )
            }
        }
    }

    /// What stands in the way of a backend, the weightiest first.
    fn obstacle(&self, group: &Group, target: &Target) -> Option<Judged> {
        let served = group.served(&self.plan.model);
        if let Some(need) = lacks(&target.backend, served, self.needs) {
            let reason = format!("its model '{served}' does not support {}", need.what);
            return Some(Judged::new(Verdict::LacksCapability, reason));
        }
        if let Some(ill) = self.illness(target) {
            return Some(ill);
        }
        if is_unlisted(target, served) {
            let reason = format!("by its list of models, or a 404, it has no '{served}'");
            return Some(Judged::new(Verdict::Unlisted, reason));
        }
        if fit(target, served, Pass::Good, self.now) == Fit::Soon {
            let reason = "another request is finding out whether it is well again";
            return Some(Judged::new(Verdict::OnTrial, reason));
        }
        let whose = if group.origin == Origin::Channel { "the channel" } else { "the key" };
        match room(group, target, self.now) {
            Room::Free => None,
            Room::GroupFull => Some(full(whose, group.slots.cap())),
            Room::TargetFull => Some(full("it", target.counts.slots.cap())),
            Room::OverRate => {
                let limit = group.rate.as_ref().map_or(0, |(limit, _)| *limit);
                let reason = format!("{whose} may get {limit} requests a minute, and has had them");
                Some(Judged::new(Verdict::OverRate, reason))
            }
        }
    }

    /// Whether it is down or cooling.
    fn illness(&self, target: &Target) -> Option<Judged> {
        let breaker = &target.backend.breaker;
        let (verdict, what) = match (breaker.state(self.now), breaker.cool_until(self.now)) {
            (State::Down { probe_due }, _) => {
                (Verdict::Down, format!("down, looked at again {}", self.when(probe_due)))
            }
            (_, Some(until)) => (
                Verdict::Cooling,
                format!("busy, or its credential was refused: asked again {}", self.when(until)),
            ),
            _ => return None,
        };
        let error = breaker.last_error().map(|error| format!("; last error: {}", error.text));
        Some(Judged::new(verdict, what + &error.unwrap_or_default()))
    }

    fn when(&self, at: Instant) -> String {
        match seconds(at.saturating_duration_since(self.now)) {
            0 => "now".to_owned(),
            seconds => format!("in {seconds} s"),
        }
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn full(whose: &str, cap: usize) -> Judged {
    Judged::new(Verdict::AtCap, format!("{whose} may have {cap} requests at once, and has them"))
}

/// The search of a request that takes nothing. Who can do what is needed is not asked, but known or not.
fn find(
    snapshot: &Snapshot,
    plan: &Arc<Plan>,
    needs: &Arc<[Need]>,
    now: Instant,
) -> Result<Pick<Found>, Failure> {
    let candidates = Candidates::of(plan, now);
    let known =
        candidates.asked.iter().map(|(backend, served)| backend.host.inventory.known_capabilities(served));
    if let Some(need) = candidates.unmet(known, needs) {
        return Err(unserved::unsupported(&plan.model, need));
    }
    let search = Search::new(snapshot, plan, needs)?;
    Ok(search.pick(now, |group, target, pass| {
        let found = || Found { group: Arc::clone(group), target: Arc::clone(target), pass };
        (room(group, target, now) == Room::Free).then(found)
    }))
}
