//! What is true of the fleet now, as the dashboard shows it.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use crate::admin::view;
use crate::limits::WaitingRoom;
use crate::snapshot::{Snapshot, Target};
use crate::store::Rows;

/// Backends that are listed.
const MOST: usize = 50;
/// How a backend that is turned on may stand, the worst first.
const STATES: [&str; 5] = ["down", "half_open", "cooling", "unknown", "up"];

/// How many backends stand how, and a list of those that are turned on: those that are not well first, then the busiest.
pub(super) fn backends(rows: &Rows, snapshot: &Snapshot) -> Value {
    let now = Instant::now();
    let stands = |target: &Target| {
        let state = view::state(target, now);
        (STATES.iter().position(|known| *known == state).unwrap_or_default(), target.counts.slots.in_flight())
    };
    let mut on: Vec<_> = snapshot.targets().map(|target| (stands(target), target)).collect();
    on.sort_by_key(|((state, in_flight), _)| (*state, Reverse(*in_flight)));
    let known: HashSet<&str> = on.iter().map(|(_, target)| &*target.node.backend).collect();
    let off = rows.backends.iter().filter(|row| !known.contains(&*row.id)).count();
    let mut states = json!({ "disabled": off });
    for (at, state) in STATES.into_iter().enumerate() {
        states[state] = json!(on.iter().filter(|((of, _), _)| *of == at).count());
    }
    let shown = |((state, in_flight), target): &((usize, usize), &Arc<Target>)| {
        let (node, last_error) = (&target.node, target.backend.breaker.last_error());
        json!({
            "id": node.backend, "name": node.name,
            "channelId": Some(&node.channel).filter(|channel| !channel.is_empty()),
            "state": STATES[*state], "currentConcurrent": in_flight, "maxConcurrent": target.counts.slots.cap(),
            "lastError": last_error.map(|error| error.text.to_string()),
        })
    };
    let list: Vec<_> = on.iter().take(MOST).map(shown).collect();
    json!({ "total": on.len() + off, "states": states, "list": list })
}

/// Who waits for a place, and what became of those who did since the start.
pub(super) fn queue(room: &WaitingRoom) -> Value {
    let counts = room.counts();
    json!({
        "waiting": room.depth(), "max": room.max(), "served": counts.served, "full": counts.full,
        "tooLong": counts.too_long, "clientGone": counts.left,
    })
}
