//! What is true of the fleet now, as the dashboard shows it.

use std::cmp::Reverse;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::admin::view;
use crate::limits::WaitingRoom;
use crate::snapshot::Registry;
use crate::store::{BackendRow, Rows};

/// Backends that are listed.
const MOST: usize = 50;

/// How many backends stand how, and a list of them: those that are not well first, then the busiest.
pub(super) fn backends(rows: &Rows, registry: &Registry) -> Value {
    let now = Instant::now();
    let off: Vec<&str> =
        rows.channels.iter().filter(|channel| !channel.enabled).map(|channel| &*channel.id).collect();
    let mut counts = Map::new();
    for state in ["up", "cooling", "half_open", "down", "disabled"] {
        counts.insert(state.to_owned(), json!(0));
    }
    let mut listed = Vec::new();
    for row in &rows.backends {
        let is_off = !row.enabled || row.channel_id.as_deref().is_some_and(|id| off.contains(&id));
        let target = registry.target(&row.id).filter(|_| !is_off);
        let state = target.as_ref().map_or("disabled", |target| view::state(target, now));
        let count = counts.get(state).and_then(Value::as_u64).unwrap_or_default();
        counts.insert(state.to_owned(), json!(count + 1));
        let in_flight = target.as_ref().map_or(0, |target| target.counts.slots.in_flight());
        let last_error = target.and_then(|target| target.backend.breaker.last_error());
        listed.push((row, state, in_flight, last_error.map(|error| error.text.to_string())));
    }
    let all = listed.len();
    let rank = |state: &str| ["down", "half_open", "cooling", "up"].iter().position(|known| *known == state);
    listed.sort_by_key(|(_, state, in_flight, _)| (rank(state).unwrap_or(usize::MAX), Reverse(*in_flight)));
    let shown = |(row, state, in_flight, last_error): (&BackendRow, &str, _, Option<String>)| {
        json!({
            "id": row.id, "name": row.name, "channelId": row.channel_id, "state": state,
            "currentConcurrent": in_flight, "maxConcurrent": row.max_concurrent, "lastError": last_error,
        })
    };
    json!({
        "total": all, "states": counts,
        "list": listed.into_iter().take(MOST).map(shown).collect::<Vec<_>>(),
    })
}

/// Who waits for a place, and what became of those who did since the start.
pub(super) fn queue(room: &WaitingRoom) -> Value {
    let counts = room.counts();
    json!({
        "waiting": room.depth(), "max": room.max(), "served": counts.served, "full": counts.full,
        "tooLong": counts.too_long, "clientGone": counts.left,
    })
}
