//! Whether a candidate can serve: the one judgement by which requests are sent and by which it is explained where they
//! would go. Takes nothing.

use std::time::Instant;

use super::model::{Group, Target};
use crate::upstream::health::State;

/// How far one is willing to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Well, and not known to lack the model.
    Good,
    /// Well, though its list lacks the model: the list may be old.
    Unlisted,
    /// Ill or cooling: better than refusing.
    LeastBad,
}

/// Whether a candidate can serve, but for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Yes,
    /// Another request decides whether it is well.
    Soon,
    No,
}

/// Whether a candidate has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    /// The channel is at its cap.
    GroupFull,
    /// The backend is at its cap.
    TargetFull,
    /// The channel has had its requests of this minute.
    OverRate,
}

/// Whether a candidate that has not failed the request can serve in this pass. Caps are another matter: see [`room`].
#[must_use]
pub fn fit(target: &Target, served: &str, pass: Pass, now: Instant) -> Fit {
    let breaker = &target.backend.breaker;
    let fit = match breaker.state(now) {
        State::Up | State::HalfOpen => Fit::Yes,
        State::OnTrial => Fit::Soon,
        State::Down { .. } => Fit::No,
    };
    let has_model = pass != Pass::Good || !is_unlisted(target, served);
    if fit == Fit::No || breaker.is_cool(now) || !has_model { Fit::No } else { fit }
}

/// Whether it is known to lack the model, by a list that may be old.
#[must_use]
pub fn is_unlisted(target: &Target, served: &str) -> bool {
    target.backend.host.inventory.has(served) == Some(false)
}

/// When a backend may be well again, as far as is known.
#[must_use]
pub fn well_at(target: &Target, now: Instant) -> Instant {
    let breaker = &target.backend.breaker;
    let down_until = match breaker.state(now) {
        State::Down { probe_due } => probe_due,
        _ => now,
    };
    breaker.cool_until(now).map_or(down_until, |cool_until| cool_until.max(down_until))
}

/// What a request would meet that takes a place there now, in the order in which it takes them.
#[must_use]
pub fn room(group: &Group, target: &Target, now: Instant) -> Room {
    if !group.slots.has_room() {
        Room::GroupFull
    } else if !target.counts.slots.has_room() {
        Room::TargetFull
    } else if !group.has_rate(now) {
        Room::OverRate
    } else {
        Room::Free
    }
}
