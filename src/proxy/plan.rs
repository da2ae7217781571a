//! A place on one backend: taken where [`Search`] finds one, given back when it falls.

use std::sync::Arc;
use std::time::Instant;

use crate::limits::SlotGuard;
use crate::snapshot::fit::{Pass, is_unlisted};
use crate::snapshot::{Counts, Group, Pick, Search, Target};
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

/// Takes a place on the best candidate that was not tried.
pub(super) fn pick(search: &Search, now: Instant) -> Pick<Seat> {
    let model = &*search.plan.model;
    search.pick(now, |group, target, pass| sit(group, target, (model, pass), now))
}

/// Takes the channel's and the backend's place, and a trial where the backend is on probation.
fn sit(group: &Arc<Group>, target: &Arc<Target>, (model, pass): (&str, Pass), now: Instant) -> Option<Seat> {
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
        is_unlisted: pass != Pass::Good && is_unlisted(target, group.served(model)),
        trial,
        is_last_resort,
        _slots: (of_group, of_target),
    })
}
